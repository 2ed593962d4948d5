"""Which row of the register counts for an item, and that whatever is allowed keeps within every bound."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.roles import Role
from portal.kit.problems import Problem
from reviews.models import Item
from reviews.words import State
from tests.factories import make_item, make_person, make_world, take
from tests.reviews.approving import finished, left, payout, prepared
from tests.reviews.registered import authority, may

pytestmark = pytest.mark.django_db


def allowed(person, item):
    """Give what one item may come to for a person, or nothing where no row covers it."""
    bounds = left(person, item).bounds
    return None if bounds is None else int(bounds.up_to)


@pytest.mark.parametrize(
    ("row", "covers"),
    [
        ({}, True),
        ({"effects": "pay"}, True),
        ({"effects": "reserve pay"}, True),
        ({"effects": "reserve"}, False),
        ({"effects": "payout"}, False),
        ({"line": "auto"}, True),
        ({"line": "Auto"}, False),
        ({"line": "home"}, False),
        ({"jurisdiction": "US-TX"}, True),
        ({"jurisdiction": "US"}, True),
        ({"jurisdiction": "US-T"}, False),
        ({"jurisdiction": "U"}, False),
        ({"jurisdiction": "US-LA"}, False),
        ({"jurisdiction": "MX"}, False),
        ({"currency": "EUR"}, False),
        ({"currency": "USD", "effects": "pay", "line": "auto", "jurisdiction": "US-TX"}, True),
    ],
)
def test_a_row_covers_what_it_names_and_the_parts_of_a_country(world, ana, row, covers):
    authority(may(ana, "700", **row))

    assert allowed(ana, payout(world, line="auto", jurisdiction="US-TX")) == (700 if covers else None)


def test_an_item_of_a_whole_country_needs_more_than_a_part(world, ana):
    authority(may(ana, "700", jurisdiction="US-TX"))

    assert allowed(ana, payout(world, jurisdiction="US")) is None


def test_an_item_that_names_no_place_or_line_needs_a_row_for_all_of_them(world, ana):
    authority(may(ana, "700", jurisdiction="US"), may(ana, "800", line="auto"))
    item = payout(world)
    assert allowed(ana, item) is None

    authority(may(ana, "900"))
    assert allowed(ana, item) == 900


def test_the_narrowest_row_counts_never_the_sum_and_never_the_largest(world, ana):
    item = payout(world, line="auto", jurisdiction="US-TX")
    rows = [
        {"up_to": "900"},
        {"up_to": "800", "effects": "pay"},
        {"up_to": "700", "jurisdiction": "US"},
        {"up_to": "600", "jurisdiction": "US-TX"},
        {"up_to": "500", "line": "auto"},
        {"up_to": "400", "line": "auto", "effects": "pay"},
        {"up_to": "300", "line": "auto", "jurisdiction": "US"},
        {"up_to": "200", "line": "auto", "jurisdiction": "US-TX"},
        {"up_to": "100", "line": "auto", "jurisdiction": "US-TX", "effects": "pay"},
    ]
    for count, row in enumerate(rows, start=1):
        authority(*(may(ana, **each) for each in reversed(rows[:count])))

        assert allowed(ana, item) == int(row["up_to"])


@pytest.mark.parametrize(
    ("moment", "covers"),
    [
        (datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 1, 0, 0, tzinfo=UTC), False),
    ],
)
def test_both_days_of_its_period_count_in_utc(world, ana, moment, covers):
    authority(may(ana, "700", starts=date(2026, 11, 1), ends=date(2026, 11, 30)))
    item = payout(world)

    with time_machine.travel(moment, tick=False):
        assert (allowed(ana, item) is not None) == covers


# The oracle: what was approved so far, kept by the test alone, and the bounds asked about one by one.

LINES, PLACES, EFFECTS = ["*", "auto", "home"], ["*", "US", "US-TX", "US-LA"], ["*", "pay", "reserve"]
AMOUNTS = st.sampled_from([Decimal(each) for each in ("100", "250", "400", "600")])


@dataclass(frozen=True)
class Row:
    """A row as the test draws it."""

    line: str
    place: str
    effect: str
    up_to: Decimal
    alone: Decimal
    per_subject: Decimal | None
    per_period: Decimal | None

    def width(self):
        return (self.line == "*", {"*": 2, "US": 1}.get(self.place, 0), self.effect == "*")

    def covers(self, line, place, effect):
        there = self.place in ("*", place) or (self.place == "US" and place.startswith("US"))
        return self.line in ("*", line) and there and self.effect in ("*", effect)


@st.composite
def rows(draw):
    up_to = draw(AMOUNTS)
    more = st.none() | AMOUNTS.map(lambda each: up_to + each)
    return Row(
        draw(st.sampled_from(LINES)), draw(st.sampled_from(PLACES)), draw(st.sampled_from(EFFECTS)),
        up_to, min(up_to, draw(AMOUNTS)), draw(more), draw(more),
    )  # fmt: skip


ITEMS = st.tuples(
    AMOUNTS, st.sampled_from(["auto", "home"]), st.sampled_from(["US-TX", "US-LA"]),
    st.sampled_from(["claim/1", "claim/2"]), st.integers(0, 1),
)  # fmt: skip


def broken(found, item, mine, so_far):
    """Name every bound that approving would break, by the oracle's own account."""
    if not found:
        return {"no_authority"}
    amount, _, _, subject, _ = item
    row = min(found, key=Row.width)
    on_subject = sum(each[0] for each in so_far if each[3] == subject)
    in_period = sum(each[0] for each in mine)
    return (
        ({"over_authority"} if amount > row.up_to else set())
        | ({"over_alone"} if amount > row.alone else set())
        | ({"over_subject"} if row.per_subject is not None and on_subject + amount > row.per_subject else set())
        | ({"over_period"} if row.per_period is not None and in_period + amount > row.per_period else set())
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    registers=st.lists(st.lists(rows(), max_size=4, unique_by=lambda row: row.width()), min_size=2, max_size=2),
    asked=st.lists(ITEMS, min_size=2, max_size=6),
)
def test_what_is_allowed_keeps_every_bound_and_what_is_refused_breaks_the_one_it_names(registers, asked):
    world = make_world()
    people = [make_person(f"p{n}", Role.ADJUSTER) for n in range(2)]
    authority(*(row_of(person, row) for person, own in zip(people, registers, strict=True) for row in own))
    approved = {0: [], 1: []}
    mark = f"{Item.objects.count()}"
    for item in asked:
        amount, line, place, subject, who = item
        found = [row for row in registers[who] if row.covers(line, place, "pay")]
        would_break = broken(found, item, approved[who], [*approved[0], *approved[1]])

        said = attempt(world, people[who], str(amount), line, place, f"{subject}{mark}")

        assert said in would_break if would_break else said == ""
        if not said:
            approved[who].append(item)


def row_of(person, row):
    named = {"effects": row.effect, "line": row.line, "jurisdiction": row.place, "alone": str(row.alone)}
    totals = {"per_subject": row.per_subject, "per_period": row.per_period}
    named |= {name: str(each) for name, each in totals.items() if each is not None}
    return may(person, str(row.up_to), **named, period_days=30 if row.per_period is not None else None)


def attempt(world, person, amount, line, place, subject):
    """Try to approve a payout; give the code of the refusal, or nothing."""
    item = make_item(
        world, metadata={"line_of_business": line},
        action={"amount": amount, "amount_at_stake": amount, "jurisdiction": place, "subject": subject},
    )  # fmt: skip
    try:
        finished(prepared(take(item, person), person), person)
    except Problem as problem:
        return problem.name
    assert Item.objects.get(pk=item.pk).state == State.APPROVED
    return ""
