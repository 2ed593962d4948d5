"""Changes and what signing asks for: an override keeps what the rule before asked, and adds what its own rule asks."""

import pytest
import yaml

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import plans
from reviews.actions import configuring, rerouting
from reviews.actions.changing import together
from reviews.models import Item
from reviews.policies.parts import Stage
from tests.factories import SEEDER, make_person, make_world, refused, take
from tests.reviews.approving import revise
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.planned import make_planned, stage
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


def ruled(world, *rules):
    """Put rules in force whose queue, reason and condition are always the same unless named."""
    told = {"when": "true", "reason": "Drawn.", "queue": world.queue.slug}
    fallback = {"queue": world.exceptions.slug, "plan": [stage("s")]}
    policy = {"policy": world.flow.policy.name, "fallback": fallback, "rules": [told | rule for rule in rules]}
    configuring.apply_policy(yaml.safe_dump(policy, sort_keys=False), by=SEEDER)


def test_a_change_leads_to_no_rule_whose_signatures_are_easier_to_prove(world, ana):
    zoned = {"name": "zoned", "when": 'snapshot.output.zone == "AE"', "plan": [stage("a"), stage("s")]}
    ruled(world, zoned, {"name": "plain", "plan": [stage("a"), stage("s", factors=["passkey"])]})
    item = take(make_claim(world), ana)

    change(item, ana, zone="AE")

    item.refresh_from_db()
    assert [(slot.role, slot.factors) for slot in plans.of(item)] == [("adjuster", ""), ("senior-adjuster", "passkey")]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((), ("passkey",), ("passkey",)),
        (("password",), (), ("password",)),
        (("password",), ("password+totp",), ("password+totp",)),
        (("passkey", "password"), ("password+totp", "passkey"), ("passkey", "password+totp")),
        (("password",), ("passkey",), ("passkey",)),
        (("password", "passkey"), ("passkey", "password"), ("password", "passkey")),
    ],
)
def test_of_two_plans_for_one_act_what_suffices_for_both_suffices(one, other, both):
    first, second = (Stage("adjuster", 1, "Approval", factors=factors) for factors in (one, other))

    assert [stage.factors for stage in together((first,), (second,))] == [both]


@pytest.mark.parametrize("how", ["revised", "routed anew"])
def test_an_item_that_keeps_its_plan_keeps_what_signing_it_asks_for(how):
    world = make_planned(stage("a"), contract=CONTRACT)
    strict = {
        "name": "strict",
        "licences": ["claims-adjuster"],
        "verdicts": ["approve", "reject"],
        "plan": [stage("a")],
    }
    ruled(world, strict)
    item = make_claim(world)
    ruled(world, {"name": "by-itself", "auto_approve": True, "effects": ["pay"]})

    if how == "revised":
        revise(world, item)
    else:
        accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", world.queue, by=SEEDER)
        mia = make_person("mia", Role.QUEUE_MANAGER)
        rerouting.reroute(ItemId(item.pk), by=mia.user, seen=item.version, reason="New rules.")

    item.refresh_from_db()
    assert (item.revision, item.state, item.rule, item.licences, item.verdicts) == (
        2, "in_review", "by-itself", ["claims-adjuster"], "approve reject",
    )  # fmt: skip
