"""The high-water mark: a file outside the database that remembers the last tree that was signed."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from portal.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class HighWater:
    """Size, root and time of the last checkpoint whose transaction committed."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime


def default_path(log_id: int) -> Path:
    """Give the file an installation uses for a log."""
    return Path(settings.KEYS_DIR) / f"high-water-{log_id}.json"


def read(path: Path) -> HighWater | None:
    """Read the mark; None when there is no file, ValueError when it cannot be understood."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    try:
        kept = json.loads(text)
        moment = datetime.fromisoformat(kept["signed_at"])
        return HighWater(str(kept["origin"]), int(kept["size"]), bytes.fromhex(kept["root"]), moment)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"The high-water file {path} cannot be read: {error}.") from error


def replace(path: Path, mark: HighWater) -> None:
    """Put a new mark in the old one's place, so that a crash leaves the one or the other, whole."""
    kept = {
        "origin": mark.origin,
        "size": mark.size,
        "root": mark.root.hex(),
        "signed_at": stamp(mark.signed_at),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(kept, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and new files in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
