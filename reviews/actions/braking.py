"""Braking: a flow's flood brake and daily cap, counted in Valkey; exact near the limit, cheap far from it."""

import logging
import threading
import time
from dataclasses import dataclass
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.kit.problems import Problem
from reviews.actions.admitting import Gate

log = logging.getLogger(__name__)

_SYNC_EVERY = 0.25
_EXACT_WITHIN = 200
_lock = threading.Lock()
_tallies: dict[tuple[UUID, str], "_Tally"] = {}
_client = redis.Redis.from_url(
    settings.REDIS_URL,
    socket_timeout=0.5,
    socket_connect_timeout=0.5,
    retry=Retry(NoBackoff(), 1),  # the client's own default waits for seconds, and every post with it
)


class FlowRateLimited(Problem):
    """More posts in this minute than the flow's flood brake lets through."""

    code = "flow_rate_limited"
    status = 429
    title = "The flow posts too fast"


class FlowSuspended(Problem):
    """The flow's kill switch is pulled."""

    code = "flow_suspended"
    status = 429
    title = "The flow is suspended"


class FlowCapped(Problem):
    """The flow's daily cap is reached."""

    code = "flow_capped"
    status = 429
    title = "The flow reached its cap for today"


@dataclass(slots=True)
class _Tally:
    window: int
    total: int = 0
    unsent: int = 0
    synced: float = 0.0


def insist(gate: Gate, *, posts: int = 1) -> None:
    """Count posts of the flow, none when asking again. Raises FlowSuspended, FlowRateLimited or FlowCapped."""
    if gate.suspended:
        raise FlowSuspended("The flow is suspended. Ask its owner before posting again.", retry_after=300)
    moment = int(time.time())
    if _over(gate.posts_per_minute, gate.flow_id, "minute", 60, moment, posts):
        raise FlowRateLimited("Slow down and post again.", retry_after=60 - moment % 60)
    if _over(gate.posts_per_day, gate.flow_id, "day", 86400, moment, posts):
        wait = 86400 - moment % 86400
        raise FlowCapped("The daily cap of this flow is reached; its owner can raise it.", retry_after=wait)


def _over(limit: int, flow_id: UUID, unit: str, seconds: int, moment: int, posts: int) -> bool:
    window = moment // seconds
    with _lock:
        tally = _tallies.get((flow_id, unit))
        if tally is None or tally.window != window:
            tally = _tallies[flow_id, unit] = _Tally(window)
        tally.unsent += posts
        far = limit - tally.total - tally.unsent > _EXACT_WITHIN
        if far and time.monotonic() - tally.synced < _SYNC_EVERY:
            return False
        sent, tally.unsent, tally.synced = tally.unsent, 0, time.monotonic()
    prefix = settings.CACHES["default"]["KEY_PREFIX"]
    total = _add(f"{prefix}:brake:{unit}:{flow_id}:{window}", sent, seconds * 2)
    with _lock:
        mine = tally.total + sent if total is None else total
        tally.total = max(tally.total, mine)  # others may have been told a later count meanwhile
        return mine > limit


def _add(name: str, amount: int, expire: int) -> int | None:
    """Add to the shared counter; None without Valkey, when each process counts for itself."""
    try:
        counting = _client.pipeline(transaction=False)
        counting.incrby(name, amount)
        counting.expire(name, expire)
        total, _ = counting.execute()
    except redis.RedisError:
        log.warning("the flood brake counts for this process alone: Valkey does not answer")
        return None
    return int(total)
