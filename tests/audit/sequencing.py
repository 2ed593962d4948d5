"""What the tests of the sequencer share: work in a thread of its own, waiting for what it does, and the log's keys."""

import threading
import time

from django.db import connection

from audit.sealing import keys


def in_thread(work) -> threading.Thread:
    """Do some work in a thread that ends with its connection."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def wait_for(condition, seconds: float = 15) -> None:
    """Wait until something is so, and fail when it is not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def our_keys() -> list[bytes]:
    """Give the public keys of the log."""
    return [key.public for key in keys.public_keys("log")]
