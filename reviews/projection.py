"""What verification asks reviews: does each item stand where its entries say it stands?"""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

_DIFFERENT = """
SELECT i.id, i.version, i.state, e.version, e.state
  FROM reviews_item i
  LEFT JOIN LATERAL (
    SELECT version, state FROM audit_entry WHERE stream = i.id AND version IS NOT NULL ORDER BY version DESC LIMIT 1
  ) e ON true
 WHERE e.version IS DISTINCT FROM i.version OR e.state IS DISTINCT FROM i.state
"""


def differences() -> Iterator[tuple[UUID, str]]:
    """Give each item whose row differs from its last entry, with what differs."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT)
        for item_id, version, state, told_version, told_state in cursor:
            yield item_id, f"the row says {state} at {version}, its entries say {told_state} at {told_version}"
