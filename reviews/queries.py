"""Reads that are more than one model's filter."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from portal.accounts.access import ORDINARY
from reviews import coverage
from reviews.models import Item, Revision

# What the items of a queue wait for: few distinct texts, found by leaping over the index instead of reading it.
# `roles` are those a person may act in, a text for each queue.
AWAITED = """
WITH RECURSIVE leap AS (
    SELECT queue.id AS queue, queue.held, wall.name AS wall, (
             SELECT min(i.awaiting) FROM reviews_item i
              WHERE i.queue_id = queue.id AND i.wall = wall.name AND i.state = 'in_review') AS roles
      FROM unnest({queues}::uuid[], {roles}::text[]) AS queue(id, held), unnest({walls}::text[]) AS wall(name)
    UNION ALL
    SELECT leap.queue, leap.held, leap.wall, (
             SELECT min(i.awaiting) FROM reviews_item i WHERE i.queue_id = leap.queue AND i.wall = leap.wall
                AND i.state = 'in_review' AND i.awaiting > leap.roles)
      FROM leap WHERE leap.roles IS NOT NULL
), awaited AS (
    SELECT queue, wall, roles FROM leap WHERE string_to_array(roles, ' ') && string_to_array(held, ' '))
"""
_NEXT = f"""{AWAITED.format(queues="%(queues)s", walls="%(walls)s", roles="%(roles)s")}
SELECT candidate.id
  FROM awaited, LATERAL (
    SELECT i.id, i.priority, coalesce(i.due_at, 'infinity') AS due
      FROM reviews_item i
     WHERE i.queue_id = awaited.queue AND i.wall = awaited.wall AND i.awaiting = awaited.roles
       AND i.state = 'in_review' AND coalesce(i.expires_at > %(now)s, true)
       AND NOT EXISTS (SELECT FROM reviews_lease l WHERE l.item_id = i.id AND l.expires_at > %(now)s)
       AND NOT EXISTS (SELECT FROM reviews_signoff_slot s
                        WHERE s.item_id = i.id AND s.revision = i.revision AND s.signer_id = %(person)s::uuid)
       AND NOT EXISTS (SELECT FROM reviews_recusal x WHERE (x.item_id, x.person_id) = (i.id, %(person)s::uuid))
       AND i.id <> ALL (%(passed)s::uuid[]){coverage.COVERED}
     ORDER BY i.priority, coalesce(i.due_at, 'infinity'), i.id LIMIT %(limit)s
  ) candidate
 ORDER BY candidate.priority, candidate.due, candidate.id LIMIT %(limit)s
"""  # noqa: S608  texts of our own

BOUND = 999
# The order is the index's: without it an empty queue beside a full one is counted by reading the whole table.
_COUNTS = """
SELECT q.id, q.slug, q.name, (
    SELECT count(*) FROM (
      SELECT FROM unnest(%s::text[]) AS wall(name), LATERAL (
        SELECT FROM reviews_item i WHERE i.queue_id = q.id AND i.wall = wall.name AND i.state = 'in_review'
         ORDER BY i.priority LIMIT %s) of_wall LIMIT %s
    ) bounded
  )
  FROM reviews_queue q WHERE q.id = ANY (%s::uuid[]) ORDER BY q.name, q.id
"""


def next_items(
    held: Mapping[UUID, Iterable[str]],
    person: UUID,
    moment: datetime,
    passed: Sequence[UUID],
    limit: int,
    *,
    holders: Sequence[UUID] = (),
    walls: Iterable[str] = ORDINARY,
) -> list[UUID]:
    """Give the most urgent items nobody holds and this person has not signed and may sign for, without locking them.

    `held` are the roles the person may act in on each queue; `holders` are those in whose names they could sign beside
    their own; `walls` those they are inside of.
    """
    given: dict[str, Any] = {
        "queues": list(held), "roles": [" ".join(roles) for roles in held.values()], "person": person,
        "now": moment, "today": moment.astimezone(UTC).date(),
        "passed": list(passed), "limit": limit, "holders": [person, *holders],
        "walls": list(walls),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, given)
        return [row[0] for row in cursor.fetchall()]


def current_revision(item: Item) -> Revision:
    """Give the revision the item stands at."""
    return Revision.objects.get(item_id=item.pk, revision=item.revision)


def shown(count: int) -> str:
    """Write a count that was cut beyond `BOUND` as a page prints it: never more than '999+'."""
    return f"{BOUND}+" if count > BOUND else str(count)


class QueueCount(NamedTuple):
    """A queue and how many of its items wait for a signature, counted up to `BOUND`."""

    id: UUID
    slug: str
    name: str
    open: int

    @property
    def shown(self) -> str:
        """Give the count as a page prints it: never more than '999+'."""
        return shown(self.open)


def open_counts(queue_ids: Sequence[UUID], walls: Iterable[str] = ORDINARY) -> list[QueueCount]:
    """Give the queues by name with the open counts inside these walls; reads at most a thousand index entries each."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [list(walls), BOUND + 1, BOUND + 1, list(queue_ids)])
        return [QueueCount(*row) for row in cursor.fetchall()]
