"""The review page tells what is left of one's authority, and what one may not approve, before anything is typed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_item, sign, take
from tests.pages import browser
from tests.reviews.approving import payout
from tests.reviews.registered import authority, may

from .deciding import at, words

pytestmark = pytest.mark.django_db


def told(person, item):
    return words(browser(person.user).get(at("item", item)))


def test_the_panel_says_what_is_left_on_the_subject_and_what_one_item_may_come_to(world, ana):
    authority(may(ana, "25000", alone="10000", per_subject="50000"))
    for amount in ("20000.00", "20000.00", "3650.00"):
        sign(take(payout(world, amount, subject="claim/7"), ana), ana)
    item = take(payout(world, "6350.00", subject="claim/7"), ana)

    said = told(ana, item)

    assert "$6,350.00 of your $50,000.00 left on this claim." in said
    assert "Up to $25,000.00 an item, $10,000.00 alone." in said
    assert "You may not approve it" not in said


def test_who_may_not_approve_it_reads_why_before_they_take_it_and_after(world, ana):
    authority(may(ana, "400"))
    item = payout(world)

    for each in (item, take(item, ana)):
        said = told(ana, each)
        assert "You may not approve it as it is. $500.00 is more than the $400.00 that you may sign for." in said


def test_without_a_register_or_a_turn_nothing_is_said(world, ana, ben):
    item = payout(world, subject="claim/7")
    assert "of your" not in told(ana, item)

    authority(may(ana, "500", per_subject="500"), may(ben, "500", per_subject="500"))
    assert "of your $500.00 left" in told(ana, item)
    assert "of your" not in told(ben, item)


def test_a_refused_approval_keeps_the_reason_that_was_typed(world, ana):
    authority(may(ana, "400"))
    item = take(payout(world), ana)
    form = {"seen": item.version, "decision": "approve", "reason": "Estimate checked by phone."}

    answer = browser(ana.user).post(at("decide", item), form)

    said = answer.content.decode()
    assert answer.status_code == 409
    assert "$500.00 is more than the $400.00 that you may sign for." in said
    assert ">Estimate checked by phone.</textarea>" in said


def test_it_costs_the_page_one_query_and_twelve_at_most_in_all(world, ana):
    page, item = browser(ana.user), take(make_item(world), ana)
    page.get(at("item", item))
    with CaptureQueriesContext(connection) as before:
        page.get(at("item", item))
    authority(may(ana, "25000", per_subject="50000", per_period="90000", period_days=30))
    with CaptureQueriesContext(connection) as asked:
        assert "left on this claim" in words(page.get(at("item", item)))

    assert len(asked) == len(before)
    assert len(asked) <= 12, "\n".join(each["sql"][:150] for each in asked)
