"""The test bed: a database per worker cloned from a migrated template, keys in a folder per test."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings as django_settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections
from django.test import TransactionTestCase

from audit import exhibits
from portal import databases
from reviews.actions import admitting

ROOT = Path(__file__).resolve().parent.parent
LOGIN = os.environ["DATABASE_URL"]
_MIGRATED = {"auth_permission", "django_content_type", "django_migrations"}
"""The tables that migrations fill."""
MINE = f"countersign_test_{os.getpid()}"


def pytest_configure() -> None:
    """Keep this process's keys in the shared Valkey apart, before anything opens a cache with another prefix."""
    django_settings.CACHES["default"]["KEY_PREFIX"] = MINE


def _url(database: str) -> str:
    return urlunsplit(urlsplit(LOGIN)._replace(path=f"/{database}"))


def _fingerprint() -> str:
    """Name the schema by the bytes of every migration and of the grants."""
    files = sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("portal/*/migrations/*.py"), ROOT / "audit/grants.py"])
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def template() -> str:
    """Give the name of a migrated database, migrating it if no worker has yet."""
    name = f"countersign_template_{_fingerprint()}"
    with open(Path(tempfile.gettempdir()) / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(_url("postgres")) as login:
            ready = login.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if ready is None:
            making = f"{name}_making"
            databases.drop(LOGIN, making)
            databases.prepare(LOGIN, making)
            environment = os.environ | {"DATABASE_URL": _url(making)}
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
            with psycopg.connect(_url("postgres"), autocommit=True) as login:
                login.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
    return name


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Give this worker a database of its own, with the application role's rights and nothing more."""
    databases.clone(LOGIN, template(), MINE)
    connection.close()
    connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = MINE
    with django_db_blocker.unblock():
        _migrated_rights[MINE] = _rights()
    yield
    with django_db_blocker.unblock():
        for each in connections.all():
            each.close()
            each.close_pool()  # type: ignore[attr-defined]
    databases.drop(LOGIN, MINE)


def _rights() -> Any:
    """Give the permissions and kinds of content there are, which migrations write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(p::text ORDER BY id) FROM auth_permission p")
        permissions = cursor.fetchone()
        cursor.execute("SELECT array_agg(c::text ORDER BY id) FROM django_content_type c")
        return permissions, cursor.fetchone()


def _emptied(case: TransactionTestCase) -> None:
    """Empty what a test wrote without cutting 80 tables and their indexes anew, which takes most of a second.

    Where it changed what migrations write, Django's own way makes that anew.
    """
    if _rights() != _migrated_rights[MINE]:
        _cut_anew(case)
        _migrated_rights[MINE] = _rights()
        return
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("SET session_replication_role = replica")
        tables = set(connection.introspection.table_names(cursor)) - _MIGRATED
        cursor.execute(" UNION ALL ".join(f"SELECT '{each}' WHERE EXISTS (SELECT FROM {each})" for each in tables))  # noqa: S608  our own tables
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  our own tables
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("RESET ROLE")
    ContentType.objects.clear_cache()


_cut_anew = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
_migrated_rights: dict[str, Any] = {}
TransactionTestCase._fixture_teardown = _emptied  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def fresh_process(settings: Any, tmp_path: Path) -> None:
    """Forget what a process remembers between requests, and keep keys and high-water marks per test."""
    settings.KEYS_DIR = tmp_path / "keys"
    settings.CALLBACKS_ALLOW_PRIVATE = True
    exhibits.forget_keys()
    admitting.forget()


@pytest.fixture
def superuser(db: None) -> Iterator[Any]:
    """Work as the superuser for a moment: what an attacker with the database's own password could do."""

    @contextlib.contextmanager
    def acting() -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE NONE")
            cursor.execute("SET session_replication_role = replica")
            try:
                yield cursor
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")
                cursor.execute("RESET ROLE")

    return acting
