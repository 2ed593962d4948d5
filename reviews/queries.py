"""Reads that are more than one model's filter."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from reviews.models import Item, Revision, SignoffSlot

_NEXT = """
SELECT candidate.id
  FROM unnest(%s::uuid[]) AS queue(id), unnest(%s::text[]) AS held(role), LATERAL (
    SELECT i.id, i.priority, coalesce(i.due_at, 'infinity') AS due
      FROM reviews_item i
     WHERE i.queue_id = queue.id AND i.awaiting = held.role AND i.state = 'in_review'
       AND coalesce(i.expires_at > %s, true)
       AND NOT EXISTS (SELECT FROM reviews_lease l WHERE l.item_id = i.id AND l.expires_at > %s)
       AND NOT EXISTS (SELECT FROM reviews_signoff_slot s
                        WHERE s.item_id = i.id AND s.revision = i.revision AND s.signer_id = %s::uuid)
       AND i.id <> ALL (%s::uuid[])
     ORDER BY i.priority, coalesce(i.due_at, 'infinity'), i.id LIMIT %s
  ) candidate
 ORDER BY candidate.priority, candidate.due, candidate.id LIMIT %s
"""

BOUND = 999
# The order is the index's: without it an empty queue beside a full one is counted by reading the whole table.
_COUNTS = """
SELECT q.id, q.slug, q.name, (
    SELECT count(*) FROM (
      SELECT FROM reviews_item i WHERE i.queue_id = q.id AND i.state = 'in_review' ORDER BY i.priority LIMIT %s
    ) bounded
  )
  FROM reviews_queue q WHERE q.id = ANY (%s::uuid[]) ORDER BY q.name, q.id
"""


def next_items(
    queues: list[UUID], roles: list[str], person: UUID, moment: datetime, passed: Sequence[UUID], limit: int
) -> list[UUID]:
    """Give the most urgent items nobody holds and this person has not signed, without locking them."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [queues, roles, moment, moment, person, list(passed), limit, limit])
        return [row[0] for row in cursor.fetchall()]


def open_slot(item: Item) -> SignoffSlot | None:
    """Give the first slot of the revision's plan that waits for a signature, stages in order."""
    return (
        SignoffSlot.objects.filter(item_id=item.pk, revision=item.revision, signature=None)
        .order_by("stage", "n")
        .first()
    )


def current_revision(item: Item) -> Revision:
    """Give the revision the item stands at."""
    return Revision.objects.get(item_id=item.pk, revision=item.revision)


class QueueCount(NamedTuple):
    """A queue and how many of its items wait for a signature, counted up to `BOUND`."""

    id: UUID
    slug: str
    name: str
    open: int

    @property
    def shown(self) -> str:
        """Give the count as a page prints it: never more than '999+'."""
        return f"{BOUND}+" if self.open > BOUND else str(self.open)


def open_counts(queue_ids: Sequence[UUID]) -> list[QueueCount]:
    """Give the queues by name with their open counts; reads at most a thousand index entries of each."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [BOUND + 1, list(queue_ids)])
        return [QueueCount(*row) for row in cursor.fetchall()]
