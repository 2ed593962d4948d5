"""Cheats on plans with rounds, steps, factors and verdicts: the database refuses each."""

import pytest

from audit import ledger
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from reviews import facts, lifecycle, plans, turns
from reviews.actions import signing, taking
from reviews.models import Item, Signature, SignIntent, SignoffSlot
from reviews.words import State, Verdict
from tests.factories import sign, take
from tests.reviews.cheating import APP, OWNER, copied, forge, pasted, refuses, run
from tests.reviews.planned import Cast, parallel, stage
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db

PLAN = stage("c", name="review"), parallel(stage("s", reject_to="review"), stage("r"))
AS_BOTH = pytest.mark.parametrize("as_role", [APP, OWNER])


@pytest.fixture
def returned():
    """An item whose first round was rejected; of the second, the first stage is signed."""
    cast = Cast(*PLAN)
    cast.signs("c"), cast.signs("s", "reject"), cast.signs("c")
    assert cast.awaits == "release-approver senior-adjuster"
    return cast


def frozen(cast, name, verdict=Verdict.APPROVE):
    """Freeze what somebody is about to sign, as if the ceremony had been held."""
    item = take(cast.item, cast[name])
    person = cast[name]
    intent = signing.prepare(
        ItemId(item.pk), by=person.user, session_ref=person.session, seen=item.version, verdict=verdict, reason="No."
    )
    ceremony_of(intent)
    return intent


def fill(slot, person, signature_id):
    run(
        "UPDATE reviews_signoff_slot SET signature_id = %s, signer_id = %s WHERE id = %s",
        signature_id, person.user.pk, slot.pk,
    )  # fmt: skip


@AS_BOTH
def test_a_place_of_a_round_that_is_over_is_not_filled(returned, as_role):
    old = SignoffSlot.objects.get(item=returned.item, stage=3, round=1)
    returned["r"]

    with refuses(as_role=as_role, because="a slot is filled once"):
        fill(old, returned["r"], new_id())


@AS_BOTH
def test_the_place_of_the_round_that_counts_passes_that_rule(returned, as_role):
    slot = SignoffSlot.objects.get(item=returned.item, stage=3, round=2)
    returned["r"]

    with refuses("23505", "23503", as_role=as_role):
        fill(slot, returned["r"], new_id())


@AS_BOTH
def test_a_step_is_not_jumped(as_role):
    cast = Cast(parallel(stage("a"), stage("s")), stage("r"))
    cast.signs("a")
    cast["r"]

    with refuses(as_role=as_role, because="stage after stage"):
        fill(SignoffSlot.objects.get(item=cast.item, stage=3), cast["r"], new_id())


@pytest.mark.parametrize("plan", [(stage("a"), stage("s")), (parallel(stage("a"), stage("s")),), PLAN])
def test_nobody_signs_a_second_stage_even_when_the_guards_are_gone(plan, monkeypatch):
    cast = Cast(*plan)
    cast.signs("acs")
    monkeypatch.setattr(turns, "why_not_fill", lambda *given: None)

    with refuses(because="signed no other stage"):
        take(cast.item, cast["acs"])
        sign(cast.item, cast["acs"])


def test_nobody_signs_a_second_stage_in_a_later_round_even_when_the_guards_are_gone(monkeypatch):
    cast = Cast(*PLAN)
    cast.signs("cs"), cast.signs("sr", "reject"), cast.signs("cs")
    monkeypatch.setattr(turns, "why_not_fill", lambda *given: None)

    with refuses(because="signed no other stage"):
        take(cast.item, cast["cs"])
        sign(cast.item, cast["cs"])


def ask_again(item, *stages):
    """Forge another round of some stages, as if a rejection had returned."""
    slots = [slot for slot in plans.standing(plans.of(Item.objects.get(pk=item.pk))) if slot.stage in stages]
    for slot in slots:
        copied(slot, id=None, round=slot.round + 1, signature_id=None, signer_id=None)


def test_a_round_nobody_returned_to_does_not_lead_to_an_approval():
    cast = Cast(stage("a"), stage("s"))
    cast.signs("a")
    ask_again(cast.item, 1)
    cast.signs("a")

    with refuses(because="that was returned 0 times"):
        cast.signs("s")


def told_return(item, **changes):
    """Forge the entry of a return."""
    signature = Signature.objects.filter(item=item).order_by("-signed_at").first()
    given = {"revision": 1, "stage": 1, "round": 2, "signature": signature.pk} | changes
    by = signature.signer
    (_, prev) = ledger.last(item.pk)
    Item.objects.filter(pk=item.pk).update(version=item.version + 1)
    item.refresh_from_db()
    ledger.append(
        facts.Returned(**given), stream=lifecycle.stream(item.pk), by=by, version=item.version, state=item.state,
        prev=prev, rows=[item],
    )  # fmt: skip


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_no_return_is_told_without_a_rejection_whose_stage_returns(verdict):
    cast = Cast(stage("c"), parallel(stage("a"), stage("s", blind=True)))
    cast.signs("c"), cast.signs("a", verdict)

    with refuses(because="a plan returns only by a rejection"):
        told_return(cast.item)


@pytest.mark.parametrize("changes", [{"stage": 2}, {"round": 3}, {"revision": 2}, {"round": 1}])
def test_a_return_is_told_as_its_stage_says(changes):
    cast = Cast(*PLAN)
    cast.signs("c"), cast.signs("s", "reject")

    with refuses(because="a plan returns only by a rejection"):
        told_return(cast.item, **changes)


def test_one_rejection_returns_once():
    cast = Cast(*PLAN)
    cast.signs("c"), cast.signs("s", "reject")

    with refuses(because="a plan returns only by a rejection"):
        told_return(cast.item)


def test_a_return_is_not_told_by_somebody_else():
    cast = Cast(*PLAN)
    cast.signs("c"), cast.signs("s", "reject")
    signature = Signature.objects.get(item=cast.item, verdict="reject")

    with refuses(because="a plan returns only by a rejection"):
        forge(cast.item, State.IN_REVIEW, facts.Returned(revision=1, stage=1, round=2, signature=signature.pk))


def test_a_rejection_that_ended_the_plan_is_not_returned_away(monkeypatch):
    cast = Cast(stage("c", name="review"), parallel(stage("a"), stage("s", blind=True, reject_to="review")))
    cast.signs("c"), cast.signs("a", "reject")
    monkeypatch.setattr(plans, "is_ended", lambda slots: False)
    cast.signs("s", "reject"), cast.signs("c"), cast.signs("a")

    with refuses(because="over a rejection that ends the plan"):
        cast.signs("s")


OTHERWISE = {"role": "adjuster senior-adjuster", "blind": True, "back_to": None, "step": 7,
             "factors": "password password+totp"}  # fmt: skip


@pytest.mark.parametrize("name", [*OTHERWISE, "n"])
def test_a_plan_asked_again_in_other_words_does_not_lead_to_an_approval(name, monkeypatch):
    cast, next_round = Cast(*PLAN), plans.next_round
    cast.signs("c")

    def bent(*given):
        again = next_round(*given)
        own = next(slot for slot in again if slot.stage == 2)
        if name == "n":
            return [*again, *(slot for slot in next_round(*given) if slot.stage == 2 and not setattr(slot, "n", 2))]
        setattr(own, name, OTHERWISE[name])
        return again

    monkeypatch.setattr(plans, "next_round", bent)
    cast.signs("s", "reject")

    with refuses(because="approved by another plan"):
        for person in ("c", "r", "s", "s2"):
            cast.signs(person)


def test_an_approval_by_another_plan_than_the_entry_tells_is_refused(monkeypatch):
    told = plans.told
    monkeypatch.setattr(plans, "told", lambda planned: [*told(planned), "auditor x 1"])
    cast = Cast(stage("a"))

    with refuses(because="approved by another plan"):
        cast.signs("a")


def test_a_factor_that_does_not_suffice_signs_nothing():
    cast = Cast(stage("a", factors=["password+totp"]))
    intent = frozen(cast, "a")

    with refuses(because="a factor that does not suffice"):
        pasted(intent, auth_method="password")
    with refuses(because="its slot or its entry"):
        pasted(intent)


@pytest.mark.parametrize(("verdict", "allowed"), [("reject", "approve change"), ("approve", "reject send_back")])
def test_a_verdict_the_rule_does_not_allow_signs_nothing(verdict, allowed):
    cast = Cast(stage("a"))
    intent = frozen(cast, "a", Verdict(verdict))
    forge(cast.item, State.IN_REVIEW, verdicts=allowed)

    with refuses(because="a verdict the rule does not allow"):
        pasted(intent)


def test_nobody_signs_before_they_opened_the_required_reading():
    cast = Cast(stage("a"))
    intent = frozen(cast, "a")
    forge(cast.item, State.IN_REVIEW, reading=["Guide"])

    with refuses(because="has not opened the required reading"):
        pasted(intent)


def test_an_intent_of_the_round_before_signs_nothing():
    cast = Cast(*PLAN)
    cast.signs("c")
    intent = frozen(cast, "r")
    taking.put_back(ItemId(cast.item.pk), by=cast["r"].user)
    cast.signs("s", "reject"), cast.signs("c")
    old = SignIntent.objects.get(pk=intent.pk).slot

    assert old.round == 1
    with refuses(because="its slot or its entry"):
        pasted(intent)
    with refuses(because="a slot is filled once"):
        fill(old, cast["r"], new_id())


def test_a_rejection_that_returned_is_not_a_decision(returned):
    with refuses(because="rejected without a signature that rejects"):
        forge(returned.item, State.REJECTED, decided_at=now(), awaiting="")
