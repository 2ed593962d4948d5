"""Held rejections: what somebody rejected for good is not undone while those who sign blind have still to sign."""

import pytest
import yaml

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import guards
from reviews.actions import configuring, rerouting
from reviews.models import Item
from tests.factories import SEEDER, make_person, refused, take
from tests.reviews.approving import revise, send_back
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.cheating import refuses
from tests.reviews.planned import Cast, make_planned, parallel, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    """Give an item that one person rejected while another, who signs blind, has not signed."""
    world = make_planned(parallel(stage("a"), stage("s", blind=True)), contract=CONTRACT)
    cast = Cast(item=make_claim(world), world=world)
    assert cast.signs("a", "reject") == "in_review"
    return cast


@pytest.fixture
def mia(cast):
    for permission in ("see_queue", "manage_in_queue"):
        accounts.grant_access(Role.QUEUE_MANAGER, permission, cast.world.queue, by=SEEDER)
    return make_person("mia", Role.QUEUE_MANAGER)


def test_it_is_not_changed_away(cast):
    take(cast.item, cast["s"])

    with refused("verdict_not_allowed"):
        change(cast.item, cast["s"], building="400.00")

    assert cast.signs("s") == "rejected"


def test_it_is_not_sent_back(cast):
    with refused("verdict_not_allowed"):
        send_back(cast.item, cast["s"])

    assert cast.signs("s") == "rejected"


def test_it_is_not_routed_anew(cast, mia):
    policy = cast.world.flow.policy
    rules = yaml.safe_load(policy.in_force.text)
    rules["rules"][0]["reason"] = "As planned anew."
    configuring.apply_policy(yaml.safe_dump(rules, sort_keys=False), by=SEEDER)

    with refused("not_open"):
        seen = Item.objects.get(pk=cast.item.pk).version
        rerouting.reroute(ItemId(cast.item.pk), by=mia.user, seen=seen, reason="New rules.")

    assert cast.signs("s") == "rejected"


def test_no_revision_follows_it_even_when_the_guards_are_gone(cast, monkeypatch):
    monkeypatch.setattr(guards, "why_not_leave", lambda slots: None)
    send_back(cast.item, cast["s"])

    with refuses(because="a revision over a rejection"):
        revise(cast.world, cast.item)
