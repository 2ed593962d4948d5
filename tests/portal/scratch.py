"""Databases of a test's own, and commands run on them as production runs them: another process, another login."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
SERVER = os.environ["DATABASE_URL"]
ORGANISATION = ("--organisation", "Example Mutual")


def url(database: str, login: str = "") -> str:
    """Give the address of a database, for another login if one is named."""
    address = urlsplit(SERVER)
    place = f"{login}@{address.hostname}:{address.port}" if login else address.netloc
    return urlunsplit(address._replace(netloc=place, path=f"/{database}"))


def execute(*statements: str, database: str = "postgres") -> None:
    """Run statements as the server's superuser."""
    with psycopg.connect(url(database), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def empty_database(name: str) -> Iterator[str]:
    """Give the name of a database that nothing was done to."""
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    execute(drop, f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield name
    finally:
        execute(drop)


def manage(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL, timeout=100,
    )  # fmt: skip
