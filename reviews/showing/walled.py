"""The wall around an item as its page shows it: its name to those inside, and where who may can put it."""

from dataclasses import dataclass

from portal.accounts.access import Access
from reviews import walls
from reviews.models import Item
from reviews.words import OPEN, Wall


@dataclass(frozen=True, slots=True)
class Walled:
    """The wall around an item, empty for an ordinary one, and the others that this person may put it behind.

    Each choice is a word, its title, and whether the person would not see the item any more.
    """

    title: str
    choices: tuple[tuple[str, str, bool], ...]


def walled(item: Item, granted: Access) -> Walled:
    """Give the wall around an item for somebody who may see it; asks the database nothing."""
    may = [wall for wall in Wall if item.state in OPEN and walls.why_not_move(granted, item, item.wall, wall) is None]
    choices = tuple((wall.value, walls.title(wall), wall not in granted.walls) for wall in may)
    return Walled("" if item.wall == Wall.ORDINARY else walls.title(item.wall), choices)
