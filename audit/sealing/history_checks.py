"""Checks that the history of a row is whole: no version taken away, none linked twice, and all in the log's order."""

from collections.abc import Iterator, Set

from django.apps import apps
from django.db import connection, models

from audit import history
from audit.sealing.findings import Code, Finding

# `rows` is a name of the ledger's own: no fact says it, and within a text its quotes would be escaped.
_UNKEPT = """
SELECT told.eid, told.model FROM (
  SELECT e.eid, row ->> 'model' AS model, row ->> 'sha256' AS digest
    FROM audit_entry e, LATERAL jsonb_array_elements(convert_from(e.leaf_bytes, 'UTF8')::jsonb -> 'pub' -> 'rows') row
   WHERE position('"rows":['::bytea IN e.leaf_bytes) > 0) told
  LEFT JOIN audit_history_link l ON (l.entry_id, l.model) = (told.eid, told.model)
   AND l.digest = decode(told.digest, 'hex')
 WHERE l.entry_id IS NULL AND told.model <> ALL (%s)
"""
_TWICE = """
SELECT entry_id, model FROM audit_history_link GROUP BY entry_id, model, digest HAVING count(*) > 1
"""
# One statement writes history and entry under the row's lock, so both are numbered in the same order.
_ORDER = """
SELECT history_id FROM (
  SELECT h.history_id, x.idx, lag(x.idx) OVER w AS idx_before, l.digest, lag(l.digest) OVER w AS digest_before
    FROM {history} h JOIN audit_history_link l ON (l.model, l.history_id) = (%s, h.history_id)
    JOIN audit_leaf x ON x.entry_id = l.entry_id
  WINDOW w AS (PARTITION BY h.{key} ORDER BY h.history_id)) placed
 WHERE idx < idx_before AND digest <> digest_before
"""


def taken_away(wrong: Set[str]) -> Iterator[Finding]:
    """Find entries of which a history row is gone, link and all, or counts twice; not of models told already."""
    with connection.cursor() as cursor:
        cursor.execute(_UNKEPT, [sorted(wrong)])
        gone = cursor.fetchall()
        cursor.execute(_TWICE)
        twice = cursor.fetchall()
    for entry, label in gone:
        yield Finding(Code.HISTORY_UNLINKED, f"entry {entry}", f"The history row of {label} it vouches for is gone.")
    for entry, label in twice:
        yield Finding(Code.HISTORY_UNLINKED, f"entry {entry}", f"Two history rows of {label} name it for one version.")


def out_of_order() -> Iterator[Finding]:
    """Find versions of a row that stand in another order than their entries do in the log."""
    for model in recorded():
        label = history.label_of(model)
        with connection.cursor() as cursor:
            sql = _ORDER.format(history=history.table_of(model), key=history.key_of(model))
            cursor.execute(sql, [label])
            rows = cursor.fetchall()
        for (history_id,) in rows:
            said = "The row stands before one whose entry is older."
            yield Finding(Code.HISTORY_UNLINKED, f"{label} history {history_id}", said)


def recorded() -> Iterator[type[models.Model]]:
    """Give every model with a history."""
    return (model for model in apps.get_models() if issubclass(model, history.Recorded))
