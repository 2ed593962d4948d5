"""The bed of the browser tests: all services on a database of their own, under a name passkeys are made for."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from redis import Redis

from examples.posting import Access, Portal
from portal import casting, databases
from portal.casting import Cast
from portal.supervisor import NAMES, Services, free_port, supervising
from reviews.models import Item
from tests import conftest
from tests.factories import World
from tests.faults import wire
from tests.faults.bed import wait_until
from tests.faults.wire import Answer

PATIENCE = 30.0


@dataclass
class Bed:
    """The running services, where people find them, and what was put in them once for all tests."""

    services: Services
    name: str
    keys: Path
    address: str
    kept: dict[str, Any] = field(default_factory=dict)

    def cast(self) -> Cast:
        """Give the installation's own flows, queues and rules; they are seeded once."""
        if "cast" not in self.kept:
            self.kept["cast"] = casting.seed({})
        cast: Cast = self.kept["cast"]
        return cast

    def flow(self, world: World) -> Portal:
        """Give the doors a flow posts through, as the flow to copy uses them."""
        return Portal(self.services.base_url, world.flow.slug, Access(world.key, world.secret))

    def triage(self, slug: str = "claims-triage") -> Portal:
        """Give the doors of a flow of the cast."""
        staged = self.cast().flows[slug]
        return Portal(self.services.base_url, slug, Access(staged.key, staged.secret))

    def post(self, portal: Portal, document: dict[str, Any], files: Any = ()) -> Item:
        """Upload files, post an item, and give it once it waits for people."""
        attachments = [portal.upload(each) for each in files]
        item = portal.post(document | ({"attachments": attachments} if attachments else {}))
        wait_until(lambda: Item.objects.filter(pk=item).exists(), "the item is routed", PATIENCE)
        return Item.objects.get(pk=item)

    def refuse(self, world: World, document: dict[str, Any], webhook_id: str) -> None:
        """Post what the flow's contract refuses."""
        raw = json.dumps(document).encode()
        headers = world.headers(raw, webhook_id=webhook_id)
        answer = wire.ask(
            self.services.base_url, "POST", f"/api/v1/flows/{world.flow.slug}/items", headers=headers, body=raw
        )
        assert answer.status == 422, answer

    def get(self, key: str, path: str) -> Answer:
        """Read as a flow does."""
        return wire.ask(self.services.base_url, "GET", path, headers={"authorization": f"Bearer {key}"})

    def past_the_rules(self, statement: LiteralString, *values: object) -> None:
        """Change a row as only time can: past the application, by the database's own password."""
        with psycopg.connect(conftest._url(self.name)) as login:
            login.execute(statement, values)


@contextlib.contextmanager
def made(folder: Path) -> Iterator[Bed]:
    """Make the bed: a database from the template and every service; nothing of it stays."""
    name, port = f"countersign_browser_{os.getpid()}", free_port()
    address = f"http://localhost:{port}"
    environment = {
        "DATABASE_URL": conftest._url(name),
        "REDIS_URL": settings.REDIS_URL,
        "PORTAL_URL": address,
        "CACHE_PREFIX": name,
        "BROKER_PREFIX": f"{name}:",
        "KEYS_DIR": str(folder / "keys"),
        "LOG_ORIGIN": settings.LOG_ORIGIN,
        "CALLBACKS_ALLOW_PRIVATE": "yes",
        "DEMO": "",
    }
    databases.clone(conftest.LOGIN, conftest.template(), name)
    try:
        with supervising(folder / "logs", environment, port=port) as services:
            try:
                yield Bed(services, name, folder / "keys", address)
            finally:
                for each in NAMES:
                    services.kill(each)  # nobody's task is worth finishing here
    finally:
        databases.drop(conftest.LOGIN, name)
        with Redis.from_url(settings.REDIS_URL) as valkey:
            for key in valkey.scan_iter(f"*{name}*", count=1000):
                valkey.delete(key)
