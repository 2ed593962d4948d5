"""What of a story shows to somebody: entries about walls they are outside of are left out, and leave no gap."""

from collections.abc import Iterable

from audit import stories
from audit.stories import Told
from portal.accounts.access import Access
from portal.accounts.models import User
from reviews.files import Hidden
from reviews.models import Item
from reviews.showing import veil

_WALLING = frozenset({"item.walled", "file.walled"})


def steps(told: Iterable[Told], hidden: Hidden, granted: Access) -> list[Told]:
    """Give the entries that tell nothing of a file, a comment or a time behind a wall the person is outside of."""
    return [each for each in told if _shows(each, hidden, granted)]


def newest(
    item: Item, count: int | None, hidden: Hidden, granted: Access, *, veiled_from: User | None = None
) -> list[Told]:
    """Give an item's newest entries that show, oldest first; as many as were asked for, if there are that many.

    What is left out is left out before they are counted, or the count would tell of it.
    """

    def shown_of(read: list[Told]) -> list[Told]:
        shown = steps(read, hidden, granted)
        return shown if veiled_from is None else veil.story(shown, veiled_from)

    read = stories.story(item.pk, latest=count)
    shown = shown_of(read)
    if count is None:
        return shown
    if len(shown) < count <= len(read):
        shown = shown_of(stories.story(item.pk))
    return shown[-count:]


def _shows(each: Told, hidden: Hidden, granted: Access) -> bool:
    if each.pub.get("wall", "ordinary") not in granted.walls:
        return False
    # That a wall was taken away tells that there was one.
    if each.kind in _WALLING and granted.walls == {"ordinary"}:
        return False
    return str(each.pub.get("upload")) not in {str(upload) for upload in hidden.uploads}
