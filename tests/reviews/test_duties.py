"""Duties kept apart over the whole item: who changed its rule, who holds two forbidden roles, and the bound of it."""

from datetime import timedelta

import pytest
import time_machine

from audit import ledger
from portal.accounts import actions as accounts
from portal.accounts import pairs
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.models import Item, PolicyVersion
from tests.factories import SEEDER, make_item, make_person, refused, sign, take
from tests.reviews import four_eyes
from tests.reviews.cheating import pasted, refuses
from tests.reviews.planned import make_planned, stage
from tests.reviews.standing import about_to_sign, away, emergency
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_planned(stage("a"))


@pytest.fixture
def helen(world):
    """An adjuster who is a compliance officer too."""
    return make_person("helen", Role.COMPLIANCE_OFFICER, Role.ADJUSTER)


@pytest.fixture
def carl(world):
    return make_person("carl", Role.ADJUSTER)


def change_rules(world, signer) -> PolicyVersion:
    """Let an administrator propose the world's rules with another reason, and somebody put them in force."""
    version = PolicyVersion.objects.filter(policy=world.flow.policy).latest("version")
    text = version.text.replace("As planned.", "As planned anew.")
    four_eyes.sign(four_eyes.propose("policy", text, four_eyes.tom()), signer)
    return PolicyVersion.objects.filter(policy=world.flow.policy).latest("version")


def signed_of(item):
    """Give what the entry of the item's signature tells."""
    return next(told.pub for told in ledger.story(item.pk) if told.kind == "signature.executed")


@pytest.mark.usefixtures("carl")
def test_who_changed_the_rule_does_not_sign_by_it(world, helen):
    assert change_rules(world, helen).changed_rules == ["planned"]
    item = make_item(world)

    with refused("changed_rule"):
        take(item, helen)


@pytest.mark.usefixtures("carl")
def test_a_rule_that_was_changed_later_is_nobodys_conflict(world, helen):
    item = make_item(world)
    change_rules(world, helen)

    take(item, helen)


@pytest.mark.usefixtures("carl")
def test_after_thirty_days_the_change_is_forgotten(world, helen):
    change_rules(world, helen)
    item = make_item(world)

    with time_machine.travel(now() + timedelta(days=30, minutes=1), tick=True):
        take(item, helen)


@pytest.mark.usefixtures("carl")
def test_nobody_signs_in_the_name_of_who_changed_the_rule(world, helen):
    dora = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    change_rules(world, helen)
    away(helen, dora)

    with refused("changed_rule"):
        take(make_item(world), dora)


def test_where_nobody_else_could_sign_the_duty_is_waived_and_told(world, helen):
    change_rules(world, helen)
    item = make_item(world)

    take(item, helen)
    sign(item, helen)

    assert Item.objects.get(pk=item.pk).state == "approved"
    assert signed_of(item)["duties_waived"] == ["changed_rule"]


def test_a_plan_that_needs_them_beside_the_others_waives_the_duty_too(helen, carl):
    world = make_planned(stage("a", signatures=2))
    change_rules(world, helen)
    item = make_item(world)

    take(item, carl)
    sign(item, carl)
    assert "duties_waived" not in signed_of(item)
    take(item, helen)
    sign(item, helen)

    assert Item.objects.get(pk=item.pk).state == "approved"


def test_who_holds_a_forbidden_pair_signs_nothing_until_one_is_taken_away(world, helen):
    pair = pairs.forbid(Role.ADJUSTER, Role.COMPLIANCE_OFFICER, "Four eyes.", by=SEEDER)
    item = make_item(world)

    with refused("forbidden_pair") as told:
        take(item, helen)
    pairs.allow(pair, by=SEEDER)
    take(item, helen)

    assert "Nobody here signs as both Adjuster and Compliance officer." in told.value.detail


def test_a_role_that_was_lent_makes_a_forbidden_pair_as_well(world, carl):
    dora = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    pairs.forbid(Role.ADJUSTER, Role.CORRESPONDENCE_REVIEWER, "Four eyes.", by=SEEDER)
    away(carl, dora)

    with refused("forbidden_pair"):
        take(make_item(world), dora)
    make_person("olga", Role.COMPLIANCE_OFFICER)
    with refused("forbidden_pair"):
        emergency(dora, world.queue, Role.ADJUSTER)


def test_the_database_takes_no_signature_of_who_holds_a_forbidden_pair(world, helen):
    intent = about_to_sign(make_item(world), helen)
    pairs.forbid(Role.ADJUSTER, Role.COMPLIANCE_OFFICER, "Four eyes.", by=SEEDER)
    ceremony_of(intent)

    with refuses(because="two roles"):
        pasted(intent)


def test_who_owns_the_flow_or_asked_for_it_does_not_sign_it(world, carl):
    with refused("own_work"):
        take(make_item(world, requested_by=carl.user.username), carl)
    accounts.grant_access(Role.ADJUSTER, "own_flow", world.flow, by=SEEDER)
    with refused("own_work"):
        take(make_item(world), carl)
