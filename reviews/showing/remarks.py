"""What people said about an item, to those inside the same walls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import exhibits, stories
from portal.accounts.access import Access
from portal.accounts.models import User
from reviews import walls
from reviews.models import Comment, Revision
from reviews.showing.texts import visible
from reviews.words import Wall

MOST = 100


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment as it is read; `wall` is empty where everybody who sees the item reads it."""

    id: UUID
    author: User
    at: datetime
    paragraphs: tuple[str, ...]
    wall: str


@dataclass(frozen=True, slots=True)
class Remarks:
    """The newest comments, oldest first, and the walls behind which this person may comment."""

    said: tuple[Remark, ...]
    has_more: bool
    walls: tuple[tuple[str, str], ...]

    @property
    def may_comment(self) -> bool:
        """Tell whether the form is shown."""
        return bool(self.walls)


def remarks(revision: Revision, granted: Access) -> Remarks:
    """Give the comments of a revision's item that show to somebody who may see it; one query, none without any."""
    read: Any = revision
    newest = _read(revision.item_id, granted) if read.is_commented else []
    return Remarks(tuple(_remark(each) for each in newest[MOST - 1 :: -1]), len(newest) > MOST, _walls(granted))


def _read(item_id: Any, granted: Access) -> list[Comment]:
    found = Comment.objects.filter(item_id=item_id, wall__in=granted.walls).order_by("-at", "-pk")
    return list(found.select_related("author", "text__dek")[: MOST + 1])


def _remark(comment: Comment) -> Remark:
    erased = comment.text.dek.wrapped is None
    text = stories.ERASED if erased else exhibits.opened(comment.text).decode()
    paragraphs = tuple(visible(each) for each in text.splitlines() if each.strip())
    wall = "" if comment.wall == Wall.ORDINARY else walls.title(comment.wall)
    return Remark(comment.pk, comment.author, comment.at, paragraphs, wall)


def _walls(granted: Access) -> tuple[tuple[str, str], ...]:
    return () if granted.is_auditor else tuple((wall.value, walls.title(wall)) for wall in walls.inside(granted))
