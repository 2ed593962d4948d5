"""Who uses the servers: everybody holds a shared lock, and the last one to leave stops them.

A lock dies with its process, so a crash leaves nothing to tidy up: the next user finds living servers and
shares them, or starts them anew.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from portal.embedded.keys import missing_keys
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

KINDS: dict[str, type[Postgres] | type[Valkey]] = {"DATABASE_URL": Postgres, "REDIS_URL": Valkey}


class Servers:
    """The servers of one folder, shared with every other process that uses the same folder."""

    def __init__(self, folder: Path, wanted: Sequence[str]) -> None:
        self.folder = folder.resolve()
        self.wanted = wanted
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        # As root PostgreSQL runs as another user, who must pass through here to its own folder.
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self._users = (self.folder / "users.lock").open("a")
        try:
            with self._gate():
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self.environment = {name: _started(KINDS[name](self.folder)) for name in self.wanted}
                if "DATABASE_URL" in self.wanted:
                    # Never made up beside a database that was given: what is sealed under lost keys is lost.
                    self.environment |= missing_keys(self.folder)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        # Closing the file gives our share back, also when a server refuses to stop.
        with self._users, self._gate():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            for kind in KINDS.values():
                kind(self.folder).stop()

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """Let one process at a time start or stop servers."""
        with (self.folder / "gate.lock").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield


def _started(server: Postgres | Valkey) -> str:
    if not server.is_alive():
        server.start()
    if isinstance(server, Postgres):
        server.prepare()
    return server.url
