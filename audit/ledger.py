"""The ledger: the only writer of entries, and the reader that tells a story back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Model

from audit import history, leaves, models
from audit.actors import HasActor
from audit.exhibits import DataKey
from audit.facts import REGISTER, Fact
from audit.leaves import Step, Stream
from audit.stories import Told, story
from portal.kit.clock import now

__all__ = [
    "Step", "Stream", "Told", "Written", "append", "append_all", "append_next", "current_log", "last", "open_log",
    "story",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it was written; `leaf_hash` is the `prev` of the next one."""

    eid: UUID
    leaf_hash: bytes
    at: datetime
    version: int | None


def append(
    fact: Fact,
    *,
    stream: Stream,
    by: HasActor,
    version: int | None = None,
    state: str | None = None,
    prev: bytes | None = None,
    key: DataKey | None = None,
    rows: Sequence[Model] = (),
) -> Written:
    """Write one entry with its disclosures, its place in the queue and the history of the rows it changed."""
    return append_all([Step(fact, stream, by, version, state, prev, key, rows)])[0]


def append_all(steps: Sequence[Step]) -> list[Written]:
    """Write many entries in two statements: read the changed rows back, then insert everything."""
    if not connection.in_atomic_block:
        raise RuntimeError("an entry is written in the transaction of what it tells")
    for step in steps:
        if REGISTER.get(step.fact.kind) is not type(step.fact):
            raise TypeError(f"{type(step.fact).__name__} is not a registered fact")
    versions = iter(history.reread_all([row for step in steps for row in step.rows]))
    entries = [leaves.entry(step, [next(versions) for _ in step.rows]) for step in steps]
    hashes = _insert(entries)
    return [Written(entry.eid, hashes[entry.eid], entry.at, entry.step.version) for entry in entries]


def append_next(
    fact: Fact,
    *,
    stream: Stream,
    by: HasActor,
    state: str | None = None,
    key: DataKey | None = None,
    rows: Sequence[Model] = (),
) -> Written:
    """Write the next version of a configuration stream; of two at once, the database refuses one."""
    version, prev = last(stream.id) or (0, None)
    return append(fact, stream=stream, by=by, version=version + 1, state=state, prev=prev, key=key, rows=rows)


def last(stream_id: UUID) -> tuple[int, bytes] | None:
    """Give the newest version of a stream and its leaf hash; an item is locked in a statement before."""
    found = (
        models.Entry.objects.filter(stream=stream_id, version__isnull=False)
        .order_by("-version")
        .values_list("version", "leaf_hash")
        .first()
    )
    return None if found is None or found[0] is None else (found[0], bytes(found[1]))


def current_log() -> models.Log:
    """Give this installation's log, opening it where it is not open yet."""
    origin = settings.LOG_ORIGIN
    return models.Log.objects.filter(origin=origin).first() or open_log(origin)


def open_log(origin: str) -> models.Log:
    """Open the log of an origin `<host>/log/<epoch>` unless somebody else just did."""
    epoch = int(origin.rpartition("/")[2])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_log (id, origin, epoch, created_at)"
            " SELECT coalesce(max(id), 0) + 1, %s, %s::int, %s FROM audit_log ON CONFLICT DO NOTHING",
            [origin, epoch, now()],
        )
    return models.Log.objects.get(origin=origin)


_ENTRIES = """WITH entries AS (
 INSERT INTO audit_entry (eid, log_id, stream_type, stream, version, state, prev_hash, kind, actor_type, actor_ref, at,
  leaf_bytes)
 SELECT e.eid, log.id, e.stream_type, e.stream, e.version, e.state, e.prev_hash, e.kind, e.actor_type, e.actor_ref,
  e.at, e.leaf_bytes
 FROM audit_log log, unnest(%b::uuid[], %b::text[], %b::uuid[], %s::int[], %s::text[], %s::bytea[], %b::text[],
  %b::text[], %b::uuid[], %b::timestamptz[], %b::bytea[]) AS e (eid, stream_type, stream, version, state, prev_hash,
  kind, actor_type, actor_ref, at, leaf_bytes)
 WHERE log.origin = %s RETURNING eid, log_id, leaf_hash),
queued AS (INSERT INTO audit_entry_queue (entry_id, log_id) SELECT eid, log_id FROM entries ORDER BY eid)"""

_FIELDS = """,
fields AS (INSERT INTO audit_entry_field (entry_id, dek_id, pos, digest, disclosure)
 SELECT f.* FROM unnest(%b::uuid[], %b::uuid[], %b::int[], %b::bytea[], %b::bytea[]) AS f
 WHERE EXISTS (SELECT FROM entries))"""


def _insert(entries: Sequence[leaves.Entry]) -> dict[UUID, bytes]:
    sql = _ENTRIES
    values: list[Any] = [*_columns(entries), settings.LOG_ORIGIN]
    fields = [field for entry in entries for field in entry.fields]
    if fields:
        sql += _FIELDS
        values += [list(column) for column in zip(*fields, strict=True)]
    part, more = history.insertions([change for entry in entries for change in entry.changes])
    sql, values = f"{sql}{part}\nSELECT eid, leaf_hash FROM entries", values + more
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
        if not found:  # a first entry, or a test emptied the tables: there is no log yet
            open_log(settings.LOG_ORIGIN)
            cursor.execute(sql, values)
            found = cursor.fetchall()
    if len(found) != len(entries):
        raise RuntimeError(f"the log {settings.LOG_ORIGIN} could not be opened")
    return {eid: bytes(leaf_hash) for eid, leaf_hash in found}


def _columns(entries: Sequence[leaves.Entry]) -> list[list[Any]]:
    rows = [
        (
            entry.eid, entry.step.stream.type, entry.step.stream.id, entry.step.version, entry.step.state,
            entry.step.prev, entry.step.fact.kind, entry.step.by.actor.type.value, entry.step.by.actor.ref, entry.at,
            entry.leaf,
        )
        for entry in entries
    ]  # fmt: skip
    return [list(column) for column in zip(*rows, strict=True)]
