"""Walls around items and files: which there are, what they are called, and who is inside."""

from uuid import UUID

from portal.accounts import walls
from portal.accounts.access import Access
from portal.kit.problems import Refusal
from reviews.models import FileWall, Item
from reviews.words import Wall

TITLES = {
    Wall.ORDINARY: "Everybody who may see the item",
    Wall.COUNSEL: "Counsel",
    Wall.INVESTIGATIONS: "Special investigations",
    Wall.PERSON: "Restricted person",
}


def known(text: str) -> Wall:
    """Read a wall by its word. Raises WallUnknown."""
    if text not in set(Wall):
        raise walls.WallUnknown(f"Choose one of {', '.join(wall.value for wall in Wall)}.")
    return Wall(text)


def title(wall: str) -> str:
    """Give a wall as pages and evidence print it."""
    return TITLES[Wall(wall)] if wall in set(Wall) else wall


def inside(granted: Access) -> list[Wall]:
    """Give the walls somebody is inside of, ordinary first."""
    return [wall for wall in Wall if wall in granted.walls]


def members(wall: str) -> list[UUID]:
    """Give the ids of the active people inside a wall."""
    return walls.members(wall)


def around(item: Item, upload_id: UUID) -> str:
    """Give the wall around one file of an item: the newest row counts, without one it is ordinary."""
    newest = FileWall.objects.filter(submission_id=item.pk, upload_id=upload_id).order_by("-pk")
    return newest.values_list("wall", flat=True).first() or Wall.ORDINARY.value


def why_not_move(granted: Access, item: Item, current: str, wall: Wall) -> Refusal | None:
    """Tell why a person may not move something of an item from behind one wall to behind another."""
    if granted.is_auditor:
        return Refusal("no_permission", "Auditors read everything and change nothing. Ask the queue's manager.")
    if current == wall:
        return Refusal("same_wall", "It is behind this wall already; there is nothing to change.")
    # Whoever sees what lies behind a wall is inside of it.
    involved = {current, wall.value} & (granted.walls - {Wall.ORDINARY.value})
    if involved or granted.may("manage_in_queue", "queue", item.queue_id):
        return None
    return Refusal("no_permission", "Only the queue's manager, or somebody inside the wall, moves this behind it.")
