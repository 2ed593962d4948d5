"""Intake, routing and the web's memory: posts over HTTP against the limit, then their routing against the posts."""

import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from tests.benchmarks import children, limit, posts, staging
from tests.benchmarks.bed import Bed
from tests.benchmarks.children import Child
from tests.benchmarks.figures import Effort, Figure, middle, ratio

CLIENTS = 16
WORKERS = 2
THREADS = 4
_MIB = 1 << 20


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Alternate pgbench, posting and draining; each ratio is of one round."""
    bed.fresh("intake")
    limit.prepare(bed)
    flow = posting(staging.world())
    commits, intake, routing, memory = [], [], [], 0.0
    with (
        _web() as (port, web),
        children.running("posts", 1) as [poster],
        children.running("drains", 2) as workers,
    ):
        poster.ask("connect", port=port, count=CLIENTS)
        _post(poster, flow, 2 * CLIENTS * WORKERS)
        children.ask_all(workers, "warm")
        body = _typical(posts.sample(200))
        for _ in range(effort.rounds):
            seconds = effort.amount(3, 1)
            commits.append(limit.commits_per_second(body, clients=CLIENTS, seconds=seconds))
            intake.append(_post(poster, flow, effort.amount(1200, 100)))
            routing.append(_drain(workers))
            said = f"commits {commits[-1]:.0f}/s, intake {intake[-1]:.0f}/s, routing {routing[-1]:.0f}/s"
            print(said, file=sys.stderr)
        memory = max(child.memory_info().rss for child in psutil.Process(web).children(recursive=True))
    yield Figure("pgbench_commits", middle(commits), "commits/s")
    yield Figure("intake", middle(intake), "items/s")
    yield Figure("intake_ratio", ratio(intake, commits), "ratio", least=0.12)
    yield Figure("routing_ratio", ratio(routing, intake), "ratio", least=1.0)
    yield Figure("web_memory", memory / _MIB, "MiB", most=150)


def posting(world: Any) -> dict[str, str]:
    """Give what the poster needs of a flow."""
    return {"slug": world.flow.slug, "key": world.key, "secret": world.secret}


@contextmanager
def _web() -> Iterator[tuple[int, int]]:
    """Serve the portal; gives port and process id once it answers."""
    from portal.supervisor import free_port

    port = free_port()
    with children.program(
        "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-ws", "--http", "1",
        "--no-access-log", "--log-level", "warning", "portal.wsgi:application",
    ) as process:  # fmt: skip
        _wait_for(port)
        yield port, process.pid


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asking.request("GET", "/healthz")
            if asking.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            asking.close()
    raise RuntimeError("the web did not answer in 30 s")


def _post(poster: Child, flow: dict[str, str], count: int) -> float:
    """Build, then post; gives items per second."""
    poster.ask("build", **flow, count=count)
    return float(count / poster.ask("post"))


def _drain(workers: list[Child]) -> float:
    """Route everything waiting; gives items per second."""
    began = time.perf_counter()
    routed = sum(children.ask_all(workers, "drain"))
    return float(routed / (time.perf_counter() - began))


def _typical(bodies: list[str]) -> str:
    """Give the body whose size is nearest to the mean."""
    mean = sum(map(len, bodies)) / len(bodies)
    return min(bodies, key=lambda body: abs(len(body) - mean))
