"""What the sequencer insists on before it signs: tree and time go on from the last checkpoint."""

from pathlib import Path

from audit.models import Checkpoint, Log
from audit.sealing import highwater, keys, merkle, notes, storage
from audit.sealing.highwater import HighWater
from portal.kit.clock import now, stamp


class RefusedToSign(Exception):
    """Signing would fork or shorten the log; a person must look before anything goes on."""


def insist(log: Log, last: Checkpoint | None, path: Path) -> None:
    """Refuse when the database, the high-water file or the clock is behind what was signed already."""
    mark = _mark_of(log, path)
    _insist_on_leaves(log, last)
    if last is not None:
        _insist_on_own_signature(log, last)
    if mark is None:
        _begin(log, last, path)
    else:
        _insist_on_mark(log, last, mark, path)
    _insist_on_time(last, mark)


def insist_on_continuation(log_id: int, old: int, old_root: bytes, new: int, new_root: bytes) -> None:
    """Refuse when leaves and tiles as stored do not lead from the old root to the new one."""
    stored = storage.StoredTree(log_id)
    try:
        proof = merkle.consistency_proof(old, new, stored.hash_at)
        sound = merkle.continues(old, old_root, new, new_root, proof)
    except ValueError as error:
        raise RefusedToSign(f"The stored tree has holes: {error}") from error
    if not sound:
        raise RefusedToSign(f"The stored tree of {new} leaves does not continue the signed tree of {old}.")


def _mark_of(log: Log, path: Path) -> HighWater | None:
    try:
        mark = highwater.read(path)
    except ValueError as error:
        raise RefusedToSign(str(error)) from error
    if mark is not None and mark.origin != log.origin:
        raise RefusedToSign(f"The high-water file {path} is of the log {mark.origin}, not of {log.origin}.")
    return mark


def _insist_on_leaves(log: Log, last: Checkpoint | None) -> None:
    signed, held = (last.size if last else 0), storage.leaf_count(log.pk)
    if held != signed:
        raise RefusedToSign(f"The last checkpoint covers {signed} leaves, but the log holds {held}.")


def _insist_on_own_signature(log: Log, last: Checkpoint) -> None:
    frontier = merkle.unpack(bytes(last.frontier))
    try:
        note, _ = notes.verify(last.note, log.origin, [each.public for each in keys.public_keys("log")])
    except ValueError as error:
        raise RefusedToSign(f"Checkpoint {last.cp_id} is not one of ours: {error}") from error
    says = {
        (note.size, note.root),
        (last.size, bytes(last.root)),
        (merkle.size_of(frontier), merkle.root_of(frontier)),
    }
    if len(says) != 1:
        raise RefusedToSign(f"Checkpoint {last.cp_id} says something else in its note than in its columns.")


def _begin(log: Log, last: Checkpoint | None, path: Path) -> None:
    if last is not None:
        raise RefusedToSign(
            f"The high-water file {path} is missing: nobody can tell whether this database is the newest. "
            "Bring the file back from the machine that signed last."
        )
    # Written before the first signature: a crash after the first commit must leave a mark to go on from.
    highwater.replace(path, HighWater(log.origin, 0, merkle.EMPTY_ROOT, log.created_at))


def _insist_on_mark(log: Log, last: Checkpoint | None, mark: HighWater, path: Path) -> None:
    size = last.size if last else 0
    if size < mark.size:
        raise RefusedToSign(f"The database ends at {size} leaves, but {mark.size} were signed: it is an older copy.")
    if _root_at(log.pk, mark.size, last) != mark.root:
        raise RefusedToSign(f"The first {mark.size} leaves are not the ones that were signed: this is another tree.")
    if last is not None and (size, last.signed_at) > (mark.size, mark.signed_at):
        # The commit happened and the file's replacement did not: catch up.
        highwater.replace(path, HighWater(log.origin, size, bytes(last.root), last.signed_at))


def _root_at(log_id: int, size: int, last: Checkpoint | None) -> bytes:
    if last is not None and last.size == size:
        return bytes(last.root)
    try:
        return merkle.root_at(size, storage.StoredTree(log_id).hash_at)
    except ValueError as error:
        raise RefusedToSign(f"The stored tree has holes: {error}") from error


def _insist_on_time(last: Checkpoint | None, mark: HighWater | None) -> None:
    moment = now()
    signed = [each.signed_at for each in (last, mark) if each is not None]
    if signed and moment < max(signed):
        raise RefusedToSign(
            f"The clock says {stamp(moment)}, but a checkpoint was signed at {stamp(max(signed))}. Set the clock right."
        )
