"""Deliveries: sealed first, signed each time, retried on schedule, stopped when told to."""

import functools
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import standardwebhooks

from audit.sealing import sequencer
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews import callbacks
from reviews.actions import configuring, delivering, returning
from reviews.models import ApiKey, Attempt, Delivery, Endpoint, Item
from reviews.tasks import deliver
from tests import loopback
from tests.factories import SEEDER, World, make_item, make_person, make_world, sign, story, take

pytestmark = pytest.mark.django_db(transaction=True)
quickly = functools.partial(callbacks.post, timeout=0.5)


@pytest.fixture
def endpoint() -> Iterator[loopback.Endpoint]:
    with loopback.listening() as listening:
        yield listening


@pytest.fixture
def world(endpoint: loopback.Endpoint) -> World:
    world = make_world()
    _, world.callback_secret = configuring.register_endpoint(world.flow, endpoint.url, by=SEEDER, allow_private=True)
    return world


@pytest.fixture
def decided(world: World) -> Item:
    """Give an item whose decision is sealed and whose event waits."""
    ana = make_person("ana", Role.ADJUSTER)
    item = make_item(world)
    take(item, ana)
    sign(item, ana)
    sequencer.seal_once()
    return item


def test_nothing_is_sent_before_the_decision_is_sealed(world, endpoint):
    ana = make_person("ana", Role.ADJUSTER)
    item = make_item(world)
    take(item, ana)
    sign(item, ana)

    before = delivering.deliver_due()
    sequencer.seal_once()
    after = delivering.deliver_due()

    assert (before, after, len(endpoint.seen)) == (0, 1, 1)


def test_the_public_implementation_accepts_our_signature(decided, world, endpoint):
    delivering.deliver_due()
    headers, body = endpoint.seen[0]

    event = standardwebhooks.Webhook(world.callback_secret).verify(body, headers)

    assert event["type"] == "countersign.item.decided.v1"
    assert event["subject"] == str(decided.pk)


def test_an_event_names_outcome_sequence_and_digest_and_holds_no_receipt(decided, endpoint):
    delivering.deliver_due()

    event = json.loads(endpoint.seen[0][1])

    assert event["specversion"] == "1.0"
    assert event["data"]["outcome"] == "approved"
    assert event["data"]["sequence"] == Item.objects.get(pk=decided.pk).version
    assert event["data"]["digest"].startswith("sha256:")
    assert "receipt" not in json.dumps(event)


def test_a_delivered_event_is_not_sent_again(decided, endpoint):
    delivering.deliver_due()
    again = delivering.deliver_due()

    assert (again, len(endpoint.seen)) == (0, 1)
    assert story(decided)[-1] == "delivery.ended"


@pytest.mark.parametrize("status", [500, 301, 404])
def test_anything_but_2xx_is_retried_five_seconds_later(decided, endpoint, status):
    endpoint.status, endpoint.headers = status, {"Location": "http://127.0.0.1:1/elsewhere"}

    delivering.deliver_due()

    delivery = Delivery.objects.get()
    assert len(endpoint.seen) == 1
    assert Attempt.objects.get().status == status
    assert timedelta(seconds=4) < delivery.due_at - now() < timedelta(seconds=6)


def test_a_retry_sends_the_same_bytes_and_id_under_a_fresh_signature(decided, endpoint):
    endpoint.status = 500
    delivering.deliver_due()
    endpoint.status = 200

    delivering.attempt(Delivery.objects.get().pk)

    (first, body), (second, again) = endpoint.seen
    assert body == again
    assert first["webhook-id"] == second["webhook-id"]
    assert Delivery.objects.get().delivered_at is not None


def test_retry_after_is_honoured(decided, endpoint):
    endpoint.status, endpoint.headers = 503, {"Retry-After": "120"}

    delivering.deliver_due()

    assert Delivery.objects.get().due_at - now() > timedelta(seconds=100)


def test_410_disables_the_endpoint_at_once(decided, world, endpoint):
    endpoint.status = 410

    delivering.deliver_due()

    stopped = Endpoint.objects.get()
    assert stopped.disabled_at is not None
    assert Delivery.objects.get().given_up_at is not None
    assert story(world.flow)[-1] == "flow.endpoint_stopped"


def test_an_endpoint_that_hangs_is_given_up_for_now(decided, endpoint):
    endpoint.hang = 1.0

    delivering.deliver_due(post=quickly)

    assert Attempt.objects.get().error == "timeout"
    assert Delivery.objects.get().delivered_at is None


def test_after_the_last_attempt_the_endpoint_is_marked_failing(decided, endpoint):
    endpoint.status = 500
    delivery = Delivery.objects.get()

    for _ in range(10):
        delivering.attempt(delivery.pk)

    assert Delivery.objects.get().given_up_at is not None
    assert Endpoint.objects.get().failing_at is not None
    assert Attempt.objects.count() == 10


def test_a_private_address_is_refused_unless_the_installation_allows_it(decided, endpoint, settings):
    settings.CALLBACKS_ALLOW_PRIVATE = False

    delivering.deliver_due()

    assert endpoint.seen == []
    assert Attempt.objects.get().error in ("address_refused", "callback_url_refused")


def test_an_event_can_be_sent_again_by_hand(decided, endpoint):
    delivering.deliver_due()
    delivering.send_again(Delivery.objects.get())
    delivering.deliver_due()

    assert len(endpoint.seen) == 2
    assert endpoint.seen[0][1] == endpoint.seen[1][1]


def test_a_task_message_delivered_twice_sends_once(decided, endpoint):
    deliver()
    deliver()

    assert len(endpoint.seen) == 1


def test_a_worker_that_died_during_an_attempt_leaves_the_event_due_again(decided, endpoint):
    claimed = delivering.take_due(10)

    assert len(claimed) == 1
    assert delivering.deliver_due() == 0
    assert Delivery.objects.get().due_at - now() < timedelta(seconds=61)


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_the_flow_is_told_when_an_item_ends_without_a_decision(world, endpoint, end):
    expires = {"expires_at": "2020-01-01T00:00:00Z"} if end == "expired" else {}
    item = make_item(world, **expires)
    if end == "expired":
        returning.expire_due()
    else:
        returning.cancel(ItemId(item.pk), "paid by hand", by=ApiKey.objects.get(flow=world.flow))
    sequencer.seal_once()

    delivering.deliver_due()

    assert json.loads(endpoint.seen[0][1])["type"] == f"countersign.item.{end}.v1"
