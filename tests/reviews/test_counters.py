"""Counters: what a rule may know of everything else on a subject, and that no two items slip through together."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews import counters
from reviews.actions import returning, routing
from reviews.counters import Subject
from reviews.models import ApiKey, Item
from reviews.words import Verdict
from tests.factories import a_document, make_item, make_person, make_world, sign, take

pytestmark = pytest.mark.django_db

SUBJECT = "claim/C-1"
POLICY = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: within
    when: action.effect == "pay" && counters.paid_on_subject_30d + action.amount <= 500.0
    reason: Up to 500 a month needs nobody.
    queue: payouts
    auto_approve: true
    effects: [pay]
  - name: beyond
    when: action.effect in ["pay", "deny"]
    reason: The rest is signed.
    queue: payouts
    plan: [{role: adjuster, meaning: Approval}]
"""


@pytest.fixture
def counting(db):
    return make_world(policy=POLICY)


def about(subject=SUBJECT, amount="300.00", **action):
    return {"action": {"subject": subject, "amount": amount, "amount_at_stake": amount} | action}


def counted(subject=SUBJECT, currency="USD", at=None, item=None):
    return counters.of([Subject(item, subject, currency, at or now())])[0]


def test_nothing_is_counted_on_a_subject_nobody_knows():
    assert counted() == {
        "paid_on_subject_30d": 0.0, "paid_on_subject_365d": 0.0, "items_on_subject_30d": 0.0,
        "denied_on_subject_365d": 0.0, "open_on_subject": 0.0,
    }  # fmt: skip


def test_what_was_approved_counts_as_paid_and_what_is_open_as_open(counting):
    make_item(counting, **about(amount="300.00"))
    make_item(counting, **about(amount="450.00"))

    found = counted()

    assert (found["paid_on_subject_30d"], found["open_on_subject"], found["items_on_subject_30d"]) == (300.0, 1.0, 2.0)


def test_a_signed_denial_counts_as_denied_and_a_rejected_payout_as_nothing(counting, ana):
    denied = make_item(counting, **about(effect="deny"))
    rejected = make_item(counting, **about(amount="900.00"))
    sign(take(denied, ana), ana)
    sign(take(rejected, ana), ana, Verdict.REJECT, "Not covered.")

    found = counted()

    assert (found["denied_on_subject_365d"], found["paid_on_subject_30d"], found["open_on_subject"]) == (1.0, 0.0, 0.0)


def test_what_is_older_than_the_window_does_not_count(counting):
    make_item(counting, **about())

    month, year = counted(at=now() + timedelta(days=31)), counted(at=now() + timedelta(days=366))

    assert (month["paid_on_subject_30d"], month["paid_on_subject_365d"], month["items_on_subject_30d"]) == (0, 300, 0)
    assert (year["paid_on_subject_365d"], year["open_on_subject"]) == (0.0, 0.0)


def test_looking_back_leaves_out_what_came_later(counting):
    make_item(counting, **about())

    found = counters.of([Subject(None, SUBJECT, "USD", now() - timedelta(hours=1))], looking_back=True)[0]

    assert set(found.values()) == {0.0}


def test_an_item_does_not_count_itself(counting):
    item = make_item(counting, **about(amount="900.00"))

    assert counted(item=item.pk)["open_on_subject"] == 0.0


def test_a_sum_over_two_currencies_is_absent_and_the_counts_are_not(counting):
    make_item(counting, **about(currency="EUR"))

    found = counted(currency="USD")

    assert set(found) == {"items_on_subject_30d", "denied_on_subject_365d", "open_on_subject"}
    assert counted(currency="EUR")["paid_on_subject_30d"] == 300.0


def test_an_item_whose_counter_is_absent_goes_to_people_with_the_reason(counting):
    make_item(counting, **about(currency="EUR"))

    item = make_item(counting, **about(amount="1.00"))

    assert (item.queue, item.state) == (counting.exceptions, "in_review")
    assert item.reasons[0]["code"] == "rule_failed"
    assert "paid_on_subject_30d" in item.reasons[0]["sentence"]


def test_an_item_without_a_subject_has_no_counters(counting):
    document = a_document(**about(amount="1.00"))
    del document["action"]["subject"]
    posted = counting.post(document).json()["id"]
    routing.drain()

    item = Item.objects.get(pk=posted)
    assert item.reasons[0]["code"] == "rule_failed"


def test_a_cancelled_item_is_neither_open_nor_paid(counting):
    item = make_item(counting, **about(amount="900.00"))
    returning.cancel(item.pk, "Posted twice.", by=ApiKey.objects.get(flow=counting.flow))

    assert counted()["open_on_subject"] == 0.0


def test_rules_without_counters_ask_for_none(counting):
    def asked(world):
        with CaptureQueriesContext(connection) as captured:
            make_item(world)
        return [each["sql"] for each in captured if "advisory" in each["sql"] or "i.subject" in each["sql"]]

    assert len(asked(counting)) == 2
    assert asked(make_world()) == []


def test_many_subjects_are_counted_in_one_statement(counting, django_assert_num_queries):
    make_item(counting, **about())
    subjects = [Subject(None, f"claim/{number}", "USD", now()) for number in range(99)]

    with django_assert_num_queries(1):
        found = counters.of([*subjects, Subject(None, SUBJECT, "USD", now())])

    assert [each["paid_on_subject_30d"] for each in found] == [0.0] * 99 + [300.0]


def test_of_two_items_on_one_subject_in_a_batch_only_one_is_approved(counting):
    ids = [counting.post(a_document(**about())).json()["id"] for _ in range(2)]
    other = counting.post(a_document(**about("claim/C-2"))).json()["id"]

    assert routing.drain() == 3

    states = [Item.objects.get(pk=each).state for each in ids]
    assert states == ["approved", "in_review"]
    assert Item.objects.get(pk=other).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_of_many_items_on_one_subject_in_many_workers_only_one_is_approved():
    world = make_world(policy=POLICY)
    for round_ in range(4):
        ids = [world.post(a_document(**about(f"claim/R-{round_}"))).json()["id"] for _ in range(6)]
        barrier = threading.Barrier(4)

        def work(_, barrier=barrier):
            barrier.wait()
            try:
                return sum(iter(lambda: routing.drain(1), 0))
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(work, range(4))) == 6

        approved = Item.objects.filter(pk__in=ids, state="approved")
        assert approved.count() == 1, round_


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_hold_the_same_subjects_in_any_order_never_wait_for_each_other_for_good():
    names, barrier = [f"claim/D-{number}" for number in range(40)], threading.Barrier(2)

    def work(order):
        barrier.wait()
        try:
            for _ in range(20):
                with transaction.atomic():
                    counters.hold(order)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (names, names[::-1])))


@pytest.mark.django_db(transaction=True)
def test_rules_wait_for_whoever_signs_on_the_same_subject():
    """The rules would approve 300 by themselves, but not beside the 600 that are being signed."""
    world, ana = make_world(policy=POLICY), make_person("ana", Role.ADJUSTER)
    item = take(make_item(world, **about(amount="600.00")), ana)
    posted = world.post(a_document(**about())).json()["id"]
    signed, routed = threading.Event(), threading.Event()

    def route():
        try:
            signed.wait()
            routing.drain()
            routed.set()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        routing_it = pool.submit(route)
        with transaction.atomic():
            sign(item, ana)
            signed.set()
            assert not routed.wait(1.0)
        routing_it.result()

    assert [Item.objects.get(pk=each).state for each in (item.pk, posted)] == ["approved", "in_review"]
