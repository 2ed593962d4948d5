"""The stage of a demonstration: its port, its folder, its database, and the environment it starts itself anew in."""

import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings

from portal import databases

VARIABLE = "COUNTERSIGN_DEMO_STAGE"


class StageTaken(Exception):
    """The port or the folder is in use, or the database cannot be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a demonstration plays: the run folder and the port, which nothing else may share."""

    run: Path
    port: int

    @property
    def folder(self) -> Path:
        """Give the folder of logs, keys and private files."""
        return self.run / "demo" / str(self.port)

    @property
    def access(self) -> Path:
        """Give the file that says how to get in: the newest demonstration's."""
        return self.run / "demo.json"

    @property
    def base_url(self) -> str:
        """Give the address people use: a name, because passkeys are not made for numbers."""
        return f"http://localhost:{self.port}"

    @property
    def database(self) -> str:
        """Name the database: nobody else's begins like this."""
        return f"countersign_demo_{self.port}_{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    def is_set(self) -> bool:
        """Tell whether this process was started on the stage already."""
        return os.environ.get(VARIABLE) == str(self.folder)

    def enter(self, arguments: list[str]) -> NoReturn:
        """Empty the folder, make a fresh database, and become the same command on it. Raises StageTaken."""
        insist_on_port(self.port)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        _lock(self.folder)
        for path in self.folder.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        _fresh_database(self.database)
        manage = str(settings.BASE_DIR / "manage.py")
        # The process itself goes on, so signals find it, and its lock holds: only its settings are others.
        os.execve(sys.executable, [sys.executable, manage, *arguments], self._environment())  # noqa: S606

    def leave(self) -> None:
        """Drop the database; the next demonstration makes its own."""
        databases.drop(os.environ["DATABASE_URL"], self.database)

    def _environment(self) -> dict[str, str]:
        # Other prefixes at every run: a heartbeat or a message of the last one must mean nothing to this one.
        prefix = f"demo-{secrets.token_hex(4)}"
        return dict(os.environ) | {
            VARIABLE: str(self.folder),
            "DATABASE_URL": urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.database}")),
            "PORTAL_URL": self.base_url,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DEBUG": "no",
            "DEMO": "yes",
            "ENVIRONMENT_NAME": "demo",
            "KEYS_DIR": str(self.folder / "private" / "keys"),
            "LOG_ORIGIN": f"{secrets.token_hex(4)}.demo.countersign.example/log/1",
            "CACHE_PREFIX": prefix,
            "BROKER_PREFIX": f"{prefix}:",
            "CALLBACKS_ALLOW_PRIVATE": "yes",
        }


def insist_on_port(port: int) -> None:
    """Refuse a port somebody listens on, by either of the addresses `localhost` may mean. Raises StageTaken."""
    for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        if _is_taken(address, family, port):
            raise StageTaken(
                f"Port {port} is taken: something else already listens there, perhaps another demo. "
                f"End it, or choose another port: PORT={port + 1 if port < 65_535 else 8000} make demo"
            )


def _is_taken(address: str, family: socket.AddressFamily, port: int) -> bool:
    with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(2)
        if caller.connect_ex((address, port)) == 0:
            return True
    try:
        socket.create_server((address, port), family=family).close()
    except PermissionError:
        raise StageTaken(f"Port {port} is not yours to open. Choose one above 1023: PORT=8000 make demo") from None
    except OSError:
        # Without IPv6 there is no ::1 to be taken.
        return family == socket.AF_INET
    return False


def _lock(folder: Path) -> None:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StageTaken(
            f"Another demo is starting or ending in {folder}. Wait for it, or give another PORT."
        ) from None


def _fresh_database(name: str) -> None:
    login = os.environ["DATABASE_URL"]
    try:
        databases.drop(login, name)
        databases.prepare(login, name)
    except psycopg.Error as error:
        raise StageTaken(f"The demo needs a login that may create databases: {error}") from error
