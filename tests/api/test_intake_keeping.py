"""Intake stores an authentic post once, whatever changed since, and keeps what it refused."""

import json

import pytest

from audit import exhibits
from reviews.actions import configuring
from reviews.models import ApiKey, Quarantine, Submission
from tests.api.asking import a_body, deliver, refusal
from tests.factories import SEEDER, World, a_document, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_suspended_flow_is_refused_and_taken_again_once_resumed(world: World) -> None:
    world.post(a_document())
    configuring.suspend_flow(world.flow, by=SEEDER)
    refused = world.post(a_document())
    configuring.resume_flow(world.flow, by=SEEDER)

    assert refusal(refused) == (429, "flow_suspended")
    assert int(refused["Retry-After"]) > 0
    assert world.post(a_document()).status_code == 202


def test_the_same_post_again_is_a_replay(world: World) -> None:
    raw = a_body()

    first, second = (world.post(raw, webhook_id="msg_1") for _ in range(2))

    assert (first.status_code, second.status_code) == (202, 200)
    assert second["Idempotent-Replay"] == "true"
    assert second.json() == first.json()
    assert Submission.objects.count() == 1


def test_another_body_under_an_accepted_id_is_a_conflict(world: World) -> None:
    world.post(a_document(), webhook_id="msg_1")

    answer = world.post(a_document(), webhook_id="msg_1")

    assert refusal(answer) == (409, "idempotency_conflict")
    assert Submission.objects.count() == 1


def test_the_same_id_of_two_flows_is_two_items(world: World) -> None:
    raw, elsewhere = a_body(), make_world()

    answers = [each.post(raw, webhook_id="msg_1") for each in (world, elsewhere)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_replay_is_answered_though_the_flow_was_suspended_since(world: World) -> None:
    raw = a_body()
    first = world.post(raw, webhook_id="msg_1")
    configuring.suspend_flow(world.flow, by=SEEDER)

    again, other = world.post(raw, webhook_id="msg_1"), world.post(a_body(), webhook_id="msg_1")

    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert refusal(other) == (409, "idempotency_conflict")


def test_a_replay_is_answered_though_the_contract_changed_since(world: World) -> None:
    raw = a_body()
    world.post(raw, webhook_id="msg_1")
    configuring.apply_contract(world.flow, {"required": ["evaluations"]}, by=SEEDER)

    assert world.post(raw, webhook_id="msg_1").status_code == 200
    assert refusal(world.post(a_body())) == (422, "contract_violation")
    assert not Quarantine.objects.filter(idempotency_id="msg_1").exists()


def test_a_replay_is_answered_though_the_flow_posts_too_fast() -> None:
    world, raw = make_world(posts_per_minute=1), a_body()
    world.post(raw, webhook_id="msg_1")

    assert world.post(raw, webhook_id="msg_1").status_code == 200


def test_a_contract_that_asks_less_is_in_force_at_once() -> None:
    world = make_world(contract={"required": ["evaluations"]})
    refused = world.post(a_document())
    configuring.apply_contract(world.flow, {}, by=SEEDER)

    assert refusal(refused) == (422, "contract_violation")
    assert world.post(a_document()).status_code == 202


def test_a_refused_body_may_be_corrected_under_its_id(world: World) -> None:
    world.post({"action": {}}, webhook_id="msg_1")

    assert world.post(a_document(), webhook_id="msg_1").status_code == 202


def test_the_quarantine_keeps_the_exact_bytes_and_the_reasons(world: World) -> None:
    raw = b'{ "action":\n {"type": "x"} }'

    world.post(raw, webhook_id="msg_1")

    kept = Quarantine.objects.get(flow=world.flow)
    assert exhibits.open(kept.exhibit_id) == raw
    assert (kept.idempotency_id, kept.code) == ("msg_1", "contract_violation")
    assert "/snapshot" in [error["pointer"] for error in kept.errors]
    assert kept.headers["webhook-id"] == "msg_1"
    assert not Submission.objects.exists()


def test_a_post_that_is_not_authentic_is_not_kept(world: World) -> None:
    deliver(world, b'{"action": {}}', webhook_signature="v1,AAAA")

    assert not Quarantine.objects.exists()


def test_a_revoked_key_is_refused_at_once_even_for_a_replay(world: World) -> None:
    raw = a_body()
    world.post(raw, webhook_id="msg_1")
    configuring.revoke_key(ApiKey.objects.get(flow=world.flow), by=SEEDER)

    assert refusal(world.post(a_document())) == (401, "key_invalid")
    assert refusal(world.post(raw, webhook_id="msg_1")) == (401, "key_invalid")


def test_the_exact_bytes_and_only_allowed_headers_are_stored(world: World) -> None:
    raw = json.dumps(a_document(), indent=3).encode()

    deliver(world, raw, cookie="a=b", x_forwarded_for="1.2.3.4", traceparent="00-1-2-01")

    kept = Submission.objects.get()
    assert exhibits.open(kept.exhibit_id) == raw
    assert set(kept.headers) == {
        "webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "traceparent",
    }  # fmt: skip
    assert kept.traceparent == "00-1-2-01"
    assert world.key not in json.dumps(kept.headers)
