"""Watching: holds of people who were deactivated or who are away are let go, so that their items go on."""

from uuid import UUID

from django.db import transaction

from audit.actors import SystemJob
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews import impasses, lifecycle
from reviews.actions import leasing
from reviews.models import Lease, Substitution

GONE = "Their account was deactivated."
AWAY = "They are away, and somebody else signs for them."


def sweep() -> int:
    """Let go of the holds of people who are inactive or whose absence began since they took the item; give how many."""
    gone = Lease.objects.filter(holder__is_active=False)
    ended = sum(_let_go(held, GONE) for held in list(gone))
    return ended + sum(_let_go(held, AWAY) for held in _left_behind())


def find_impasses() -> int:
    """Look for plans that nobody can complete, and for those that somebody can again."""
    return impasses.sweep()


def _left_behind() -> list[Lease]:
    """Give the holds from before their holder's absence began, where somebody stands in on that queue."""
    moment = now()
    live = Substitution.objects.filter(ended_at=None, starts_at__lte=moment, ends_at__gt=moment)
    found: dict[UUID, Lease] = {}
    for each in live:
        held = Lease.objects.filter(holder_id=each.absent_id, taken_at__lt=each.starts_at)
        if each.queues:
            held = held.filter(item__queue__in=each.queues)
        found.update((lease.item_id, lease) for lease in held)
    return [found[item_id] for item_id in sorted(found)]


@transaction.atomic
def _let_go(held: Lease, reason: str) -> bool:
    """End a hold under the item's lock, if it is still the same one: somebody else may have taken the item since."""
    item = lifecycle.row(ItemId(held.item_id))
    same = Lease.objects.filter(item_id=held.item_id, holder_id=held.holder_id, taken_at=held.taken_at)
    lease = same.first()
    if item is None or lease is None:
        return False
    leasing.end(item, lease, reason, by=SystemJob.WATCHER)
    return True
