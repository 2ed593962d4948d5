"""The executor of the fault tests: the example customers copy, stopped where a test wants to do harm."""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.actors import SystemJob
from examples import executor as example
from examples.executor import Config, Executor
from portal.supervisor import free_port
from reviews.actions import configuring
from tests.factories import World
from tests.faults.bed import Bed, wait_until


class Crash(Exception):
    """The executor dies here."""


class Paying:
    """An executor on its store; `before` and `after` are called with what the portal is asked."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.slow = 0.0
        self.restart()

    def restart(self) -> None:
        """Begin anew on the same store, as after a crash."""
        self.before: Callable[[str], None] = _nothing
        self.after: Callable[[str], None] = _nothing
        self.executor = Executor(self.config)
        self.executor.portal = _Watched(self)

    def dies_before(self, asked: str) -> None:
        """Die when the portal is about to be asked this."""
        self.before = _crash_at(asked)

    def dies_after(self, asked: str) -> None:
        """Die when the portal has just answered this."""
        self.after = _crash_at(asked)

    def receive(self, headers: Any, body: bytes) -> None:
        """Take a callback in, and answer it when it pleases."""
        self.executor.receive(headers, body)
        time.sleep(self.slow)

    def settle(self, item_id: UUID) -> str:
        """Settle what came, again and again, until the item is closed; give how."""

        def is_closed() -> bool:
            self.executor.settle_all()
            return bool(self._ask("SELECT 1 FROM inbox WHERE item = ? AND closed IS NOT NULL", str(item_id)))

        wait_until(is_closed, f"{item_id} settled")
        return str(self._ask("SELECT closed FROM inbox WHERE item = ?", str(item_id))[0][0])

    def told_of(self, item_id: UUID) -> int:
        """Give how many callbacks came about an item."""
        return int(self._ask("SELECT coalesce(sum(copies), 0) FROM inbox WHERE item = ?", str(item_id))[0][0])

    def payments(self, item_id: UUID) -> int:
        """Give how often an item was paid."""
        return len(self._ask("SELECT 1 FROM payment WHERE item = ?", str(item_id)))

    def _ask(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.config.database, timeout=15)) as store:
            return store.execute(query, values).fetchall()


class _Watched(example.Portal):
    """The portal as the executor asks it, telling the test after each answer."""

    def __init__(self, paying: Paying) -> None:
        super().__init__(paying.config)
        self._paying = paying

    def decision(self, item: str) -> dict[str, Any] | None:
        """Fetch the decision."""
        found = super().decision(item)
        if found is not None:
            self._paying.after("decision read")
        return found

    def report(self, item: str, receipt: str, status: str, reference: str = "") -> tuple[int, str]:
        """Report, and tell the test once it was taken."""
        self._paying.before(status)
        answer = super().report(item, receipt, status, reference)
        if answer[0] == 200:
            self._paying.after(status)
        return answer


def _nothing(asked: str) -> None:
    pass


def _crash_at(step: str) -> Callable[[str], None]:
    def at(asked: str) -> None:
        if asked == step:
            raise Crash

    return at


@contextlib.contextmanager
def open_for(bed: Bed, world: World, folder: Path) -> Iterator[Paying]:
    """Register a callback endpoint for the flow and take callbacks in behind it."""
    port = free_port()
    _, secret = configuring.register_endpoint(
        world.flow, f"http://127.0.0.1:{port}/", by=SystemJob.SEEDER, allow_private=True
    )
    wait_until(lambda: _keys(bed), "the portal's keys")
    (folder / "jwks.json").write_text(json.dumps({"keys": _keys(bed)}))
    paying = Paying(
        Config(
            port=port, portal=bed.services.base_url, audience="claims-core", key=world.key, webhook_secret=secret,
            jwks=str(folder / "jwks.json"), database=str(folder / "executor.sqlite3"),
        )
    )  # fmt: skip
    with example.serve(paying) as server:  # type: ignore[arg-type]  # it needs config and receive only
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield paying
        server.shutdown()


def _keys(bed: Bed) -> list[Any]:
    answer = bed.ask("GET", "/.well-known/jwks.json")
    return list(answer.body["keys"]) if answer.status == 200 else []
