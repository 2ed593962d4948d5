"""Visibility: from the moment a flow reads its 202 until the item stands in its queue, services really running."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from tests.benchmarks import children, staging
from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure, percentile
from tests.benchmarks.intake import posting

_PER_SECOND = 50
_PATIENCE = 15.0
_PAUSE = 0.004
# Notes each item of the queue's own statement the first time it is there, the page long enough for all.
_NOTE = """INSERT INTO bench_seen SELECT listed.id, clock_timestamp() FROM ({listed}) listed
 WHERE NOT EXISTS (SELECT FROM bench_seen s WHERE s.id = listed.id)"""


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Post at a steady rate from one child while this process looks at the queue every few milliseconds."""
    from portal.supervisor import supervising

    bed.fresh("visible")
    world = staging.world()
    with (
        supervising(bed.folder / "logs", names=("web", "worker", "beat", "sequencer")) as services,
        children.running("posts", 1) as [poster],
    ):
        poster.ask("connect", port=services.port, count=1)
        _delays(bed, poster, world, _PER_SECOND)
        delays = _delays(bed, poster, world, _PER_SECOND * effort.amount(10, 1))
    print(f"{len(delays)} items, the slowest {max(delays):.0f} ms", file=sys.stderr)
    yield Figure("visible_p50", percentile(delays, 50), "ms", most=100)
    yield Figure("visible_p95", percentile(delays, 95), "ms")


def _delays(bed: Bed, poster: children.Child, world: Any, count: int) -> list[float]:
    """Give for each post the milliseconds from its answer until its item was listed."""
    poster.ask("build", **posting(world), count=count)
    with bed.superuser() as login:
        login.execute("CREATE TEMP TABLE bench_seen (id uuid PRIMARY KEY, at timestamptz NOT NULL)")
        _look(login, world)
        with ThreadPoolExecutor(1) as posting_on:
            answered = posting_on.submit(poster.ask, "steadily", per_second=_PER_SECOND)
            _watch(login, world, count)
        seen = dict(login.execute("SELECT id::text, extract(epoch FROM at)::float8 FROM bench_seen").fetchall())
    return [(seen[item] - at) * 1000 for item, at in answered.result()]


def _watch(login: Any, world: Any, count: int) -> None:
    """Look every few milliseconds until so many new items were listed."""
    left, end = count, time.monotonic() + count / _PER_SECOND + _PATIENCE
    while left > 0:
        left -= _look(login, world)
        if time.monotonic() > end:
            raise RuntimeError(f"{left} of {count} items did not reach their queue")
        time.sleep(_PAUSE)


def _look(login: Any, world: Any) -> int:
    """Note what is listed now; gives how many items were new."""
    from portal.kit.clock import now
    from reviews import worklists

    listed = worklists._SELECT.format(filter="")
    given = {
        "queue": world.queue.pk, "walls": ["ordinary"], "priority": -1, "due": None, "id": UUID(int=0),
        "limit": 10**6, "now": now(),
    }  # fmt: skip
    return int(login.execute(_NOTE.format(listed=listed), given).rowcount)
