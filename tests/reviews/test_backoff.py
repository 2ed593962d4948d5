"""Failed deliveries are tried again on a jittered schedule that ends."""

import random
from datetime import timedelta

import pytest

from reviews import backoff

CHANCE = random.Random(7)
PROMISED = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]


@pytest.mark.parametrize(("attempts", "seconds"), list(enumerate(PROMISED)))
def test_every_step_stays_within_a_tenth_of_the_promise(attempts, seconds):
    waits = [backoff.next_delay(attempts, chance=CHANCE).total_seconds() for _ in range(200)]

    assert seconds * 0.9 <= min(waits) <= max(waits) <= seconds * 1.1
    assert len(set(waits)) > 100 or seconds == 0


@pytest.mark.parametrize("attempts", [10, 11, 500])
def test_after_ten_attempts_the_schedule_is_exhausted(attempts):
    assert backoff.next_delay(attempts, 60, chance=CHANCE) is None


def test_a_longer_wish_of_the_receiver_lengthens_the_step():
    assert backoff.next_delay(1, 120, chance=CHANCE) == timedelta(seconds=120)


def test_a_shorter_wish_changes_nothing():
    assert backoff.next_delay(3, 1, chance=CHANCE) >= timedelta(minutes=27)


@pytest.mark.parametrize("wish", [86_401, 10**9, 10**30])
def test_no_wish_is_longer_than_a_day(wish):
    assert backoff.next_delay(1, wish, chance=CHANCE) == timedelta(hours=24)


def test_the_same_chance_gives_the_same_wait():
    one, other = (backoff.next_delay(4, chance=random.Random(1)) for _ in range(2))

    assert one == other
