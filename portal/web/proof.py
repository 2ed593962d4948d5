"""The state of the proof as every page tells it: how much of the record is signed, and since when."""

import time
from dataclasses import dataclass
from datetime import datetime

from audit.sealing import storage

_KEPT_SECONDS = 5.0
_kept: tuple[float, "ProofState | None"] | None = None


@dataclass(frozen=True, slots=True)
class ProofState:
    """The newest signed checkpoint, in the three words a page needs."""

    entries: int
    signed_at: datetime
    root: str


def state() -> ProofState | None:
    """Give the newest checkpoint of the log, asked once in a few seconds by each process."""
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > _KEPT_SECONDS:
        _kept = (time.monotonic(), _newest())
    return _kept[1]


def forget() -> None:
    """Ask again at the next page; tests begin with it."""
    global _kept
    _kept = None


def _newest() -> ProofState | None:
    log = storage.current_log()
    newest = storage.newest_checkpoint(log.pk) if log else None
    return ProofState(newest.size, newest.signed_at, bytes(newest.root).hex()) if newest else None
