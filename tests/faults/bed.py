"""The bed of the fault tests: real services on a database of their own, over wires that can be cut."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from celery import Celery
from django.conf import settings
from django.db import connection, connections
from redis import Redis

from audit.models import Checkpoint, EntryQueue
from audit.sealing.verification import verify_ledger
from portal import databases
from portal.kit.ids import new_id
from portal.supervisor import Services, supervising
from tests import conftest
from tests.factories import World, a_document
from tests.faults import wire
from tests.faults.wire import Answer
from tests.faults.wires import Wire

PATIENCE = 40.0
ALL = ("web", "worker", "sequencer", "beat")


class Bed:
    """The running services, what they run on, and the ways to harm them."""

    def __init__(self, services: Services, name: str, keys: Path, wires: dict[str, Wire]) -> None:
        self.services = services
        self.name = name
        self.keys = keys
        self.postgres, self.valkey, self.valkey_of_web = wires["postgres"], wires["valkey"], wires["web"]
        self._held: set[str] = set()
        self._celery = Celery(broker=settings.REDIS_URL)
        self._celery.conf.broker_transport_options = {"global_keyprefix": f"{name}:"}

    def strike(self, *names: str) -> None:
        """Kill services without warning, all at once, and start them again; a held one stays held."""
        self._kill(names)
        for name in names:
            self.services.start(name)
            if name in self._held:
                self._signal(name, signal.SIGSTOP)

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Let a service do nothing, so that what it would do next is still to be done."""
        self._held.add(name)
        self._signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self._held.discard(name)
            self._signal(name, signal.SIGCONT)

    @contextlib.contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Do without services for a while: they are killed, and started anew at the end."""
        self._kill(names)
        try:
            yield
        finally:
            for name in names:
                self.services.start(name)

    @contextlib.contextmanager
    def table_locked(self, table: str) -> Iterator[Callable[[], int]]:
        """Let nobody write to a table; gives how many wait to."""
        with psycopg.connect(conftest._url(self.name)) as locking:
            locking.execute(f'LOCK TABLE "{table}" IN SHARE MODE')
            yield lambda: _count(locking, "locktype = 'relation' AND NOT granted AND relation = %s::regclass", table)

    def writers(self, table: str) -> int:
        """Count the transactions that are writing to a table."""
        with psycopg.connect(conftest._url(self.name)) as looking:
            return _count(looking, "mode = 'RowExclusiveLock' AND relation = %s::regclass", table)

    def ask(self, method: str, path: str, **given: Any) -> Answer:
        """Make one request; no answer at all is status 0."""
        return wire.ask(self.services.base_url, method, path, **given)

    def get(self, world: World, path: str) -> Answer:
        """Read as the flow does."""
        return self.ask("GET", path, headers={"authorization": f"Bearer {world.key}"})

    def post(self, world: World, webhook_id: str, raw: bytes) -> Answer:
        """Post one item, once."""
        headers = world.headers(raw, webhook_id=webhook_id)
        return self.ask("POST", f"/api/v1/flows/{world.flow.slug}/items", headers=headers, body=raw)

    def insist(self, world: World, webhook_id: str, raw: bytes) -> list[Answer]:
        """Post one item under the same id until it is taken, as a flow has to; give every answer."""
        answers: list[Answer] = []
        end = time.monotonic() + PATIENCE
        while not answers or answers[-1].status not in (200, 202):
            assert time.monotonic() < end, answers[-3:]
            if answers:
                time.sleep(0.05)
            answers.append(self.post(world, webhook_id, raw))
        return answers

    def post_batch(self, world: World, count: int) -> list[str]:
        """Post many items in one signed body; give their ids."""
        entries = [a_document() | {"id": str(new_id())} for _ in range(count)]
        raw = wire.as_bytes({"items": entries})
        answer = self.ask("POST", f"/api/v1/flows/{world.flow.slug}/items/batch", headers=world.headers(raw), body=raw)
        assert [result["status"] for result in answer.body["results"]] == [202] * count
        return [result["item"]["id"] for result in answer.body["results"]]

    def send(self, task: str, queue: str, *, times: int = 1) -> None:
        """Send a task's message to the workers, the very same one several times."""
        for _ in range(times):
            self._celery.send_task(f"reviews.tasks.{task}", queue=queue, task_id=f"{self.name}-{task}")

    def waiting(self, queue: str) -> int:
        """Count the messages no worker has taken yet."""
        with Redis.from_url(settings.REDIS_URL) as valkey:
            return int(valkey.llen(f"{self.name}:{queue}"))

    def findings(self) -> tuple[Any, ...]:
        """Wait until everything is sealed, verify the whole ledger, and give what is wrong."""
        wait_until(lambda: not EntryQueue.objects.exists(), "every entry sealed")
        newest = Checkpoint.objects.order_by("-cp_id")[0].size
        wait_until(lambda: f'"size": {newest}' in (self.keys / "high-water-1.json").read_text(), "the mark")
        return verify_ledger().findings

    def mend(self) -> None:
        """Start what a test that failed left dead, and wait until everything is ready."""
        for name in ALL:
            if not self.services.is_alive(name):
                with contextlib.suppress(KeyError):
                    self.services.kill(name)
                self.services.start(name)
        self.services.wait_ready()

    def end(self) -> None:
        """Kill what runs: here nobody's task is worth finishing."""
        self._kill([name for name in ALL if self.services.is_alive(name)])
        self._celery.close()

    def _kill(self, names: Iterable[str]) -> None:
        for name in names:
            self._signal(name, signal.SIGKILL)
        for name in names:
            self.services.kill(name)

    def _signal(self, name: str, number: int) -> None:
        os.killpg(self.services.pid(name), number)


def wait_until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    """Wait until something is true."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.03)


@contextlib.contextmanager
def made(folder: Path) -> Iterator[Bed]:
    """Make the bed: a database from the template, wires to both servers, four services."""
    name = f"countersign_faults_{os.getpid()}_{threading.get_native_id()}"
    keys, wires = folder / "keys", _wires()
    databases.clone(conftest.LOGIN, conftest.template(), name)
    try:
        with supervising(folder / "logs", _environment(name, keys, wires), extra=_of_web(wires)) as services:
            bed = Bed(services, name, keys, wires)
            try:
                yield bed
            finally:
                bed.end()
    finally:
        for each in wires.values():
            each.close()
        databases.drop(conftest.LOGIN, name)
        _sweep_valkey(name)


@contextlib.contextmanager
def connected(name: str) -> Iterator[None]:
    """Let this process's ORM work on another database for a while, straight and not over the wire."""
    before = connection.settings_dict["NAME"]
    _switch(name)
    try:
        yield
    finally:
        _switch(before)


def _count(session: psycopg.Connection, condition: LiteralString, table: str) -> int:
    found = session.execute("SELECT count(*) FROM pg_locks WHERE " + condition, [table]).fetchone()
    return found[0] if found else 0


def _switch(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _wires() -> dict[str, Wire]:
    postgres, valkey = urlsplit(conftest.LOGIN), urlsplit(settings.REDIS_URL)
    to = {"postgres": (postgres, 5432), "valkey": (valkey, 6379), "web": (valkey, 6379)}
    return {name: Wire(url.hostname or "", url.port or port) for name, (url, port) in to.items()}


def _environment(name: str, keys: Path, wires: dict[str, Wire]) -> dict[str, str]:
    return {
        "DATABASE_URL": _over(conftest._url(name), wires["postgres"]),
        "REDIS_URL": _over(settings.REDIS_URL, wires["valkey"]),
        "CACHE_PREFIX": name,
        "BROKER_PREFIX": f"{name}:",
        "KEYS_DIR": str(keys),
        "LOG_ORIGIN": settings.LOG_ORIGIN,
        "CALLBACKS_ALLOW_PRIVATE": "yes",
    }


def _of_web(wires: dict[str, Wire]) -> dict[str, dict[str, str]]:
    return {"web": {"REDIS_URL": _over(settings.REDIS_URL, wires["web"])}}


def _over(url: str, wire_: Wire) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{wire_.port}"))


def _sweep_valkey(prefix: str) -> None:
    with Redis.from_url(settings.REDIS_URL) as valkey:
        for key in valkey.scan_iter(f"*{prefix}*", count=1000):
            valkey.delete(key)
