"""Batches: up to 500 items in one signed body, each with its own answer."""

import json
from typing import Any

import pytest
from django.test import Client

from reviews.actions import configuring
from reviews.models import Quarantine, Submission
from tests.api.asking import refusal
from tests.factories import SEEDER, World, a_document, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def send(world: World, document: Any, query: str = "") -> Any:
    raw = json.dumps(document).encode()
    headers = world.headers(raw)
    del headers["content-type"]
    path = f"/api/v1/flows/{world.flow.slug}/items/batch{query}"
    return Client().post(path, raw, content_type="application/json", headers=headers)


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 207
    told: list[dict[str, Any]] = answer.json()["results"]
    return told


def entry(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"b-{number}"} | a_document(**changes)


def test_each_item_of_a_batch_is_an_item(world: World) -> None:
    posted = entry(1)

    (told,) = results(send(world, {"items": [posted]}))

    item = world.get(f"/api/v1/items/{told['item']['id']}").json()
    assert (told["id"], told["status"]) == ("b-1", 202)
    assert set(told["item"]) == {"id", "state", "digest", "links"}
    assert item["snapshot"] == posted["snapshot"]


def test_one_bad_item_never_refuses_the_rest(world: World) -> None:
    items = [entry(1), entry(2, action={"effect": "fly"}), {"no": "id"}, "text", entry(3)]

    told = results(send(world, {"items": items}))

    assert [each["status"] for each in told] == [202, 422, 422, 422, 202]
    assert [each["id"] for each in told] == ["b-1", "b-2", None, None, "b-3"]
    assert told[1]["problem"]["code"] == "contract_violation"
    assert told[1]["problem"]["errors"][0]["pointer"] == "/action/effect"
    assert Quarantine.objects.get().idempotency_id == "b-2"
    assert Submission.objects.count() == 2


def test_items_posted_before_are_replays_inside_a_batch(world: World) -> None:
    items = [entry(1), entry(2)]
    first = results(send(world, {"items": items}))

    again = results(send(world, {"items": [*items, items[0] | {"external_id": "other"}, entry(3)]}))

    assert [each["status"] for each in again] == [200, 200, 409, 202]
    assert [each["item"] for each in again[:2]] == [each["item"] for each in first]


def test_the_same_id_twice_in_a_batch_is_taken_once(world: World) -> None:
    one = entry(1)

    assert [each["status"] for each in results(send(world, {"items": [one, one, entry(1)]}))] == [202, 200, 409]


def test_an_item_over_the_bound_of_one_post_is_refused_alone(world: World, settings: Any) -> None:
    settings.ITEM_BODY_LIMIT = 2000

    told = results(send(world, {"items": [entry(1, metadata={"long": "x" * 3000}), entry(2)]}))

    assert [each["status"] for each in told] == [413, 202]


def test_a_suspended_flow_refuses_each_item(world: World) -> None:
    configuring.suspend_flow(world.flow, by=SEEDER)

    (told,) = results(send(world, {"items": [entry(1)]}))

    assert (told["status"], told["problem"]["code"]) == (429, "flow_suspended")


@pytest.mark.parametrize("items", [[], None, {}, "text", [{}] * 501])
def test_a_batch_holds_one_to_five_hundred_items(world: World, items: Any) -> None:
    assert refusal(send(world, {"items": items})) == (422, "batch_invalid")
    assert not Submission.objects.exists()


def test_a_batch_of_five_hundred_is_taken(world: World) -> None:
    told = results(send(world, {"items": [{}] * 500}))

    assert len(told) == 500


def test_a_batch_is_never_rehearsed_by_storing_it(world: World) -> None:
    assert refusal(send(world, {"items": [entry(1)]}, "?dry_run=true")) == (422, "batch_invalid")
    assert not Submission.objects.exists()


def test_a_batch_is_authentic_or_refused_whole(world: World) -> None:
    raw = json.dumps({"items": [entry(1)]}).encode()
    headers = world.headers(raw) | {"webhook-signature": "v1,AAAA"}
    del headers["content-type"]
    path = f"/api/v1/flows/{world.flow.slug}/items/batch"

    answer = Client().post(path, raw, content_type="application/json", headers=headers)

    assert refusal(answer) == (401, "signature_invalid")
