"""Sighting: finding an item for somebody; one they may not see is not there, by the same questions and words."""

from typing import Any

from portal.accounts import access
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from reviews import guards, lifecycle
from reviews.models import Item


def found(item_id: Any, granted: Access, *related: str) -> Item:
    """Give an item with what is related to it to somebody who may see it. Raises NotFound."""
    item = Item.objects.select_related(*related).filter(pk=item_id).first()
    return insist(item, granted)


def locked(item_id: ItemId, *, by: User, seen: int | None = None) -> tuple[Item, Access]:
    """Lock an item that a person may see and give it with what they may do now. Raises NotFound or Stale.

    Whether they may see it is asked before anything else is told of it, and of an item that is not there as well.
    """
    item, granted = lifecycle.row(item_id), access.of(by)
    visible = insist(item, granted)
    lifecycle.insist_on_version(visible, seen)
    return visible, granted


def insist(item: Item | None, granted: Access) -> Item:
    """Refuse an item that is not there, or not for this person, in the same words."""
    if item is None:
        raise NotFound(guards.UNSEEN)
    guards.insist(guards.why_not_see(granted, item))
    return item
