"""Lists: the same order everywhere, page by page, and nobody's queue but one's own."""

from datetime import timedelta

import pytest

from portal.accounts import access
from portal.accounts.roles import Role
from reviews import worklists
from reviews.actions import taking
from reviews.models import Item
from reviews.worklists import Show
from tests.factories import make_item, make_person, make_world, refused, sign, take

pytestmark = pytest.mark.django_db


def listed(world, person, show=Show.ALL, cursor=None):
    return worklists.page(world.queue, show, cursor, by=person.user, granted=access.of(person.user))


def ids(page):
    return [row.item.pk for row in page.rows]


def test_a_queue_is_listed_in_the_order_take_next_follows(world, ana):
    low, first, second = make_item(world, priority="low"), make_item(world), make_item(world)
    urgent = make_item(world, priority="urgent")

    assert ids(listed(world, ana)) == [urgent.pk, first.pk, second.pk, low.pk]
    assert ids(listed(world, ana))[0] == taking.take_next(by=ana.user).item_id


def test_pages_follow_one_another_without_a_gap_or_a_double(world, ana, monkeypatch):
    monkeypatch.setattr(worklists, "PAGE", 2)
    made = {make_item(world).pk for _ in range(5)}

    first = listed(world, ana)
    second = listed(world, ana, cursor=first.next)
    third = listed(world, ana, cursor=second.next)

    assert [len(ids(page)) for page in (first, second, third)] == [2, 2, 1]
    assert {*ids(first), *ids(second), *ids(third)} == made
    assert third.next is None


def test_items_without_a_deadline_come_last_and_are_paged_too(world, ana, monkeypatch):
    monkeypatch.setattr(worklists, "PAGE", 1)
    fallback = {"type": "claim.payout", "effect": "reserve", "amount": "5.00", "amount_at_stake": "5.00"}
    undated = [make_item(world, action=fallback) for _ in range(2)]
    queue, world.queue = world.queue, world.exceptions

    first = listed(world, ana)
    second = listed(world, ana, cursor=first.next)

    assert queue != world.queue
    assert [undated[0].due_at, *ids(first), *ids(second)] == [None, undated[0].pk, undated[1].pk]


def test_a_cursor_that_is_not_ours_is_refused_with_a_way_back(world, ana):
    for cursor in ("x", "bm9uc2Vuc2U", "W10", "\N{SNOWMAN}"):
        with refused("cursor_invalid"):
            listed(world, ana, cursor=cursor)


def test_unassigned_and_taken_by_me_follow_the_leases(world, ana, ben):
    mine, theirs, free = (make_item(world) for _ in range(3))
    take(mine, ana)
    other = make_person("cleo", Role.ADJUSTER)
    take(theirs, other)

    assert ids(listed(world, ana, Show.UNASSIGNED)) == [free.pk]
    assert ids(listed(world, ana, Show.MINE)) == [mine.pk]
    assert [row.holder for row in listed(world, ana).rows] == [ana.user, other.user, None]


def test_for_me_lists_what_waits_for_a_role_i_hold(world, ana, ben):
    large = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"})
    sign(take(large, ana), ana)

    assert ids(listed(world, ana, Show.FOR_ME)) == []
    assert ids(listed(world, ben, Show.FOR_ME)) == [large.pk]


def test_the_inbox_has_what_i_hold_what_waits_and_what_i_signed(world, ana):
    held, done, waiting = (make_item(world) for _ in range(3))
    sign(take(done, ana), ana)
    take(held, ana)

    found = worklists.desk(ana.user, access.of(ana.user))

    assert [[row.item.pk for row in rows] for rows in found] == [[held.pk], [waiting.pk]]
    assert [signature.item_id for signature in worklists.signed(ana.user)] == [done.pk]


def test_the_pulse_counts_what_is_late_and_what_is_due_soon(world, ana, time_machine):
    make_item(world)
    due = Item.objects.get().due_at

    time_machine.move_to(due - timedelta(minutes=30))
    soon = worklists.pulse(world.queue)
    time_machine.move_to(due + timedelta(minutes=1))
    late = worklists.pulse(world.queue)

    assert (soon.late, soon.soon, soon.open) == (0, 1, 1)
    assert (late.late, late.soon, late.open) == (1, 0, 1)


def test_a_marker_changes_when_a_row_does_and_only_then(world, ana):
    item = make_item(world)

    before = listed(world, ana).marker
    assert listed(world, ana).marker == before

    take(item, ana)
    assert listed(world, ana).marker != before


def test_another_worlds_items_are_not_listed(world, ana):
    elsewhere = make_world()
    make_item(elsewhere)

    assert ids(listed(world, ana)) == []


def test_a_row_tells_title_confidence_and_why_it_stopped(world, ana):
    snapshot = {
        "output": {"pay": "500.00"},
        "extractions": [{"path": "/output/zone", "value": "X", "confidence": 0.71}],
        "evaluations": [{"name": "groundedness", "score": 0.7, "threshold": 0.8, "passed": False}],
    }
    make_item(world, snapshot=snapshot)

    (row,) = listed(world, ana).rows

    assert row.title == "Pay contents damage"
    assert row.confidence == 0.71
    assert [stop.label for stop in row.stops] == ["Small", "Failed evaluation", "Low confidence"]


def test_a_row_says_that_the_record_differs_and_hides_no_character(world, ana):
    snapshot = {
        "output": {"pay": "500.00"},
        "current": {"zone": "AE"},
        "extractions": [{"path": "/output/zone", "value": "X", "confidence": 0.9}],
    }
    make_item(world, snapshot=snapshot, action={"title": "Pay \N{RIGHT-TO-LEFT OVERRIDE}00.1"})

    (row,) = listed(world, ana).rows

    assert row.title == "Pay [U+202E]00.1"
    assert row.stops[-1].label == "Differs from the record"
    assert "X, the record says AE" in row.stops[-1].sentence
