"""Pages: what the server needs for the queue, the inbox and an item, with a million items waiting."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.benchmarks import staging, taking
from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure, percentile

_HTMX = {"HX-Request": "true"}
_MOST_MS, _MOST_QUERIES = 50, 12
# Real items stand before all others, and again behind half of them: what is between is loaded past the rules.
_FIRST, _DEEP, _BANDS = "urgent", "normal", "1 + n %% 2 * 2"
_WARM = 10  # a connection prepares a statement after five


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked for, and the status it must answer with; pages without an aim are only told."""

    name: str
    path: str
    headers: Mapping[str, str]
    status: int = 200
    aimed: bool = True


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Ask for each page again and again, warm, in one process and on one connection."""
    with staging.cheap_passwords():
        world, person, item = _filled(bed, effort)
    from tests.pages import browser

    client = browser(person.user)
    for page in _pages(world, person, item):
        times, queries = _asked(client, page, effort.amount(200, 10))
        told = f"{percentile(times, 50):.1f} ms at the median, {percentile(times, 95):.1f} at p95"
        print(f"{page.name}: {told}, {queries} queries", file=sys.stderr)
        aims = (_MOST_MS, _MOST_QUERIES) if page.aimed else (None, None)
        yield Figure(f"{page.name}_p95", percentile(times, 95), "ms", most=aims[0])
        yield Figure(f"{page.name}_queries", queries, "queries", most=aims[1])


def _pages(world: Any, person: Any, item: UUID) -> Iterator[Page]:
    from portal.accounts import access
    from reviews import worklists
    from reviews.worklists import Show

    queue = f"/queues/{world.queue.slug}/"
    first = worklists.page(world.queue, Show.ALL, None, by=person.user, granted=access.of(person.user))
    behind = worklists._cursor(UUID(int=(1 << 128) - 1), 1, None)
    yield Page("queue_page", queue, {})
    yield Page("queue_deep_page", f"{queue}?cursor={behind}", {})
    yield Page("queue_for_me", f"{queue}?show=for-me", {})
    yield Page("queue_poll", f"{queue}?marker={first.marker}", _HTMX, 204)
    yield Page("inbox_page", "/", {}, aimed=False)
    yield Page("review_page", f"/items/{item}/", {})


def _asked(client: Any, page: Page, count: int) -> tuple[list[float], int]:
    """Give the milliseconds of each request after the first ones, and how many statements one sends."""
    times = []
    for number in range(count + _WARM):
        began = time.perf_counter()
        answer = client.get(page.path, headers=page.headers)
        if number >= _WARM:
            times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == page.status, f"{page.name}: {answer.status_code} {answer.content[:500]!r}"
    return times, min(_statements(client, page) for _ in range(3))


def _statements(client: Any, page: Page) -> int:
    """Count what one request asks; the state of the proof, asked once in five seconds, comes on top."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get(page.path, headers=page.headers)
    return len(queries)


def _filled(bed: Bed, effort: Effort) -> tuple[Any, Any, UUID]:
    """Give a world with a million open items, an adjuster, and an item with four files which they hold."""
    from portal.accounts.roles import Role
    from reviews.actions import taking as takes
    from reviews.models import Item
    from tests.factories import make_person, open_all

    bed.fresh("pages")
    world, person = staging.world(), make_person("ana", Role.ADJUSTER)
    item, *_ = staging.post(world, effort.amount(50, 5), priority=_FIRST)
    staging.post(world, effort.amount(50, 5), priority=_DEEP)
    takes.take(item, by=person.user)
    open_all(Item.objects.get(pk=item), person)
    count = effort.amount(1_000_000, 5_000)
    taking.load(bed, world, count, priority=_BANDS, minutes="n %% 10007 - 1000", elsewhere="false")
    return world, person, item
