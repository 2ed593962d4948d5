"""Checks of Valkey or Redis, and of who lives behind it: a worker and beat."""

import redis
from django.conf import settings
from django.core.cache import cache

from portal.celery import app
from portal.doctor.findings import Check, Finding, fail, ok
from portal.health import HEARTBEAT, HEARTBEAT_LIFE

OLDEST = {"redis": 7, "valkey": 8}
ANSWER_WITHIN = 1.5


def broker() -> Finding:
    """Ask whether the broker answers and is one we support."""
    try:
        said = _info("server")
    except redis.RedisError as trouble:
        return fail(f"The broker does not answer ({type(trouble).__name__}).", "Look at REDIS_URL and the server.")
    kind = "valkey" if "valkey_version" in said else "redis"
    version = str(said[f"{kind}_version"])
    if int(version.split(".")[0]) < OLDEST[kind]:
        return fail(f"{kind.capitalize()} {version} is not supported.", "Use Valkey 8 or Redis 7, or newer.")
    return ok(f"{kind.capitalize()} {version} answers.")


def eviction() -> Finding:
    """Ask whether the broker would rather refuse than forget."""
    policy = _info("memory").get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return fail(
            f"The broker forgets keys when its memory is full (maxmemory-policy {policy}).",
            "Set maxmemory-policy noeviction: forgotten marks would let one-time codes be used again.",
        )
    return ok("The broker never forgets keys by itself.")


def worker() -> Finding:
    """Ask whether a worker lives."""
    if cache.get(HEARTBEAT) or _answering():
        return ok("A worker lives.")
    return fail(
        "No worker answers, so nothing is routed or delivered.", "Start one; docs/operating.md has its command."
    )


def beat() -> Finding:
    """Ask whether beat lives: a worker's heartbeat comes at beat's word, every ten seconds."""
    if cache.get(HEARTBEAT):
        return ok("Beat lives.")
    if not _answering():
        return fail("Nothing is known of beat while no worker lives.", "Start a worker first, then look again.")
    return fail(
        f"A worker lives, but beat asked nothing of it for {HEARTBEAT_LIFE} s: deadlines pass unseen.",
        "Start beat, exactly one; docs/operating.md has its command.",
    )


def _answering() -> bool:
    return bool(app.control.ping(timeout=ANSWER_WITHIN))


def _info(section: str) -> dict[str, object]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        return dict(client.info(section))
    finally:
        client.close()


CHECKS: tuple[Check, ...] = (broker, eviction, worker, beat)
