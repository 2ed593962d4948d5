"""The journey's executors: one process a flow, each with the portal's keys pinned and a store of its own."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.casting import Cast
from portal.journey import wire
from portal.journey.trips import Stuck
from portal.services import Service
from portal.supervisor import Services


@dataclass(frozen=True, slots=True)
class Settled:
    """What one executor's store says about a callback."""

    item_id: str
    received_at: float
    copies: int
    closed: str | None
    closed_at: float | None


def start(services: Services, folder: Path, cast: Cast, ports: dict[str, int]) -> dict[str, Any]:
    """Fetch and pin the portal's keys, write the executors' files and start them; give the keys."""
    jwks = _published_keys()
    (folder / "jwks.json").write_text(json.dumps(jwks, indent=1))
    for slug, port in ports.items():
        config = _write_config(folder, cast, slug, port)
        services.add(Service(f"executor-{slug}", (sys.executable, "-m", "examples.executor", str(config))))
        services.start(f"executor-{slug}")
    return jwks


def settled(folder: Path, slugs: list[str]) -> list[Settled]:
    """Give what every callback that came led to."""
    query = "SELECT item, received_at, copies, closed, closed_at FROM inbox ORDER BY received_at"
    return [Settled(*row) for slug in slugs for row in _rows(folder, slug, query)]


def payments(folder: Path, slugs: list[str]) -> list[tuple[str, str, str, str | None]]:
    """Give what was done: jti, item, effect, amount."""
    query = "SELECT jti, item, effect, amount FROM payment ORDER BY paid_at"
    return [row for slug in slugs for row in _rows(folder, slug, query)]


def receipts(folder: Path, slugs: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give receipt and act by item, as the executors kept them."""
    query = "SELECT item, receipt, act FROM execution"
    return {item: (receipt, json.loads(act)) for slug in slugs for item, receipt, act in _rows(folder, slug, query)}


def wait_until(services: Services, true: Callable[[], bool], what: str, patience: float = 60.0) -> None:
    """Wait for something of the executors while everything lives. Raises Stuck or NotReady."""
    end = time.monotonic() + patience
    while not true():
        services.insist_alive()
        if time.monotonic() > end:
            raise Stuck(f"{what} did not happen within {patience:.0f} s; the logs of the services say more.")
        time.sleep(0.05)


def _published_keys() -> dict[str, Any]:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        answer = wire.ask("GET", "/.well-known/jwks.json")
        if answer.status == 200 and answer.body["keys"]:
            return dict(answer.body)
        time.sleep(0.1)
    raise Stuck("The portal publishes no receipt key; the sequencer makes it at its first checkpoint.")


def _write_config(folder: Path, cast: Cast, slug: str, port: int) -> Path:
    flow = cast.flows[slug]
    config = {
        "port": port,
        "portal": settings.PORTAL_URL,
        "audience": flow.audience,
        "key": flow.key,
        "webhook_secret": flow.endpoint_secret,
        "jwks": str(folder / "jwks.json"),
        "database": str(_store(folder, slug)),
    }
    path = folder / "private" / f"executor-{slug}.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        json.dump(config, file, indent=1)
    return path


def _store(folder: Path, slug: str) -> Path:
    return folder / "private" / f"executor-{slug}.sqlite3"


def _rows(folder: Path, slug: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(_store(folder, slug), timeout=15)) as store:
        try:
            return store.execute(query).fetchall()
        except sqlite3.OperationalError:  # the executor has not made its tables yet
            return []
