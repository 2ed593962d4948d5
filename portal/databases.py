"""Roles and databases: the part of an installation that exists before the first migration."""

import contextlib
from typing import LiteralString

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

OWNER = "countersign_owner"
ROLES: tuple[str, ...] = (OWNER, "countersign_app", "countersign_sequencer", "countersign_eraser")


def prepare(superuser_dsn: str, database: str) -> None:
    """Create the roles and the database that are missing; running it again changes nothing."""
    with _connected(superuser_dsn, "postgres") as connection:
        for role in ROLES:
            _create_role(connection, role)
        if not _exists(connection, database):
            # Two starts may meet here; whoever comes second finds what it wanted.
            with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                _run(connection, "CREATE DATABASE {} OWNER {}", database, OWNER)
    with _connected(superuser_dsn, database) as connection:
        _run(connection, "ALTER SCHEMA public OWNER TO {}", OWNER)


def clone(superuser_dsn: str, template: str, database: str) -> None:
    """Copy a database nobody is connected to, file by file."""
    with _connected(superuser_dsn, "postgres") as connection:
        statement: LiteralString = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"
        _run(connection, statement, database, template, OWNER)


def drop(superuser_dsn: str, database: str) -> None:
    """Remove a database, disconnecting whoever still uses it; one that is not there is fine."""
    with _connected(superuser_dsn, "postgres") as connection:
        _run(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def _connected(superuser_dsn: str, database: str) -> psycopg.Connection:
    # Creating and dropping databases is refused inside a transaction, hence autocommit.
    return psycopg.connect(make_conninfo(superuser_dsn, dbname=database), autocommit=True)


def _run(connection: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _exists(connection: psycopg.Connection, database: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    return found is not None


def _create_role(connection: psycopg.Connection, role: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if found is None:
        with contextlib.suppress(errors.DuplicateObject, errors.UniqueViolation):
            _run(connection, "CREATE ROLE {} NOLOGIN", role)
