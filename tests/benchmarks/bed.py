"""The benchmarks' bed: databases cloned from a migrated one, and Django pointed at them; nothing of it stays."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from portal import databases

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "BENCH_TEMPLATE"
"""The environment may name a migrated database to clone; without it one is migrated."""


def address(login: str, name: str) -> str:
    """Give the address of a database beside the one of the login."""
    return urlunsplit(urlsplit(login)._replace(path=f"/{name}"))


class Bed:
    """Makes databases, points this process and its children at one of them, and drops them all."""

    def __init__(self, login: str, folder: Path, stack: ExitStack) -> None:
        self._login = login
        self.folder = folder
        self._stack = stack
        self._prefix = f"bench_{os.getpid()}"
        self._template = os.environ.get(TEMPLATE) or self._migrated()
        self._name(self._template)
        import django

        django.setup()

    def fresh(self, purpose: str) -> str:
        """Clone the migrated database and work in the clone; gives its name."""
        name = f"{self._prefix}_{purpose}"
        self.leave()
        self._own(name)
        databases.clone(self._login, self._template, name)
        self.enter(name)
        return name

    def enter(self, name: str) -> None:
        """Work in this database from here on, also in children started later."""
        from django.conf import settings
        from django.db import connection, connections

        from audit import exhibits

        self.leave()
        self._name(name)
        connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = name
        # A log's keys and high-water mark belong to its database.
        settings.KEYS_DIR = self.folder / name
        os.environ["KEYS_DIR"] = str(settings.KEYS_DIR)
        exhibits.forget_keys()

    def leave(self) -> None:
        """Close every connection of this process."""
        from django.db import connections

        for each in connections.all():
            each.close()
            each.close_pool()  # type: ignore[attr-defined]

    def superuser(self, *, checked: bool = True) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect past the rules; with `checked=False` no trigger and no foreign key is asked."""
        login = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        if not checked:
            login.execute("SET session_replication_role = replica")
        return login

    def _migrated(self) -> str:
        """Migrate a database; gives its name."""
        name = f"{self._prefix}_template"
        self._own(name)
        databases.prepare(self._login, name)
        self._name(name)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        return name

    def _own(self, name: str) -> None:
        self._stack.callback(databases.drop, self._login, name)

    def _name(self, name: str) -> None:
        os.environ["DATABASE_URL"] = address(self._login, name)


@contextmanager
def made() -> Iterator[Bed]:
    """Make the bed with keys, log and Valkey names of its own; afterwards everything is as it was."""
    login = os.environ["DATABASE_URL"]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-bench-"))
        os.environ |= {
            "KEYS_DIR": folder,
            "LOG_ORIGIN": "bench.example/log/1",
            "CACHE_PREFIX": f"bench-{os.getpid()}",
            "BROKER_PREFIX": f"bench-{os.getpid()}-",
            "LOG_LEVEL": "ERROR",
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        }
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        stack.callback(_forget_in_valkey, f"bench-{os.getpid()}")
        bed = Bed(login, Path(folder), stack)
        stack.callback(bed.leave)
        yield bed


def _forget_in_valkey(prefix: str) -> None:
    """Remove counters and nudges nobody is there to take."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for name in client.scan_iter(f"{prefix}*"):
            client.delete(name)
