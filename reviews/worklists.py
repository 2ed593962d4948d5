"""Lists of items for people: a queue page by page, what one holds, what waits for one, what one signed."""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts import roles
from portal.accounts.access import ORDINARY, Access
from portal.accounts.models import User
from portal.kit.clock import now
from reviews import capacities, coverage, queries
from reviews.listings import CursorInvalid
from reviews.models import Item, Lease, Queue, Signature
from reviews.showing import extracted, titles
from reviews.showing.stops import LOW_CONFIDENCE, Stop, confidence, stops
from reviews.showing.texts import visible

PAGE = 25
_Place = tuple[UUID, int, datetime | None, int, UUID | None]
COUNTED = 999
_HOUR = timedelta(hours=1)
_FIRST = (-1, None, UUID(int=0))

_SELECT = """
SELECT listed.*, (SELECT l.holder_id FROM reviews_lease l WHERE l.item_id = listed.id AND l.expires_at > %(now)s)
  FROM unnest(%(walls)s::text[]) AS wall(name), LATERAL (
    SELECT i.id, i.priority, i.due_at, i.version FROM reviews_item i
     WHERE i.queue_id = %(queue)s::uuid AND i.wall = wall.name AND i.state = 'in_review'
       AND (i.priority, coalesce(i.due_at, 'infinity'), i.id)
         > (%(priority)s, coalesce(%(due)s::timestamptz, 'infinity'), %(id)s::uuid)
       {filter}
     ORDER BY i.priority, coalesce(i.due_at, 'infinity'), i.id LIMIT %(limit)s
  ) listed
 ORDER BY listed.priority, coalesce(listed.due_at, 'infinity'), listed.id LIMIT %(limit)s
"""


class Show(StrEnum):
    """Which open items of a queue are listed."""

    ALL = "all"
    FOR_ME = "for-me"
    UNASSIGNED = "unassigned"
    MINE = "mine"


_LIVE = "SELECT FROM reviews_lease l WHERE l.item_id = i.id AND l.expires_at > %(now)s"
_FILTERS = {
    Show.ALL: "",
    Show.UNASSIGNED: f"AND NOT EXISTS ({_LIVE})",
    Show.MINE: f"AND EXISTS ({_LIVE} AND l.holder_id = %(person)s::uuid)",
}
_FOR_ME = f"""{queries.AWAITED.format(queues="ARRAY[%(queue)s]", walls="%(walls)s", roles="ARRAY[%(roles)s]")}
SELECT candidate.*, (SELECT l.holder_id FROM reviews_lease l WHERE l.item_id = candidate.id AND l.expires_at > %(now)s)
  FROM awaited, LATERAL (
    SELECT i.id, i.priority, i.due_at, i.version FROM reviews_item i
     WHERE i.queue_id = %(queue)s::uuid AND i.wall = awaited.wall AND i.awaiting = awaited.roles
       AND i.state = 'in_review'{coverage.COVERED}
       AND (i.priority, coalesce(i.due_at, 'infinity'), i.id)
         > (%(priority)s, coalesce(%(due)s::timestamptz, 'infinity'), %(id)s::uuid)
       AND NOT EXISTS (SELECT FROM reviews_signoff_slot s
                        WHERE s.item_id = i.id AND s.revision = i.revision AND s.signer_id = %(person)s::uuid)
       AND NOT EXISTS (SELECT FROM reviews_recusal x WHERE (x.item_id, x.person_id) = (i.id, %(person)s::uuid))
     ORDER BY i.priority, coalesce(i.due_at, 'infinity'), i.id LIMIT %(limit)s
  ) candidate
 ORDER BY candidate.priority, coalesce(candidate.due_at, 'infinity'), candidate.id LIMIT %(limit)s
"""  # noqa: S608  two texts of our own
# The orders are the index's: without them an empty queue beside a full one is counted by reading the whole table.
_PRESSING = """
WITH part AS (SELECT rank, wall FROM unnest(ARRAY[0, 1, 2, 3]) AS rank, unnest(%(walls)s::text[]) AS wall)
SELECT (SELECT count(*) FROM (
          SELECT FROM part, LATERAL (
            SELECT FROM reviews_item i
             WHERE i.queue_id = %(queue)s::uuid AND i.wall = part.wall AND i.state = 'in_review'
               AND i.priority = part.rank AND coalesce(i.due_at, 'infinity') < %(now)s
             ORDER BY coalesce(i.due_at, 'infinity') LIMIT %(bound)s) of_part LIMIT %(bound)s) late),
       (SELECT count(*) FROM (
          SELECT FROM part, LATERAL (
            SELECT FROM reviews_item i
             WHERE i.queue_id = %(queue)s::uuid AND i.wall = part.wall AND i.state = 'in_review'
               AND i.priority = part.rank
               AND coalesce(i.due_at, 'infinity') >= %(now)s AND coalesce(i.due_at, 'infinity') < %(soon)s
             ORDER BY coalesce(i.due_at, 'infinity') LIMIT %(bound)s) of_part LIMIT %(bound)s) soon),
       (SELECT count(*) FROM (
          SELECT FROM unnest(%(walls)s::text[]) AS wall(name), LATERAL (
            SELECT FROM reviews_item i
             WHERE i.queue_id = %(queue)s::uuid AND i.wall = wall.name AND i.state = 'in_review'
             ORDER BY i.priority LIMIT %(bound)s) of_wall LIMIT %(bound)s) open)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: the item with what its document tells at a glance, and who holds it."""

    item: Item
    document: dict[str, Any]
    stops: list[Stop]
    confidence: float | None
    holder: User | None

    @property
    def title(self) -> str:
        """Give what the flow proposes, in its own words."""
        return titles.title(self.item, self.document)

    @property
    def prompt(self) -> str:
        """Give prompt and version, the flow's name for what made this."""
        prompt = self.document.get("snapshot", {}).get("prompt") or {}
        return visible(f"{prompt.get('name') or self.item.flow.slug} {prompt.get('version', '')}".strip())

    @property
    def more(self) -> int:
        """Give how many reasons stand behind the first."""
        return len(self.stops) - 1

    @property
    def shade(self) -> str:
        """Give how the confidence is coloured."""
        return "ok" if (self.confidence or 0) >= LOW_CONFIDENCE else "warn" if (self.confidence or 0) >= 0.65 else "bad"

    @property
    def bar(self) -> int:
        """Give the length of the confidence's bar, of 52."""
        return round(52 * (self.confidence or 0))

    @property
    def awaiting(self) -> str:
        """Give the role whose signature is next, as people call it."""
        return ", ".join(map(roles.title, self.item.awaiting.split()))

    @property
    def quote(self) -> str:
        """Give what the flow was told, in somebody's own words, when there are any."""
        given = self.document.get("snapshot", {}).get("input")
        told = given.get("narrative") if isinstance(given, dict) else None
        return visible(told) if isinstance(told, str) else ""


@dataclass(frozen=True)
class Page:
    """A page of rows, read when they are asked for, and the cursor of the next one."""

    places: list[_Place]
    next: str | None
    size: int = PAGE
    walls: frozenset[str] = ORDINARY

    @cached_property
    def rows(self) -> list[Row]:
        """Give the rows with their documents."""
        return rows([place[0] for place in self.places], self.walls)

    @property
    def marker(self) -> str:
        """Give what changes when a row does: a page that has it need not be read or sent again."""
        told = [f"{item_id} {version} {holder or ''}" for item_id, _, _, version, holder in self.places]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a queue stands; each counted up to `COUNTED`."""

    late: int
    soon: int
    open: int

    @property
    def shown(self) -> dict[str, str]:
        """Give the numbers as a page prints them: never more than '999+'."""
        numbers = {"late": self.late, "soon": self.soon, "open": self.open}
        return {name: f"{COUNTED}+" if each > COUNTED else str(each) for name, each in numbers.items()}


def page(queue: Queue, show: Show, cursor: str | None, *, by: User, granted: Access) -> Page:
    """Give a page of a queue's open items, most urgent first, in the order Take next follows."""
    found = _ids(queue, show, cursor, by, granted)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], _cursor(*last[:3]) if last else None, walls=granted.walls)


def pulse(queue: Queue, walls: Iterable[str] = ORDINARY) -> Pulse:
    """Count what presses in a queue inside these walls; reads at most a thousand index entries for each number."""
    moment, bound = now(), COUNTED + 1
    given: dict[str, Any] = {
        "queue": queue.pk, "walls": list(walls), "now": moment, "soon": moment + _HOUR, "bound": bound,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PRESSING, given)
        return Pulse(*cursor.fetchone())


def desk(by: User, granted: Access, limit: int = 10) -> tuple[list[Row], list[Row]]:
    """Give what a person holds, soonest deadline first, and the most urgent they may sign next in any queue."""
    mine = Lease.objects.filter(holder=by, expires_at__gt=now()).values_list("item_id", flat=True)
    held, known = list(mine[:PAGE]), capacities.of(granted)
    waiting = queries.next_items(
        known.by_queue(), by.pk, now(), (), limit, holders=known.holders, walls=granted.walls
    )  # fmt: skip
    found = rows([*held, *waiting], granted.walls)
    taken = [row for row in found if row.item.pk in held]
    taken.sort(key=lambda row: (row.item.due_at is None, row.item.due_at or row.item.pk))
    return taken, [row for row in found if row.item.pk not in held]


def signed(by: User, walls: Iterable[str] = ORDINARY, limit: int = 8) -> list[Signature]:
    """Give a person's newest signatures with their items, those inside these walls."""
    return list(
        Signature.objects.filter(signer=by, item__wall__in=walls).select_related("item").order_by("-signed_at")[:limit]
    )


def rows(ids: Sequence[UUID], walls: Iterable[str] = ORDINARY) -> list[Row]:
    """Give the rows of the items inside these walls, in the order of their ids; three statements, however many."""
    items = Item.objects.filter(wall__in=walls).select_related("flow", "queue").in_bulk(ids)
    content, holders = titles.documents(items.values()), _holders(ids)
    return [_row(items[each], content.get(each, {}), holders.get(each)) for each in ids if each in items]


def _row(item: Item, document: dict[str, Any], holder: User | None) -> Row:
    read = extracted.fields(document.get("snapshot", {}), {})
    why = [*stops(item.effect, item.rule, item.reasons, document), *extracted.differing(read)]
    return Row(item, document, why, confidence(document), holder)


def _ids(queue: Queue, show: Show, cursor: str | None, by: User, granted: Access) -> list[_Place]:
    priority, due, last = _FIRST if cursor is None else _read(cursor)
    question = _FOR_ME if show is Show.FOR_ME else _SELECT.format(filter=_FILTERS[show])
    known, moment = capacities.of(granted), now()
    given: dict[str, Any] = {
        "queue": queue.pk, "priority": priority, "due": due, "id": last, "limit": PAGE + 1, "now": moment,
        "person": by.pk, "roles": " ".join(known.by_queue().get(queue.pk, ())), "walls": list(granted.walls),
        "holders": [by.pk, *known.holders], "today": moment.astimezone(UTC).date(),
    }  # fmt: skip
    with connection.cursor() as answer:
        answer.execute(question, given)
        return list(answer.fetchall())


def _holders(ids: Sequence[UUID]) -> dict[UUID, User]:
    live = Lease.objects.filter(item_id__in=ids, expires_at__gt=now()).select_related("holder")
    return {lease.item_id: lease.holder for lease in live}


def _cursor(item_id: UUID, priority: int, due: datetime | None) -> str:
    told = [priority, due and due.isoformat(), str(item_id)]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[int, datetime | None, UUID]:
    try:
        told = json.loads(base64.urlsafe_b64decode(f"{cursor}==".encode()))
        priority, due, item_id = told
        return int(priority), datetime.fromisoformat(due) if due else None, UUID(item_id)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CursorInvalid("Go back to the start of the list; this address is not one of ours.") from None
