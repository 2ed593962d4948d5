"""The demonstration itself: seed, start everything, say how to get in, and stay until told to end."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command

from portal import casting
from portal.casting import Cast
from portal.demo import colleagues, house, telling
from portal.demo.stage import Stage
from portal.embedded.host import write_private
from portal.journey import executors
from portal.services import Service
from portal.supervisor import Services, free_port, supervising
from reviews.models import Item

POSTER = "flows"
_LOOK = 0.5
_FIRST = 20.0
_ENOUGH = 12


def run(stage: Stage, posting: dict[str, float], say: Callable[[str], None]) -> None:
    """Run until a signal ends it. Raises NotReady when a service ends by itself, Stuck when one does not begin."""
    (stage.folder / "private").mkdir(mode=0o700, exist_ok=True)
    call_command("migrate", verbosity=0)
    say("A fresh database is migrated.")
    ports = {plot.slug: free_port() for plot in casting.PLOTS}
    cast = casting.seed({slug: f"http://127.0.0.1:{port}/" for slug, port in ports.items()})
    house.furnish(cast)
    say(f"{len(telling.everybody(cast))} people, {len(cast.flows)} flows, their queues and routing rules are there.")
    environment = {"PORTAL_URL": stage.base_url}
    with supervising(stage.folder / "logs", environment, port=stage.port) as services:
        say("web, worker, beat and sequencer are ready.")
        executors.start(services, stage.folder, cast, ports)
        _start_posting(services, stage, cast, posting)
        try:
            write_private(stage.access, json.dumps(telling.access(stage, cast), indent=1))
            say(telling.welcome(stage, cast))
            # After the welcome: whoever is quick may sign in while the others still work.
            _await_items(services)
            decided = colleagues.work(cast, stage.base_url)
            say(f"  Four colleagues have worked meanwhile: {decided} signatures and requests.")
            _stay(services)
        finally:
            _forget_access(stage)


def _start_posting(services: Services, stage: Stage, cast: Cast, posting: dict[str, float]) -> None:
    flows = {flow.slug: {"key": flow.key, "secret": flow.secret} for flow in cast.flows.values()}
    config = stage.folder / "private" / "posting.json"
    write_private(config, json.dumps({"portal": stage.base_url, "flows": flows, **posting}, indent=1))
    services.add(Service(POSTER, (sys.executable, "-m", "examples.posting", str(config))))
    services.start(POSTER)


def _await_items(services: Services) -> None:
    """Wait until the flows' first items are routed, or for as long as that usually takes and more."""
    end = time.monotonic() + _FIRST
    while time.monotonic() < end and Item.objects.count() < _ENOUGH:
        services.insist_alive()
        time.sleep(_LOOK)


def _stay(services: Services) -> None:
    while True:
        services.insist_alive()
        time.sleep(_LOOK)


def _forget_access(stage: Stage) -> None:
    """Remove the file that says how to get in, unless a newer demonstration wrote its own."""
    if _base_url(stage.access) == stage.base_url:
        stage.access.unlink()


def _base_url(path: Path) -> str:
    return str(json.loads(path.read_text())["base_url"]) if path.exists() else ""
