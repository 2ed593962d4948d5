"""What happened to an item since somebody opened its page, and who holds it now."""

from uuid import UUID

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews import files, guards, plans, sighting
from reviews.models import Lease
from reviews.showing import inside, naming, telling, veil

_LOOKED_AT = 20


def since(item_id: ItemId, version: int, *, by: User, granted: Access) -> list[telling.Step]:
    """Tell the moves after a version; nothing when the item stands where it did. Raises NotFound."""
    item = sighting.found(item_id, granted, "flow", "queue")
    if item.version == version:
        return []
    veiled_from = by if veil.covers(by, granted, item, plans.of(item)) else None
    newest = inside.newest(item, _LOOKED_AT, files.seen(item, by, granted).hidden, granted, veiled_from=veiled_from)
    told = [each for each in newest if (each.version or 0) > version]
    return telling.steps(told, naming.names(item, {}, told, known=[by]))


def holder(item_id: UUID, *, granted: Access) -> User | None:
    """Give who holds an item now; of one the asker may not see, nothing."""
    lease = Lease.objects.select_related("holder", "item").filter(item_id=item_id, expires_at__gt=now()).first()
    return lease.holder if lease and guards.why_not_see(granted, lease.item) is None else None
