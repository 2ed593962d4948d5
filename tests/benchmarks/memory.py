"""Memory: what each process of a running portal holds after some work: posts, pages, one printed decision."""

import http.client
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psutil

from tests.benchmarks import children, staging
from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure
from tests.benchmarks.intake import posting

_MIB = 1 << 20
_PATIENCE = 60
_SERVICES = ("web", "worker", "evidence", "beat", "sequencer")


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Start everything, post items, read pages of them, sign one, and look at every process."""
    from portal.supervisor import supervising

    bed.fresh("memory")
    with staging.cheap_passwords():
        world, person = staging.world(), _person()
        item = staging.decided(world)
    with supervising(bed.folder / "memory") as services, children.running("posts", 1) as [poster]:
        poster.ask("connect", port=services.port, count=4)
        poster.ask("build", **posting(world), count=effort.amount(1000, 20))
        poster.ask("post")
        _read(services.port, (f"/queues/{world.queue.slug}/", "/", f"/items/{item}/"), person, effort.amount(60, 2))
        _wait_for_evidence(item)
        held = {name: _resident(services.pid(name)) for name in _SERVICES}
    print(", ".join(f"{name} {' + '.join(map(str, each))}" for name, each in held.items()), file=sys.stderr)
    for name, each in held.items():
        yield Figure(f"memory_{name}", max(each), "MiB", most=150 if name == "web" else None)
    yield Figure("memory_all", sum(map(sum, held.values())), "MiB")


def _person() -> Any:
    from portal.accounts.roles import Role
    from tests.factories import make_person

    return make_person("ana", Role.ADJUSTER)


def _read(port: int, paths: tuple[str, ...], person: Any, times: int) -> None:
    """Ask for pages over HTTP, as the person's browser does."""
    from tests.pages import browser

    cookies = "; ".join(f"{each.key}={each.value}" for each in browser(person.user).cookies.values())
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in paths * times:
        asking.request("GET", path, headers={"Cookie": cookies, "Accept": "text/html"})
        answer = asking.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {content[:300]!r}"
    asking.close()


def _wait_for_evidence(item: UUID) -> None:
    """Wait until the decision's evidence is written, so that its worker has printed too."""
    from reviews.models import Evidence

    end = time.monotonic() + _PATIENCE
    while not Evidence.objects.filter(item=item).exists():
        if time.monotonic() > end:
            raise RuntimeError("the evidence was not written in time")
        time.sleep(0.1)


def _resident(pid: int) -> list[int]:
    """Give the resident MiB of a service's first process and of its children."""
    first = psutil.Process(pid)
    return [each.memory_info().rss // _MIB for each in (first, *first.children(recursive=True))]
