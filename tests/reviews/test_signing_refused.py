"""Signing refused: by the wrong person, too late, or of what was altered; a note is left and nothing else."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from audit import exhibits, ledger
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId
from reviews import lifecycle
from reviews.actions import configuring, returning, signing
from reviews.models import ApiKey, Lease, Signature, SignIntent, SignoffSlot
from reviews.words import Verdict
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.reviews.freezing import prepare, submit, untouched

pytestmark = pytest.mark.django_db

LARGE = {"amount": "20000.00", "amount_at_stake": "20000.00"}
REFUSED = ["item.received", "item.taken", "signature.refused"]


@pytest.fixture
def item(world, ana):
    """An item Ana holds."""
    return take(make_item(world), ana)


class TestRefused:
    """Attempts that change nothing and are kept."""

    def refuse(self, code, intent, person, item):
        with refused(code):
            submit(intent, person)
        assert untouched(item)
        assert story(item) == REFUSED
        note = ledger.story(item.pk)[-1]
        assert (note.pub["code"], note.pub["intent"]) == (code, str(intent.pk))

    def test_an_intent_older_than_five_minutes(self, item, ana):
        intent = prepare(item, ana)

        with time_machine.travel(now() + timedelta(minutes=5, seconds=1)):
            self.refuse("intent_spent", intent, ana, item)

    @pytest.mark.parametrize("withdraw", [
        lambda world, ana: accounts.withdraw_access(Role.ADJUSTER, "review_in_queue", world.queue, by=SEEDER),
        lambda world, ana: accounts.deactivate(ana.user, by=SEEDER),
    ], ids=["access withdrawn", "person deactivated"])  # fmt: skip
    def test_a_person_who_may_not_see_it_any_more(self, world, item, ana, withdraw):
        intent = prepare(item, ana)
        withdraw(world, ana)

        self.refuse("not_found", intent, ana, item)

    def test_a_person_whose_role_was_withdrawn_between_looking_and_signing(self, world, item, ana):
        intent = prepare(item, ana)
        accounts.withdraw_role(ana.user, Role.ADJUSTER, by=SEEDER)
        accounts.grant_role(ana.user, Role.SENIOR_ADJUSTER, by=SEEDER)

        self.refuse("role_missing", intent, ana, item)

    def test_a_person_who_became_the_flows_owner_meanwhile(self, world, item, ana):
        intent = prepare(item, ana)
        accounts.grant_role(ana.user, Role.FLOW_OWNER, by=SEEDER)
        accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)

        self.refuse("own_work", intent, ana, item)

    def test_a_hold_that_lapsed(self, item, ana):
        intent = prepare(item, ana)
        Lease.objects.filter(item=item).update(expires_at=now())

        self.refuse("not_taken", intent, ana, item)

    def test_a_deadline_that_passed_although_nobody_swept_yet(self, world, ana):
        item = take(make_item(world, expires_at=stamp(now() + timedelta(minutes=2))), ana)
        intent = prepare(item, ana)

        with time_machine.travel(now() + timedelta(minutes=3)):
            self.refuse("deadline_passed", intent, ana, item)

    @pytest.mark.parametrize("column", ["document", "shown", "body"])
    def test_content_that_was_tampered_with(self, item, ana, superuser, column):
        intent = prepare(item, ana)
        exhibit = item.revisions.get().exhibit_id if column == "document" else getattr(intent, f"{column}_id")
        with superuser() as cursor:
            cursor.execute("UPDATE audit_exhibit SET ciphertext = '\\x0100' WHERE id = %s", [exhibit])

        self.refuse("content_changed", intent, ana, item)

    def test_a_document_that_differs_only_in_what_the_flow_read(self, item, ana, superuser):
        intent, revision = prepare(item, ana), item.revisions.get()
        document = json.loads(exhibits.open(revision.exhibit_id))
        document["snapshot"]["input"]["cause"] = "fire"
        scope = exhibits.subject_scope(item.flow_id, item.subject, item.pk)
        forged = exhibits.seal(json.dumps(document).encode(), scope=scope)
        with superuser() as cursor:
            cursor.execute("UPDATE reviews_revision SET exhibit_id = %s WHERE id = %s", [forged.pk, revision.pk])

        self.refuse("content_changed", intent, ana, item)

    def test_another_document_under_the_same_key(self, item, ana, superuser):
        intent = prepare(item, ana)
        scope = exhibits.subject_scope(item.flow_id, item.subject, item.pk)
        forged = exhibits.seal(b'{"action":{"type":"x","effect":"pay"},"snapshot":{"output":{}}}', scope=scope)
        with superuser() as cursor:
            cursor.execute("UPDATE reviews_revision SET exhibit_id = %s WHERE item_id = %s", [forged.pk, item.pk])

        self.refuse("content_changed", intent, ana, item)

    @pytest.mark.parametrize("change", ["verdict = 'reject'", "meaning = 'x'", "role = 'auditor'", "challenge = 'x'"])
    def test_an_intent_that_was_altered(self, item, ana, superuser, change):
        intent = prepare(item, ana)
        with superuser() as cursor:
            cursor.execute(f"UPDATE reviews_sign_intent SET {change} WHERE id = %s", [intent.pk])

        self.refuse("content_changed", intent, ana, item)

    def test_reasons_that_were_not_the_ones_shown(self, item, ana, superuser):
        intent = prepare(item, ana)
        connection.check_constraints()  # the row's honest history is asked for before the tampering, not after
        with superuser() as cursor:
            cursor.execute("UPDATE reviews_item SET reasons = '[]' WHERE id = %s", [item.pk])

        self.refuse("content_changed", intent, ana, item)

    def test_an_intent_moved_to_another_item(self, world, item, ana, superuser):
        other, intent = take(make_item(world), ana), prepare(item, ana)
        with superuser() as cursor:
            cursor.execute(
                "UPDATE reviews_sign_intent SET item_id = %s, slot_id = %s WHERE id = %s",
                [other.pk, other.slots.get().pk, intent.pk],
            )

        self.refuse("content_changed", intent, ana, other)
        assert untouched(item)


class TestNotOnesOwn:
    """Who stands behind an item does not sign it."""

    def test_whoever_asked_for_it(self, world, ana):
        with refused("own_work"):
            take(make_item(world, requested_by=ana.user.username), ana)

    def test_whoever_issued_the_key_it_came_with(self, world, ana):
        world.key = configuring.issue_key(world.flow, by=ana.user)

        with refused("own_work"):
            take(make_item(world), ana)

    def test_whoever_owns_the_flow(self, world):
        owner = make_person("eve", Role.ADJUSTER, Role.FLOW_OWNER)
        accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)

        with refused("own_work"):
            take(make_item(world), owner)

    def test_whoever_was_not_verified(self, world):
        new = make_person("new", Role.ADJUSTER, verified=False)

        with refused("identity_unverified"):
            sign(take(make_item(world), new), new)

    def test_nobody_prepares_without_holding_it(self, world, ana):
        with refused("not_taken"):
            prepare(make_item(world), ana)


def test_an_item_that_moved_on_is_stale(world, ana, ben):
    item = take(make_item(world, action=LARGE), ana)
    intent = prepare(item, ana)
    returning.cancel(ItemId(item.pk), "No longer needed", by=ApiKey.objects.get(flow=world.flow))

    with refused("stale"):
        submit(intent, ana)
    with refused("stale"):
        signing.prepare(ItemId(item.pk), by=ana.user, session_ref="x", seen=1, verdict=Verdict.APPROVE)
    assert story(item)[-1] == "signature.refused"


@pytest.mark.parametrize("whose", ["another person", "another session"])
def test_an_intent_is_of_one_person_in_one_session(item, ana, ben, whose):
    intent = prepare(item, ana)
    by, session = (ben.user, ana.session) if whose == "another person" else (ana.user, "elsewhere")

    with refused("not_found"):
        signing.sign(intent.pk, by=by, session_ref=session, factors=ana.factors())
    assert SignIntent.objects.get(pk=intent.pk).used_at is None


def test_an_intent_is_not_used_twice(item, ana):
    intent = prepare(item, ana)
    submit(intent, ana)

    with refused("intent_spent"):
        submit(intent, ana)
    assert Signature.objects.filter(item=item).count() == 1


@pytest.mark.parametrize("nth", [1, 2])
def test_a_ledger_that_fails_leaves_everything_as_it_was(item, ana, monkeypatch, nth):
    intent, append, calls = prepare(item, ana), ledger.append, []

    def failing(*given, **named):
        calls.append(given)
        if len(calls) == nth:
            raise OSError("the disk is full")
        return append(*given, **named)

    monkeypatch.setattr(lifecycle.ledger, "append", failing)
    with pytest.raises(OSError, match="disk is full"):
        submit(intent, ana)

    assert untouched(item)
    assert SignIntent.objects.get(pk=intent.pk).used_at is None
    assert story(item) == ["item.received", "item.taken"]
    assert SignoffSlot.objects.get(item=item).signature is None
