"""Changes and what signing asks for: an override keeps what the rule before asked, and adds what its own rule asks."""

import pytest

from reviews.models import Item
from tests.factories import make_world, refused, take
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.registered import licence, licences

pytestmark = pytest.mark.django_db

POLICY = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: barred
    when: action.effect == "pay" && action.amount == 666.0
    reason: This amount is refused.
    refuse: true
  - name: unread
    when: action.effect == "pay" && action.amount > 50000.0
    reason: There is more to read.
    queue: payouts
    reading: [{title: Guide, text: Read this.}]
    plan: [{role: adjuster, meaning: Approval}]
  - name: rigid
    when: action.effect == "pay" && action.amount > 9000.0
    reason: It is signed as it is.
    queue: payouts
    verdicts: [approve, reject]
    plan: [{role: adjuster, meaning: Approval}]
  - name: large
    when: action.effect == "pay" && action.amount > 1000.0
    reason: Large payouts need a licence.
    queue: payouts
    verdicts: [approve, change, reject]
    licences: [catastrophe]
    plan:
      - {role: adjuster, meaning: Review}
      - {role: senior-adjuster, meaning: Approval}
  - name: small
    when: action.effect == "pay"
    reason: Small payouts need another.
    queue: payouts
    verdicts: [approve, change, send_back]
    licences: [claims-adjuster]
    plan: [{role: adjuster, meaning: Approval}]
"""


@pytest.fixture
def world(db):
    return make_world(policy=POLICY.replace("    licences: [claims-adjuster]\n", ""), contract=CONTRACT)


def test_a_change_keeps_the_verdicts_both_rules_allow_and_the_licences_either_asks_for(world, ana):
    item = take(make_claim(world), ana)
    assert (item.verdicts, item.licences) == ("approve change send_back", [])
    with refused("licence_missing"):
        change(item, ana, building="2000.00")
    licences(licence(ana, "catastrophe", "TX-7"))

    change(item, ana, building="2000.00")

    item.refresh_from_db()
    assert (item.rule, item.verdicts, item.licences) == ("large", "approve change", ["catastrophe"])


def test_a_change_that_its_own_rule_forbids_is_refused(world, ana):
    item = take(make_claim(world), ana)

    with refused("change_invalid"):
        change(item, ana, building="9500.00")

    assert Item.objects.get(pk=item.pk).revision == 1


def test_a_change_that_asks_for_reading_nobody_was_shown_is_refused_before_it_is_signed(world, ana):
    item = take(make_claim(world), ana)

    with refused("change_invalid"):
        change(item, ana, building="60000.00")


def test_a_change_the_rules_would_refuse_needs_the_people_of_the_fallback_too(world, ana):
    item = take(make_claim(world), ana)

    change(item, ana, building="666.00")

    item.refresh_from_db()
    assert (item.state, item.awaiting, item.queue, item.rule) == (
        "in_review", "senior-adjuster", world.exceptions, "barred",
    )  # fmt: skip
    assert "refused_by_rule" in [each["code"] for each in item.reasons]
