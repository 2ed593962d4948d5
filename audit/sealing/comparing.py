"""What the walk leaves for a closer look: columns that did not fit their leaf, tiles, chains of versions."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from audit.models import Entry, Log, Tile
from audit.sealing import tiles
from audit.sealing.findings import Code, Finding
from portal.kit.clock import stamp

_BATCH = 500


def differing_columns(log: Log, suspects: Sequence[int]) -> Iterator[Finding]:
    """Name the columns of each suspect that say something else than its leaf."""
    for at in range(0, len(suspects), _BATCH):
        entries = Entry.objects.filter(leaf__log_id=log.pk, leaf__idx__in=suspects[at : at + _BATCH])
        for entry in entries.select_related("leaf").order_by("leaf__idx"):
            if names := _differences(log, entry):
                said = f"The leaf says otherwise than the columns {', '.join(names)}."
                yield Finding(Code.COLUMN_DIFFERS_FROM_LEAF, f"index {entry.leaf.idx}", said)


def wrong_tiles(log: Log, rows: Sequence[tuple[bytes, bytes]]) -> Iterator[Finding]:
    """Compare stored tiles with the walked tree; `rows` holds digest and root of each full tile of leaves."""
    level, wanted = 0, list(rows)
    while wanted:
        yield from _wrong_tiles(log, level, wanted)
        roots = [root for _, root in wanted]
        full = [roots[at : at + tiles.WIDTH] for at in range(0, len(roots), tiles.WIDTH)]
        wanted = [
            (hashlib.sha256(b"".join(row)).digest(), tiles.tile_root(row)) for row in full if len(row) == tiles.WIDTH
        ]
        level += 1


def _wrong_tiles(log: Log, level: int, wanted: Sequence[tuple[bytes, bytes]]) -> Iterator[Finding]:
    stored = Tile.objects.filter(log_id=log.pk, level=level).order_by("n").values_list("n", "hashes", "root")
    seen = 0
    for n, hashes, root in stored.iterator(chunk_size=200):
        digest = hashlib.sha256(hashes).digest()
        if n != seen or n >= len(wanted) or wanted[n] != (digest, bytes(root)):
            said = "The stored tile does not hold the hashes of the tree."
            yield Finding(Code.ROOT_MISMATCH, f"tile {tiles.path(level, n)}", said)
        seen = n + 1
    if seen < len(wanted):
        said = f"The tiles of level {level} end at {seen}; the tree has {len(wanted)}."
        yield Finding(Code.ROOT_MISMATCH, f"tile {tiles.path(level, seen)}", said)


def _differences(log: Log, entry: Entry) -> list[str]:
    try:
        leaf = json.loads(bytes(entry.leaf_bytes))
        said = _said(leaf)
    except (ValueError, KeyError, TypeError):
        return ["leaf_bytes (it is no leaf of this log's form)"]
    held = {
        "eid": str(entry.eid),
        "log": log.origin,
        "at": stamp(entry.at),
        "kind": entry.kind,
        "stream_type": entry.stream_type,
        "stream": str(entry.stream),
        "version": entry.version,
        "state": entry.state,
        "prev_hash": None if entry.prev_hash is None else bytes(entry.prev_hash).hex(),
        "actor_type": entry.actor_type,
        "actor_ref": str(entry.actor_ref),
    }
    return [name for name, value in held.items() if said[name] != value]


def _said(leaf: dict[str, Any]) -> dict[str, Any]:
    subject, actor = leaf["subj"], leaf["actor"]
    return {
        "eid": leaf["eid"],
        "log": leaf["log"],
        "at": leaf["at"],
        "kind": leaf["kind"],
        "stream_type": subject["t"],
        "stream": subject["id"],
        "version": subject["seq"],
        "state": subject["state"],
        "prev_hash": subject["prev"],
        "actor_type": actor["t"],
        "actor_ref": actor["ref"],
    }


def broken_chains(log: Log, missing: set[bytes]) -> Iterator[Finding]:
    """Find versions that do not name the hash of the one before; missing entries are told elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.stream, e.version, e.prev_hash FROM audit_entry e"
            " LEFT JOIN audit_entry p ON p.stream = e.stream AND p.version = e.version - 1"
            " LEFT JOIN audit_leaf l ON l.entry_id = p.eid"
            " WHERE e.log_id = %s AND (e.version > 1 OR e.prev_hash IS NOT NULL)"
            " AND (e.prev_hash IS NULL OR e.prev_hash IS DISTINCT FROM coalesce(l.leaf_hash, p.leaf_hash))"
            " ORDER BY e.stream, e.version",
            [log.pk],
        )
        rows = cursor.fetchall()
    for stream, version, prev in rows:
        if prev is None or bytes(prev) not in missing:
            said = f"Version {version} does not name the hash of the version before it."
            yield Finding(Code.STREAM_CHAIN_BROKEN, f"stream {stream} version {version}", said)
