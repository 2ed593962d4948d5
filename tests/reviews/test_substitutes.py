"""Substitutes: who is away is signed for, by whom, where, until when and up to how much; and never twice."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from audit import exhibits, ledger
from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.problems import Refused
from reviews import worklists
from reviews.actions import signing, substituting, taking
from reviews.models import Decision
from reviews.worklists import Show
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.reviews.changing import CONTRACT, freeze, make_claim
from tests.reviews.planned import make_planned, stage
from tests.reviews.standing import WEEK, away

pytestmark = pytest.mark.django_db

LARGE = {"amount": "20000.00", "amount_at_stake": "20000.00"}


@pytest.fixture
def dora(world):
    """Somebody who signs nothing on these queues herself."""
    return make_person("dora", Role.CORRESPONDENCE_REVIEWER)


def test_a_substitute_signs_with_both_names_everywhere(world, ana, dora):
    away(ana, dora)
    item = make_item(world)

    take(item, dora)
    signature = sign(item, dora)

    assert (signature.signer, signature.on_behalf_of, signature.role) == (dora.user, ana.user, "adjuster")
    body = json.loads(exhibits.open(signature.intent.body_id))
    assert f"I approve it for {ana.user.printed_name}:" in body["statement"]
    assert body["on_behalf_of"] == str(ana.user.pk)
    assert Decision.objects.get(item=item).outcome == "approved"
    entry = next(told for told in ledger.story(item.pk) if told.kind == "signature.executed")
    assert entry.pub["on_behalf_of"] == str(ana.user.pk)
    assert (entry.personal["printed_name"], entry.personal["for_name"]) == ("Dora", "Ana")


def test_a_substitute_sees_and_is_offered_what_the_absent_person_would(world, ana, dora):
    item = make_item(world)
    with refused("nothing_to_take"):
        taking.take_next(by=dora.user)

    away(ana, dora)

    granted = access.of(dora.user)
    listed = worklists.page(world.queue, Show.FOR_ME, None, by=dora.user, granted=granted)
    assert [place[0] for place in listed.places] == [item.pk]
    assert [row.item.pk for row in worklists.desk(dora.user, granted)[1]] == [item.pk]
    assert taking.take_next(by=dora.user).item_id == item.pk


def test_own_roles_do_not_reach_into_queues_that_are_lent(world, ana, ben):
    other = make_planned(stage("a"))
    accounts.withdraw_access(Role.SENIOR_ADJUSTER, "review_in_queue", other.queue, by=SEEDER)
    item = make_item(make_planned(stage("s")))
    accounts.withdraw_access(Role.SENIOR_ADJUSTER, "review_in_queue", item.queue, by=SEEDER)

    away(ana, ben)

    with refused("role_missing"):
        take(item, ben)


def test_a_substitute_has_no_power_of_their_own_substitutes(world, ana, dora):
    carl = make_person("carl", Role.CORRESPONDENCE_REVIEWER)
    away(ana, dora)
    away(dora, carl)

    with refused("not_found"):
        take(make_item(world), carl)


def test_outside_their_time_nobody_stands_in(world, ana, dora):
    item = make_item(world)
    start = now() + timedelta(days=1)
    away(ana, dora, starts=start, ends=start + WEEK)

    with refused("not_found"):
        take(item, dora)
    with time_machine.travel(start + timedelta(hours=1), tick=True):
        take(item, dora)
    with time_machine.travel(start + WEEK, tick=True), refused("not_found"):
        take(item, dora)


def test_what_ended_ends_at_once(world, ana, dora):
    made = away(ana, dora)
    item = take(make_item(world), dora)

    substituting.end(made.pk, by=ana.user)

    with refused("not_found"):
        sign(item, dora)
    assert story(made) == ["substitution.made", "substitution.ended"]


def test_a_substitute_stands_in_on_the_queues_named_alone(world, ana, dora):
    away(ana, dora, queues=[world.exceptions])

    with refused("not_found"):
        take(make_item(world), dora)


def test_a_substitute_signs_up_to_the_amount_named(world, ana, dora):
    away(ana, dora, up_to=Decimal(500), currency="USD")

    take(make_item(world), dora)
    with refused("stand_in_limit"):
        take(make_item(world, action={"amount": "500.01", "amount_at_stake": "500.01"}), dora)


def test_a_limit_in_another_currency_covers_nothing(world, ana, dora):
    away(ana, dora, up_to=Decimal(500), currency="EUR")

    with pytest.raises(Refused, match="You sign for Ana up to €500.00; this is more.") as caught:
        take(make_item(world), dora)
    assert caught.value.name == "stand_in_limit"


def test_the_limit_counts_what_changes_make_of_it(dora):
    world = make_planned(stage("a"), contract=CONTRACT)
    ana = make_person("ana", Role.ADJUSTER)
    away(ana, dora, up_to=Decimal(600), currency="USD")
    claim = take(make_claim(world), dora)

    with refused("stand_in_limit"):
        freeze(claim, dora, {"/building": "700.00"})
    intent = freeze(claim, dora, {"/building": "600.00"})
    signing.sign(intent.pk, by=dora.user, session_ref=dora.session, factors=dora.factors())

    assert Decision.objects.get(item=claim).outcome == "approved"


def test_changes_lead_nowhere_that_a_substitute_does_not_stand_in_for(dora):
    world = make_planned(stage("a"), when="action.amount <= 1000.0", contract=CONTRACT)
    ana = make_person("ana", Role.ADJUSTER)
    away(ana, dora, queues=[world.queue])
    claim = take(make_claim(world), dora)

    with refused("stand_in_queue"):
        freeze(claim, dora, {"/building": "2000.00"})


def test_a_person_and_their_substitute_do_not_both_sign(world, ana):
    senior = make_person("maya", Role.SENIOR_ADJUSTER)
    substitute = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    accounts.grant_role(senior.user, Role.ADJUSTER, by=SEEDER)
    away(senior, substitute)
    item = make_item(world, action=LARGE)
    take(item, substitute)
    sign(item, substitute)

    with refused("signed_by_delegate"):
        take(item, senior)


def test_a_substitute_does_not_sign_where_the_absent_person_did(world, ben, dora):
    accounts.grant_role(ben.user, Role.ADJUSTER, by=SEEDER)
    item = make_item(world, action=LARGE)
    take(item, ben)
    sign(item, ben)
    away(ben, dora)

    with refused("signed_by_delegate"):
        take(item, dora)


def test_a_substitute_does_not_sign_what_the_absent_person_asked_for(world, ana, dora):
    away(ana, dora)
    item = make_item(world, requested_by=ana.user.username)

    with refused("absent_own_work"):
        take(item, dora)


def test_nobody_signs_for_somebody_who_left(world, ana, dora):
    away(ana, dora)
    accounts.deactivate(ana.user, by=SEEDER)

    with refused("not_found"):
        take(make_item(world), dora)


def test_who_never_decides_lends_nothing(world, dora):
    root = make_person("root", Role.ADJUSTER, Role.ADMINISTRATOR)
    away(root, dora)

    with refused("not_found"):
        take(make_item(world), dora)
