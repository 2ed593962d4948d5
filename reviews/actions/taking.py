"""Taking: a person's hold on an item, the next one to work on, and putting it back."""

from datetime import datetime, timedelta

from django.db import transaction

from portal.accounts import access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import Problem, Refused
from reviews import capacities, facts, files, guards, lifecycle, plans, queries, sighting
from reviews.models import ActiveTime, Item, Lease, Queue

_WINDOW = 8
_MOST = 12 * _WINDOW
_LONGEST_GAP = timedelta(seconds=60)


class TakenByOther(Problem):
    """Somebody else holds the item."""

    code = "taken_by_other"
    status = 409
    title = "Somebody else is working on this"


class NothingToTake(Problem):
    """No item waits that this person may sign."""

    code = "nothing_to_take"
    status = 404
    title = "Nothing waits for you"


def take(item_id: ItemId, *, by: User) -> Lease:
    """Take one item: hold it for the queue's lease time. Raises TakenByOther or Refused."""
    with transaction.atomic():
        item, granted = sighting.locked(item_id, by=by)
        guards.insist(guards.why_not_take(by, granted, item, plans.of(item)))
        guards.insist(guards.why_not_whole(files.unopened(item, by, granted)))
        return _hold(item, by)


def take_next(*, by: User, queue: str = "") -> Lease:
    """Take the most urgent item this person may sign, in one queue or in all, passing over what others hold.

    Raises NothingToTake.
    """
    granted = access.of(by)
    known = capacities.of(granted)
    held = known.by_queue()
    if queue:
        wanted = Queue.objects.filter(pk__in=held, slug=queue).values_list("pk", flat=True)
        held = {each: held[each] for each in wanted}
    passed: list[ItemId] = []
    while len(passed) < _MOST:
        candidates = queries.next_items(held, by.pk, now(), passed, _WINDOW, holders=known.holders, walls=granted.walls)
        if not candidates:
            raise NothingToTake("No item waits that you may sign. Look again later.")
        for candidate in candidates:
            try:
                return _try(ItemId(candidate), by)
            except (TakenByOther, Refused):
                passed.append(ItemId(candidate))
    raise NothingToTake(f"The {len(passed)} most urgent items are not yours to sign. Look through the queue yourself.")


def beat(item_id: ItemId, *, by: User) -> Lease:
    """Keep a hold alive and count the time since the last beat as active, 60 s at most."""
    with transaction.atomic():
        lease = Lease.objects.select_for_update().filter(item_id=item_id, holder=by, expires_at__gt=now()).first()
        if lease is None:
            raise TakenByOther("Your hold on this item has lapsed. Take it again before you go on.")
        count_active(lease, now())
        lease.expires_at = lease.beat_at + _length(Queue.objects.get(item=item_id))
        lease.save(update_fields=["beat_at", "expires_at"])
        return lease


def put_back(item_id: ItemId, *, by: User) -> None:
    """Give up one's own hold."""
    with transaction.atomic():
        item, _ = sighting.locked(item_id, by=by)
        lease = Lease.objects.filter(item_id=item_id, holder=by).first()
        if lease is None:
            raise TakenByOther("You do not hold this item, so there is nothing to put back.")
        let_go(lease)
        lifecycle.note(item, facts.PutBack(), by=by)


def let_go(lease: Lease) -> None:
    """End a hold and keep how long the person was active."""
    count_active(lease, now())
    lease.delete()


def count_active(lease: Lease, moment: datetime) -> None:
    """Add the time since the last sign of life to the person's active time on the item."""
    gap = min(moment - lease.beat_at, _LONGEST_GAP)
    active, _ = ActiveTime.objects.select_for_update().get_or_create(item_id=lease.item_id, person_id=lease.holder_id)
    active.milliseconds += max(0, gap // timedelta(milliseconds=1))
    active.save(update_fields=["milliseconds"])
    lease.beat_at = moment


def _try(item_id: ItemId, by: User) -> Lease:
    """Take a candidate unless somebody is at it this instant."""
    with transaction.atomic():
        item = Item.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=item_id).first()
        granted = access.of(by)
        if item is None or guards.why_not_see(granted, item) is not None:
            raise TakenByOther("Somebody was faster.")
        guards.insist(guards.why_not_take_next(by, granted, item, plans.of(item)))
        guards.insist(guards.why_not_whole(files.unopened(item, by, granted)))
        return _hold(item, by)


def _hold(item: Item, by: User) -> Lease:
    """Write the lease of a locked item; the item's lock keeps two people from coming here at once."""
    moment = now()
    lease = Lease.objects.filter(item_id=item.pk).first()
    if lease is not None and lease.expires_at > moment:
        if lease.holder_id != by.pk:
            raise TakenByOther("Somebody else is working on this item. Take the next one.")
        return lease
    if lease is not None:
        lease.delete()
    until = moment + _length(item.queue)
    lease = Lease.objects.create(item=item, holder=by, taken_at=moment, beat_at=moment, expires_at=until)
    lifecycle.note(item, facts.Taken(until=until), by=by)
    return lease


def _length(queue: Queue) -> timedelta:
    return timedelta(minutes=queue.lease_minutes)
