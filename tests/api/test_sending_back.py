"""Sending back: who asks a flow for changes, what it is told, and what runs on meanwhile."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from audit.sealing import sequencer
from portal.accounts.roles import Role
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId
from reviews.actions import configuring, returning, taking
from reviews.models import ChangeRequest, Delivery, Item, Lease
from reviews.words import State
from tests.api.revised import REASON
from tests.factories import SEEDER, make_item, make_person, make_world, refused, story, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def ana(world):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def item(world):
    return make_item(world, external_id="T-revised", action={"subject": "claim/T-revised"})


@pytest.fixture
def sent_back(item, ana):
    take(item, ana)
    return returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason=REASON)


class TestSendingBack:
    def test_waits_for_the_flow_and_lets_the_hold_go(self, sent_back):
        sent_back.refresh_from_db()
        assert (sent_back.state, sent_back.awaiting, sent_back.version) == (State.CHANGES_REQUESTED, "", 2)
        assert not Lease.objects.filter(item=sent_back).exists()
        assert ChangeRequest.objects.get(item=sent_back).revision == 1
        assert story(sent_back)[-1] == "item.changes_requested"

    def test_tells_the_flow_why_and_not_who(self, sent_back, world, ana):
        sequencer.seal_once()
        told = world.get(f"/api/v1/items/{sent_back.pk}/decision")

        assert told.status_code == 200
        assert set(told.json()) == {"item", "outcome", "revision", "reason", "requested_at", "ledger"}
        assert (told.json()["outcome"], told.json()["reason"]) == ("changes_requested", REASON)
        assert ana.user.printed_name not in told.content.decode()

    def test_rings_the_flow_once(self, world, item, ana):
        configuring.register_endpoint(world.flow, "http://127.0.0.1:9/hook", by=SEEDER, allow_private=True)
        take(item, ana)
        returning.request_changes(ItemId(item.pk), by=ana.user, seen=1, reason=REASON)

        assert Delivery.objects.get(item=item).event_type == "countersign.item.changes_requested.v1"

    def test_needs_a_reason(self, item, ana):
        take(item, ana)

        with refused("reason_missing"):
            returning.request_changes(ItemId(item.pk), by=ana.user, seen=1, reason="  ")

    def test_needs_the_hold(self, item, ana):
        with refused("not_taken"):
            returning.request_changes(ItemId(item.pk), by=ana.user, seen=1, reason=REASON)

    def test_needs_what_was_seen(self, item, ana):
        take(item, ana)

        with refused("stale"):
            returning.request_changes(ItemId(item.pk), by=ana.user, seen=2, reason=REASON)

    def test_leaves_nothing_to_take_or_to_ask(self, sent_back, ana):
        for again in (
            lambda: taking.take(ItemId(sent_back.pk), by=ana.user),
            lambda: returning.request_changes(ItemId(sent_back.pk), by=ana.user, seen=2, reason=REASON),
        ):
            with refused("not_open"):
                again()

    def test_can_be_cancelled_by_the_flow(self, sent_back, world):
        answer = Client().post(
            f"/api/v1/items/{sent_back.pk}/cancel", "{}", content_type="application/json",
            headers={"authorization": f"Bearer {world.key}"},
        )  # fmt: skip

        assert answer.json()["state"] == "cancelled"


def test_what_was_sent_back_expires_all_the_same(world, ana):
    until = stamp(now() + timedelta(minutes=30))
    item = take(make_item(world, expires_at=until), ana)
    returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason=REASON)

    with time_machine.travel(now() + timedelta(hours=1)):
        assert returning.expire_due() == 1
    assert Item.objects.get(pk=item.pk).state == State.EXPIRED
