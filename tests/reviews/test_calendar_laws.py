"""Laws of working calendars: they hold for any moment, calendar and number of hours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reviews.policies import calendars
from tests.reviews.offices import GULF, SHORT, always, at

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CLOCK_CHANGES = st.sampled_from([at("2026-03-08T00:00"), at("2026-11-01T00:00"), at("2026-11-26T00:00")])

NEAR_A_CHANGE = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), CLOCK_CHANGES, st.integers(-1500, 1500)
)

ANY_MOMENT = MOMENTS | NEAR_A_CHANGE

CALENDARS = st.sampled_from(
    [
        GULF,
        calendars.parse(SHORT),
        always("America/Chicago"),
        always("America/Chicago", "00:30-01:30, 02:15-02:45, 22:00-24:00"),
        always("Australia/Lord_Howe", "01:00-03:00"),  # moves its clocks by half an hour
        always("Asia/Kathmandu", "09:00-17:00"),
    ]
)


def stands_within(calendar: calendars.Calendar, moment: datetime) -> bool:
    """Tell whether people work at this moment or worked until it."""
    return calendar.is_open(moment) or calendar.is_open(moment - timedelta(microseconds=1))


@settings(deadline=None)
@given(CALENDARS, ANY_MOMENT, st.integers(1, 400))
def test_working_hours_added_are_the_working_hours_between(calendar, moment, hours):
    due = calendar.add_hours(moment, hours)

    assert calendar.hours_between(moment, due) == hours
    assert stands_within(calendar, due)


@settings(deadline=None)
@given(CALENDARS, ANY_MOMENT, st.integers(1, 60))
def test_working_days_end_within_opening_hours_of_a_later_day(calendar, moment, days):
    due = calendar.add_days(moment, days)

    assert stands_within(calendar, due)
    assert due > moment
    assert calendar.add_days(moment, days + 1) > due


@settings(deadline=None)
@given(CALENDARS, ANY_MOMENT, st.integers(0, 5000), st.integers(1, 40))
def test_what_comes_later_is_never_due_earlier(calendar, moment, minutes, count):
    later = moment + timedelta(minutes=minutes)

    assert calendar.add_hours(moment, count) <= calendar.add_hours(later, count)
    assert calendar.add_hours(moment, count) < calendar.add_hours(moment, count + 1)
    # In the hour that the clocks repeat, the same time of day is shown twice; “the same time” cannot keep the order.
    assume(not moment.astimezone(calendar.zone).fold)
    assume(not later.astimezone(calendar.zone).fold)
    assert calendar.add_days(moment, count) <= calendar.add_days(later, count)


@settings(deadline=None)
@given(CALENDARS, ANY_MOMENT, ANY_MOMENT, ANY_MOMENT)
@example(GULF, at("2026-11-23T09:00"), at("2026-11-23T12:30"), at("2026-11-24T09:00"))
def test_working_hours_add_up(calendar, a, b, c):
    whole = calendar.hours_between(a, c)

    assert calendar.hours_between(a, b) + calendar.hours_between(b, c) == pytest.approx(whole, abs=1e-6)
