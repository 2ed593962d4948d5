"""Cheats on decisions and executions: the database refuses each that its entries and signatures do not bear out."""

import pytest

from audit import ledger
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews import facts, lifecycle, plans
from reviews.actions import deciding, returning
from reviews.models import ApiKey, Decision, ExecutionReport, Item
from reviews.words import Basis, Execution, State, Verdict
from tests.factories import SEEDER, make_item, make_person, make_world, sign, take
from tests.reviews.cheating import DUPLICATE, copied, forge, refuses  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def item(world):
    return make_item(world)


@pytest.fixture
def approved(item):
    ana = make_person("ana", Role.ADJUSTER)
    take(item, ana)
    sign(item, ana)
    return Item.objects.get(pk=item.pk)


@pytest.mark.parametrize("outcome", [State.APPROVED, State.REJECTED])
@pytest.mark.parametrize("basis", Basis)
def test_a_decision_without_its_signatures_is_refused(item, outcome, basis):
    with refuses():
        deciding.finalise(item, outcome, basis, by=SEEDER)


@pytest.mark.parametrize("state", [State.APPROVED, State.REJECTED])
def test_a_junk_entry_does_not_decide(item, state):
    with refuses():
        forge(item, state, decided_at=now(), awaiting="")


def test_approved_with_no_slot_at_all_is_refused(world, monkeypatch):
    monkeypatch.setattr(plans, "slots", lambda *plan: [])
    item = make_item(world)

    with refuses():
        deciding.finalise(item, State.APPROVED, Basis.SIGNATURES, by=SEEDER)


def test_approved_with_fewer_slots_than_the_first_entry_told_is_refused(world, monkeypatch):
    slots, ana = plans.slots, make_person("ana", Role.ADJUSTER)
    monkeypatch.setattr(plans, "slots", lambda *plan: slots(*plan)[:1])
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"})
    take(item, ana)

    with refuses(because="another plan"):
        sign(item, ana)


def test_a_signature_that_rejects_never_approves(item):
    ana = make_person("ana", Role.ADJUSTER)
    take(item, ana)
    sign(item, ana, Verdict.REJECT, "Not covered.")
    rejected = Item.objects.get(pk=item.pk)

    assert rejected.state == State.REJECTED
    with refuses():
        forge(rejected, State.APPROVED)


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.APPROVED, State.CHANGES_REQUESTED])
def test_what_is_over_is_never_opened_again(world, item, state):
    returning.cancel(item.pk, "Withdrawn", by=ApiKey.objects.get(flow=world.flow))
    cancelled = Item.objects.get(pk=item.pk)

    with refuses():
        forge(cancelled, state)


@pytest.mark.parametrize("changes", [{"amount": 9}, {"subject": "claim/other"}, {"override": "downward"}])
def test_what_is_approved_is_never_changed(approved, changes):
    with refuses():
        forge(approved, State.APPROVED, **changes)


@pytest.mark.parametrize("changes", [{"outcome": "rejected"}, {"basis": "policy"}, {"action_sha256": b"x" * 32}])
def test_a_decision_says_what_its_item_is(item, changes, monkeypatch):
    ana = make_person("ana", Role.ADJUSTER)
    take(item, ana)
    save = Decision.save
    monkeypatch.setattr(Decision, "save", lambda self, **given: save(_put(self, changes), **given))

    with refuses():
        sign(item, ana)


def _put(row, changes):
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def test_a_decision_without_its_entry_is_refused(world, item, approved):
    other, decision = make_item(world), Decision.objects.get(item=approved)
    entry = ledger.story(other.pk)[0].eid

    with refuses():
        copied(decision, id=new_id(), item_id=other.pk, entry_id=entry)


def test_an_approval_without_its_decision_is_refused(item, monkeypatch):
    ana = make_person("ana", Role.ADJUSTER)
    take(item, ana)
    monkeypatch.setattr(Decision, "save", lambda self, **given: None)
    monkeypatch.setattr(deciding.outbox, "enqueue", lambda *given, **named: None)

    with refuses():
        sign(item, ana)


def report(approved, **changes):
    """Give an execution report of an approved item."""
    decision, key = Decision.objects.get(item=approved), ApiKey.objects.get(flow_id=approved.flow_id)
    return ExecutionReport(**{"decision": decision, "status": "started", "reported_with": key} | changes)


def test_a_report_needs_its_entry(approved):
    with refuses():
        report(approved).save()


def test_execution_starts_once(approved):
    for sqlstate in (None, DUPLICATE):
        made = report(approved)
        fact = facts.Executed(report=made.pk, decision=made.decision_id, status=Execution.STARTED)
        if sqlstate is None:
            made.save()
            lifecycle.move(approved, State.APPROVED, fact, by=SEEDER)
        else:
            with refuses(sqlstate):
                made.save()
