"""Races on authority: whoever signs at the same moment, in whosever name, no total is exceeded and nobody deadlocks."""

from decimal import Decimal
from functools import partial
from itertools import product
from time import monotonic

import pytest
from django.db.models import Sum

from portal.accounts.roles import Role
from portal.kit.problems import Problem
from reviews.models import Item, Signature
from reviews.words import State
from tests.factories import make_person, take
from tests.reviews.approving import finished, payout, prepared
from tests.reviews.cheating import at_once
from tests.reviews.registered import authority, may
from tests.reviews.standing import away

pytestmark = pytest.mark.django_db(transaction=True)
LONGEST = 60
"""Seconds within which sixteen are through on a busy machine; a lock that waits for ever is over it."""


def frozen(world, person, **given):
    """Let a person take a payout of 100 and freeze its approval."""
    return partial(finished, prepared(take(payout(world, "100.00", **given), person), person), person)


def raced(acts):
    """Run acts at once within bounded time; give how many signed and what the others were told."""
    started = monotonic()
    results = at_once(acts)
    assert monotonic() - started < LONGEST
    assert not [each for each in results if not isinstance(each, Signature | Problem)]
    told = {each.name for each in results if isinstance(each, Problem)}
    return sum(isinstance(each, Signature) for each in results), told


def approved(**which):
    """Add up what was approved in all."""
    return Item.objects.filter(state=State.APPROVED, **which).aggregate(Sum("effective_amount"))[
        "effective_amount__sum"
    ]


def test_who_is_away_and_their_substitute_never_exceed_the_one_period_together(world, ana):
    dora = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    authority(may(ana, "100", per_period="500", period_days=7))
    away(ana, dora)
    acts = [frozen(world, person) for person in (ana, dora) for _ in range(8)]
    acts.pop(0)()
    acts.pop()()

    signed, told = raced(acts)

    assert (signed, told) == (3, {"over_period"})
    assert approved() == Decimal(500)
    assert Signature.objects.filter(on_behalf_of=ana.user).count() >= 1


def test_a_substitute_of_two_keeps_their_periods_apart(world, ana):
    carl, dora = make_person("carl", Role.ADJUSTER), make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    row = {"per_period": "300", "period_days": 7}
    authority(may(ana, "100", **row), may(carl, "100", **row))
    away(ana, dora)
    away(carl, dora)
    acts = [frozen(world, person) for person in (ana, carl, dora) for _ in range(5)]
    for place in (0, 4, 8):
        acts.pop(place)()

    signed, told = raced(acts)

    assert told <= {"over_period", "content_changed"}
    for person in (ana, carl):
        mine = Signature.objects.filter(signer=person.user) | Signature.objects.filter(on_behalf_of=person.user)
        assert mine.count() <= 3
    assert approved() == 100 * (signed + 3)


def test_four_people_on_two_subjects_wait_for_each_other_and_never_for_ever(world):
    people = [make_person(f"p{n}", Role.ADJUSTER) for n in range(4)]
    row = {"per_subject": "400", "per_period": "300", "period_days": 7}
    authority(*(may(each, "100", **row) for each in people))
    for each in people:
        frozen(world, each, subject="claim/0")()
    acts = [
        frozen(world, person, subject=f"claim/{n}") for _, person, n in product(range(2), people, (1, 2))
    ]  # fmt: skip

    signed, told = raced(acts)

    assert signed == 8
    assert told <= {"over_period", "over_subject"}
    for each in people:
        assert Signature.objects.filter(signer=each.user).count() == 3
    for n in (1, 2):
        assert approved(subject=f"claim/{n}") == 400
