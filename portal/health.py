"""Whether the process is up, whether it can work, and the keys receipts verify with."""

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

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
    checks = {"database": _database(), "broker": _broker(), "worker": _worker()}
    return json_answer(checks, 200 if all(answer == "ok" for answer in checks.values()) else 503)


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:
    """Give the public keys that receipts verify with; executors may keep them for an hour."""
    return json_answer(receipts.key_set(), headers={"Cache-Control": "public, max-age=3600"})


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError:
        return "does not answer"
    return "ok"


def _worker() -> str:
    try:
        return "ok" if cache.get(HEARTBEAT) else "no heartbeat within 30 s"
    except redis.RedisError:
        return "unknown: the broker does not answer"
