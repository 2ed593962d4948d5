"""A child that writes: entries by the ledger, or plain rows of as many bytes by the same cursor."""

import time
from collections.abc import Callable

import django
from django.db import connection, transaction

from tests.benchmarks.children import serve

if __name__ == "__main__":
    django.setup()
    from audit import ledger
    from audit.actors import SystemJob
    from portal.kit.clock import now
    from portal.kit.ids import new_id
    from reviews import facts

    _STREAM = ledger.Stream("review_item", new_id())
    _PLAIN = "INSERT INTO bench_leaf (leaf) VALUES (%s)"

    def append() -> None:
        """Write one note."""
        ledger.append(facts.Taken(now()), stream=_STREAM, by=SystemJob.SEEDER)

    def insert(leaf: bytes) -> None:
        """Write one plain row."""
        with connection.cursor() as cursor:
            cursor.execute(_PLAIN, [leaf])

    def during(seconds: float, write: Callable[[], None]) -> int:
        """Write and commit for so long; gives how many."""
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            with transaction.atomic():
                write()
            count += 1
        return count

    serve(
        {
            "entries": lambda seconds: during(seconds, append),
            "rows": lambda seconds, size: during(seconds, lambda: insert(b"x" * size)),
        }
    )
