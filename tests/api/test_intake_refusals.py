"""Intake refuses each wrong post with one answer, in one order, and keeps what was authentic."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from audit import exhibits
from portal.kit.clock import now
from reviews.actions import configuring
from reviews.models import ApiKey, IntakeQueue, Quarantine, Submission, WebhookSecret
from tests.api.asking import pointers, refusal
from tests.factories import SEEDER, World, a_document, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def body(**changes: Any) -> bytes:
    return json.dumps(a_document(**changes)).encode()


def send(world: World, raw: bytes, content_type: str = "application/json", **headers: str | None) -> Any:
    """Post bytes with the flow's headers, some changed or, with None, left out."""
    given = world.headers(raw) | {name.replace("_", "-"): value for name, value in headers.items()}
    del given["content-type"]
    kept = {name: value for name, value in given.items() if value is not None}
    path = f"/api/v1/flows/{world.flow.slug}/items"
    return Client(raise_request_exception=False).post(path, raw, content_type=content_type, headers=kept)


def test_a_stored_item_is_answered_with_its_id_digest_and_links(world: World) -> None:
    answer = world.post(a_document())

    told = answer.json()
    assert answer.status_code == 202
    assert set(told) == {"id", "state", "digest", "links"}
    assert answer["Location"] == told["links"]["self"]
    assert told["links"]["decision"].endswith(f"/api/v1/items/{told['id']}/decision")
    assert Submission.objects.get().pk.hex == told["id"].replace("-", "")
    assert IntakeQueue.objects.count() == 1


def test_a_body_over_the_bound_is_too_large(world: World, settings: Any) -> None:
    settings.ITEM_BODY_LIMIT = 100

    assert refusal(send(world, body())) == (413, "body_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_a_body_that_is_not_json_is_not_taken(world: World, kind: str) -> None:
    assert refusal(send(world, body(), kind)) == (415, "media_type_unsupported")


def test_a_compressed_body_is_not_taken(world: World) -> None:
    assert refusal(send(world, body(), content_encoding="gzip")) == (415, "media_type_unsupported")


def test_a_body_in_chunks_is_not_mistaken_for_an_empty_one(world: World) -> None:
    path = f"/api/v1/flows/{world.flow.slug}/items"
    extra = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json"}

    assert refusal(Client().generic("POST", path, b"", **extra)) == (411, "length_required")


def test_an_unknown_flow_and_a_wrong_key_get_one_answer(world: World) -> None:
    elsewhere = make_world()
    raw = body()
    wrong_key = send(world, raw, authorization=f"Bearer {elsewhere.key}")
    world.flow.slug = "no-such-flow"
    unknown = send(world, raw)

    assert refusal(wrong_key) == refusal(unknown) == (401, "key_invalid")
    assert wrong_key.json()["detail"] == unknown.json()["detail"]
    assert wrong_key["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("given", [None, "", "Basic abc", "Bearer", "Bearer csk_", "Bearer csk_é", "csk_x"])
def test_a_post_without_a_live_key_is_refused(world: World, given: str | None) -> None:
    assert refusal(send(world, body(), authorization=given)) == (401, "key_invalid")


@pytest.mark.parametrize("name", ["webhook_id", "webhook_timestamp", "webhook_signature"])
def test_a_post_without_a_signature_header_is_not_signed(world: World, name: str) -> None:
    assert refusal(send(world, body(), **{name: None})) == (401, "signature_missing")


def test_a_signature_of_other_bytes_is_invalid(world: World) -> None:
    signed = world.headers(body())

    answer = send(world, body(), webhook_signature=signed["webhook-signature"], webhook_id=signed["webhook-id"])

    assert refusal(answer) == (401, "signature_invalid")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_outside_five_minutes_is_out_of_tolerance(world: World, minutes: int) -> None:
    answer = world.post(a_document(), at=now() + timedelta(minutes=minutes))

    assert refusal(answer) == (401, "timestamp_out_of_tolerance")


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_signature_within_five_minutes_is_taken(world: World, minutes: int) -> None:
    assert world.post(a_document(), at=now() + timedelta(minutes=minutes)).status_code == 202


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b"\xff{}", ""),
        (b'{"a": 1, "a": 2}', "/a"),
        (b'{"a": {"b": NaN}}', "/a/b"),
        (b'{"a": Infinity}', "/a"),
        (b'{"a": 1e999}', "/a"),
        (b'{"a": 9007199254740993}', "/a"),
        (b'{"a": ["\\ud800"]}', "/a/0"),
        (b'{"a": "\\u0000"}', "/a"),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", ""),
    ],
)
def test_json_that_readers_may_understand_differently_is_refused(world: World, raw: bytes, pointer: str) -> None:
    answer = send(world, raw)

    assert refusal(answer) == (400, "json_invalid")
    assert pointers(answer) == [pointer]
    assert not Quarantine.objects.exists()


def test_what_is_missing_is_pointed_at(world: World) -> None:
    document = a_document()
    del document["action"]["title"], document["snapshot"]["output"]

    answer = world.post(document)

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == ["/action/title", "/snapshot/output"]


def test_what_breaks_the_flows_contract_is_pointed_at() -> None:
    schema = {"properties": {"output": {"properties": {"pay": {"type": "string"}}, "required": ["iban"]}}}
    world = make_world(contract=schema)
    document = a_document()
    document["snapshot"]["output"]["pay"] = 5

    answer = world.post(document)

    assert refusal(answer) == (422, "contract_violation")
    assert sorted(pointers(answer)) == ["/snapshot/output/iban", "/snapshot/output/pay"]


def test_floats_in_what_gets_signed_are_pointed_at(world: World) -> None:
    document = a_document()
    document["snapshot"]["output"] = {"rates": [{"a/b~": 0.25}]}

    answer = world.post(document)

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == ["/snapshot/output/rates/0/a~1b~0"]


def test_a_denial_must_say_what_is_at_stake(world: World) -> None:
    document = a_document(action={"effect": "deny"})
    del document["action"]["amount_at_stake"]

    answer = world.post(document)

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == ["/action/amount_at_stake"]


def test_an_attachment_nobody_uploaded_is_unknown(world: World) -> None:
    answer = world.post(a_document(attachments=[{"name": "a.txt", "upload": "upl_1", "sha256": "0" * 64}]))

    assert refusal(answer) == (422, "attachment_unknown")
    assert pointers(answer) == ["/attachments/0/upload"]


def test_the_flood_brake_says_when_to_come_back() -> None:
    world = make_world(posts_per_minute=2)

    with time_machine.travel("2026-11-22T10:00:15Z", tick=False):
        answers = [world.post(a_document()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert refusal(answers[2]) == (429, "flow_rate_limited")
    assert answers[2]["Retry-After"] == "45"


def test_the_daily_cap_says_when_to_come_back() -> None:
    world = make_world(posts_per_day=1)

    with time_machine.travel("2026-11-22T23:00:00Z", tick=False):
        world.post(a_document())
        answer = world.post(a_document())

    assert refusal(answer) == (429, "flow_capped")
    assert answer["Retry-After"] == "3600"


def test_a_suspended_flow_is_refused_and_taken_again_once_resumed(world: World) -> None:
    world.post(a_document())
    configuring.suspend_flow(world.flow, by=SEEDER)
    refused = world.post(a_document())
    configuring.resume_flow(world.flow, by=SEEDER)

    assert refusal(refused) == (429, "flow_suspended")
    assert int(refused["Retry-After"]) > 0
    assert world.post(a_document()).status_code == 202


def test_the_same_post_again_is_a_replay(world: World) -> None:
    raw = body()

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
    raw, elsewhere = body(), make_world()

    answers = [each.post(raw, webhook_id="msg_1") for each in (world, elsewhere)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] != answers[1].json()["id"]


def test_a_replay_is_answered_though_the_flow_was_suspended_since(world: World) -> None:
    raw = body()
    first = world.post(raw, webhook_id="msg_1")
    configuring.suspend_flow(world.flow, by=SEEDER)

    again, other = world.post(raw, webhook_id="msg_1"), world.post(body(), webhook_id="msg_1")

    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert refusal(other) == (409, "idempotency_conflict")


def test_a_replay_is_answered_though_the_contract_changed_since(world: World) -> None:
    raw = body()
    world.post(raw, webhook_id="msg_1")
    configuring.apply_contract(world.flow, {"required": ["evaluations"]}, by=SEEDER)

    assert world.post(raw, webhook_id="msg_1").status_code == 200
    assert refusal(world.post(body())) == (422, "contract_violation")
    assert not Quarantine.objects.filter(idempotency_id="msg_1").exists()


def test_a_replay_is_answered_though_the_flow_posts_too_fast() -> None:
    world, raw = make_world(posts_per_minute=1), body()
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
    send(world, b'{"action": {}}', webhook_signature="v1,AAAA")

    assert not Quarantine.objects.exists()


def test_refusals_come_in_their_order(world: World, settings: Any) -> None:
    """413, 415, 401, 400, conflict, 429, 422: each post below has every later fault too."""
    settings.ITEM_BODY_LIMIT = 2000
    world.post(a_document(), webhook_id="used")
    configuring.suspend_flow(world.flow, by=SEEDER)

    answers = [
        send(world, b"{" * 3000, "text/plain", authorization=None),
        send(world, b"{", "text/plain", authorization=None),
        send(world, b"{", authorization=None),
        send(world, b"{"),
        world.post(b"{}", webhook_id="used"),
        world.post(b"{}"),
    ]

    assert [answer.status_code for answer in answers] == [413, 415, 401, 400, 409, 429]
    assert not Quarantine.objects.exists()


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


def test_a_revoked_key_is_refused_at_once_even_for_a_replay(world: World) -> None:
    raw = body()
    world.post(raw, webhook_id="msg_1")
    configuring.revoke_key(ApiKey.objects.get(flow=world.flow), by=SEEDER)

    assert refusal(world.post(a_document())) == (401, "key_invalid")
    assert refusal(world.post(raw, webhook_id="msg_1")) == (401, "key_invalid")


def test_a_new_key_is_taken_at_once(world: World) -> None:
    world.post(a_document())
    newer = configuring.issue_key(world.flow, by=SEEDER)

    assert send(world, body(), authorization=f"Bearer {newer}").status_code == 202


def test_the_exact_bytes_and_only_allowed_headers_are_stored(world: World) -> None:
    raw = json.dumps(a_document(), indent=3).encode()

    send(world, raw, cookie="a=b", x_forwarded_for="1.2.3.4", traceparent="00-1-2-01")

    kept = Submission.objects.get()
    assert exhibits.open(kept.exhibit_id) == raw
    assert set(kept.headers) == {
        "webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "traceparent",
    }  # fmt: skip
    assert kept.traceparent == "00-1-2-01"
    assert world.key not in json.dumps(kept.headers)


def test_a_flow_that_may_post_unsigned_brings_an_idempotency_key() -> None:
    world, raw = make_world(accepts_unsigned=True), body()
    unsigned = dict.fromkeys(("webhook_id", "webhook_timestamp", "webhook_signature"))

    answers = [send(world, raw, idempotency_key="k1", **unsigned) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 200]
    assert refusal(send(world, raw, **unsigned)) == (400, "idempotency_id_missing")
    assert refusal(send(world, raw, webhook_signature="v1,AAAA")) == (401, "signature_invalid")


@pytest.mark.parametrize(("given", "echoed"), [("run-7.a_b", True), ("two words", False), ("x" * 129, False)])
def test_a_usable_request_id_is_echoed_and_another_is_made(world: World, given: str, echoed: bool) -> None:
    answer = send(world, b"{", x_request_id=given)

    assert (answer["X-Request-ID"] == given) is echoed
    assert refusal(answer) == (400, "json_invalid")


def test_another_method_is_refused_as_a_problem(world: World) -> None:
    answer = Client().put(f"/api/v1/flows/{world.flow.slug}/items")

    assert refusal(answer) == (405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/items/no-uuid", "/api/nothing"])
def test_an_unknown_address_is_a_problem(world: World, path: str) -> None:
    answer = world.get(path)

    assert refusal(answer)[0] in (404, 422)


def test_a_fault_of_ours_tells_nothing_but_the_request_id(world: World, settings: Any) -> None:
    settings.ITEM_BODY_LIMIT = "not a number"

    answer = send(world, body())

    assert refusal(answer) == (500, "internal_error")
    assert b"Traceback" not in answer.content
    assert b"TypeError" not in answer.content
