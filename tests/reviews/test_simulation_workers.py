"""Simulations run by workers: in turn, one for a person at a time, begun anew after silence, and never for ever."""

from datetime import timedelta

import pytest

from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews import tasks
from reviews.actions import simulating
from reviews.models import Simulation
from tests.factories import make_item, make_person, make_world, refused
from tests.reviews.drafting import draft_of, pays

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(db):
    return make_person("olga", Role.AUDITOR)


def test_a_worker_takes_what_waits_in_turn(db):
    world = make_world()
    made = [simulating.start(draft_of(world), 10, by=None) for _ in range(2)]

    tasks.simulate()

    assert [Simulation.objects.get(pk=each.pk).state for each in made] == ["finished", "finished"]
    assert simulating.run_next() is False


def test_one_whose_worker_was_killed_starts_anew_after_a_minute_of_silence(db):
    world = make_world()
    make_item(world, **pays("500.00"))
    simulation = simulating.start(draft_of(world), 10, by=None)
    dead = {"state": "running", "started_at": now() - timedelta(seconds=90), "done": 7}
    Simulation.objects.filter(pk=simulation.pk).update(moved_at=now() - timedelta(seconds=30), **dead)
    assert simulating.run_next() is False

    Simulation.objects.filter(pk=simulation.pk).update(moved_at=now() - timedelta(seconds=61))
    assert simulating.run_next() is True

    simulation.refresh_from_db()
    assert (simulation.state, simulation.done, simulation.result["asked"]) == ("finished", 1, 1)


def test_a_worker_that_wakes_up_late_writes_nothing_over_who_started_anew(db):
    world = make_world()
    make_item(world, **pays("500.00"))
    simulation = simulating.start(draft_of(world), 10, by=None)

    def taken_over(done, total):
        Simulation.objects.filter(pk=simulation.pk).update(started_at=now() + timedelta(seconds=1))

    assert simulating.run(simulation.pk, told=taken_over) is not None

    assert Simulation.objects.get(pk=simulation.pk).state == "running"


def broken(done, total):
    """Break a simulation off from inside, as a lost connection would."""
    raise ConnectionError


def test_one_that_breaks_off_has_ended_and_says_what_to_do(db):
    world = make_world()
    make_item(world, **pays("500.00"))
    simulation = simulating.start(draft_of(world), 10, by=None)

    simulating.run(simulation.pk, told=broken)

    simulation.refresh_from_db()
    assert (simulation.state, simulation.finished_at is not None) == ("failed", True)
    assert "Start it again." in simulation.error


def test_one_that_breaks_off_after_it_was_started_anew_breaks_nothing_else(db):
    world = make_world()
    make_item(world, **pays("500.00"))
    simulation = simulating.start(draft_of(world), 10, by=None)

    def taken_over(done, total):
        Simulation.objects.filter(pk=simulation.pk).update(started_at=now() + timedelta(seconds=1))
        broken(done, total)

    simulating.run(simulation.pk, told=taken_over)

    assert Simulation.objects.get(pk=simulation.pk).state == "running"


def test_a_person_has_one_simulation_at_a_time(auditor):
    world = make_world()
    first = simulating.start(draft_of(world), 10, by=auditor.user)

    with refused("simulation_waits"):
        simulating.start(draft_of(world), 10, by=auditor.user)
    simulating.start(draft_of(world), 10, by=make_person("tom", Role.ADMINISTRATOR).user)
    simulating.run(first.pk)
    simulating.start(draft_of(world), 10, by=auditor.user)


def test_one_that_never_comes_to_its_end_is_given_up_after_an_hour(db):
    simulation = simulating.start(draft_of(make_world()), 10, by=None)
    Simulation.objects.filter(pk=simulation.pk).update(
        state="running", created_at=now() - timedelta(hours=2), started_at=now() - timedelta(hours=1),
        moved_at=now() - timedelta(hours=1),
    )  # fmt: skip

    assert simulating.run(simulation.pk) is None

    simulation.refresh_from_db()
    assert (simulation.state, simulation.finished_at is not None) == ("failed", True)
    assert simulation.error


def test_a_simulation_nobody_asked_for_is_not_run(db):
    assert simulating.run(new_id()) is None
