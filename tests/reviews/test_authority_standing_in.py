"""Authority of who stands in: a substitute signs with that of the absent person, an emergency gives none."""

import pytest

from portal.accounts import access
from portal.accounts.roles import Role
from reviews import worklists
from reviews.actions import taking
from reviews.worklists import Show
from tests.factories import make_person, refused, sign, take
from tests.reviews.approving import left, payout, prepared
from tests.reviews.planned import make_planned, stage
from tests.reviews.registered import authority, may
from tests.reviews.standing import away, emergency, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(world):
    """Somebody who signs nothing on these queues herself."""
    return make_person("dora", Role.CORRESPONDENCE_REVIEWER)


def listed(person, queue):
    """Give what is listed for a person in a queue, most urgent first."""
    page = worklists.page(queue, Show.FOR_ME, None, by=person.user, granted=access.of(person.user))
    return [place[0] for place in page.places]


def test_a_substitute_signs_with_the_authority_of_who_is_away(world, ana, dora):
    authority(may(ana, "500"), may(dora, "10000"))
    away(ana, dora)
    within, beyond = payout(world, "500.00"), payout(world, "500.01")

    signature = sign(take(within, dora), dora)
    with refused("over_authority"):
        prepared(take(beyond, dora), dora)

    assert signature.on_behalf_of == ana.user


def test_the_refusal_names_whose_authority_it_is(world, ana, dora):
    authority(may(ana, "500"))
    away(ana, dora)
    found = left(ana, payout(world, "500.01"))

    assert "you may sign for" in found.why_not(1).sentence
    with pytest.raises(taking.Refused) as caught:
        prepared(take(payout(world, "500.01"), dora), dora)
    assert "$500.01 is more than the $500.00 that Ana may sign for." in caught.value.detail


def test_what_a_substitute_signs_counts_in_the_period_of_who_is_away(world, ana, dora):
    row = {"per_period": "800", "period_days": 30}
    authority(may(ana, "500", **row), may(dora, "500", **row))
    away(ana, dora)
    sign(take(payout(world), dora), dora)
    item = payout(world)

    assert (left(ana, item).in_period.whole, left(dora, item).in_period.whole) == (500, 0)
    with refused("over_period"):
        prepared(take(item, dora), dora)
    with refused("over_period"):
        prepared(take(payout(world), ana), ana)


def test_who_holds_the_role_too_signs_in_their_own_name_while_their_authority_suffices(world, ana):
    carl = make_person("carl", Role.ADJUSTER)
    authority(may(ana, "1000"), may(carl, "100"))
    away(ana, carl)

    own = sign(take(payout(world, "100.00"), carl), carl)
    lent = sign(take(payout(world, "100.01"), carl), carl)

    assert (own.on_behalf_of, lent.on_behalf_of) == (None, ana.user)
    with refused("over_authority"):
        prepared(take(payout(world, "1000.01"), carl), carl)


def test_lists_offer_what_is_within_the_authority_of_who_is_away(world, ana, dora):
    authority(may(ana, "500"))
    away(ana, dora)
    payout(world, "500.01")
    within = payout(world, "500.00")

    assert listed(dora, world.queue) == listed(ana, world.queue) == [within.pk]


def test_take_next_knows_in_whose_name_it_would_be(world, ana, dora):
    authority(may(ana, "500"), may(dora, "10000"))
    away(ana, dora)
    payout(world, "500.01")
    within = payout(world, "500.00")

    assert taking.take_next(by=dora.user).item_id == within.pk
    with refused("nothing_to_take"):
        taking.take_next(by=dora.user)


def test_take_next_gives_what_ones_own_authority_would_not_cover(world, ana):
    carl = make_person("carl", Role.ADJUSTER)
    authority(may(ana, "1000"), may(carl, "100"))
    away(ana, carl)
    item = payout(world)

    assert taking.take_next(by=carl.user).item_id == item.pk


def test_an_emergency_gives_a_role_and_a_queue_but_no_money(db):
    world, ana = make_planned(stage("s")), make_person("ana", Role.ADJUSTER)
    make_officer()
    authority(may(ana, "400"))
    emergency(ana, world.queue)

    with refused("over_authority"):
        prepared(take(payout(world), ana), ana)
    signature = sign(take(payout(world, "400.00"), ana), ana)

    assert signature.break_glass is not None
