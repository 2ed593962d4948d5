"""Naming substitutes: by whom, for whom, and what becomes of the holds of who is away."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import substituting, taking, watching
from reviews.models import Lease
from tests.factories import SEEDER, make_item, make_person, refused, story, take
from tests.reviews.standing import WEEK, away, make_manager

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(world):
    """Somebody who signs nothing on these queues herself."""
    return make_person("dora", Role.CORRESPONDENCE_REVIEWER)


def test_a_manager_names_a_substitute_on_their_queues_alone(world, ana, dora):
    manager = make_manager(world.queue)

    with refused("no_permission"):
        away(ana, dora, by=manager)
    with refused("no_permission"):
        away(ana, dora, by=manager, queues=[world.queue, world.exceptions])
    with refused("own_work"):
        away(ana, manager, by=manager, queues=[world.queue])
    assert away(ana, dora, by=manager, queues=[world.queue]).made_by == manager.user


@pytest.mark.parametrize(
    "given",
    [
        {"ends": now() - WEEK},
        {"ends": now() + timedelta(days=92)},
        {"up_to": Decimal(0), "currency": "USD"},
        {"up_to": Decimal(10)},
        {"up_to": Decimal(10), "currency": "usd"},
    ],
)
def test_a_substitution_makes_sense(world, ana, dora, given):
    with refused("substitution_invalid"):
        away(ana, dora, **given)


def test_nobody_stands_in_for_themselves_or_without_being_fit(world, ana):
    with refused("substitution_invalid"):
        away(ana, ana)
    for unfit in (make_person("root", Role.ADMINISTRATOR), make_person("eve", Role.ADJUSTER, verified=False)):
        with refused("substitute_unfit"):
            away(ana, unfit)


def test_who_is_only_let_behind_a_wall_stands_in_for_nobody_and_is_not_offered(world, ana, dora):
    lou = make_person("lou")
    accounts.grant_role(lou.user, f"{access.WALL}counsel", by=SEEDER)

    with refused("substitute_unfit"):
        away(ana, lou)
    assert lou.user not in substituting.fit()
    assert dora.user in substituting.fit()


def test_the_same_two_people_have_one_substitution_at_a_time(world, ana, dora):
    away(ana, dora)

    with refused("substitution_exists"):
        away(ana, dora)


def test_somebody_elses_substitution_is_not_there(world, ana, dora, ben):
    made = away(ana, dora)

    with refused("not_found"):
        substituting.end(made.pk, by=ben.user)


def test_holds_of_who_is_away_are_let_go_when_it_starts(world, ana, dora):
    start = now() + timedelta(minutes=2)
    away(ana, dora, starts=start, ends=start + WEEK)
    item = take(make_item(world), ana)

    assert watching.sweep() == 0
    with time_machine.travel(start + timedelta(minutes=1), tick=True):
        assert watching.sweep() == 1
        assert not Lease.objects.filter(item=item).exists()
        take(item, ana)
        assert watching.sweep() == 0
    assert story(item)[-2:] == ["item.lease_broken", "item.taken"]


def test_a_hold_that_somebody_took_meanwhile_stays(world, ana, dora, monkeypatch):
    item, carl = take(make_item(world), ana), make_person("carl", Role.ADJUSTER)
    away(ana, dora)
    found = watching._left_behind()

    def late():
        taking.put_back(ItemId(item.pk), by=ana.user)
        take(item, carl)
        return found

    monkeypatch.setattr(watching, "_left_behind", late)

    assert watching.sweep() == 0
    assert Lease.objects.get(item=item).holder_id == carl.user.pk
