"""The stage of a journey: its folder, its database, and the environment the command starts itself anew in."""

import fcntl
import hashlib
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings

from portal import databases
from portal.supervisor import free_port

VARIABLE = "COUNTERSIGN_JOURNEY"
ORIGIN = "journey.countersign.example/log/1"


class StageTaken(Exception):
    """Another journey uses the folder, or its database cannot be made; the message says what to do."""


def is_set(folder: Path) -> bool:
    """Tell whether this process was started on the stage already."""
    return os.environ.get(VARIABLE) == str(folder)


def enter(folder: Path, arguments: list[str]) -> NoReturn:
    """Empty the folder, make a fresh database, and become the same command on it. Raises StageTaken."""
    folder.mkdir(parents=True, exist_ok=True)
    _lock(folder)
    for path in folder.iterdir():
        if path.name != "lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    database = _fresh_database(folder)
    manage = str(settings.BASE_DIR / "manage.py")
    # The process itself goes on, so signals find it, and its lock holds: only its settings are others.
    os.execve(sys.executable, [sys.executable, manage, *arguments], _environment(folder, database))  # noqa: S606


def leave() -> None:
    """Drop the database; nobody needs it once the evidence is kept."""
    database = urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
    databases.drop(os.environ["DATABASE_URL"], database)


def _lock(folder: Path) -> None:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StageTaken(f"Another journey runs in {folder}. Wait for it, or give another --folder.") from None


def _fresh_database(folder: Path) -> str:
    login = os.environ["DATABASE_URL"]
    name = f"countersign_journey_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    try:
        databases.drop(login, name)
        databases.prepare(login, name)
    except psycopg.Error as error:
        raise StageTaken(f"The journey needs a login that may create databases: {error}") from error
    return name


def _environment(folder: Path, database: str) -> dict[str, str]:
    # Other prefixes at every run: a heartbeat or a message of the last one must mean nothing to this one.
    prefix = f"journey-{secrets.token_hex(4)}"
    return dict(os.environ) | {
        VARIABLE: str(folder),
        "DATABASE_URL": urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}")),
        "PORTAL_URL": f"http://127.0.0.1:{free_port()}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEBUG": "no",
        "KEYS_DIR": str(folder / "private" / "keys"),
        "LOG_ORIGIN": ORIGIN,
        "CACHE_PREFIX": prefix,
        "BROKER_PREFIX": f"{prefix}:",
        "CALLBACKS_ALLOW_PRIVATE": "yes",
    }
