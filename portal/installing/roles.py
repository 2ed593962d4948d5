"""Database roles before the first migration: what is missing, and the SQL that makes it."""

import contextlib
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
from psycopg import errors, sql

from portal.databases import OWNER, ROLES

# `setup` migrates as the owner, writes as the application and makes keys as the sequencer.
NEEDED = (OWNER, "countersign_app", "countersign_sequencer")

_LOGIN = "SELECT session_user::text, current_database()::text, current_setting('server_version_num')::int"
_SCHEMA_IS_OURS = """
    SELECT pg_has_role(o.oid, n.nspowner, 'USAGE') FROM pg_roles o, pg_namespace n
     WHERE o.rolname = %s AND n.nspname = 'public'
"""


class RolesMissing(Exception):
    """The login may not make the roles; `statements` is what an administrator of the server must run."""

    def __init__(self, statements: list[str]) -> None:
        super().__init__("The login may not prepare the database.")
        self.statements = statements


def prepare(url: str) -> list[str]:
    """Make what is missing and give the statements that did it. Raises RolesMissing."""
    with _connected(url) as connection:
        statements = missing(connection)
        try:
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement.encode())
        except errors.InsufficientPrivilege:
            raise RolesMissing(statements) from None
        return statements


def missing(connection: psycopg.Connection) -> list[str]:
    """Give the statements that turn this database into one that can be migrated; none when it can."""
    login, database, version = _row(connection, _LOGIN)
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    absent = [role for role in ROLES if role not in there]
    lacking = [role for role in NEEDED if role in absent or not _may_become(connection, role, version)]
    script = [f"CREATE ROLE {role} NOLOGIN" for role in absent]
    if lacking:
        script.append(_written(connection, f"GRANT {', '.join(lacking)} TO {{}}", login))
    if OWNER in absent or not _row(connection, _SCHEMA_IS_OURS, OWNER)[0]:
        script.append(_written(connection, f"GRANT CREATE ON DATABASE {{}} TO {OWNER}", database))
        script.append(f"ALTER SCHEMA public OWNER TO {OWNER}")
    return script


def _may_become(connection: psycopg.Connection, role: str, version: int) -> bool:
    # Since PostgreSQL 16 membership alone does not allow SET ROLE.
    kind = "SET" if version >= 160000 else "MEMBER"
    return bool(_row(connection, "SELECT pg_has_role(session_user, %s, %s)", role, kind)[0])


def _written(connection: psycopg.Connection, statement: LiteralString, *names: str) -> str:
    return sql.SQL(statement).format(*map(sql.Identifier, names)).as_string(connection)


def _row(connection: psycopg.Connection, query: str, *values: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), values or None).fetchone()
    if row is None:
        raise LookupError("the server's catalogue lacks a row that is always there")
    return tuple(row)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    # Without the role of the settings: it may not exist yet.
    with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="countersign setup") as connection:
        yield connection
