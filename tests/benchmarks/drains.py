"""A child that routes as one of the worker's two processes does: batches until nothing waits."""

import django
from django.db import connection

from tests.benchmarks.children import serve

if __name__ == "__main__":
    django.setup()
    from reviews.actions import routing

    def drain() -> int:
        """Route until the intake queue gives nothing more; gives how many."""
        total = 0
        while routed := routing.drain():
            total += routed
        return total

    def warm() -> None:
        """Connect and load what the first batch would load."""
        connection.ensure_connection()
        drain()

    serve({"drain": drain, "warm": warm})
