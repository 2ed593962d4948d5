"""Whether the process is up, whether it can work, and the keys receipts verify with."""

from functools import lru_cache

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from psycopg_pool import PoolTimeout
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.kit.http import json_answer
from reviews import receipts

HEARTBEAT = "worker-heartbeat"
HEARTBEAT_LIFE = 30


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process is up."""
    return json_answer({"status": "up"})


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker and a live worker are there, else 503 with what is missing."""
    checks = {"database": _database(), "broker": _broker()}
    checks["worker"] = _worker() if checks["broker"] == "ok" else "unknown: the broker does not answer"
    return json_answer(checks, 200 if all(answer == "ok" for answer in checks.values()) else 503)


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:
    """Give the public keys that receipts verify with; executors may keep them for an hour."""
    return json_answer(receipts.key_set(), headers={"Cache-Control": "public, max-age=3600"})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError, PoolTimeout):
        return "does not answer"
    return "ok"


def _broker() -> str:
    try:
        _broker_at(settings.REDIS_URL).ping()
    except redis.RedisError:
        return "does not answer"
    return "ok"


@lru_cache(maxsize=1)
def _broker_at(url: str) -> "redis.Redis":
    once = Retry(NoBackoff(), 0)  # the client's own default waits for seconds
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=once)


def _worker() -> str:
    return "ok" if cache.get(HEARTBEAT) else f"no heartbeat within {HEARTBEAT_LIFE} s"
