"""The portal's services: what each is started by; in production something else starts them by the same words."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Service:
    """What is started: the words of its command, and what its environment has beside everybody's."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def of_portal(folder: Path, port: int, threads: int, extra: Mapping[str, Mapping[str, str]]) -> list[Service]:
    """Give the portal's own services; in production something else starts them by the same words."""
    celery = (sys.executable, "-m", "celery", "-A", "portal")
    commands: dict[str, tuple[str, ...]] = {
        "web": (
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port",
            str(port), "--workers", "1", "--blocking-threads", str(threads), "--workers-kill-timeout", "5",
            "--no-ws", "--no-access-log", "--log-level", "warning", "portal.wsgi:application",
        ),
        "worker": (
            *celery, "worker", "--pool", "prefork", "--concurrency", "2", "--queues", "intake,deliveries",
            "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
        ),
        "evidence": (
            *celery, "worker", "--pool", "solo", "--queues", "evidence", "--hostname", "evidence@%h",
            "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
        ),
        "beat": (*celery, "beat", "--schedule", str(folder / "beat"), "--pidfile=", "--loglevel", "WARNING"),
        "sequencer": (sys.executable, "manage.py", "sequencer"),
    }  # fmt: skip
    return [Service(name, command, extra.get(name, {})) for name, command in commands.items()]
