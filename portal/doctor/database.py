"""Checks of PostgreSQL: the server, the role we work under, its grants, migrations, and the rule on TRUNCATE."""

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from psycopg_pool import PoolTimeout

from audit import granted, grants
from portal.databases import ROLES
from portal.doctor.findings import Check, Finding, fail, ok, warn
from portal.kit.clock import now

OLDEST, NEWEST = 15, 18
PROCESSES = 5  # web, two children of a worker, beat and sequencer: the least an installation has
SHOWN = 5


def postgresql() -> Finding:
    """Ask whether the server answers and is one we support."""
    try:
        (text,) = _row("SHOW server_version_num")
    except (DatabaseError, InterfaceError, PoolTimeout) as trouble:
        said = str(trouble).strip().splitlines()[-1:] or [type(trouble).__name__]
        return fail(
            f"PostgreSQL does not let us in: {said[0]}",
            "Look at DATABASE_URL, DATABASE_ROLE and the server; a missing role is made by manage.py setup.",
        )
    major = int(text) // 10000
    if not OLDEST <= major <= NEWEST:
        return fail(f"PostgreSQL {major} is not supported.", f"Use a server from {OLDEST} to {NEWEST}.")
    return ok(f"PostgreSQL {major} answers.")


def encoding() -> Finding:
    """Ask whether the database holds every script there is."""
    (name,) = _row("SHOW server_encoding")
    if name != "UTF8":
        return fail(f"The database is encoded as {name}.", "Make it anew: CREATE DATABASE … ENCODING 'UTF8'.")
    return ok("The database is encoded as UTF8.")


def time_zone() -> Finding:
    """Ask whether sessions read and write times in UTC."""
    (name,) = _row("SHOW timezone")
    if name not in ("UTC", "Etc/UTC"):
        return fail(f"Sessions work in the time zone {name}.", "Take TIME_ZONE out of the login's own settings.")
    return ok("Sessions work in UTC.")


def clocks() -> Finding:
    """Ask whether this machine and the server agree on the time."""
    began = time.monotonic()
    (theirs,) = _row("SELECT clock_timestamp()")
    travel = time.monotonic() - began
    apart = max(0.0, abs((now() - theirs).total_seconds()) - travel)
    if apart >= 1:
        return fail(
            f"This machine's clock and the database's are {apart:.1f} s apart.",
            "Let both follow the same time server; signatures and checkpoints carry these times.",
        )
    return ok("This machine's clock and the database's agree.")


def connections() -> Finding:
    """Ask whether the server has room for the pools of the smallest installation."""
    (text,) = _row("SHOW max_connections")
    options: Any = settings.DATABASES["default"]["OPTIONS"]
    pool = options["pool"]["max_size"]
    said = f"The server takes {text} connections; {PROCESSES} processes may hold {pool} each."
    if int(text) < PROCESSES * pool:
        return warn(said, "Raise max_connections, lower DATABASE_POOL, or put PgBouncer in between.")
    return ok(said)


def roles() -> Finding:
    """Ask whether the four roles are there."""
    there = {name for (name,) in _rows("SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s)", list(ROLES))}
    absent = [role for role in ROLES if role not in there]
    if absent:
        return fail(f"The server has no role {', '.join(absent)}.", "Run: manage.py setup")
    return ok("The four database roles are there.")


def own_role() -> Finding:
    """Ask whom this process works as, and whether its login could become more than that."""
    current, login, almighty = _row(
        "SELECT current_user::text, session_user::text, rolsuper FROM pg_roles WHERE rolname = session_user"
    )
    if current not in grants.ROLES:
        return fail(f"This process works as {current}.", f"Set DATABASE_ROLE={grants.APP}; only setup needs the owner.")
    if almighty:
        return warn(
            f"This process works as {current}, but its login {login} is a superuser.",
            "Give it a login of its own that is a member of nothing but its role; docs/operating.md shows the SQL.",
        )
    return ok(f"This process works as {current}.")


def migrations() -> Finding:
    """Ask whether the tables are the ones this version knows."""
    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations
    missing = [f"{app}.{name}" for (app, name) in sorted(set(known) - set(executor.loader.applied_migrations))]
    newer = [f"{app}.{name}" for (app, name) in executor.loader.applied_migrations if _is_ours(app, name, known)]
    if missing:
        return fail(
            f"{len(missing)} migrations are not applied: {_some(missing)}.", "Run as the owner: manage.py migrate"
        )
    if newer:
        return fail(f"The database is of a newer version: {_some(newer)}.", "Run the version that made it, or newer.")
    return ok("Every migration is applied.")


def privileges() -> Finding:
    """Ask whether each role may do exactly what was declared."""
    differences = granted.differences(connection)
    if differences:
        return fail(f"{len(differences)} grants differ: {_some(differences)}.", "Run as the owner: manage.py migrate")
    return ok("Each role may do what was declared and nothing else.")


def truncate() -> Finding:
    """Ask whether even the owner is refused to empty the ledger."""
    open_tables = granted.emptiable(connection)
    if open_tables:
        said = f"TRUNCATE is not refused on {len(open_tables)} tables: {_some(open_tables)}."
        return fail(said, "Run as the owner: manage.py harden_ledger")
    return ok("TRUNCATE is refused on every append-only table.")


def _is_ours(app: str, name: str, known: Mapping[tuple[str, str], object]) -> bool:
    # Another app's migrations may stay behind when it is taken out; of one that is there, none may be unknown.
    return any(each == app for each, _ in known) and (app, name) not in known


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _row(query: str) -> tuple[Any, ...]:
    return _rows(query)[0]


def _rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall())


CHECKS: tuple[Check, ...] = (
    postgresql, encoding, time_zone, clocks, connections, roles, own_role, migrations, privileges, truncate,
)  # fmt: skip
