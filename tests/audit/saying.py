"""Facts, streams and refusals the tests of the ledger share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit import exhibits, ledger
from audit.actors import SystemJob
from audit.facts import Fact, Personal
from portal.kit.ids import new_id

BY = SystemJob.SEEDER
NO_RIGHT, RULE, DUPLICATE, NO_SUCH_ROW, CHECK = "42501", "23000", "23505", "23503", "23514"


@dataclass(frozen=True, slots=True)
class Painted(Fact):
    """A thing got a colour; who it was for is personal."""

    kind = "test.painted"
    sentence = "{actor} painted it {colour} for {customer}."
    colour: str
    customer: Personal[str] | None = None
    remark: Personal[str | None] = None


@dataclass(frozen=True, slots=True)
class Looked(Fact):
    """Somebody looked."""

    kind = "test.looked"
    sentence = "{actor} looked."


def a_stream() -> ledger.Stream:
    """Begin a story nobody has told yet."""
    return ledger.Stream("thing", new_id())


def a_key() -> exhibits.DataKey:
    """Make a data key of its own scope."""
    return exhibits.key_for(f"item:{new_id()}")


def run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Execute SQL and give its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def role(name: str) -> Iterator[None]:
    """Work under another role until the savepoint ends."""
    with transaction.atomic():
        before = run("SELECT current_setting('role')")[0][0]
        run(f"SET LOCAL ROLE {name}")
        yield
        run(f"SET LOCAL ROLE {before}")


@contextmanager
def refused(sqlstate: str, *, as_role: str = "countersign_app") -> Iterator[None]:
    """Expect the database to refuse the block, at once or when its deferred rules are asked."""
    with pytest.raises(DatabaseError) as caught, role(as_role):  # noqa: PT012  the block is the caller's
        yield
        connection.check_constraints()
    assert getattr(caught.value.__cause__, "sqlstate", None) == sqlstate, caught.value
