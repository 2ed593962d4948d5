"""What the doors answer when the database or Valkey is not there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from redis import Redis

from reviews.actions import braking
from reviews.models import Submission
from tests.api.asking import refusal
from tests.factories import a_document, make_world

pytestmark = pytest.mark.django_db(transaction=True)
CLOSED = "redis://127.0.0.1:1/0"


@contextmanager
def database_away() -> Iterator[None]:
    """Point the connection at a closed port for a while."""
    used = connection.settings_dict
    kept = dict(used)
    pool = {"min_size": 0, "max_size": 1, "timeout": 0.3}
    _reconnect(used | {"HOST": "127.0.0.1", "PORT": "1", "OPTIONS": used["OPTIONS"] | {"pool": pool}})
    try:
        yield
    finally:
        _reconnect(kept)


def _reconnect(settings: dict[str, object]) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict.update(settings)


def test_a_post_is_told_to_come_again_while_the_database_is_away() -> None:
    world = make_world()
    world.post(a_document())

    with database_away():
        answer = world.post(a_document())

    assert refusal(answer) == (503, "database_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert b"port" not in answer.content


def test_what_was_not_stored_is_taken_once_the_database_is_back() -> None:
    world, document = make_world(), a_document()
    with database_away():
        away = world.post(document, webhook_id="msg_1")

    again = world.post(document, webhook_id="msg_1")

    assert (away.status_code, again.status_code) == (503, 202)
    assert Submission.objects.filter(idempotency_id="msg_1").count() == 1


def test_reading_is_told_to_come_again_while_the_database_is_away() -> None:
    world = make_world()

    with database_away():
        answer = world.get(f"/api/v1/items/{world.flow.pk}/decision")

    assert refusal(answer) == (503, "database_unavailable")


def test_readyz_names_the_database() -> None:
    with database_away():
        answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] == "does not answer"
    assert answer.json()["broker"] == "ok"


def test_readyz_names_the_broker_without_waiting(settings) -> None:
    settings.REDIS_URL = CLOSED
    began = time.monotonic()

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "does not answer"
    assert answer.json()["worker"].startswith("unknown")
    assert time.monotonic() - began < 1


def test_a_post_is_stored_without_delay_while_valkey_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    retry = braking._client.get_retry()
    monkeypatch.setattr(braking, "_client", Redis.from_url(CLOSED, retry=retry))
    world, began = make_world(posts_per_minute=1), time.monotonic()

    first, second = world.post(a_document()), world.post(a_document())

    assert first.status_code == 202
    assert refusal(second) == (429, "flow_rate_limited")
    assert time.monotonic() - began < 1
