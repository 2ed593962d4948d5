"""When a delivery that failed is tried again."""

import random
from datetime import timedelta

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_WISH = timedelta(hours=24)
JITTER = 0.1


def next_delay(attempt_number: int, retry_after: int | None = None, *, chance: random.Random) -> timedelta | None:
    """Give the wait after this many attempts (0: none yet), or None when the schedule is exhausted."""
    if attempt_number >= len(SCHEDULE):
        return None
    step = SCHEDULE[attempt_number] * chance.uniform(1 - JITTER, 1 + JITTER)
    wish = min(timedelta(seconds=min(retry_after or 0, 10**9)), LONGEST_WISH)
    return max(step, wish)
