"""Cheats on revisions, changed acts and their plans: the database refuses each, whoever writes past the actions."""

from dataclasses import replace
from typing import Any

import pytest

from portal.kit.ids import ItemId, new_id
from reviews import facts, lifecycle, plans, revisions
from reviews.actions import changing, deciding, returning
from reviews.models import Attachment, ChangeRequest, Item, SignoffSlot
from reviews.words import Basis, State
from tests.factories import SEEDER, make_world, sign, take
from tests.reviews.changing import CONTRACT, change, finish, freeze, make_claim
from tests.reviews.cheating import CHECK, DUPLICATE, copied, forge, refuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world(contract=CONTRACT)


@pytest.fixture
def item(world, ana):
    return take(make_claim(world, "9000.00"), ana)


def a_change(item: Item, **changes: str) -> changing.Change:
    """Work out a change as signing does."""
    current = item.revisions.get(revision=item.revision)
    slot = SignoffSlot.objects.filter(item=item, revision=item.revision).first()
    overrides = changing.merged(current, {f"/{name}": new for name, new in changes.items()})
    return changing.of(item, current, slot, overrides)


def revise(item: Item, **changes: Any) -> None:
    """Insert a next revision as if the flow had posted it, and nothing else."""
    first = item.revisions.get(revision=1)
    copied(first, **{"id": None, "revision": 2, "posted_as": 2} | changes)


def told(item: Item, kind: type, **changes: Any) -> Any:
    """Give the fact of a second revision, in order but for what is changed."""
    version, first = item.policy_version, item.revisions.get(revision=1)
    given: dict[str, Any] = {
        "revision": 2, "action_sha256": bytes(first.action_sha256), "queue": item.queue_id,
        "policy": version.policy_id, "policy_version": version.version, "rule": item.rule, "reasons": [],
        "plan": ["adjuster x 1"], "effect": item.effect, "basis": item.basis,
    }  # fmt: skip
    own = {"changed": ["/zone"], "direction": "other", "changes": "Zone"} if kind is facts.Overridden else {
        "received_at": item.received_at, "contract": None, "document_sha256": b"", "body_sha256": b"",
    }  # fmt: skip
    return kind(**given | own | changes)


def test_a_revision_without_its_entry(item):
    revise(item)

    with refuses(because="a revision its entry does not tell"):
        forge(item, State.IN_REVIEW, revision=2)


def test_a_revision_told_by_an_entry_of_another_act(item):
    revise(item)

    with refuses(because="a revision its entry does not tell"):
        forge(item, State.IN_REVIEW, told(item, facts.Revised, action_sha256=b"\0" * 32), revision=2)


def test_a_revision_that_is_not_there(item):
    with refuses(because="a revision its entry does not tell"):
        forge(item, State.IN_REVIEW, told(item, facts.Revised), revision=2)


def test_a_revision_no_flow_posted(item):
    revise(item)

    with refuses(because="a revision its entry does not tell"):
        forge(item, State.IN_REVIEW, told(item, facts.Revised), revision=2)


def test_a_file_that_comes_after_its_revision(world, ana):
    notice = world.upload(b"a notice", "notice.txt", "text/plain")
    attached = Attachment.objects.get(submission=make_claim(world, "9000.00", attachments=[notice]).pk)

    with refuses(because="a file comes with its revision"):
        copied(attached, id=None, n=2, name="later.txt")


def test_a_request_for_changes_in_somebody_elses_name(item, ana, ben):
    returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason="Read the letter again.")
    (asked,) = ChangeRequest.objects.all()

    with refuses(because="a request for changes its entry does not tell"):
        copied(asked, id=new_id(), revision=2, asked_by_id=ben.user.pk, entry_id=lifecycle.entry_at(item))


def test_a_revision_that_jumps(item):
    revise(item, revision=3, posted_as=3)

    with refuses(because="keeps its origin"):
        forge(item, State.IN_REVIEW, told(item, facts.Revised, revision=3), revision=3)


def test_a_revision_that_goes_back(item, ana, ben):
    change(item, ana, building="12000.00")
    item.refresh_from_db()

    with refuses(because="keeps its origin"):
        forge(item, State.IN_REVIEW, told(item, facts.Revised, revision=1), revision=1)


def test_a_revision_that_decides(item):
    revise(item)

    with refuses(because="keeps its origin"):
        forge(item, State.APPROVED, told(item, facts.Revised), revision=2)


def test_a_change_nobody_signed(item, ana):
    made = a_change(item, zone="AE")

    with refuses(because="a change without the signature of who made it"):
        changing.write(made, changing.sealed(made.overrides, item), by=ana.user)


def test_a_change_in_somebody_elses_name(item, ana, ben, monkeypatch):
    write, intent = changing.write, freeze(item, ana, {"/zone": "AE"})
    monkeypatch.setattr(changing, "write", lambda made, sealed, *, by: write(made, sealed, by=ben.user))

    with refuses(because="a signature on another act or slot"):
        finish(intent, ana)


def test_a_change_without_its_overrides(item, ana):
    with refuses(CHECK):
        revise(item, changed_by_id=ana.user.pk, changed=["/zone"], posted_as=1)


def test_overrides_without_their_signer(item):
    sealed = changing.sealed({"/zone": "AE"}, item)

    with refuses(CHECK):
        revise(item, overrides_id=sealed, posted_as=1)


@pytest.mark.parametrize("column", ["posted_as", "exhibit_id", "digest"])
def test_a_change_of_another_document_than_the_revision_before(item, ana, monkeypatch, column):
    copy, intent = revisions.after, freeze(item, ana, {"/zone": "AE"})
    other = {"posted_as": 0, "exhibit_id": intent.body_id, "digest": b"\0" * 32}

    def elsewhere(*given: Any, **own: Any) -> Any:
        made = copy(*given, **own)
        setattr(made, column, other[column])
        return made

    monkeypatch.setattr(revisions, "after", elsewhere)
    with refuses(because="a change of another document"):
        finish(intent, ana)


def test_a_plan_with_fewer_slots_than_its_entry_tells(item, ana, monkeypatch):
    slots = plans.slots
    intent = freeze(item, ana, {"/building": "12000.00"})
    monkeypatch.setattr(plans, "slots", lambda *plan: slots(*plan)[:1])

    with refuses(because="another plan"):
        finish(intent, ana)


def test_a_second_plan_for_a_revision(item):
    with refuses(because="the plan of a revision is told once"):
        forge(item, State.IN_REVIEW, told(item, facts.Overridden, revision=1))


def test_a_plan_told_of_a_revision_the_item_is_not_at(item):
    with refuses(because="the plan of a revision is told once"):
        forge(item, State.IN_REVIEW, told(item, facts.Revised, revision=2))


def test_an_approval_by_signatures_of_an_older_revision(world, ana, ben):
    item = take(make_claim(world, "20000.00"), ana)
    sign(item, ana)
    take(item, ben)
    change(item, ben, zone="AE")
    item.refresh_from_db()

    with refuses(because="approved with 1 of 2"):
        deciding.finalise(item, State.APPROVED, Basis.SIGNATURES, by=SEEDER)


def test_an_older_signature_in_a_slot_of_the_new_revision(world, ana, ben):
    item = take(make_claim(world, "20000.00"), ana)
    old = sign(item, ana)
    take(item, ben)
    change(item, ben, zone="AE")

    slot = SignoffSlot.objects.get(item=item, revision=2, signature=None)
    slot.signature, slot.signer = old, ana.user
    with refuses(DUPLICATE):
        slot.save(update_fields=["signature", "signer"])


def test_back_to_review_without_a_revision(item, ana):
    returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason="Look again.")
    item.refresh_from_db()

    with refuses(because="comes back only with a new revision"):
        forge(item, State.IN_REVIEW)


@pytest.mark.parametrize("to", [State.APPROVED, State.REJECTED])
def test_a_decision_while_the_flow_is_asked(item, ana, to):
    returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason="Look again.")
    item.refresh_from_db()

    with refuses(because="cannot become"):
        forge(item, to)


def test_another_plan_than_the_intent_froze_is_not_signed(item, ana, monkeypatch):
    intent = freeze(item, ana, {"/building": "12000.00"})
    of = changing.of
    monkeypatch.setattr(changing, "of", lambda *given: replace(of(*given), stages=of(*given).stages[:1]))

    with pytest.raises(Exception, match="differs from what you saw"):
        finish(intent, ana)


def test_overrides_that_were_swapped_are_not_signed(item, ana):
    intent = freeze(item, ana, {"/building": "8000.00"})
    other = freeze(item, ana, {"/building": "8500.00"})
    intent.changes_id = other.changes_id

    with refuses(because="is set once"):
        intent.save(update_fields=["changes"])
