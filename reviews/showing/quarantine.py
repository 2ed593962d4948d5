"""Refused posts as a page shows them: newest first, each with its reasons, and one with its bytes as received."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from audit import exhibits
from portal.accounts.access import Access
from portal.kit.problems import NotFound
from reviews.actions import resubmitting
from reviews.actions.resubmitting import Reasons
from reviews.models import Flow, Quarantine
from reviews.showing.contracts import short
from reviews.showing.texts import Clipped, clip, visible

PAGE = 50
LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong, and the JSON pointer of its place."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused post: `accepted` is the item that its id was accepted as since."""

    row: Quarantine
    reasons: tuple[Reason, ...]
    accepted: UUID | None

    @property
    def name(self) -> str:
        """Give the id it was posted under, as text that hides nothing."""
        return visible(self.row.idempotency_id) or "(without an id)"

    @property
    def key(self) -> str:
        """Give which key it came with, as people tell keys apart."""
        return short(self.row.api_key_id) if self.row.api_key_id else ""

    @property
    def more(self) -> int:
        """Give how many reasons stand behind the first."""
        return len(self.reasons) - 1


@dataclass(frozen=True, slots=True)
class Page:
    """A page of refused posts, and the cursor of the next one."""

    entries: list[Refused]
    next: UUID | None

    @property
    def waits(self) -> bool:
        """Tell whether any of them could be submitted again."""
        return any(each.accepted is None for each in self.entries)


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a post as text: perhaps only the beginning, perhaps erased."""

    text: Clipped | None
    size: int
    media_type: str
    problem: str = ""


def page(flow: Flow, granted: Access, before: UUID | None) -> Page:
    """Give a page of a flow's refused posts, the newest first."""
    found = [_refused(row) for row in _rows(flow, granted, before)[: PAGE + 1]]
    return Page(found[:PAGE], found[PAGE - 1].row.pk if len(found) > PAGE else None)


def one(flow: Flow, granted: Access, entry_id: UUID) -> Refused:
    """Give one refused post of a flow. Raises NotFound."""
    row = _rows(flow, granted, None).select_related("exhibit__dek").filter(pk=entry_id).first()
    if row is None:
        raise NotFound(resubmitting.UNSEEN)
    return _refused(row)


def waiting(flow: Flow, granted: Access, after: UUID | None) -> list[UUID]:
    """Give the refused posts after one that are not accepted yet, the oldest first; looks at a bounded number."""
    rows = _rows(flow, granted, None).order_by("pk").values_list("pk", "accepted")
    rows = rows.filter(pk__gt=after) if after else rows
    return [pk for pk, accepted in rows[:LOOKED_AT] if accepted is None]


def body(shown: Refused, *, whole: bool) -> Body:
    """Give the bytes of a refused post as they were received, to be read and not to be run."""
    exhibit = shown.row.exhibit
    try:
        raw = exhibits.opened(exhibit)
    except exhibits.Erased as erased:
        return Body(None, exhibit.size, visible(exhibit.media_type), problem=erased.detail)
    except exhibits.Damaged:
        return Body(None, exhibit.size, visible(exhibit.media_type), problem="What is stored is not what was received.")
    return Body(clip(raw.decode(), whole=whole), len(raw), visible(exhibit.media_type))


def envelope(shown: Refused) -> list[tuple[str, str]]:
    """Give the headers that were kept with a refused post."""
    return [(visible(name), visible(str(value))) for name, value in sorted(shown.row.headers.items())]


def reasons(told: Reasons) -> tuple[Reason, ...]:
    """Give reasons as a page tells them; the whole document is named where there is no pointer."""
    return tuple(Reason(visible(each.get("pointer", "")), visible(each.get("message", ""))) for each in told)


def named(flow: Flow, granted: Access, refused: Sequence[tuple[UUID, Reasons]]) -> list[Refused]:
    """Give posts that were refused once more, each with its fresh reasons."""
    rows = {row.pk: row for row in _rows(flow, granted, None).filter(pk__in=[pk for pk, _ in refused])}
    return [Refused(rows[pk], reasons(told), rows[pk].accepted) for pk, told in islice(refused, PAGE) if pk in rows]


def _rows(flow: Flow, granted: Access, before: UUID | None) -> "QuerySet[Any, Any]":
    rows = resubmitting.visible(granted).filter(flow=flow).order_by("-pk")
    return rows.filter(pk__lt=before) if before else rows


def _refused(row: Any) -> Refused:
    return Refused(row, reasons(row.errors), row.accepted)
