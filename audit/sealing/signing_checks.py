"""Checks of what was signed: checkpoints and their keys, pinned checkpoint, high-water mark, freshness."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from django.db import connection

from audit.models import Checkpoint, Log
from audit.sealing import highwater, keys, merkle, notes
from audit.sealing.findings import Code, Finding
from audit.sealing.keys import PublicKey
from audit.sealing.walking import MERGE_DELAY, Claim
from portal.kit.clock import now, stamp

STALE = timedelta(minutes=15)


def trusted_keys() -> list[PublicKey]:
    """Give the log keys of the table that are also kept as files; a row alone could be anybody's."""
    witnessed = keys.witnessed_keys()
    return [each for each in keys.public_keys("log") if not witnessed or each.public in witnessed]


def wrong_signatures(log: Log, checkpoints: Sequence[Checkpoint], trusted: Sequence[PublicKey]) -> Iterator[Finding]:
    """Verify every checkpoint's note and that its columns say the same."""
    known = {key.public: key for key in trusted}
    for each in checkpoints:
        if why := _why_not(log, each, known):
            yield Finding(Code.CHECKPOINT_SIGNATURE_INVALID, f"checkpoint {each.cp_id}", why)


def backward_steps(checkpoints: Sequence[Checkpoint]) -> Iterator[Finding]:
    """Find checkpoints that are smaller or earlier than the one before, and numbers left out."""
    for before, after in zip(checkpoints, checkpoints[1:], strict=False):
        where = f"checkpoint {after.cp_id}"
        if after.cp_id != before.cp_id + 1:
            yield Finding(Code.ROLLBACK, where, f"The checkpoint before it is {before.cp_id}: some are gone.")
        if after.size < before.size:
            yield Finding(Code.ROLLBACK, where, f"It covers {after.size} leaves, the one before {before.size}.")
        if after.signed_at < before.signed_at:
            said = f"It was signed at {stamp(after.signed_at)}, the one before at {stamp(before.signed_at)}."
            yield Finding(Code.TIME_NOT_MONOTONIC, where, said)


def rolled_back(log: Log, checkpoints: Sequence[Checkpoint], path: Path) -> Iterator[Finding]:
    """Compare with the high-water file; on a machine without one there is nothing to compare."""
    try:
        mark = highwater.read(path)
    except ValueError as error:
        yield Finding(Code.ROLLBACK, str(path), str(error))
        return
    if mark is None or mark.origin != log.origin:
        return
    sizes = {(each.size, bytes(each.root)) for each in checkpoints} | {(0, merkle.EMPTY_ROOT)}
    if (mark.size, mark.root) not in sizes:
        said = f"{mark.size} leaves were signed at {stamp(mark.signed_at)}; no checkpoint here says so."
        yield Finding(Code.ROLLBACK, str(path), said)


def pinned_claim(log: Log, note: str, trusted: Sequence[PublicKey]) -> Claim | Finding:
    """Turn a checkpoint somebody kept into a claim about this log; one we did not sign is a finding."""
    try:
        parsed, _ = notes.verify(note, log.origin, [key.public for key in trusted])
    except ValueError as error:
        return Finding(Code.CHECKPOINT_SIGNATURE_INVALID, "pinned checkpoint", str(error))
    return Claim(parsed.size, parsed.root, "pinned checkpoint", Code.INCONSISTENT_WITH_PINNED_CHECKPOINT)


def stale(checkpoints: Sequence[Checkpoint]) -> Iterator[Finding]:
    """Find a sequencer that fell silent."""
    if checkpoints and now() - checkpoints[-1].signed_at > STALE:
        said = f"The newest was signed at {stamp(checkpoints[-1].signed_at)}; one is due every ten minutes."
        yield Finding(Code.STALE_CHECKPOINT, f"checkpoint {checkpoints[-1].cp_id}", said)


def unsequenced(log: Log) -> Iterator[Finding]:
    """Find entries that have waited for their place longer than the merge delay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(e.at) FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry_id = e.eid"
            " WHERE e.log_id = %s AND l.idx IS NULL AND e.at < %s",
            [log.pk, now() - MERGE_DELAY],
        )
        waiting, oldest = cursor.fetchone()
    if waiting:
        said = f"{waiting} entries have no place in the log; the oldest is of {stamp(oldest)}."
        yield Finding(Code.UNSEQUENCED_ENTRIES, f"log {log.origin}", said)


def _why_not(log: Log, each: Checkpoint, known: dict[bytes, PublicKey]) -> str | None:
    try:
        note, signer = notes.verify(each.note, log.origin, known)
    except ValueError as error:
        return str(error)
    if (note.size, note.root) != (each.size, bytes(each.root)):
        return "Its columns say another size or root than the note that was signed."
    revoked = known[signer].revoked_at
    if revoked is not None and each.signed_at >= revoked:
        return f"Its key was revoked at {stamp(revoked)}, before it was signed."
    return None
