"""Grants: what each database role may do, worked out from the models and written after every migration."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from simple_history.models import HistoricalChanges

OWNER = "countersign_owner"
APP = "countersign_app"
SEQUENCER = "countersign_sequencer"
ERASER = "countersign_eraser"
ROLES = (APP, SEQUENCER, ERASER)

READ = "SELECT"
APPEND = "SELECT, INSERT"
WRITE = "SELECT, INSERT, UPDATE, DELETE"

# Nobody gets TRUNCATE, and the owner loses nothing: PostgreSQL checks foreign keys as the owner.
AUDIT: dict[str, dict[str, str]] = {
    "audit_log": {APP: APPEND, SEQUENCER: APPEND, ERASER: READ},
    "audit_entry": {APP: APPEND, SEQUENCER: APPEND, ERASER: APPEND},
    "audit_entry_field": {APP: APPEND, SEQUENCER: APPEND, ERASER: "SELECT, INSERT, UPDATE (disclosure)"},
    "audit_entry_queue": {APP: APPEND, SEQUENCER: "SELECT, INSERT, DELETE", ERASER: APPEND},
    "audit_exhibit": {APP: APPEND, SEQUENCER: READ, ERASER: READ},
    "audit_data_key": {APP: APPEND, SEQUENCER: READ, ERASER: "SELECT, UPDATE (wrapped, destroyed_at, scope)"},
    "audit_history_link": {APP: APPEND, SEQUENCER: READ, ERASER: READ},
    "audit_leaf": {APP: READ, SEQUENCER: APPEND, ERASER: READ},
    "audit_tile": {APP: READ, SEQUENCER: APPEND, ERASER: READ},
    "audit_checkpoint": {APP: READ, SEQUENCER: APPEND, ERASER: READ},
    "audit_signing_key": {
        APP: READ,
        SEQUENCER: "SELECT, INSERT, UPDATE (retired_at, revoked_at, announced_entry_id)",
        ERASER: READ,
    },
}
OTHERS = {"django_migrations": dict.fromkeys(ROLES, READ)}


def declared() -> dict[str, dict[str, str]]:
    """Give the privileges of each role on each table."""
    grants = dict(OTHERS)
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            grants[model._meta.db_table] = _grant(model)
    return grants


def is_append_only(model: type[Model]) -> bool:
    """Say whether rows of a model are only ever added: it says so itself, or it is a history."""
    return bool(getattr(model, "append_only", False)) or issubclass(model, HistoricalChanges)


def append_only_tables() -> list[str]:
    """Name the tables that nobody may ever empty: the ledger's own and every append-only one."""
    others = [model._meta.db_table for model in apps.get_models() if is_append_only(model)]
    return sorted({*AUDIT, *others} - {"audit_entry_queue"})


def statements() -> list[str]:
    """Give the GRANTs that turn no privileges into the declared ones."""
    return [
        f'GRANT {privileges} ON TABLE public."{table}" TO {role}'
        for table, grants in sorted(declared().items())
        for role, privileges in grants.items()
    ]


def apply(connection: BaseDatabaseWrapper) -> None:
    """Write the grants as the owner, for the tables that exist; whatever else was granted goes."""
    everybody = ", ".join(ROLES)
    with connection.cursor() as cursor:
        there = {f'public."{table}"' for table in connection.introspection.table_names(cursor)}
        granted = [sql for sql in statements() if sql.split(" ON TABLE ")[1].split(" TO ")[0] in there]
        script = [
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {everybody}",
            *granted,
            f"GRANT USAGE ON SCHEMA public TO {everybody}",
            f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {everybody}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {everybody}",
        ]
        cursor.execute("BEGIN; " + "; ".join(script) + "; COMMIT")


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Work as the owner of the tables; afterwards the session has its own role again."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {OWNER}")
    try:
        yield
    finally:
        _back_to_own_role(connection)


def _back_to_own_role(connection: BaseDatabaseWrapper) -> None:
    """Go back to the role the connection came with (`-c role=`), or drop a connection that cannot."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
    except DatabaseError:
        # The pool must not lend the owner's session to anybody.
        connection.connection.close()


def _grant(model: type[Model]) -> dict[str, str]:
    known = AUDIT.get(model._meta.db_table)
    if known is not None:
        return known
    return {APP: APPEND if is_append_only(model) else WRITE}
