"""Leaf bytes: what an entry says, canonically, with its personal values as salted disclosures (EVIDENCE, R1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model

from audit import disclosures, exhibits, history
from audit.actors import HasActor
from audit.canonical import b64url, strict_bytes
from audit.exhibits import DataKey
from audit.facts import Fact, personal_names
from portal.kit.clock import now, stamp
from portal.kit.ids import new_id

LIMIT = 65_535
"""Bytes a leaf may have: the limit of C2SP tlog-tiles."""

Field = tuple[UUID, UUID, int, bytes, bytes]
"""One disclosure's row: entry, data key, position, digest, sealed disclosure."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Whose story an entry belongs to: an item, a flow, a policy, a person."""

    type: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Step:
    """What one entry is to say; `prev` and `version` are None for notes."""

    fact: Fact
    stream: Stream
    by: HasActor
    version: int | None = None
    state: str | None = None
    prev: bytes | None = None
    key: DataKey | None = None
    rows: Sequence[Model] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry ready to be inserted, with its disclosures and the row history it vouches for."""

    eid: UUID
    at: datetime
    step: Step
    leaf: bytes
    fields: list[Field]
    changes: list[history.Change]


def entry(step: Step, versions: Sequence[history.Version]) -> Entry:
    """Write down a step: its leaf, its sealed disclosures, its history rows."""
    eid, at = new_id(), now()
    fields = _fields(eid, step)
    leaf = _leaf(eid, at, step, [field[3] for field in fields], versions)
    changes = [history.Change(version, eid, at, step.by) for version in versions]
    return Entry(eid, at, step, leaf, fields, changes)


def _fields(eid: UUID, step: Step) -> list[Field]:
    personal = step.fact.personal()
    if not personal:
        return []
    if step.key is None:
        raise TypeError(f"{step.fact.kind} has personal fields and needs the key of its subject")
    fields: list[Field] = []
    for pos, name in enumerate(personal_names(type(step.fact))):
        if name in personal:
            disclosure = disclosures.disclosure_of(name, personal[name])
            sealed = exhibits.encrypt(disclosure.encode(), step.key, disclosures.bound_to(eid, pos))
            fields.append((eid, step.key.id, pos, disclosures.digest_of(disclosure), sealed))
    return fields


def _leaf(eid: UUID, at: datetime, step: Step, digests: Sequence[bytes], versions: Sequence[history.Version]) -> bytes:
    public = step.fact.public()
    if "rows" in public:
        raise TypeError(f"{step.fact.kind} uses the name `rows`, which belongs to the history of rows")
    if versions:
        public["rows"] = [version.as_public() for version in versions]
    actor = step.by.actor
    leaf = strict_bytes(
        {
            "v": 1,
            "typ": "countersign.ledger.entry",
            "log": settings.LOG_ORIGIN,
            "eid": str(eid),
            "at": stamp(at),
            "kind": step.fact.kind,
            "subj": _subject(step),
            "actor": {"t": actor.type.value, "ref": str(actor.ref)},
            "pub": public,
            "_sd_alg": "sha-256",
            "_sd": sorted(b64url(digest) for digest in digests),
        }
    )
    if len(leaf) > LIMIT:
        raise ValueError(f"the entry {step.fact.kind} is {len(leaf)} bytes long; {LIMIT} is the limit")
    return leaf


def _subject(step: Step) -> dict[str, Any]:
    return {
        "t": step.stream.type,
        "id": str(step.stream.id),
        "seq": step.version,
        "state": step.state,
        "prev": None if step.prev is None else step.prev.hex(),
    }
