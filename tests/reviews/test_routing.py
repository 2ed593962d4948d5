"""Routing: once, in batches, never a yes by accident, and no bad submission holds up the others."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from portal.kit.ids import ItemId
from reviews.actions import routing
from reviews.models import Decision, IntakeQueue, Item, Policy, Revision, SignoffSlot, Submission
from reviews.tasks import drain
from tests.factories import a_document, make_item, make_person, make_world, refused, story

pytestmark = pytest.mark.django_db


def post(world, count, **changes):
    return [world.post(a_document(**changes)).json()["id"] for _ in range(count)]


def test_a_submission_becomes_an_item_with_plan_queue_and_due_date():
    item = make_item(make_world(), action={"amount": "18250.00", "amount_at_stake": "18250.00"})

    slots = SignoffSlot.objects.filter(item=item).order_by("stage").values_list("role", flat=True)
    assert list(slots) == ["adjuster", "senior-adjuster"]
    assert (item.state, item.version, item.rule, item.awaiting) == ("in_review", 1, "large", "adjuster")
    assert item.due_at is not None
    assert story(item) == ["item.received"]


def test_usage_cost_prompt_and_model_are_kept_as_columns():
    revision = Revision.objects.get(item=make_item(make_world()))

    assert (revision.prompt_version, revision.model_version) == ("2026.11.3", "2024-08-06")
    assert (revision.input_tokens, str(revision.cost), revision.latency_ms) == (10, "0.011300", 7)


def test_denials_are_signed_twice_whatever_the_amount():
    item = make_item(make_world(), action={"effect": "deny", "amount": "0.00", "amount_at_stake": "5.00"})

    assert item.slots.count() == 2


def test_what_no_rule_matches_goes_to_the_fallback_queue_with_the_reason():
    world = make_world()
    item = make_item(world, action={"effect": "letter"})

    assert item.queue == world.exceptions
    assert item.reasons[0]["code"] == "no_rule_matched"


def test_a_rule_that_fails_goes_to_the_fallback_queue_with_the_reason():
    world = make_world(policy=make_policy_that_reads("snapshot.output.nothing_there == 1"))
    item = make_item(world)

    assert item.queue == world.exceptions
    assert item.reasons[0]["code"] == "rule_failed"


def make_policy_that_reads(condition):
    return f"""
policy: payouts
fallback:
  queue: exceptions
  plan: [{{role: senior-adjuster, meaning: Decision}}]
rules:
  - name: reads
    when: {condition}
    reason: It reads.
    queue: payouts
    plan: [{{role: adjuster, meaning: Approval}}]
"""


def test_a_policy_may_approve_what_harms_nobody():
    item = make_item(make_world(), action={"amount": "0.50", "amount_at_stake": "0.50"})

    assert (item.state, item.basis) == ("approved", "policy")
    assert Decision.objects.get(item=item).basis == "policy"
    assert story(item) == ["item.received", "decision.finalised"]


def test_a_batch_is_routed_in_a_number_of_queries_that_does_not_grow(django_assert_max_num_queries):
    world = make_world()
    post(world, 20)

    with django_assert_max_num_queries(32):
        assert routing.drain() == 20


def test_draining_twice_does_nothing_twice():
    world = make_world()
    (item_id,) = post(world, 1)

    drain()
    drain()
    routing.route_now(ItemId(item_id))

    assert story(Item.objects.get(pk=item_id)) == ["item.received"]


def test_a_lost_nudge_is_made_up_for_by_the_sweep():
    world = make_world()
    (item_id,) = post(world, 1)

    drain()  # what beat sends every five seconds

    assert Item.objects.filter(pk=item_id).exists()
    assert not IntakeQueue.objects.exists()


def test_one_poisoned_submission_does_not_hold_up_its_batch(superuser):
    world = make_world()
    good, bad = post(world, 3), post(world, 1)
    with superuser() as cursor:
        cursor.execute(
            "UPDATE audit_exhibit SET ciphertext = '\\x00' WHERE id = (SELECT exhibit_id FROM reviews_submission"
            " WHERE id = %s::uuid)",
            bad,
        )

    routed = routing.drain()

    assert routed == 3
    assert Item.objects.filter(pk__in=good).count() == 3
    assert IntakeQueue.objects.get().submission_id == Submission.objects.get(pk=bad[0]).pk


@pytest.mark.django_db(transaction=True)
def test_a_submission_its_rules_cannot_take_goes_to_the_fallback_queue(superuser):
    world = make_world()
    (item_id,) = post(world, 1)
    with superuser() as cursor:
        cursor.execute("UPDATE reviews_queue SET slug = 'renamed' WHERE id = %s::uuid", [world.queue.pk])

    routing.drain()

    item = Item.objects.get(pk=item_id)
    assert item.queue == world.exceptions
    assert item.reasons[0]["code"] == "routing_failed"


def test_the_person_who_asked_for_it_is_known_as_its_submitter():
    ana = make_person("ana")

    item = make_item(make_world(), requested_by=ana.user.username)

    assert item.requested_by == ana.user


@pytest.mark.django_db(transaction=True)
def test_two_workers_draining_at_once_route_each_submission_once():
    world = make_world()
    ids = post(world, 40)

    def work(_):
        try:
            return sum(iter(lambda: routing.drain(7), 0))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 40

    assert Item.objects.filter(pk__in=ids).count() == 40


def test_a_policy_that_names_a_role_nobody_can_hold_is_refused_whole():
    world = make_world()

    with refused("unknown_role"):
        make_world(policy=make_policy_that_reads('flow != ""').replace("role: adjuster", "role: adjustor"))

    assert Policy.objects.get().in_force.version == 1
    assert world.flow.policy == Policy.objects.get()
