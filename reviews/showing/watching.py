"""What happened to an item since somebody opened its page, and who holds it now."""

from uuid import UUID

from audit import stories
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from reviews import guards
from reviews.models import Item, Lease
from reviews.showing import naming, telling

_LOOKED_AT = 20


def since(item_id: ItemId, version: int, *, by: User, granted: Access) -> list[telling.Step]:
    """Tell the moves after a version; nothing when the item stands where it did. Raises NotFound."""
    item = Item.objects.select_related("flow", "queue").filter(pk=item_id).first()
    if item is None or guards.why_not_see(granted, item) is not None:
        raise NotFound("There is no such item, or you may not see it.")
    if item.version == version:
        return []
    told = [each for each in stories.story(item.pk, latest=_LOOKED_AT) if (each.version or 0) > version]
    return telling.steps(told, naming.names(item, {}, told, known=[by]))


def holder(item_id: UUID) -> User | None:
    """Give who holds an item now."""
    lease = Lease.objects.select_related("holder").filter(item_id=item_id, expires_at__gt=now()).first()
    return lease.holder if lease else None
