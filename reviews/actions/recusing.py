"""Recusing: a person steps aside from an item with their reason, and the item goes on with the others."""

from django.db import transaction

from audit import exhibits
from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.ids import ItemId
from reviews import facts, guards, impasses, lifecycle, plans, sighting
from reviews.actions import taking
from reviews.models import Lease, Recusal


@transaction.atomic
def recuse(item_id: ItemId, *, by: User, seen: int, reason: str) -> Recusal:
    """Step aside from an item one could sign: it is not offered to this person again, nor signed in their name.

    Raises ReasonMissing, ReasonTooLong, NotFound, Stale or Refused.
    """
    reason = reasons.given(reason, "Say in a sentence why you do not decide this; the queue's manager reads it.")
    item, granted = sighting.locked(item_id, by=by, seen=seen)
    guards.insist(guards.why_not_recuse(by, granted, item, plans.of(item)))
    for lease in Lease.objects.filter(item_id=item.pk, holder=by):
        taking.let_go(lease)
    sealed = lifecycle.sealed(item, reason)
    fact = facts.Recused(reason=reason, sealed_sha256=exhibits.sealed_sha256(sealed))
    written = lifecycle.note(item, fact, by=by)
    made = Recusal.objects.create(item=item, person=by, reason_id=sealed.pk, entry_id=written.eid, at=written.at)
    impasses.look(item)
    return made
