"""The walk through the log: every leaf hashed again, every root computed again, in one pass."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection

from audit.models import Checkpoint, Log
from audit.sealing import merkle, tiles
from audit.sealing.findings import Code, Finding
from portal.kit.clock import stamp

MERGE_DELAY = timedelta(seconds=60)
CLOCK_SKEW = timedelta(seconds=2)

Row = tuple[int, bytes, bytes | None, int | None, bool | None]
Span = tuple[int, int, int]
Progress = Callable[[int], None]

# PostgreSQL sends a time as microseconds since 2000; as numbers a million of them compare in no time.
_TIME_ZERO = datetime(2000, 1, 1, tzinfo=UTC)
_ALWAYS, _NEVER = -(1 << 63), (1 << 63) - 1

# The columns written as the leaf writes them; what does not fit byte for byte gets a closer look afterwards.
_HEAD = """convert_to('"actor":{"ref":"' || e.actor_ref || '","t":"' || e.actor_type || '"},"at":"'
 || to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","eid":"' || e.eid
 || '","kind":"' || e.kind || '","log":"' || %(origin)s::text || '","pub":{', 'UTF8')"""
_TAIL = """convert_to(',"subj":{"id":"' || e.stream || '","prev":'
 || coalesce('"' || encode(e.prev_hash, 'hex') || '"', 'null')
 || ',"seq":' || coalesce(e.version::text, 'null')
 || ',"state":' || coalesce('"' || e.state || '"', 'null') || ',"t":"' || e.stream_type
 || '"},"typ":"countersign.ledger.entry","v":1}', 'UTF8')"""
_ROWS = f"""COPY (SELECT l.idx, l.leaf_hash, e.leaf_bytes, e.at,
 position({_HEAD} in e.leaf_bytes) = position('"actor":'::bytea in e.leaf_bytes)
 AND substr(e.leaf_bytes, length(e.leaf_bytes) - length(tail.bytes) + 1) = tail.bytes
 FROM audit_leaf l LEFT JOIN audit_entry e ON e.eid = l.entry_id
 CROSS JOIN LATERAL (SELECT {_TAIL} AS bytes OFFSET 0) tail
 WHERE l.log_id = %(log)s ORDER BY l.idx) TO STDOUT (FORMAT BINARY)"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody said: the first `size` leaves have this root."""

    size: int
    root: bytes
    where: str
    code: Code


@dataclass(slots=True)
class Walk:
    """The walk's state: the tree so far, and what was seen on the way."""

    claims: Sequence[Claim]
    spans: Sequence[Span]
    count: int = 0
    broken: bool = False
    findings: list[Finding] = field(default_factory=list)
    suspects: list[int] = field(default_factory=list)
    rows: list[tuple[bytes, bytes]] = field(default_factory=list)
    _claim: int = 0
    _span: int = 0
    _high: merkle.Frontier = field(default_factory=list)
    _low: merkle.Frontier = field(default_factory=list)
    _wrong: list[Claim] = field(default_factory=list)

    @property
    def root(self) -> bytes:
        """Give the root of everything walked so far."""
        return merkle.root_of(self._high + self._low)

    def along(self, rows: Iterator[Row], progress: Progress) -> None:
        """Walk through all leaves, then say which claims did not hold."""
        sha256, block, low = hashlib.sha256, [], self._low
        self._judge()
        border, earliest, latest = self._next_border()
        for idx, digest, leaf, at, same in rows:
            computed = digest if leaf is None else sha256(b"\0" + leaf).digest()
            if not same or computed != digest or idx != self.count or not earliest <= at <= latest:  # type: ignore[operator]
                self._look_closer((idx, digest, leaf, at, same), computed, earliest, latest)
            merkle.push(low, computed)
            block.append(computed)
            self.count += 1
            if len(block) == tiles.WIDTH:
                self._close(block, progress)
                block = []
            if self.count >= border:
                self._judge()
                border, earliest, latest = self._next_border()
        self._end()

    def _next_border(self) -> Span:
        while self._span < len(self.spans) and self.spans[self._span][0] <= self.count:
            self._span += 1
        claimed = self.claims[self._claim].size if self._claim < len(self.claims) else 1 << 62
        size, earliest, latest = self.spans[self._span] if self._span < len(self.spans) else (1 << 62, _ALWAYS, _NEVER)
        return min(size, claimed), earliest, latest

    def _judge(self) -> None:
        while self._claim < len(self.claims) and self.claims[self._claim].size <= self.count:
            claim = self.claims[self._claim]
            if not self.broken and claim.root != self.root:
                self._wrong.append(claim)
            self._claim += 1

    def _close(self, block: list[bytes], progress: Progress) -> None:
        """Remember a full tile; its root goes on into the upper part of the tree."""
        root = self._low[0][1]
        self._low.clear()
        merkle.push(self._high, root, tiles.HEIGHT)
        self.rows.append((hashlib.sha256(b"".join(block)).digest(), root))
        if len(self.rows) % 400 == 0:
            progress(self.count)

    def _look_closer(self, row: Row, computed: bytes, earliest: int, latest: int) -> None:
        idx, digest, leaf, at, same = row
        where = f"index {idx}"
        if idx != self.count:
            self._find(
                Code.INDEX_GAP,
                f"index {self.count}",
                f"The log goes on at {idx}: leaves are missing between.",
            )
            self.broken, self.count = True, idx
        if leaf is None or at is None:
            self._find(Code.ENTRY_MISSING, where, "The log has a place for this entry, but the entry is not there.")
            return
        if computed != digest:
            self._find(Code.LEAF_HASH_MISMATCH, where, "The entry's bytes are not the ones that were sequenced.")
        elif not same:
            self.suspects.append(idx)
        elif not earliest <= at <= latest:
            told = stamp(_TIME_ZERO + timedelta(microseconds=at))
            self._find(
                Code.TIME_NOT_MONOTONIC,
                where,
                f"The entry says {told}, outside of its checkpoint's time.",
            )

    def _end(self) -> None:
        for code in sorted({claim.code for claim in self._wrong}):
            wrong = [claim for claim in self._wrong if claim.code == code]
            more = f" Nor is the root of {len(wrong) - 1} later ones." if len(wrong) > 1 else ""
            self._find(
                code,
                wrong[0].where,
                f"The first {wrong[0].size} leaves do not have the root it signed.{more}",
            )
        if self._claim < len(self.claims):
            largest = self.claims[-1]
            said = f"It covers {largest.size} leaves, but the log ends at {self.count}."
            self._find(Code.LOG_SHORTER_THAN_CHECKPOINT, largest.where, said)
        signed = max((claim.size for claim in self.claims), default=0)
        if self.count > signed and not self.broken:
            said = f"{self.count - signed} leaves stand after the newest checkpoint; nothing signed covers them."
            self._find(Code.ROOT_MISMATCH, f"index {signed}", said)

    def _find(self, code: Code, where: str, sentence: str) -> None:
        self.findings.append(Finding(code, where, sentence))


def walk(log: Log, checkpoints: Sequence[Checkpoint], pinned: Claim | None, progress: Progress) -> Walk:
    """Walk through a log and compare it with its checkpoints and its columns."""
    claims = [
        Claim(each.size, bytes(each.root), f"checkpoint {each.cp_id}", Code.ROOT_MISMATCH) for each in checkpoints
    ]
    if pinned is not None:
        claims.append(pinned)
    taken = Walk(sorted(claims, key=lambda claim: claim.size), _spans(checkpoints))
    with connection.cursor() as cursor, cursor.copy(_ROWS, {"log": log.pk, "origin": log.origin}) as copy:
        copy.set_types(["int8", "bytea", "bytea", "int8", "bool"])
        taken.along(copy.rows(), progress)
    return taken


def _spans(checkpoints: Sequence[Checkpoint]) -> list[Span]:
    """Give, for each checkpoint, its size and the times its own entries may bear."""
    spans, earliest = [], _ALWAYS
    for each in checkpoints:
        spans.append((each.size, earliest, _counted(each.signed_at + CLOCK_SKEW)))
        earliest = _counted(each.signed_at - MERGE_DELAY)
    return spans


def _counted(moment: datetime) -> int:
    return (moment - _TIME_ZERO) // timedelta(microseconds=1)
