"""What the tests of sealing share: entries to seal, a superuser who tampers with them, and where that is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from audit import exhibits, ledger
from audit.ledger import Written
from audit.sealing.verification import verify_ledger
from tests.audit.saying import BY, Looked, Painted, a_key, a_stream


def write(count: int = 1) -> list[Written]:
    """Commit that many entries, each a note of its own stream."""
    with transaction.atomic():
        return [ledger.append(Looked(), stream=a_stream(), by=BY) for _ in range(count)]


def write_chain(length: int) -> list[Written]:
    """Commit a stream of that many versions."""
    stream, written = a_stream(), list[Written]()
    with transaction.atomic():
        for version in range(1, length + 1):
            prev = written[-1].leaf_hash if written else None
            said = Painted(f"colour {version}")
            written.append(ledger.append(said, stream=stream, by=BY, version=version, state="new", prev=prev))
    return written


def write_personal(key: exhibits.DataKey | None = None) -> Written:
    """Commit an entry with two personal values."""
    with transaction.atomic():
        said = Painted("red", customer="Ana Petrović", remark="in a hurry")
        return ledger.append(said, stream=a_stream(), by=BY, key=key or a_key())


def query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a query in whatever role the session has."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def superuser() -> Iterator[None]:
    """Do what only somebody with the database's own password can: switch every rule off."""
    with transaction.atomic():
        before = query("SELECT current_setting('role')")[0][0]
        query("SET LOCAL ROLE NONE")
        query("SET LOCAL session_replication_role = replica")
        yield
        query("SET LOCAL session_replication_role = origin")
        query("SELECT set_config('role', %s, true)", before)


def tamper(sql: str, *values: Any) -> None:
    """Change rows as a superuser with every trigger and foreign key switched off; the change must take."""
    with superuser(), connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        assert cursor.rowcount > 0, "nothing was tampered with"


def indexes() -> list[int]:
    """Give the indexes of the log, in order."""
    return [row[0] for row in query("SELECT idx FROM audit_leaf ORDER BY idx")]


def where(mark: Path, code: str) -> list[str]:
    """Give the places at which verification finds this code."""
    return [each.where for each in verify_ledger(high_water=mark).findings if each.code == code]
