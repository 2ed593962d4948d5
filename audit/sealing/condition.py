"""The condition of the proof, asked from outside: keys, keyring, high-water mark, and how far sealing is."""

import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db.models import Min

from audit import exhibits, keyring
from audit.models import Checkpoint, DataKey, EntryQueue, Log
from audit.sealing import highwater, keys, storage

_EVERYBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO


def origins() -> list[str]:
    """Name every log this database holds."""
    return list(Log.objects.order_by("id").values_list("origin", flat=True))


def newest_checkpoint_at() -> datetime | None:
    """Give when the last checkpoint of this installation's log was signed."""
    log = storage.current_log()
    last = storage.newest_checkpoint(log.pk) if log else None
    return last.signed_at if last else None


def oldest_waiting_at() -> datetime | None:
    """Give the time of the oldest entry that has no place in the log yet."""
    found: datetime | None = EntryQueue.objects.aggregate(oldest=Min("entry__at"))["oldest"]
    return found


def keyring_faults() -> list[str]:
    """Try one data key for each key of the ring that ever wrapped one, and say which do not open."""
    faults = []
    for wrapped in _one_of_each_kind():
        try:
            exhibits.unwrapped(wrapped)
        except keyring.KeyringError as error:
            faults.append(str(error))
    return faults


def key_faults() -> Iterator[str]:
    """Say what is wrong with the private halves of the keys that sign now."""
    for purpose in keys.PURPOSES:
        try:
            keys.signing_keys(purpose)
        except (keys.KeyUnavailable, keyring.KeyringError) as error:
            yield str(error)


def unsafe_files(folder: Path) -> Iterator[str]:
    """Say which private files somebody else of this machine might read."""
    for path in (folder, *sorted(folder.glob("*.key"))):
        if path.exists() and path.stat().st_mode & _EVERYBODY_ELSE:
            yield f"{path} is open to others than its owner."


def high_water_fault() -> str | None:
    """Say how the high-water file and the database disagree, if they do."""
    log = storage.current_log()
    if log is None:
        return None
    path = highwater.default_path(log.pk)
    last, mark = storage.newest_checkpoint(log.pk), highwater.read(path)
    if mark is None:
        return f"The high-water file {path} is missing." if last else None
    if mark.origin != log.origin:
        return f"The high-water file {path} is of the log {mark.origin}, not of {log.origin}."
    if mark.size > (last.size if last else 0):
        return (
            f"The database ends at {last.size if last else 0} leaves, but {mark.size} were signed: it is an older copy."
        )
    signed = Checkpoint.objects.filter(log_id=log.pk, size=mark.size, root=mark.root)
    if mark.size and not signed.exists():
        return f"The {mark.size} leaves that were signed are not the ones in this database."
    return None


def _one_of_each_kind() -> list[bytes]:
    # The head of a wrapped secret names its key: format, length, id.
    found = DataKey.objects.raw(
        "SELECT DISTINCT ON (substr(wrapped, 1, 2 + get_byte(wrapped, 1))) * FROM audit_data_key"
        " WHERE wrapped IS NOT NULL AND octet_length(wrapped) > 1"
    )
    return [bytes(key.wrapped) for key in found if key.wrapped is not None]
