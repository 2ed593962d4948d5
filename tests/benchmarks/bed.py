"""The benchmarks' bed: a fresh migrated database that Django is pointed at before it loads."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit


@contextlib.contextmanager
def database(name: str) -> Iterator[str]:
    """Make a database, point this process's Django at it, drop it at the end; gives its address."""
    from portal import databases

    login = os.environ["DATABASE_URL"]
    address = urlunsplit(urlsplit(login)._replace(path=f"/{name}"))
    databases.drop(login, name)
    databases.prepare(login, name)
    os.environ["DATABASE_URL"] = address
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
    import django

    django.setup()
    try:
        yield address
    finally:
        from django.db import connections

        for each in connections.all():
            each.close()
            each.close_pool()  # type: ignore[attr-defined]
        databases.drop(login, name)
