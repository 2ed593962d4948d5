"""Waiting for a decision: one Valkey subscription a process wakes waiters, a query a second the rest."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from audit.sealing import afterwards

log = logging.getLogger(__name__)

LONGEST = 60.0
_CATCH_UP = 1.0


class Bell:
    """Rings whenever the sequencer signed a checkpoint; listens from the first wait on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rings = 0
        self._thread: threading.Thread | None = None

    def rings(self) -> int:
        """Give how often it rang; remember it before you look, so that no ring is missed."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)
                self._thread.start()
            return self._rings

    def wait(self, after: int, seconds: float) -> None:
        """Wait until it rang more often than `after`, or the seconds are over."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings > after, seconds)

    def _ring(self) -> None:
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def _hear(self, valkey: "redis.Redis") -> None:
        with valkey.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]
            heard.subscribe(afterwards.channel())
            for _ in heard.listen():
                self._ring()

    def _listen(self) -> None:
        while True:
            try:
                self._hear(redis.Redis.from_url(settings.REDIS_URL))
            except redis.RedisError:
                log.warning("Valkey does not answer; waiters look once a second", exc_info=True)
                time.sleep(_CATCH_UP)


_bell = Bell()
_seats = threading.BoundedSemaphore(settings.WAITERS)


def wait_for(look: Callable[[], dict[str, Any] | None], seconds: float) -> dict[str, Any] | None:
    """Look until there is something or the seconds are over; beyond the bound of waiters, look just once."""
    found = look()
    if found is not None or seconds <= 0 or not _seats.acquire(blocking=False):
        return found
    try:
        return _wait(look, time.monotonic() + min(seconds, LONGEST))
    finally:
        _seats.release()


def _wait(look: Callable[[], dict[str, Any] | None], until: float) -> dict[str, Any] | None:
    while True:
        heard = _bell.rings()
        found = look()
        left = until - time.monotonic()
        if found is not None or left <= 0:
            return found
        if not connection.in_atomic_block:
            connection.close()  # back to the pool: a waiter must not keep a connection from those who work
        _bell.wait(heard, min(left, _CATCH_UP))
