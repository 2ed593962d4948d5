"""Many threads post at once: each id is stored once, and nobody goes without an answer."""

import json
from collections import Counter

import pytest
import time_machine

from reviews.models import IntakeQueue, Submission
from tests.api.asking import at_once
from tests.factories import a_document, make_world

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def test_the_same_ten_posts_from_eight_threads_are_ten_items() -> None:
    world = make_world()
    bodies = {f"msg_{n}": json.dumps(a_document()).encode() for n in range(10)}
    posts = [f"msg_{n % 10}" for n in range(THREADS * 30)]

    answers = at_once(THREADS, lambda key: world.post(bodies[key], webhook_id=key), posts)

    assert Counter(answer.status_code for answer in answers) == {202: 10, 200: THREADS * 30 - 10}
    told = {(key, answer.json()["id"], answer.json()["digest"]) for key, answer in zip(posts, answers, strict=True)}
    assert len(told) == 10
    assert Submission.objects.count() == IntakeQueue.objects.count() == 10


def test_of_different_bodies_under_one_id_exactly_one_is_taken() -> None:
    world = make_world()
    world.post(a_document())
    bodies = [json.dumps(a_document()).encode() for _ in range(THREADS)]

    answers = at_once(THREADS, lambda raw: world.post(raw, webhook_id="msg_1"), bodies)

    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: THREADS - 1}
    taken = next(answer.json()["id"] for answer in answers if answer.status_code == 202)
    assert str(Submission.objects.get(idempotency_id="msg_1").pk) == taken


def test_the_flood_brake_lets_exactly_its_number_through() -> None:
    world = make_world(posts_per_minute=20)

    with time_machine.travel("2026-11-22T10:00:15Z", tick=False):
        answers = at_once(THREADS, lambda _: world.post(a_document()), range(40))

    assert Counter(answer.status_code for answer in answers) == {202: 20, 429: 20}
