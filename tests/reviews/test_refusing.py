"""Refusing: what a rule refuses is invalidated with the rule's reason, never rejected, and nothing happens."""

import pytest

from audit.sealing import sequencer
from reviews.actions import configuring, returning, routing, taking
from reviews.models import ApiKey, Decision, Delivery, Item, SignoffSlot
from reviews.projections import items
from tests.api.revised import post as revise
from tests.factories import SEEDER, a_document, make_item, make_world, refused, story

pytestmark = pytest.mark.django_db

POLICY = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: sanctioned
    when: action.type == "claim.sanctioned"
    reason: Nothing is decided about a sanctioned payee here.
    refuse: true
    wall: counsel
  - name: the-rest
    when: "true"
    reason: A person decides.
    queue: payouts
    plan: [{role: adjuster, meaning: Approval}]
"""
WHY = "Nothing is decided about a sanctioned payee here."
REFUSED = {"type": "claim.sanctioned"}


@pytest.fixture
def refusing(db):
    return make_world(policy=POLICY)


@pytest.mark.parametrize("effect", ["pay", "deny", "release"])
def test_a_refused_item_is_over_at_once_whatever_its_effect(refusing, effect):
    item = make_item(refusing, action=REFUSED | {"effect": effect})

    assert (item.state, item.version, item.awaiting, item.rule) == ("invalidated", 2, "", "sanctioned")
    assert (item.queue, item.wall) == (refusing.exceptions, "counsel")
    assert story(item) == ["item.received", "item.invalidated"]
    assert not SignoffSlot.objects.filter(item=item).exists()
    assert not Decision.objects.filter(item=item).exists()
    assert list(items.differences()) == []


def test_its_flow_reads_the_outcome_with_the_rules_reason_and_no_receipt(refusing):
    item = make_item(refusing, action=REFUSED)
    unsealed = refusing.get(f"/api/v1/items/{item.pk}/decision")
    sequencer.seal_once()

    answer = refusing.get(f"/api/v1/items/{item.pk}/decision")

    told = answer.json()
    assert (unsealed.status_code, answer.status_code) == (202, 200)
    assert set(told) == {"item", "outcome", "revision", "reason", "policy", "ledger"}
    assert (told["outcome"], told["reason"], told["policy"]["rule"]) == ("invalidated", WHY, "sanctioned")


def test_its_flow_is_rung_once_with_the_reason(refusing):
    configuring.register_endpoint(refusing.flow, "http://127.0.0.1:9/hook", by=SEEDER, allow_private=True)

    item = make_item(refusing, action=REFUSED)

    assert Delivery.objects.get(item=item).event_type == "countersign.item.invalidated.v1"


def test_nobody_takes_it_and_its_flow_cannot_cancel_it(refusing, ana):
    item = make_item(refusing, action=REFUSED)

    with refused("not_found"):
        taking.take(item.pk, by=ana.user)
    with refused("already_decided"):
        returning.cancel(item.pk, "Never mind.", by=ApiKey.objects.get(flow=refusing.flow))


def test_a_refused_item_holds_up_nothing_of_its_batch(refusing):
    actions = [REFUSED, {}, REFUSED, {}]
    ids = [refusing.post(a_document(action=each)).json()["id"] for each in actions]

    assert routing.drain() == 4

    states = dict(Item.objects.filter(pk__in=ids).values_list("pk", "state"))
    assert sorted(states.values()) == ["in_review", "in_review", "invalidated", "invalidated"]


def test_a_revision_that_the_rules_refuse_is_over_too(refusing):
    item = make_item(refusing, external_id="T-1", action={"subject": "claim/1"})

    answer = revise(refusing, item, a_document(external_id="T-1", action=REFUSED | {"subject": "claim/1"}))

    item.refresh_from_db()
    assert (answer.status_code, answer.json()["state"]) == (202, "invalidated")
    assert (item.state, item.revision, item.wall) == ("invalidated", 2, "counsel")
    assert story(item)[-3:] == ["item.revised", "item.walled", "item.invalidated"]
    assert list(items.differences()) == []


def test_a_dry_run_says_that_it_would_be_refused(refusing):
    told = refusing.post(a_document(action=REFUSED), query="?dry_run=true").json()

    assert (told["basis"], told["plan"], told["reasons"][0]["sentence"]) == ("refuse", [], WHY)
    assert not Item.objects.exists()
