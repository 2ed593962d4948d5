"""Working under the sequencer's role, whoever the session was before."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

SEQUENCER = "countersign_sequencer"


@contextmanager
def as_sequencer(*, durable: bool = False) -> Iterator[None]:
    """Run one transaction under the sequencer's role; afterwards the session is again who it was."""
    with transaction.atomic(durable=durable):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            before = cursor.fetchone()[0]
            cursor.execute("SELECT set_config('role', %s, true)", [SEQUENCER])
        yield
        # SET LOCAL outlives a savepoint: inside a caller's transaction the role must be given back by hand.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', %s, true)", [before])
