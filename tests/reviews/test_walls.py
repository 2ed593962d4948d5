"""Walls: outside of one there is nothing, in no list, no count, no error and no gap."""

import pytest
from django.urls import reverse

from portal.accounts import access, walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import queries, worklists
from reviews.actions import evidencing, signing, taking, walling
from reviews.models import Item, Lease
from reviews.words import Verdict, Wall
from reviews.worklists import Show
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.pages import browser
from tests.reviews.approving import approved, left, payout
from tests.reviews.registered import authority, may
from tests.reviews.walled import mia as mia
from tests.reviews.walled import put_behind

pytestmark = pytest.mark.django_db


def listed(world, person, show=Show.ALL):
    return [
        row.item.pk
        for row in worklists.page(world.queue, show, None, by=person.user, granted=access.of(person.user)).rows
    ]


def test_access_knows_the_walls_a_person_is_inside_of_in_its_one_query(world, mia, ana, django_assert_num_queries):
    with django_assert_num_queries(1):
        granted = access.of(mia.user)

    assert granted.walls == {"ordinary", "counsel"}
    assert granted.roles == {"adjuster", "queue-manager"}
    assert access.of(ana.user).walls == {"ordinary"}


def test_the_walls_people_are_let_behind_are_those_of_items():
    assert walls.WALLS | {"ordinary"} == {wall.value for wall in Wall}


def test_who_is_put_outside_a_wall_again_is_outside_at_once(world, mia):
    walls.withdraw_wall(mia.user, "counsel", by=SEEDER)

    assert access.of(mia.user).walls == {"ordinary"}
    with refused("not_inside"):
        walls.withdraw_wall(mia.user, "counsel", by=SEEDER)


def test_nobody_is_let_behind_a_wall_there_is_not(mia):
    for wall in ("ordinary", "moat"):
        with refused("wall_unknown"):
            walls.grant_wall(mia.user, wall, by=SEEDER)


def test_outside_its_wall_an_item_is_in_no_list_and_no_number(world, ana, mia):
    open_one, walled = make_item(world), make_item(world)
    put_behind(walled, "counsel", mia)

    for person, known in ((ana, [open_one.pk]), (mia, [open_one.pk, walled.pk])):
        granted = access.of(person.user)
        for show in (Show.ALL, Show.FOR_ME, Show.UNASSIGNED):
            assert listed(world, person, show) == known, show
        (counted,) = queries.open_counts([world.queue.pk], granted.walls)
        assert counted.open == worklists.pulse(world.queue, granted.walls).open == len(known)
        held, waiting = worklists.desk(person.user, granted)
        assert (held, [row.item.pk for row in waiting]) == ([], known)
        assert [row.item.pk for row in worklists.rows([open_one.pk, walled.pk], granted.walls)] == known


def test_an_item_behind_a_wall_and_one_that_is_late_are_counted_only_inside(world, ana, mia, time_machine):
    item = make_item(world)
    put_behind(item, "counsel", mia)
    time_machine.move_to(Item.objects.get().due_at)

    outside, inside = (worklists.pulse(world.queue, access.of(each.user).walls) for each in (ana, mia))

    assert (outside.late, outside.soon, outside.open) == (0, 0, 0)
    assert (inside.late + inside.soon, inside.open) == (1, 1)


def test_items_behind_several_walls_are_listed_in_one_order(world, mia):
    first, second, third = (make_item(world) for _ in range(3))
    urgent = make_item(world, priority="urgent")
    put_behind(second, "counsel", mia)

    assert listed(world, mia) == [urgent.pk, first.pk, second.pk, third.pk]
    assert listed(world, mia, Show.FOR_ME) == [urgent.pk, first.pk, second.pk, third.pk]


def test_take_next_gives_nobody_what_they_may_not_know_of(world, ana, mia):
    walled, other = make_item(world, priority="urgent"), make_item(world)
    put_behind(walled, "counsel", mia)

    assert taking.take_next(by=ana.user).item_id == other.pk
    with refused("nothing_to_take"):
        taking.take_next(by=make_person("cai", Role.ADJUSTER).user)
    assert taking.take_next(by=mia.user).item_id == walled.pk


@pytest.mark.parametrize("seen", [None, 1, 77])
def test_outside_the_wall_every_verb_says_what_it_says_of_no_item(world, ana, mia, seen):
    walled = make_item(world)
    put_behind(walled, "counsel", mia)
    absent = ItemId(make_person("x").user.pk)

    def asked(item_id):
        said = []
        for verb in (
            lambda: taking.take(item_id, by=ana.user),
            lambda: taking.put_back(item_id, by=ana.user),
            lambda: signing.prepare(
                item_id, by=ana.user, session_ref="s", seen=seen if seen is not None else 2, verdict=Verdict.APPROVE
            ),
            lambda: walling.put_behind(item_id, "counsel", by=ana.user, seen=seen or 2, accepts_loss=True),
            lambda: evidencing.export(item_id, evidencing.Format.PDF, by=ana.user),
        ):
            with pytest.raises(Exception) as caught:  # noqa: PT011  whichever it is, it must be the same
                verb()
            said.append((type(caught.value).__name__, str(caught.value)))
        return said

    assert asked(ItemId(walled.pk)) == asked(absent)
    assert {name for name, _ in asked(absent)} == {"NotFound"}


def test_putting_an_item_behind_a_wall_is_a_step_of_its_story_and_ends_holds_outside(world, ana, mia):
    item = take(make_item(world), ana)

    put_behind(item, "counsel", mia)

    assert story(item)[-1] == "item.walled"
    assert not Lease.objects.filter(item=item).exists()
    with refused("taken_by_other"):
        taking.beat(ItemId(item.pk), by=ana.user)


def test_a_hold_of_somebody_inside_goes_on(world, mia):
    item = take(make_item(world), mia)

    put_behind(item, "counsel", mia)

    assert Lease.objects.get(item=item).holder == mia.user


def test_who_would_lose_sight_of_it_is_told_first(world, mia):
    item = make_item(world)

    with refused("sight_lost"):
        put_behind(item, "special-investigations", mia)
    put_behind(item, "special-investigations", mia, accepts_loss=True)

    assert listed(world, mia) == []


def test_a_reviewer_who_manages_nothing_and_is_inside_nothing_moves_nothing(world, ana, mia):
    item = make_item(world)

    with refused("no_permission"):
        put_behind(item, "counsel", ana, accepts_loss=True)
    with refused("wall_unknown"):
        put_behind(item, "moat", mia)
    with refused("same_wall"):
        put_behind(item, "ordinary", mia)


def test_somebody_inside_puts_it_behind_their_wall_and_back(world, ana):
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    item = make_item(world)

    put_behind(item, "counsel", ana)
    put_behind(item, "ordinary", ana)

    assert Item.objects.get().wall == "ordinary"


def test_a_signature_of_mine_is_not_listed_once_its_item_is_behind_a_wall(world, ana, mia):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"})
    sign(take(item, ana), ana)
    put_behind(item, "counsel", mia)

    assert worklists.signed(ana.user, access.of(ana.user).walls) == []
    assert len(worklists.signed(ana.user, {"ordinary", "counsel"})) == 1


def test_a_flow_reads_its_own_item_by_its_key_whatever_wall_it_is_behind(world, mia):
    item = make_item(world)
    put_behind(item, "counsel", mia)

    told = world.get(f"/api/v1/items/{item.pk}").json()

    assert told["id"] == str(item.pk)
    assert "counsel" not in str(told)


def test_a_walled_item_is_gone_from_the_pages_of_those_outside(world, ana, mia):
    item = make_item(world)
    put_behind(item, "counsel", mia)
    client = browser(ana.user)

    assert client.get(reverse("desk:item", args=[item.pk])).status_code == 404
    for page in ("/", reverse("desk:queue", args=[world.queue.slug])):
        html = client.get(page).content.decode()
        assert item.external_id not in html
        assert str(item.pk) not in html
        assert '0<span class="vh"> open</span>' in html


def test_what_is_approved_behind_a_wall_bounds_who_is_outside_and_no_figure_tells_of_it(world, ana, mia):
    dan = make_person("dan", Role.ADJUSTER)
    walls.grant_wall(dan.user, "counsel", by=SEEDER)
    authority(may(ana, "500", per_subject="1400", per_period="2000", period_days=30), may(dan, "500"))
    approved(world, dan, subject="claim/7")
    walled, item = payout(world, subject="claim/7"), payout(world, subject="claim/7")
    put_behind(walled, "counsel", mia)
    sign(take(Item.objects.get(pk=walled.pk), dan), dan)

    seen = left(ana, item)
    assert seen.sentence == "$900.00 of your $1,400.00 left on this claim; $2,000.00 of your $2,000.00 left in 30 days"
    refusal = seen.why_not(signatures=2)
    assert refusal is not None
    assert refusal.sentence.startswith("This item's $500.00 is more than is left of your $1,400.00 on this claim.")
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    assert left(ana, item).sentence.startswith("$400.00 of your $1,400.00 left on this claim")
