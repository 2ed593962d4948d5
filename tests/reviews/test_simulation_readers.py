"""Simulations tell each person only of what they may see, and a draft is tried only by who may read rules."""

import pytest

from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import simulating
from reviews.actions.comparing import Group
from reviews.models import Simulation
from tests.factories import POLICY, SEEDER, make_item, make_person, make_world, refused
from tests.reviews.drafting import draft_of, pays, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(db):
    return make_person("olga", Role.AUDITOR)


def test_who_may_see_nothing_is_told_nothing(db):
    world = make_world()
    make_item(world, **pays("500.00"))

    simulation = run(draft_of(world), by=make_person("eve", Role.ADMINISTRATOR).user)

    assert (simulation.state, simulation.total, simulation.result["asked"]) == ("finished", 0, 0)


def test_items_behind_a_wall_are_not_even_counted_outside_of_it(auditor):
    world = make_world(policy=POLICY.replace("  - name: small\n", "  - name: small\n    wall: counsel\n"))
    make_item(world, **pays("500.00"))
    make_item(world, **pays("50000.00"))

    outside, everybody = run(draft_of(world), by=auditor.user), run(draft_of(world))

    assert (outside.result["asked"], everybody.result["asked"]) == (1, 2)


def test_examples_are_shown_to_those_who_may_see_them_now(db, auditor):
    world, ana = make_world(), make_person("ana", Role.ADJUSTER)
    item = make_item(world, **pays("500.00"))
    simulation = run(draft_of(world), by=auditor.user)

    def shown(person):
        return [
            (each.rule, each.group, each.count, each.items) for each in simulating.shown(simulation, access.of(person))
        ]

    assert shown(ana.user) == [("small", Group.AUTOMATIC, 1, [item])]
    assert shown(make_person("eve").user) == [("small", Group.AUTOMATIC, 1, [])]


def test_who_neither_proposes_nor_reads_rules_tries_none(db):
    draft = draft_of(make_world())

    with refused("may_not_simulate"):
        simulating.start(draft, 10, by=make_person("ana", Role.ADJUSTER).user)

    assert not Simulation.objects.exists()


@pytest.mark.parametrize("permission", ["see_queue", "review_in_queue", "manage_in_queue"])
def test_managers_of_another_queue_are_told_of_theirs_alone(db, permission):
    one, other = make_world(), make_world()
    accounts.grant_access(Role.QUEUE_MANAGER, permission, one.queue, by=SEEDER)
    make_item(one, **pays("500.00"))
    make_item(other, **pays("500.00"))

    draft = draft_of(one).replace("policy: payouts", "policy: brand-new")
    simulation = run(draft, by=make_person("mia", Role.QUEUE_MANAGER).user)

    assert simulation.result["asked"] == 1
