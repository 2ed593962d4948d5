"""Verification of the whole ledger: everything the database holds against everything that was signed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from audit.models import Checkpoint, Entry, Leaf, Log
from audit.sealing import comparing, content_checks, highwater, merkle, signing_checks, storage, walking
from audit.sealing.findings import Finding, Report
from audit.sealing.keys import PublicKey
from audit.sealing.walking import Claim, Progress

__all__ = ["Report", "verify_ledger"]


def verify_ledger(
    *,
    pinned: str | None = None,
    high_water: Path | None = None,
    trusted: Sequence[PublicKey] | None = None,
    progress: Progress = lambda done: None,
) -> Report:
    """Check the whole log in one snapshot; `pinned` is a checkpoint somebody kept."""
    began = time.monotonic()
    with _one_snapshot():
        log = storage.current_log()
        if log is None:
            return Report("", 0, merkle.EMPTY_ROOT, 0, 0.0, ())
        checkpoints = list(Checkpoint.objects.filter(log_id=log.pk).defer("frontier").order_by("cp_id"))
        keys = signing_checks.trusted_keys() if trusted is None else trusted
        claim, findings = _pinned(log, pinned, keys)
        walk = walking.walk(log, checkpoints, claim, progress)
        path = high_water or highwater.default_path(log.pk)
        findings += [*walk.findings, *_checks(log, checkpoints, keys, walk, path)]
    seconds = time.monotonic() - began
    return Report(log.origin, walk.count, walk.root, len(checkpoints), seconds, tuple(findings))


def _checks(
    log: Log, checkpoints: Sequence[Checkpoint], keys: Sequence[PublicKey], walk: walking.Walk, path: Path
) -> Iterator[Finding]:
    yield from comparing.differing_columns(log, walk.suspects)
    if not walk.broken:
        yield from comparing.wrong_tiles(log, walk.rows)
    yield from comparing.broken_chains(log, _missing_bodies(log))
    yield from signing_checks.wrong_signatures(log, checkpoints, keys)
    yield from signing_checks.backward_steps(checkpoints)
    yield from signing_checks.rolled_back(log, checkpoints, path)
    yield from signing_checks.stale(checkpoints)
    yield from signing_checks.unsequenced(log)
    yield from content_checks.wrong_disclosures(log)
    yield from content_checks.unlinked_history()
    yield from content_checks.changed_rows()
    yield from content_checks.differing_projections()


def _pinned(log: Log, note: str | None, keys: Sequence[PublicKey]) -> tuple[Claim | None, list[Finding]]:
    if note is None:
        return None, []
    claim = signing_checks.pinned_claim(log, note, keys)
    return (None, [claim]) if isinstance(claim, Finding) else (claim, [])


def _missing_bodies(log: Log) -> set[bytes]:
    # The ORM would join plainly here: it trusts the foreign key that is in question.
    bodiless = Leaf.objects.filter(~Exists(Entry.objects.filter(pk=OuterRef("entry_id"))), log_id=log.pk)
    return {bytes(digest) for digest in bodiless.values_list("leaf_hash", flat=True)}


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """Read everything as of one moment, so that entries written meanwhile confuse nothing."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
