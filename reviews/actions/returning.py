"""Returning: items that leave review without a decision, cancelled by their flow or expired."""

from django.db import transaction

from audit.actors import SystemJob
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from reviews import facts, guards, lifecycle, outbox
from reviews.actions import routing, taking
from reviews.models import ApiKey, Item, Lease, Submission
from reviews.words import State

_BATCH = 200


def cancel(item_id: ItemId, reason: str, *, by: ApiKey) -> Item:
    """Take an undecided item of one's own flow back; routes it first if nobody has yet."""
    if not Submission.objects.filter(pk=item_id, flow_id=by.flow_id).exists():
        raise NotFound("There is no such item of your flow.")
    routing.route_now(item_id)
    with transaction.atomic():
        item = lifecycle.lock(item_id)
        guards.insist(guards.why_not_cancel(item))
        written = lifecycle.move(item, State.CANCELLED, facts.Cancelled(reason=reason), by=by, awaiting="")
        _let_go(item)
        outbox.enqueue(item, "countersign.item.cancelled.v1", {"item": str(item.pk)}, written=written)
        return item


def expire_due() -> int:
    """Expire every open item whose own deadline passed; give how many."""
    due = Item.objects.filter(state=State.IN_REVIEW, expires_at__lte=now()).values_list("id", flat=True)
    return sum(_expire(ItemId(item_id)) for item_id in due[:_BATCH])


@transaction.atomic
def _expire(item_id: ItemId) -> bool:
    item = lifecycle.lock(item_id)
    if item.state != State.IN_REVIEW or item.expires_at is None or item.expires_at > now():
        return False
    fact = facts.Expired(deadline=item.expires_at)
    written = lifecycle.move(item, State.EXPIRED, fact, by=SystemJob.EXPIRER, awaiting="")
    _let_go(item)
    outbox.enqueue(item, "countersign.item.expired.v1", {"item": str(item.pk)}, written=written)
    return True


def _let_go(item: Item) -> None:
    for lease in Lease.objects.filter(item_id=item.pk):
        taking.let_go(lease)
