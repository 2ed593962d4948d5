"""Intake takes posts only from whom the flow's live keys and secrets prove."""

from datetime import timedelta

import pytest

from portal.kit.clock import now
from reviews.actions import configuring
from reviews.models import WebhookSecret
from tests.api.asking import a_body, deliver, refusal
from tests.factories import SEEDER, World, a_document, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_an_unknown_flow_and_a_wrong_key_get_one_answer(world: World) -> None:
    elsewhere = make_world()
    raw = a_body()
    wrong_key = deliver(world, raw, authorization=f"Bearer {elsewhere.key}")
    world.flow.slug = "no-such-flow"
    unknown = deliver(world, raw)

    assert refusal(wrong_key) == refusal(unknown) == (401, "key_invalid")
    assert wrong_key.json()["detail"] == unknown.json()["detail"]
    assert wrong_key["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("given", [None, "", "Basic abc", "Bearer", "Bearer csk_", "Bearer csk_é", "csk_x"])
def test_a_post_without_a_live_key_is_refused(world: World, given: str | None) -> None:
    assert refusal(deliver(world, a_body(), authorization=given)) == (401, "key_invalid")


@pytest.mark.parametrize("name", ["webhook_id", "webhook_timestamp", "webhook_signature"])
def test_a_post_without_a_signature_header_is_not_signed(world: World, name: str) -> None:
    assert refusal(deliver(world, a_body(), **{name: None})) == (401, "signature_missing")


def test_a_signature_of_other_bytes_is_invalid(world: World) -> None:
    signed = world.headers(a_body())

    answer = deliver(world, a_body(), webhook_signature=signed["webhook-signature"], webhook_id=signed["webhook-id"])

    assert refusal(answer) == (401, "signature_invalid")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_outside_five_minutes_is_out_of_tolerance(world: World, minutes: int) -> None:
    answer = world.post(a_document(), at=now() + timedelta(minutes=minutes))

    assert refusal(answer) == (401, "timestamp_out_of_tolerance")


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_signature_within_five_minutes_is_taken(world: World, minutes: int) -> None:
    assert world.post(a_document(), at=now() + timedelta(minutes=minutes)).status_code == 202


def test_either_of_two_live_secrets_signs(world: World) -> None:
    world.post(a_document())
    newer = configuring.issue_secret(world.flow, by=SEEDER)
    rotated = World(world.flow, world.key, newer, world.queue, world.exceptions)

    assert [each.post(a_document()).status_code for each in (world, rotated)] == [202, 202]


def test_a_retired_secret_signs_nothing_from_the_next_post_on(world: World) -> None:
    world.post(a_document())
    configuring.issue_secret(world.flow, by=SEEDER)
    configuring.retire_secret(WebhookSecret.objects.filter(flow=world.flow).earliest("created_at"), by=SEEDER)

    assert refusal(world.post(a_document())) == (401, "signature_invalid")


def test_a_new_key_is_taken_at_once(world: World) -> None:
    world.post(a_document())
    newer = configuring.issue_key(world.flow, by=SEEDER)

    assert deliver(world, a_body(), authorization=f"Bearer {newer}").status_code == 202


def test_a_flow_that_may_post_unsigned_brings_an_idempotency_key() -> None:
    world, raw = make_world(accepts_unsigned=True), a_body()
    unsigned = dict.fromkeys(("webhook_id", "webhook_timestamp", "webhook_signature"))

    answers = [deliver(world, raw, idempotency_key="k1", **unsigned) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 200]
    assert refusal(deliver(world, raw, **unsigned)) == (400, "idempotency_id_missing")
    assert refusal(deliver(world, raw, webhook_signature="v1,AAAA")) == (401, "signature_invalid")
