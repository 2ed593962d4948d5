"""Leasing: a queue's manager ends somebody else's hold, and a lease is let go when its holder cannot go on."""

from django.db import transaction

from audit.actors import HasActor
from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import facts, guards, lifecycle, sighting
from reviews.actions import taking
from reviews.models import Item, Lease


class NotHeld(Problem):
    """Nobody holds the item."""

    code = "not_held"
    status = 409
    title = "Nobody holds this item"


@transaction.atomic
def break_lease(item_id: ItemId, *, by: User, reason: str) -> None:
    """End somebody's hold on an item of a queue one manages.

    Raises NotFound, Refused, ReasonMissing, ReasonTooLong or NotHeld.
    """
    reason = reasons.given(reason, "Say in a sentence why; the person reads it in the item's story.")
    item, granted = sighting.locked(item_id, by=by)
    guards.insist(guards.why_not_manage(granted, item))
    lease = Lease.objects.filter(item_id=item.pk, expires_at__gt=now()).first()
    if lease is None:
        raise NotHeld("Nobody holds this item any more; whoever may sign it can take it.")
    end(item, lease, reason, by=by)


def end(item: Item, lease: Lease, reason: str, *, by: HasActor) -> None:
    """Let a lease of a locked item go and note who ended it, and why."""
    holder = lease.holder_id
    taking.let_go(lease)
    lifecycle.note(item, facts.LeaseBroken(holder=holder, reason=reason), by=by)
