"""Waiting for a decision: woken at once, never for ever, and never by starving the others."""

import threading
import time
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from audit.sealing import sequencer
from portal.accounts.roles import Role
from reviews.api import waiting
from tests.api.asking import decide
from tests.factories import World, make_item, make_person, make_world, sign, take

pytestmark = pytest.mark.django_db
threaded = pytest.mark.django_db(transaction=True)


class Waiter(threading.Thread):
    """Asks for a decision and remembers the answer and how long it took."""

    def __init__(self, world: World, item: Any, wait: int = 20) -> None:
        super().__init__(daemon=True)
        self.world, self.path = world, f"/api/v1/items/{item.pk}/decision?wait={wait}"
        self.start()

    def run(self) -> None:
        self.answer = self.world.get(self.path)
        self.answered = time.monotonic()
        connections.close_all()

    def after(self, moment: float) -> float:
        self.join(15)
        assert not self.is_alive()
        return self.answered - moment


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def undecided(world: World) -> Any:
    """Give an item whose only signature is one call away."""
    ana, item = make_person("ana", Role.ADJUSTER), make_item(world)
    take(item, ana)
    item.sign_it = lambda: sign(item, ana)
    return item


@threaded
def test_a_waiter_is_woken_when_the_decision_is_sealed(
    world: World, undecided: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_CATCH_UP", 10)  # only the message can wake in time
    waiter = Waiter(world, undecided)
    undecided.sign_it()
    time.sleep(0.2)
    sealed = time.monotonic()
    sequencer.seal_once()

    assert waiter.after(sealed) < 1
    assert waiter.answer.json()["outcome"] == "approved"


@threaded
def test_a_signature_that_is_not_sealed_wakes_nobody(world: World, undecided: Any) -> None:
    waiter, began = Waiter(world, undecided, wait=2), time.monotonic()
    undecided.sign_it()

    assert waiter.after(began) > 1.9
    assert waiter.answer.status_code == 202


def test_a_decision_that_is_there_is_told_at_once(world: World) -> None:
    item, began = decide(world), time.monotonic()

    answer = world.get(f"/api/v1/items/{item.pk}/decision?wait=20")

    assert answer.status_code == 200
    assert time.monotonic() - began < 1


def test_the_wait_ends_after_the_seconds_asked_for(world: World, undecided: Any) -> None:
    began = time.monotonic()

    answer = world.get(f"/api/v1/items/{undecided.pk}/decision?wait=1")

    assert answer.status_code == 202
    assert 0.9 < time.monotonic() - began < 2


def test_prefer_asks_for_a_wait_too(world: World, undecided: Any) -> None:
    began = time.monotonic()
    headers = {"authorization": f"Bearer {world.key}", "prefer": "respond-async, wait=1"}

    answer = Client().get(f"/api/v1/items/{undecided.pk}/decision", headers=headers)

    assert answer.status_code == 202
    assert time.monotonic() - began > 0.9


def test_no_wait_is_longer_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, began = waiting.LONGEST, time.monotonic()
    monkeypatch.setattr(waiting, "LONGEST", 0.3)

    found = waiting.wait_for(lambda: None, 9999)

    assert (bound, found) == (60, None)
    assert time.monotonic() - began < 1


@threaded
def test_beyond_the_bound_of_waiters_the_answer_comes_at_once(world: World, undecided: Any, settings: Any) -> None:
    first = [Waiter(world, undecided, wait=2) for _ in range(settings.WAITERS)]
    time.sleep(0.5)
    began = time.monotonic()

    answer = world.get(f"/api/v1/items/{undecided.pk}/decision?wait=20")

    assert answer.status_code == 202
    assert answer["Retry-After"]
    assert time.monotonic() - began < 0.5
    assert [waiter.after(began) > 1 for waiter in first] == [True] * settings.WAITERS


def test_a_waiter_looks_about_once_a_second() -> None:
    looks: list[float] = []

    waiting.wait_for(lambda: looks.append(time.monotonic()), 1.5)

    assert 2 <= len(looks) <= 5


def test_a_waiter_gives_its_seat_back(world: World, undecided: Any, settings: Any) -> None:
    for _ in range(settings.WAITERS + 1):
        waiting.wait_for(lambda: None, 0.01)
    began = time.monotonic()

    world.get(f"/api/v1/items/{undecided.pk}/decision?wait=1")

    assert time.monotonic() - began > 0.9


@threaded
def test_a_lost_message_costs_a_second_and_no_more(world: World, undecided: Any, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # the sequencer cannot publish
    waiter = Waiter(world, undecided)
    undecided.sign_it()
    time.sleep(0.2)
    sealed = time.monotonic()
    sequencer.seal_once()

    assert waiter.after(sealed) < 1.5
    assert waiter.answer.status_code == 200


@threaded
def test_a_waiter_keeps_no_connection_from_those_who_work(world: World, undecided: Any) -> None:
    waiter = Waiter(world, undecided, wait=2)
    time.sleep(0.5)
    pool = connection.pool  # type: ignore[attr-defined]
    lent = pool.get_stats()["pool_size"] - pool.get_stats()["pool_available"]

    assert lent == 1  # this test's own
    waiter.after(0)
