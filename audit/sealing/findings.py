"""What verification may find: a code that never changes, where, and a sentence for its reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """The name of one kind of damage; scripts and manuals rely on it."""

    LEAF_HASH_MISMATCH = "LEAF_HASH_MISMATCH"
    ROOT_MISMATCH = "ROOT_MISMATCH"
    STREAM_CHAIN_BROKEN = "STREAM_CHAIN_BROKEN"
    COLUMN_DIFFERS_FROM_LEAF = "COLUMN_DIFFERS_FROM_LEAF"
    CHECKPOINT_SIGNATURE_INVALID = "CHECKPOINT_SIGNATURE_INVALID"
    INCONSISTENT_WITH_PINNED_CHECKPOINT = "INCONSISTENT_WITH_PINNED_CHECKPOINT"
    ROLLBACK = "ROLLBACK"
    DISCLOSURE_DIGEST_MISMATCH = "DISCLOSURE_DIGEST_MISMATCH"
    TIME_NOT_MONOTONIC = "TIME_NOT_MONOTONIC"
    PROJECTION_DIFFERS = "PROJECTION_DIFFERS"
    LOG_SHORTER_THAN_CHECKPOINT = "LOG_SHORTER_THAN_CHECKPOINT"
    INDEX_GAP = "INDEX_GAP"
    ENTRY_MISSING = "ENTRY_MISSING"
    UNSEQUENCED_ENTRIES = "UNSEQUENCED_ENTRIES"
    HISTORY_UNLINKED = "HISTORY_UNLINKED"
    DISCLOSURE_MISSING = "DISCLOSURE_MISSING"
    STALE_CHECKPOINT = "STALE_CHECKPOINT"


COMPLETENESS = frozenset(
    {
        Code.LOG_SHORTER_THAN_CHECKPOINT,
        Code.INDEX_GAP,
        Code.ENTRY_MISSING,
        Code.UNSEQUENCED_ENTRIES,
        Code.HISTORY_UNLINKED,
        Code.DISCLOSURE_MISSING,
        Code.STALE_CHECKPOINT,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was signed."""

    code: Code
    where: str
    sentence: str

    @property
    def group(self) -> str:
        """Say whether something was changed or something is not there."""
        return "completeness" if self.code in COMPLETENESS else "integrity"


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and what was found."""

    origin: str
    size: int
    root: bytes
    checkpoints: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> set[str]:
        """Give each code found, once."""
        return {finding.code.value for finding in self.findings}

    def as_document(self) -> dict[str, Any]:
        """Give the report for machines."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": self.root.hex(),
            "checkpoints": self.checkpoints,
            "seconds": round(self.seconds, 3),
            "sound": not self.findings,
            **{group: _written(self.findings, group) for group in ("integrity", "completeness")},
        }


def _written(findings: Iterable[Finding], group: str) -> list[dict[str, str]]:
    return [
        {"code": each.code.value, "where": each.where, "sentence": each.sentence}
        for each in findings
        if each.group == group
    ]
