"""Intake refuses each wrong post with one answer, in one order."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from reviews.actions import configuring
from reviews.models import IntakeQueue, Quarantine, Submission
from tests.api.asking import a_body, deliver, pointers, refusal
from tests.factories import SEEDER, World, a_document, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


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

    assert refusal(deliver(world, a_body())) == (413, "body_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_a_body_that_is_not_json_is_not_taken(world: World, kind: str) -> None:
    assert refusal(deliver(world, a_body(), kind)) == (415, "media_type_unsupported")


def test_a_compressed_body_is_not_taken(world: World) -> None:
    assert refusal(deliver(world, a_body(), content_encoding="gzip")) == (415, "media_type_unsupported")


def test_a_body_in_chunks_is_not_mistaken_for_an_empty_one(world: World) -> None:
    path = f"/api/v1/flows/{world.flow.slug}/items"
    extra = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json"}

    assert refusal(Client().generic("POST", path, b"", **extra)) == (411, "length_required")


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
    answer = deliver(world, raw)

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


@pytest.mark.parametrize("subject", ["claim/7 ", " claim/7", "claim  7", "claim/\u200b7", "a\u00a07", "claim/7\n", ""])
def test_a_subject_has_one_spelling(world: World, subject: str) -> None:
    answer = world.post(a_document(action={"subject": subject}))

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == ["/action/subject"]


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


def test_refusals_come_in_their_order(world: World, settings: Any) -> None:
    """413, 415, 401, 400, conflict, 429, 422: each post below has every later fault too."""
    settings.ITEM_BODY_LIMIT = 2000
    world.post(a_document(), webhook_id="used")
    configuring.suspend_flow(world.flow, by=SEEDER)

    answers = [
        deliver(world, b"{" * 3000, "text/plain", authorization=None),
        deliver(world, b"{", "text/plain", authorization=None),
        deliver(world, b"{", authorization=None),
        deliver(world, b"{"),
        world.post(b"{}", webhook_id="used"),
        world.post(b"{}"),
    ]

    assert [answer.status_code for answer in answers] == [413, 415, 401, 400, 409, 429]
    assert not Quarantine.objects.exists()


@pytest.mark.parametrize(("given", "echoed"), [("run-7.a_b", True), ("two words", False), ("x" * 129, False)])
def test_a_usable_request_id_is_echoed_and_another_is_made(world: World, given: str, echoed: bool) -> None:
    answer = deliver(world, b"{", x_request_id=given)

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

    answer = deliver(world, a_body())

    assert refusal(answer) == (500, "internal_error")
    assert b"Traceback" not in answer.content
    assert b"TypeError" not in answer.content


def test_a_refused_signature_says_what_to_sign(world: World) -> None:
    raw = a_body()
    signature = world.headers(raw)["webhook-signature"]

    answer = deliver(world, raw, webhook_signature=signature[:-4] + "AAA=")

    assert refusal(answer) == (401, "signature_invalid")
    assert "exact bytes" in answer.json()["detail"]
