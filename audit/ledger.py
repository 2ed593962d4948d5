"""The ledger: the only writer of entries, and the reader that tells a story back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Model

from audit import disclosures, exhibits, history, models
from audit.actors import HasActor
from audit.canonical import b64url, strict_bytes
from audit.exhibits import DataKey
from audit.facts import REGISTER, Fact, personal_names
from audit.stories import Told, story
from portal.kit.clock import now, stamp
from portal.kit.ids import new_id

__all__ = ["Stream", "Told", "Written", "append", "append_next", "current_log", "last", "open_log", "story"]

LEAF_LIMIT = 65_535


@dataclass(frozen=True, slots=True)
class Stream:
    """Whose story an entry belongs to: an item, a flow, a policy, a person."""

    type: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it was written; `leaf_hash` is the `prev` of the next one."""

    eid: UUID
    leaf_hash: bytes
    at: datetime
    version: int | None


@dataclass(frozen=True, slots=True)
class _Draft:
    eid: UUID
    at: datetime
    fact: Fact
    stream: Stream
    by: HasActor
    version: int | None
    state: str | None
    prev: bytes | None


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
    if not connection.in_atomic_block:
        raise RuntimeError("an entry is written in the transaction of what it tells")
    if REGISTER.get(fact.kind) is not type(fact):
        raise TypeError(f"{type(fact).__name__} is not a registered fact")
    draft = _Draft(new_id(), now(), fact, stream, by, version, state, prev)
    fields = _fields(draft, key)
    versions = [history.reread(row) for row in rows]
    leaf = _leaf(draft, [digest for _pos, digest, _sealed in fields], versions)
    leaf_hash = _insert(draft, leaf, fields, key, versions)
    return Written(draft.eid, leaf_hash, draft.at, version)


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


def _fields(draft: _Draft, key: DataKey | None) -> list[tuple[int, bytes, bytes]]:
    personal = draft.fact.personal()
    if not personal:
        return []
    if key is None:
        raise TypeError(f"{draft.fact.kind} has personal fields and needs the key of its subject")
    fields: list[tuple[int, bytes, bytes]] = []
    for pos, name in enumerate(personal_names(type(draft.fact))):
        if name in personal:
            disclosure = disclosures.disclosure_of(name, personal[name])
            bound_to = disclosures.bound_to(draft.eid, pos)
            sealed = exhibits.encrypt(disclosure.encode(), key, bound_to)
            fields.append((pos, disclosures.digest_of(disclosure), sealed))
    return fields


def _leaf(draft: _Draft, digests: Sequence[bytes], versions: Sequence[history.Version]) -> bytes:
    public = draft.fact.public()
    if "rows" in public:
        raise TypeError(f"{draft.fact.kind} uses the name `rows`, which belongs to the history of rows")
    if versions:
        public["rows"] = [version.as_public() for version in versions]
    actor = draft.by.actor
    leaf = strict_bytes(
        {
            "v": 1,
            "typ": "countersign.ledger.entry",
            "log": settings.LOG_ORIGIN,
            "eid": str(draft.eid),
            "at": stamp(draft.at),
            "kind": draft.fact.kind,
            "subj": _subject(draft),
            "actor": {"t": actor.type.value, "ref": str(actor.ref)},
            "pub": public,
            "_sd_alg": "sha-256",
            "_sd": sorted(b64url(digest) for digest in digests),
        }
    )
    if len(leaf) > LEAF_LIMIT:
        raise ValueError(f"the entry {draft.fact.kind} is {len(leaf)} bytes long; {LEAF_LIMIT} is the limit")
    return leaf


def _subject(draft: _Draft) -> dict[str, Any]:
    return {
        "t": draft.stream.type,
        "id": str(draft.stream.id),
        "seq": draft.version,
        "state": draft.state,
        "prev": None if draft.prev is None else draft.prev.hex(),
    }


_ENTRY = """WITH entry AS (
 INSERT INTO audit_entry
  (eid, log_id, stream_type, stream, version, state, prev_hash, kind, actor_type, actor_ref, at, leaf_bytes)
 SELECT %s::uuid, log.id, %s, %s::uuid, %s::int, %s, %s::bytea, %s, %s, %s::uuid, %s::timestamptz, %s::bytea
 FROM audit_log log WHERE log.origin = %s RETURNING eid, log_id, at, leaf_hash),
queued AS (INSERT INTO audit_entry_queue (entry_id, log_id) SELECT eid, log_id FROM entry)"""

_FIELDS = """,
fields AS (INSERT INTO audit_entry_field (entry_id, dek_id, pos, digest, disclosure)
 SELECT entry.eid, %s::uuid, field.* FROM entry, unnest(%b::int[], %b::bytea[], %b::bytea[]) AS field)"""


def _insert(
    draft: _Draft,
    leaf: bytes,
    fields: Sequence[tuple[int, bytes, bytes]],
    key: DataKey | None,
    versions: Sequence[history.Version],
) -> bytes:
    actor, stream = draft.by.actor, draft.stream
    sql = _ENTRY
    values: list[Any] = [
        draft.eid,
        stream.type,
        stream.id,
        draft.version,
        draft.state,
        draft.prev,
        draft.fact.kind,
    ]
    values += [actor.type.value, actor.ref, draft.at, leaf, settings.LOG_ORIGIN]
    if fields and key is not None:
        sql += _FIELDS
        values += [key.id, *map(list, zip(*fields, strict=True))]
    for number, version in enumerate(versions):
        part, more = history.insertion(version, f"row{number}", draft.by)
        sql, values = f"{sql},\n{part}", values + more
    sql += "\nSELECT leaf_hash FROM entry"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchone()
        if found is None:  # a first entry, or a test emptied the tables: there is no log yet
            open_log(settings.LOG_ORIGIN)
            cursor.execute(sql, values)
            found = cursor.fetchone()
    if found is None:
        raise RuntimeError(f"the log {settings.LOG_ORIGIN} could not be opened")
    return bytes(found[0])
