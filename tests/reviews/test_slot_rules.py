"""Cheats on sign-off slots, intents and signatures: the database refuses each."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.accounts import actions as accounts
from portal.accounts.models import SigningPeriod, User
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from reviews import turns
from reviews.actions import configuring, signing, taking
from reviews.models import Item, Signature, SignIntent, SignoffSlot
from reviews.turns import Turn
from reviews.words import State, Verdict
from tests.factories import SEEDER, make_item, make_person, sign, take
from tests.reviews.cheating import (
    APP,
    CHECK,
    DUPLICATE,
    NO_RIGHT,
    NO_SUCH_ROW,
    OWNER,
    RULE,
    copied,
    forge,
    pasted,
    refuses,
    run,
)  # fmt: skip

pytestmark = pytest.mark.django_db
LARGE = {"amount": "20000.00", "amount_at_stake": "20000.00"}


@pytest.fixture
def half(world, ana):
    """An item of two stages, the first signed by Ana."""
    item = make_item(world, action=LARGE)
    take(item, ana)
    sign(item, ana)
    return Item.objects.get(pk=item.pk)


@pytest.fixture
def intent(half, ben):
    """What Ben is about to sign."""
    taking.take(ItemId(half.pk), by=ben.user)
    return signing.prepare(
        ItemId(half.pk), by=ben.user, session_ref=ben.session, seen=half.version, verdict=Verdict.APPROVE
    )


SLOTS = {
    "emptied": ("signature_id = NULL, signer_id = NULL WHERE stage = 1", RULE),
    "refilled": ("signature_id = gen_random_uuid(), signer_id = gen_random_uuid() WHERE stage = 1", RULE),
    "given to another role": ("role = 'auditor' WHERE stage = 2", RULE),
    "moved to another stage": ("stage = 1, n = 2 WHERE stage = 2", RULE),
    "filled without a signer": ("signature_id = gen_random_uuid() WHERE stage = 2", CHECK),
    "filled with nobody's signature": (
        "signature_id = gen_random_uuid(), signer_id = (SELECT signer_id FROM reviews_signature LIMIT 1)"
        " WHERE stage = 2", RULE,
    ),
    "filled with a signature that is in another slot": (
        "(signature_id, signer_id) = (SELECT id, signer_id FROM reviews_signature LIMIT 1) WHERE stage = 2", RULE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("as_role", [APP, OWNER])
@pytest.mark.parametrize(("cheat", "sqlstate"), SLOTS.values(), ids=SLOTS.keys())
@pytest.mark.usefixtures("half")
def test_a_slot_is_not(cheat, sqlstate, as_role):
    with refuses(sqlstate, as_role=as_role):
        run(f"UPDATE reviews_signoff_slot SET {cheat}")


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("as_role", [APP, OWNER])
def test_a_slot_is_not_deleted(as_role):
    with refuses(as_role=as_role):
        run("DELETE FROM reviews_signoff_slot")


def test_a_slot_is_not_filled_with_another_items_signature(world, half, ana):
    other = make_item(world)
    signature = Signature.objects.get(item=half)

    with refuses(DUPLICATE, NO_SUCH_ROW):
        SignoffSlot.objects.filter(item=other).update(signature=signature, signer=ana.user)


def test_a_signature_nobody_filled_a_slot_with_fits_only_its_own_person_item_and_revision(half, intent, ben, ana):
    accounts.grant_role(ben.user, Role.ADJUSTER, by=SEEDER)
    ceremony_of(intent)

    for changes in ({"signer_id": ana.user.pk}, {"item_id": new_id()}, {"revision": 2}):
        with refuses():
            pasted(intent, **changes)


def test_the_second_stage_is_not_filled_before_the_first(world, ben):
    item = make_item(world, action=LARGE)

    with refuses():
        SignoffSlot.objects.filter(item=item, stage=2).update(signature=new_id(), signer=ben.user)


def ceremony_of(intent: SignIntent, *, at: datetime | None = None, **period: Any) -> None:
    """Forge what a ceremony leaves behind: a used intent and a signing period."""
    moment = at or now()
    SignIntent.objects.filter(pk=intent.pk).update(used_at=moment)
    usual = {"session_ref": intent.session_ref, "started_at": moment, "last_at": moment}
    SigningPeriod.objects.create(user_id=intent.user_id, **usual | period)
    intent.refresh_from_db()


def test_a_signature_without_a_used_intent_is_refused(intent):
    with refuses(because="without its used intent"):
        pasted(intent)


def test_a_signature_by_an_intent_that_was_used_too_late_is_refused(intent):
    ceremony_of(intent, at=intent.expires_at)

    with refuses(because="without its used intent"):
        pasted(intent)


CEREMONIES = {
    "at all": None,
    "in this session": {"session_ref": "elsewhere"},
    "that is not over": {"ended_at": now()},
    "since the intent was used": {"last_at": now() - timedelta(hours=1)},
}


@pytest.mark.parametrize("period", CEREMONIES.values(), ids=CEREMONIES.keys())
def test_a_signature_is_refused_without_a_ceremony(intent, period):
    if period is None:
        SignIntent.objects.filter(pk=intent.pk).update(used_at=now())
    else:
        ceremony_of(intent, **period)

    with refuses(because="without a ceremony"):
        pasted(intent)


def test_even_after_a_ceremony_a_signature_needs_its_slot_and_its_entry(intent):
    ceremony_of(intent)

    with refuses(because="its slot or its entry"):
        pasted(intent)


PASTED = {
    "verdict": "reject",
    "meaning": "Something else",
    "role": "adjuster",
    "intent_sha256": b"x" * 32,
    "action_sha256": b"x" * 32,
    "shown_sha256": b"x" * 32,
}


@pytest.mark.parametrize("name", PASTED)
def test_a_signature_says_what_its_intent_says_of(intent, name):
    ceremony_of(intent)

    with refuses():
        pasted(intent, **{name: PASTED[name]})


PEOPLE = {
    "whose identity nobody verified": {"identity_verified_at": None, "identity_verified_by": None},
    "who is locked": {"signing_locked_at": now()},
    "who is deactivated": {"is_active": False},
}


@pytest.mark.parametrize("changes", PEOPLE.values(), ids=PEOPLE.keys())
def test_the_database_takes_no_signature_of_a_person(intent, ben, changes, monkeypatch):
    monkeypatch.setattr(signing, "_insist", lambda by, item: turn_of(intent))
    monkeypatch.setattr(signing.ceremony, "prove", lambda *given, **named: forged_proof(intent))
    User.objects.filter(pk=ben.user.pk).update(**changes)

    with refuses(because="without a ceremony"):
        signing.sign(intent.pk, by=ben.user, session_ref=ben.session, factors=ben.factors())


def turn_of(intent):
    """Give the turn an intent was made in, whoever asks."""
    return Turn(SignoffSlot.objects.get(pk=intent.slot_id), intent.role)


def forged_proof(intent):
    """Forge a period and say that it was proven."""
    SigningPeriod.objects.create(user_id=intent.user_id, session_ref=intent.session_ref)
    return signing.ceremony.Proof("password+totp", "server-attested", "")


def own_flow(ben, half):
    accounts.grant_role(ben.user, Role.FLOW_OWNER, by=SEEDER)
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", half.flow, by=SEEDER)


def leave_the_role(ben, half):
    accounts.withdraw_role(ben.user, Role.SENIOR_ADJUSTER, by=SEEDER)


def by_the_plan_alone(by, granted, item, slots, lease):
    """Give the turn the plan gives, whatever else speaks against it."""
    return turns.turn(by, granted, item, slots)


@pytest.mark.parametrize(("why", "because"), [(own_flow, "own work"), (leave_the_role, "does not hold")])
def test_the_database_takes_no_signature_when_the_guards_are_gone(half, intent, ben, why, because, monkeypatch):
    monkeypatch.setattr(signing.guards, "insist", lambda refusal: None)
    monkeypatch.setattr(signing.guards, "turn_to_sign", lambda *given: turn_of(intent))
    why(ben, half)

    with refuses(because=because):
        signing.sign(intent.pk, by=ben.user, session_ref=ben.session, factors=ben.factors())


def test_the_database_takes_no_signature_of_the_person_who_asked(world, ben, monkeypatch):
    item = make_item(world, action={"effect": "pay", "amount": "5000.00"}, requested_by=ben.user.username)
    accounts.grant_role(ben.user, Role.ADJUSTER, by=SEEDER)
    monkeypatch.setattr(signing.guards, "insist", lambda refusal: None)
    monkeypatch.setattr(signing.guards, "turn_to_sign", by_the_plan_alone)

    with refuses(because="own work"):
        sign(item, ben)


def test_the_database_takes_no_signature_of_the_person_who_issued_the_key(world, monkeypatch):
    cai = make_person("cai", Role.ADJUSTER)
    world.key = configuring.issue_key(world.flow, by=cai.user)
    item = make_item(world)
    monkeypatch.setattr(signing.guards, "insist", lambda refusal: None)
    monkeypatch.setattr(signing.guards, "turn_to_sign", by_the_plan_alone)

    with refuses(because="own work"):
        sign(item, cai)


INTENTS = ["verdict = 'reject'", "expires_at = expires_at + interval '1 hour'", "user_id = gen_random_uuid()",
           "item_id = gen_random_uuid()", "challenge = sha256('x')", "slot_id = slot_id - 1"]  # fmt: skip


@pytest.mark.parametrize("as_role", [APP, OWNER])
@pytest.mark.parametrize("cheat", INTENTS)
def test_an_intent_stays_as_it_was_frozen(intent, cheat, as_role):
    with refuses(as_role=as_role):
        run(f"UPDATE reviews_sign_intent SET {cheat} WHERE id = %s", intent.pk)


@pytest.mark.parametrize("moment", [None, now() + timedelta(seconds=1)])
def test_an_intent_is_used_once(half, moment):
    with refuses():
        SignIntent.objects.filter(item=half).update(used_at=moment)


@pytest.mark.parametrize(("as_role", "sqlstate"), [(APP, NO_RIGHT), (OWNER, RULE)])
def test_a_signature_is_never_moved(world, half, as_role, sqlstate):
    other = make_item(world)

    with refuses(sqlstate, as_role=as_role):
        run("UPDATE reviews_signature SET item_id = %s WHERE item_id = %s", other.pk, half.pk)


def test_one_intent_gives_one_signature(half):
    with refuses(RULE, DUPLICATE):
        copied(Signature.objects.get(item=half), id=new_id())


def test_approved_with_an_open_slot_is_refused(half):
    with refuses():
        forge(half, State.APPROVED, decided_at=now(), awaiting="")


def test_a_slot_added_later_does_not_help_the_one_who_adds_it(half, ben):
    SignoffSlot(item_id=half.pk, revision=1, stage=3, step=3, n=1, role="auditor", meaning="x").save()
    taking.take(ItemId(half.pk), by=ben.user)
    sign(half, ben)

    assert Item.objects.get(pk=half.pk).state == State.IN_REVIEW
