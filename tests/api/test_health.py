"""Whether the process is up, whether it can work, and the keys receipts verify with."""

import json
import os

import pytest
from django.core.cache import cache
from django.test import Client
from joserfc import jws
from joserfc.jwk import KeySet

from portal.health import HEARTBEAT
from portal.tasks import heartbeat
from tests.api.asking import decide, decision
from tests.factories import make_world

pytestmark = pytest.mark.django_db


def test_healthz_answers_as_long_as_the_process_is_up(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "up"})


def test_readyz_answers_200_when_everything_is_there() -> None:
    heartbeat()

    answer = Client().get("/readyz")

    assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})


def test_readyz_names_the_worker_that_is_missing() -> None:
    cache.delete(HEARTBEAT)

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "broker": "ok", "worker": "no heartbeat within 30 s"}


def test_a_receipt_verifies_with_the_published_keys_alone() -> None:
    world = make_world()
    receipt = decision(world, decide(world))["receipt"]

    answer = Client().get("/.well-known/jwks.json")

    opened = jws.deserialize_compact(receipt, KeySet.import_key_set(answer.json()), algorithms=["EdDSA"])
    assert json.loads(opened.payload)["dec"] == "approved"
    assert opened.headers()["typ"] == "countersign-receipt+jwt"
    assert answer["Cache-Control"] == "public, max-age=3600"


def test_no_private_half_is_published() -> None:
    decide(make_world())

    (key,) = Client().get("/.well-known/jwks.json").json()["keys"]

    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}


def test_no_two_test_processes_hear_each_others_heartbeats(settings) -> None:
    assert cache.key_prefix == settings.CACHES["default"]["KEY_PREFIX"] == f"countersign_test_{os.getpid()}"
