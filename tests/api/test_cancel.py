"""A flow takes its item back, only before the decision."""

from typing import Any

import pytest

from audit import ledger
from audit.sealing import sequencer
from portal.accounts.roles import Role
from reviews.models import Item, Lease
from tests.api.asking import decide, decision, refusal, send
from tests.factories import World, a_document, make_item, make_person, make_world, story, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def cancel(world: World, item: Any, body: Any = None) -> Any:
    return send(world, f"/api/v1/items/{item}/cancel", {"reason": "posted twice"} if body is None else body)


def test_an_open_item_is_cancelled_with_its_reason(world: World) -> None:
    item = make_item(world)

    answer = cancel(world, item.pk)

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert story(item) == ["item.received", "item.cancelled"]
    assert ledger.story(item.pk)[-1].personal["reason"] == "posted twice"


def test_an_item_nobody_routed_yet_is_routed_and_cancelled(world: World) -> None:
    item = world.post(a_document()).json()["id"]

    answer = cancel(world, item)

    assert answer.json()["state"] == "cancelled"
    assert story(Item.objects.get(pk=item)) == ["item.received", "item.cancelled"]


def test_whoever_held_the_item_lets_go(world: World) -> None:
    item = make_item(world)
    take(item, make_person("ana", Role.ADJUSTER))

    cancel(world, item.pk)

    assert not Lease.objects.filter(item=item).exists()


def test_a_decided_item_is_not_cancelled(world: World) -> None:
    item = decide(world)

    assert refusal(cancel(world, item.pk)) == (409, "already_decided")
    assert decision(world, item)["outcome"] == "approved"


def test_a_cancelled_item_is_not_cancelled_twice(world: World) -> None:
    item = make_item(world)
    cancel(world, item.pk)
    sequencer.seal_once()

    assert refusal(cancel(world, item.pk)) == (409, "already_decided")
    assert decision(world, item)["outcome"] == "cancelled"


def test_another_flow_cancels_nothing(world: World) -> None:
    item = make_item(world)

    assert refusal(cancel(make_world(), item.pk)) == (404, "not_found")
    assert story(item) == ["item.received"]


@pytest.mark.parametrize(
    ("body", "status"), [({}, 200), ({"reason": "x" * 2001}, 422), ({"reason": 1}, 422), (b'{"reason":"\\ud800"}', 400)]
)
def test_a_reason_is_a_text_of_some_length(world: World, body: Any, status: int) -> None:
    assert cancel(world, make_item(world).pk, body).status_code == status
