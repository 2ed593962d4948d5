"""Taking: who gets what next, for how long, and never silently from another."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection, transaction

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId, new_id
from reviews.actions import taking
from reviews.models import ActiveTime, Item, Lease
from tests.factories import SEEDER, make_item, make_person, refused, story, take
from tests.reviews.cheating import at_once

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def ben(world):
    return make_person("ben", Role.ADJUSTER)


@pytest.mark.django_db
class TestNext:
    """What the next item is."""

    def test_the_most_urgent_comes_first_then_the_soonest_due_then_the_oldest(self, world, ana):
        with time_machine.travel(NOON, tick=False):
            low = make_item(world, priority="low")
        late, later = (make_item(world) for _ in range(2))
        urgent = make_item(world, priority="urgent")

        got = [taking.take_next(by=ana.user).item_id for _ in range(4)]

        assert got == [urgent.pk, late.pk, later.pk, low.pk]

    def test_the_most_urgent_is_found_behind_more_than_a_window_of_others(self, world, ana):
        for _ in range(9):
            make_item(world)
        urgent = make_item(world, priority="urgent")

        assert taking.take_next(by=ana.user).item_id == urgent.pk

    def test_what_another_holds_is_passed_over(self, world, ana, ben):
        first, second = make_item(world), make_item(world)
        take(first, ben)

        assert taking.take_next(by=ana.user).item_id == second.pk

    def test_nothing_waits_for_who_lacks_the_role_or_the_queue(self, world):
        make_item(world)

        for role in (Role.SENIOR_ADJUSTER, Role.AUDITOR):
            with refused("nothing_to_take"):
                taking.take_next(by=make_person("cai", role).user)

    def test_ones_own_work_is_passed_over(self, world, ana):
        make_item(world, requested_by=ana.user.username)
        other = make_item(world)

        assert taking.take_next(by=ana.user).item_id == other.pk

    def test_an_item_past_its_own_deadline_is_not_given(self, world, ana):
        item = make_item(world, expires_at=stamp(now() + timedelta(minutes=1)))

        with time_machine.travel(now() + timedelta(minutes=2)):
            with refused("nothing_to_take"):
                taking.take_next(by=ana.user)
            with refused("deadline_passed"):
                taking.take(ItemId(item.pk), by=ana.user)

    def test_it_works_through_a_window_of_refusals(self, world, ana):
        for _ in range(9):
            make_item(world, requested_by=ana.user.username)
        other = make_item(world)

        assert taking.take_next(by=ana.user).item_id == other.pk


@pytest.mark.django_db
class TestHold:
    """How long a hold lasts."""

    def test_a_hold_lapses_and_then_another_may_take(self, world, ana, ben):
        item = take(make_item(world), ana)
        lapsed = Lease.objects.get(item=item).expires_at + timedelta(seconds=1)

        with refused("taken_by_other"):
            taking.take(ItemId(item.pk), by=ben.user)
        with time_machine.travel(lapsed):
            taking.take(ItemId(item.pk), by=ben.user)

            with refused("taken_by_other"):
                taking.beat(ItemId(item.pk), by=ana.user)
        assert story(item).count("item.taken") == 2

    def test_taking_again_what_one_holds_changes_nothing(self, world, ana):
        item = take(make_item(world), ana)

        take(item, ana)

        assert story(item) == ["item.received", "item.taken"]

    def test_a_beat_lengthens_the_hold_and_counts_the_time(self, world, ana):
        item = take(make_item(world), ana)
        lease = Lease.objects.get(item=item)

        with time_machine.travel(lease.beat_at + timedelta(seconds=20), tick=False):
            later = taking.beat(ItemId(item.pk), by=ana.user)

        assert later.expires_at == lease.expires_at + timedelta(seconds=20)
        assert ActiveTime.objects.get(item=item, person=ana.user).milliseconds == 20_000

    def test_a_silence_counts_as_a_minute_at_most(self, world, ana):
        item = take(make_item(world), ana)

        with time_machine.travel(Lease.objects.get(item=item).beat_at + timedelta(minutes=9), tick=False):
            taking.put_back(ItemId(item.pk), by=ana.user)

        assert ActiveTime.objects.get(item=item).milliseconds == 60_000

    def test_putting_back_leaves_an_entry_and_the_item_to_others(self, world, ana, ben):
        item = take(make_item(world), ana)

        taking.put_back(ItemId(item.pk), by=ana.user)
        take(item, ben)

        assert story(item) == ["item.received", "item.taken", "item.put_back", "item.taken"]

    def test_nobody_puts_back_what_another_holds(self, world, ana, ben):
        item = take(make_item(world), ana)

        with refused("taken_by_other"):
            taking.put_back(ItemId(item.pk), by=ben.user)
        assert Lease.objects.get(item=item).holder_id == ana.user.pk

    @pytest.mark.parametrize("act", [taking.take, taking.put_back])
    def test_what_one_may_not_see_is_answered_like_what_is_not_there(self, world, act):
        stranger, answers = make_person("dan"), []

        for item_id in (make_item(world).pk, new_id()):
            try:
                act(ItemId(item_id), by=stranger.user)
            except taking.Problem as problem:
                answers.append((type(problem), problem.name, problem.status, problem.detail))

        assert len(set(answers)) == 1
        assert answers[0][1:3] == ("not_found", 404)

    def test_withdrawn_access_ends_taking_at_once(self, world, ana):
        item = make_item(world)
        accounts.withdraw_access(Role.ADJUSTER, "review_in_queue", world.queue, by=SEEDER)

        with refused("not_found"):
            taking.take(ItemId(item.pk), by=ana.user)
        with refused("nothing_to_take"):
            taking.take_next(by=ana.user)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    """Threads against each other."""

    def test_two_people_who_take_one_item_at_once_do_not_both_get_it(self, world, ana, ben):
        item = make_item(world)

        got = at_once([partial(taking.take, ItemId(item.pk), by=who.user) for who in (ana, ben)])

        assert sorted(type(each).__name__ for each in got) == ["Lease", "TakenByOther"]
        assert story(item) == ["item.received", "item.taken"]

    def test_sixteen_people_who_ask_at_once_get_sixteen_items(self, world):
        people = [make_person("eve", Role.ADJUSTER, verified=False) for _ in range(16)]
        items = {make_item(world).pk for _ in range(20)}

        got = at_once([partial(taking.take_next, by=who.user) for who in people])

        taken = [lease.item_id for lease in got]
        assert len(set(taken)) == 16
        assert set(taken) < items

    def test_two_people_and_one_item_leave_one_with_nothing(self, world, ana, ben):
        make_item(world)

        got = at_once([partial(taking.take_next, by=who.user) for who in (ana, ben)])

        assert sorted(type(each).__name__ for each in got) == ["Lease", "NothingToTake"]

    def test_a_window_that_is_locked_whole_is_passed_over_without_waiting(self, world, ana):
        items = [make_item(world) for _ in range(10)]

        with transaction.atomic():
            list(Item.objects.select_for_update().filter(pk__in=[item.pk for item in items[:8]]))
            (got,) = at_once([partial(taking.take_next, by=ana.user)])

        assert got.item_id == items[8].pk
        assert not connection.in_atomic_block
