"""Returning: items that leave review without a decision: sent back to their flow, cancelled by it, or expired."""

from collections.abc import Sequence

from django.db import transaction

from audit import exhibits
from audit.actors import SystemJob
from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from reviews import facts, guards, lifecycle, outbox, plans, sighting
from reviews.actions import routing, taking
from reviews.models import ApiKey, ChangeRequest, Item, Lease, Signature, SignoffSlot, Submission
from reviews.words import OPEN, State

_BATCH = 200


@transaction.atomic
def request_changes(item_id: ItemId, *, by: User, seen: int, reason: str) -> Item:
    """Send an item its reviewer holds back to its flow, with what should be different.

    Raises ReasonMissing, ReasonTooLong, Stale or Refused.
    """
    reason = reasons.given(reason, "Say in a sentence what should be different; the flow reads it.")
    item, granted = sighting.locked(item_id, by=by, seen=seen)
    lease = Lease.objects.filter(item_id=item.pk).first()
    slots = plans.of(item)
    guards.insist(guards.why_not_send_back(by, granted, item, slots, lease) or guards.why_not_leave(slots))
    sealed = lifecycle.sealed(item, reason)
    fact = facts.ChangesRequested(revision=item.revision, reason=reason, sealed_sha256=exhibits.sealed_sha256(sealed))
    written = lifecycle.move(item, State.CHANGES_REQUESTED, fact, by=by, awaiting="")
    ChangeRequest.objects.create(
        item=item, revision=item.revision, asked_by=by, reason_id=sealed.pk, entry_id=written.eid, asked_at=written.at
    )
    let_go(item)
    outbox.enqueue(item, "countersign.item.changes_requested.v1", {"item": str(item.pk)}, written=written)
    return item


def cancel(item_id: ItemId, reason: str, *, by: ApiKey) -> Item:
    """Take an undecided item of one's own flow back; routes it first if nobody has yet."""
    if not Submission.objects.filter(pk=item_id, flow_id=by.flow_id).exists():
        raise NotFound("There is no such item of your flow.")
    routing.route_now(item_id)
    with transaction.atomic():
        item = lifecycle.lock(item_id)
        guards.insist(guards.why_not_cancel(item))
        written = lifecycle.move(item, State.CANCELLED, facts.Cancelled(reason=reason), by=by, awaiting="")
        let_go(item)
        outbox.enqueue(item, "countersign.item.cancelled.v1", {"item": str(item.pk)}, written=written)
        return item


def expire_due() -> int:
    """Expire every open item whose own deadline passed; give how many."""
    due = Item.objects.filter(state__in=OPEN, expires_at__lte=now()).values_list("id", flat=True)
    return sum(_expire(ItemId(item_id)) for item_id in due[:_BATCH])


@transaction.atomic
def _expire(item_id: ItemId) -> bool:
    item = lifecycle.lock(item_id)
    if item.state not in OPEN or item.expires_at is None or item.expires_at > now():
        return False
    fact = facts.Expired(deadline=item.expires_at)
    written = lifecycle.move(item, State.EXPIRED, fact, by=SystemJob.EXPIRER, awaiting="")
    let_go(item)
    outbox.enqueue(item, "countersign.item.expired.v1", {"item": str(item.pk)}, written=written)
    return True


def to_stage(item: Item, slots: Sequence[SignoffSlot], signature: Signature, stage: int, *, by: User) -> None:
    """Open another round of a locked item's plan from an earlier stage on, as the rejecting stage says."""
    again = plans.next_round(plans.standing(slots), stage)
    fact = facts.Returned(revision=item.revision, stage=stage, round=again[0].round, signature=signature.pk)
    awaiting = plans.awaiting([*slots, *again])
    lifecycle.move(item, State.IN_REVIEW, fact, by=by, awaiting=awaiting)
    plans.write(again)


def let_go(item: Item) -> None:
    """End whatever hold there is on an item."""
    for lease in Lease.objects.filter(item_id=item.pk):
        taking.let_go(lease)
