"""Nudges: one message per burst to wake a worker; a lost one costs a sweep's delay, never an item."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Nudge:
    """Coalesces calls: the first is sent after `after` seconds, those within `rest` seconds of it ride in one more."""

    def __init__(self, send: Callable[[], object], *, after: float = 0.01, rest: float = 0.1) -> None:
        self._send = send
        self._after = after
        self._rest = rest
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        """Ask for a message; returns at once and never fails."""
        if self._wanted.is_set():
            return
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while self._wanted.wait():
            pause.wait(self._after)
            self._wanted.clear()
            try:
                self._send()
            except Exception:  # noqa: BLE001  the broker may be away; the sweep finds what waits
                log.warning("a nudge could not be sent; the sweep will find the work", exc_info=True)
            pause.wait(self._rest)
