"""PostgreSQL and Valkey from their wheels, started under `.run/` when the environment names no servers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded.host import ServersFailed
from portal.embedded.servers import KINDS, Servers

__all__ = ["Servers", "ServersFailed", "running"]

_PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Give the variables the environment lacks; their servers run for as long as the block does."""
    missing = [name for name in KINDS if not os.environ.get(name)]
    if not missing:
        yield {}
        return
    folder = Path(os.environ.get("COUNTERSIGN_RUN_DIR") or _PROJECT / ".run")
    with Servers(folder, missing) as servers:
        yield servers.environment
