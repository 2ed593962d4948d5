"""Reading: the item from the moment of its 202, the decision once it is sealed, lists page by page."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.test import Client

from audit.sealing import sequencer
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import configuring, returning, routing
from reviews.models import ApiKey
from reviews.words import Verdict
from tests.api.asking import decide, decision, refusal
from tests.factories import SEEDER, World, a_document, make_item, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def listed(world: World, **asked: Any) -> dict[str, Any]:
    answer = world.get(f"/api/v1/items?{urlencode(asked)}")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


def post(world: World, **changes: Any) -> str:
    return str(world.post(a_document(**changes)).json()["id"])


def test_an_item_reads_as_received_from_the_moment_of_the_202(world: World) -> None:
    document = a_document(tenant="retail-gulf")
    posted = world.post(document).json()

    told = world.get(f"/api/v1/items/{posted['id']}").json()

    assert told | document == told
    assert (told["state"], told["queue"], told["digest"]) == ("received", None, posted["digest"])
    assert told["links"] == posted["links"]


def test_a_routed_item_reads_with_its_queue_plan_and_reasons(world: World) -> None:
    document = a_document()
    posted = world.post(document).json()
    routing.route_now(ItemId(posted["id"]))

    told = world.get(f"/api/v1/items/{posted['id']}").json()

    assert told | document == told
    assert (told["state"], told["queue"], told["digest"]) == ("in_review", world.queue.slug, posted["digest"])
    assert told["policy"]["rule"] == "small"
    assert told["policy"]["reasons"][0]["sentence"] == "Small payouts need one adjuster."
    (slot,) = told["sign_off"]
    assert (slot["role"], slot["meaning"], slot["signed"], slot["open"]) == ("adjuster", "Approval", False, True)
    assert told["due_at"] > told["received_at"]


@pytest.mark.parametrize("rest", ["", "/decision", "/proof"])
def test_an_item_of_another_flow_is_not_there(world: World, rest: str) -> None:
    elsewhere, waiting, routed = make_world(), post(world), make_item(world)

    assert refusal(elsewhere.get(f"/api/v1/items/{waiting}{rest}")) == (404, "not_found")
    assert refusal(elsewhere.get(f"/api/v1/items/{routed.pk}{rest}")) == (404, "not_found")
    assert refusal(world.get(f"/api/v1/items/{world.flow.pk}{rest}")) == (404, "not_found")


def test_reading_needs_a_live_key(world: World) -> None:
    path = f"/api/v1/items/{post(world)}"
    configuring.revoke_key(ApiKey.objects.get(flow=world.flow), by=SEEDER)

    assert refusal(world.get(path)) == (401, "key_invalid")
    assert refusal(Client().get(path)) == (401, "key_invalid")


@pytest.mark.parametrize("routed", [False, True])
def test_there_is_no_decision_yet_and_a_time_to_ask_again(world: World, routed: bool) -> None:
    item = make_item(world).pk if routed else post(world)

    answer = world.get(f"/api/v1/items/{item}/decision")

    assert answer.status_code == 202
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["id"] == str(item)


def test_a_decision_reads_with_everything_an_executor_needs(world: World) -> None:
    item = decide(world)

    told = decision(world, item)

    assert (told["outcome"], told["basis"], told["revision"]) == ("approved", "signatures", 1)
    assert told["output"] == told["act"]["output"] == {"pay": "500.00"}
    assert told["policy"] == {"name": item.policy_version.policy.name, "version": 1, "rule": "small"}
    assert [each["verdict"] for each in told["signatures"]] == ["approve"]
    assert told["ledger"]["leaf"].startswith("sha256:")
    assert told["receipt"].count(".") == 2


def test_a_rejection_reads_with_its_reason(world: World) -> None:
    told = decision(world, decide(world, Verdict.REJECT))

    assert told["outcome"] == "rejected"
    assert told["signatures"][0]["reason"] == "The photos show another house."


def test_a_cancelled_item_has_an_outcome_once_it_is_sealed(world: World) -> None:
    item = make_item(world)
    returning.cancel(ItemId(item.pk), "posted twice", by=ApiKey.objects.get(flow=world.flow))
    unsealed = world.get(f"/api/v1/items/{item.pk}/decision")
    sequencer.seal_once()

    told = decision(world, item)

    assert unsealed.status_code == 202
    assert told["outcome"] == "cancelled"
    assert "receipt" not in told


def test_an_expired_item_has_an_outcome_and_is_not_called_rejected(world: World) -> None:
    item = make_item(world, expires_at=(now() + timedelta(minutes=1)).isoformat())
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert returning.expire_due() == 1
    with time_machine.travel(now() + timedelta(minutes=3)):
        sequencer.seal_once()

    assert decision(world, item)["outcome"] == "expired"


def test_a_receipt_names_no_executor_the_flow_did_not_register(world: World) -> None:
    path = f"/api/v1/items/{decide(world).pk}/decision?audience="

    assert refusal(world.get(path + "wire-room")) == (422, "audience_unknown")
    assert world.get(path + "claims-core").status_code == 200


def test_the_list_is_newest_first_without_snapshots(world: World) -> None:
    first, second, third = make_item(world), make_item(world), post(world)
    make_item(make_world())

    page = listed(world)

    assert ids(page) == [third, str(second.pk), str(first.pk)]
    assert [item["state"] for item in page["items"]] == ["received", "in_review", "in_review"]
    assert page["next"] is None
    one = world.get(f"/api/v1/items/{first.pk}").json()
    del one["snapshot"]
    assert page["items"][2] == one


def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    posted = [str(make_item(world).pk) for _ in range(3)] + [post(world) for _ in range(2)]
    found, page = [], listed(world, limit=2)
    while True:
        found += ids(page)
        post(world)  # what arrives meanwhile does not shift the pages
        if page["next"] is None:
            break
        page = listed(world, limit=2, cursor=page["next"])

    assert found == posted[::-1]


def test_items_are_found_by_what_the_flow_knows_of_them(world: World) -> None:
    waiting = post(world, external_id="A", tenant="gulf")
    routed = str(make_item(world, external_id="A", tenant="texas").pk)
    make_item(world, external_id="B", tenant="gulf")

    assert ids(listed(world, external_id="A")) == [routed, waiting]
    assert ids(listed(world, external_id="A", tenant="gulf")) == [waiting]
    assert ids(listed(world, external_id="A", state="in_review")) == [routed]
    assert ids(listed(world, state="received")) == [waiting]
    assert ids(listed(world, state="approved")) == []


def test_items_are_found_by_the_time_they_came(world: World) -> None:
    make_item(world)
    after = listed(world)["items"][0]["received_at"]
    later = [str(make_item(world).pk), post(world)]

    assert ids(listed(world, created_after=after)) == later[::-1]


def test_a_list_holds_only_the_callers_flow(world: World) -> None:
    make_item(world)
    elsewhere = make_world()

    assert ids(listed(elsewhere)) == []
    assert len(ids(listed(world, flow=world.flow.slug))) == 1
    assert refusal(elsewhere.get(f"/api/v1/items?flow={world.flow.slug}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("limit=0", "request_invalid"),
        ("limit=201", "request_invalid"),
        ("state=sleeping", "request_invalid"),
        ("created_after=2026-11-22T10:00:00", "request_invalid"),
        ("external_id=%00", "request_invalid"),
        ("cursor=x", "cursor_invalid"),
        ("cursor=W10=", "cursor_invalid"),
        (f"cursor={quote('WyJhIiwgImIiXQ==')}", "cursor_invalid"),
    ],
)
def test_a_list_nobody_can_give_is_refused(world: World, asked: str, code: str) -> None:
    answer = world.get(f"/api/v1/items?{asked}")

    assert refusal(answer) == (422, code)
    assert json.loads(answer.content)["detail"]


def test_get_changes_nothing(world: World) -> None:
    waiting = post(world)

    for rest in ("", "/decision", "/proof"):
        world.get(f"/api/v1/items/{waiting}{rest}")
    listed(world)

    assert world.get(f"/api/v1/items/{waiting}").json()["state"] == "received"
