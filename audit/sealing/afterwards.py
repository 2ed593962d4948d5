"""What other apps want to do once a checkpoint is signed; nothing here may fail the sequencer."""

import logging
from collections.abc import Callable

from django.conf import settings

_log = logging.getLogger(__name__)
_registered: list[Callable[[], object]] = []


def channel() -> str:
    """Name the Valkey channel on which this installation tells of signed checkpoints."""
    return f"{settings.CACHES['default']['KEY_PREFIX']}:sealed"


def register(action: Callable[[], object]) -> None:
    """Call an action after every checkpoint that gave entries a place; only a nudge, it may get lost."""
    if action not in _registered:
        _registered.append(action)


def run() -> None:
    """Call every registered action; one that fails is logged and does not keep the others."""
    for action in _registered:
        try:
            action()
        except Exception:  # noqa: BLE001  a nudge may get lost, a checkpoint may not
            _log.warning("%s failed after a checkpoint; the sweep makes up for it", action, exc_info=True)
