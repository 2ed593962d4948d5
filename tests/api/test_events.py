"""CloudEvents 1.0 on the intake address: structured, batched, binary, and the handshake."""

import json
from typing import Any

import pytest
from django.test import Client

from audit import exhibits
from reviews.models import Quarantine, Submission
from tests.api.asking import pointers, refusal
from tests.factories import World, a_document, make_world

pytestmark = pytest.mark.django_db
ONE, MANY = "application/cloudevents+json", "application/cloudevents-batch+json; charset=utf-8"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def bearer() -> World:
    return make_world(accepts_unsigned=True)


def an_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": f"e-{number}", "source": "/claims/gulf", "type": "claim.triaged"}
    return event | {"data": a_document(), "shade": "kept as it is"} | changes


def send(world: World, event: Any, kind: str = ONE, *, signed: bool = True, **headers: str) -> Any:
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    given = world.headers(raw)
    if not signed:
        given = {"authorization": given["authorization"]}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    given.pop("content-type", None)
    return Client().post(f"/api/v1/flows/{world.flow.slug}/items", raw, content_type=kind, headers=given)


def test_a_structured_event_is_an_item_kept_as_it_came(world: World) -> None:
    event = an_event()

    answer = send(world, event)

    kept = Submission.objects.get()
    item = world.get(f"/api/v1/items/{answer.json()['id']}").json()
    assert answer.status_code == 202
    assert json.loads(exhibits.open(kept.exhibit_id)) == event
    assert item["snapshot"] == event["data"]["snapshot"]
    assert "shade" not in item


def test_source_and_id_are_the_idempotency_id(world: World) -> None:
    event = an_event()
    first, again = send(world, event), send(world, event)
    altered = send(world, event | {"shade": "other"})
    elsewhere = send(world, an_event(source="/claims/texas"))

    assert [each.status_code for each in (first, again, elsewhere)] == [202, 200, 202]
    assert again["Idempotent-Replay"] == "true"
    assert refusal(altered) == (409, "idempotency_conflict")


def test_no_two_pairs_of_source_and_id_are_taken_for_one(world: World) -> None:
    answers = [send(world, an_event(source="/a#b", id="c")), send(world, an_event(source="/a", id="b#c"))]

    assert [answer.status_code for answer in answers] == [202, 202]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id": ""}, "/id"),
        ({"source": None}, "/source"),
        ({"source": "two words"}, "/source"),
        ({"type": 1}, "/type"),
        ({"specversion": "0.3"}, "/specversion"),
        ({"data": "text"}, "/data"),
    ],
)
def test_what_is_no_event_is_pointed_at_and_kept(world: World, changes: dict[str, Any], pointer: str) -> None:
    answer = send(world, an_event(**changes))

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == [pointer]
    assert Quarantine.objects.get().errors[0]["pointer"] == pointer


def test_a_batch_of_events_is_answered_one_by_one(world: World) -> None:
    events = [an_event(1), an_event(2, specversion="0.3"), "no event", an_event(3), an_event(1, data=1)]

    answer = send(world, events, MANY)

    results = answer.json()["results"]
    assert answer.status_code == 207
    assert [each["status"] for each in results] == [202, 422, 422, 202, 422]
    assert [each["id"] for each in results] == ["e-1", "e-2", None, "e-3", "e-1"]
    assert Submission.objects.count() == 2


def test_a_batch_of_events_again_is_replays(world: World) -> None:
    events = [an_event(1), an_event(2)]

    answers = [send(world, events, MANY).json()["results"] for _ in range(2)]

    assert [[each["status"] for each in results] for results in answers] == [[202, 202], [200, 200]]
    assert [each["item"] for each in answers[0]] == [each["item"] for each in answers[1]]


def test_an_event_needs_no_other_idempotency_key(bearer: World) -> None:
    event = an_event()

    answers = [send(bearer, event, signed=False) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 200]


def test_a_binary_event_is_taken_with_a_bearer_key_alone(bearer: World) -> None:
    headers = {"ce_id": "1", "ce_source": "/a", "ce_type": "t", "ce_specversion": "1.0", "ce_shade": "kept"}
    raw = json.dumps(a_document()).encode()

    answers = [send(bearer, raw, "application/json", signed=False, **headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 200]
    assert Submission.objects.get().headers["ce-shade"] == "kept"


def test_a_binary_event_is_refused_when_the_post_is_signed(world: World, bearer: World) -> None:
    headers = {"ce_id": "1", "ce_source": "/a", "ce_type": "t", "ce_specversion": "1.0"}

    answers = [send(each, a_document(), "application/json", **headers) for each in (world, bearer)]

    assert [refusal(answer) for answer in answers] == [(415, "binary_mode_refused")] * 2
    assert not Submission.objects.exists()


def test_half_a_binary_event_is_refused(bearer: World) -> None:
    answer = send(bearer, a_document(), "application/json", signed=False, ce_id="1", ce_specversion="1.0")

    assert refusal(answer) == (400, "event_invalid")


def test_the_handshake_is_answered_for_flows_that_take_unsigned_events(bearer: World) -> None:
    path = f"/api/v1/flows/{bearer.flow.slug}/items"

    answer = Client().options(path, headers={"WebHook-Request-Origin": "eventemitter.example.com"})

    assert answer.status_code == 200
    assert answer["WebHook-Allowed-Origin"] == "eventemitter.example.com"
    assert answer["WebHook-Allowed-Rate"] == "6000"
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("slug", ["signed", "no-such-flow"])
def test_the_handshake_says_nothing_about_other_flows(world: World, slug: str) -> None:
    path = f"/api/v1/flows/{world.flow.slug if slug == 'signed' else slug}/items"

    answer = Client().options(path, headers={"WebHook-Request-Origin": "eventemitter.example.com"})

    assert answer.status_code == 200
    assert "WebHook-Allowed-Origin" not in answer
