"""Working calendars: counting working hours and days over nights, holidays and clock changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reviews.policies import calendars
from tests.reviews.offices import CHICAGO, GULF, SHORT, always, at


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        ("2026-11-23T09:00", 2, "2026-11-23T11:00"),  # a Monday
        ("2026-11-23T11:00", 1, "2026-11-23T12:00"),  # the closing itself
        ("2026-11-23T11:30", 1, "2026-11-23T13:30"),  # over the break
        ("2026-11-23T06:00", 8, "2026-11-23T17:00"),
        ("2026-11-23T16:00", 2, "2026-11-24T09:00"),  # over the night
        ("2026-11-25T16:00", 2, "2026-11-27T09:00"),  # over Thanksgiving
        ("2026-11-27T16:30", 1, "2026-11-30T08:30"),  # over a weekend
        ("2026-11-28T10:00", 1, "2026-11-30T09:00"),  # from a Saturday
        ("2027-12-23T16:00", 2, "2027-12-27T09:00"),  # Christmas observed on Friday the 24th
        ("2026-10-30T16:00", 2, "2026-11-02T09:00"),  # the weekend on which the clocks go back
        ("2026-03-06T16:00", 2, "2026-03-09T09:00"),  # the weekend on which they go forward
    ],
)
def test_working_hours_pass_while_the_office_is_open(moment, hours, due):
    assert GULF.add_hours(at(moment), hours) == at(due)


@pytest.mark.parametrize(
    ("moment", "days", "due"),
    [
        ("2026-11-23T09:30", 1, "2026-11-24T09:30"),
        ("2026-11-23T09:30", 2, "2026-11-25T09:30"),
        ("2026-11-25T09:30", 1, "2026-11-27T09:30"),  # over Thanksgiving
        ("2026-11-27T16:00", 1, "2026-11-30T16:00"),  # over a weekend
        ("2026-11-23T12:20", 1, "2026-11-24T13:00"),  # into the break: its end
        ("2026-11-23T12:00", 1, "2026-11-24T12:00"),
        ("2026-11-23T05:00", 1, "2026-11-24T08:00"),  # before opening
        ("2026-11-23T22:00", 1, "2026-11-24T17:00"),  # after closing
        ("2026-11-28T10:00", 1, "2026-11-30T17:00"),  # a Saturday counts as after Friday's closing
        ("2026-10-30T09:00", 1, "2026-11-02T09:00"),  # the same wall clock, though the day had an hour more
        ("2026-11-23T09:30:15.000250", 1, "2026-11-24T09:30:15.000250"),
    ],
)
def test_a_working_day_later_the_clock_shows_the_same_time(moment, days, due):
    assert GULF.add_days(at(moment), days) == at(due)


def test_days_of_different_hours_keep_what_is_due_within_them():
    short = calendars.parse(SHORT)

    assert short.add_days(at("2026-11-23T16:00"), 1) == at("2026-11-27T15:00")
    assert short.add_days(at("2026-11-23T08:10"), 1) == at("2026-11-27T09:00")


def test_results_are_in_utc():
    assert GULF.add_hours(datetime.fromisoformat("2026-11-23T09:00-06:00"), 1).tzinfo is UTC
    assert GULF.add_days(datetime.fromisoformat("2026-11-23T09:00-06:00"), 1).tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T08:00", True),
        ("2026-11-23T07:59:59", False),
        ("2026-11-23T11:59:59", True),
        ("2026-11-23T12:00", False),
        ("2026-11-26T10:00", False),
        ("2026-11-28T10:00", False),
    ],
)
def test_an_office_is_open_from_opening_until_just_before_closing(moment, expected):
    assert GULF.is_open(at(moment)) is expected


def test_a_day_has_the_hours_that_really_pass_when_the_clocks_change():
    clock = always("America/Chicago")

    assert clock.hours_between(at("2026-03-08T00:00"), at("2026-03-09T00:00")) == 23
    assert clock.hours_between(at("2026-11-01T00:00"), at("2026-11-02T00:00")) == 25
    assert clock.add_hours(at("2026-03-08T00:00"), 3) == at("2026-03-08T04:00")
    assert clock.add_hours(at("2026-11-01T00:00"), 3) == at("2026-11-01T02:00")


@pytest.mark.parametrize(
    ("hours", "worked"),
    [
        ("02:15-02:45", 0),  # skipped altogether
        ("01:00-02:30", 1),  # ends where the clocks jump
        ("02:30-04:00", 1),  # begins there
        ("01:30-02:15, 02:45-03:30", 1),
    ],
)
def test_hours_that_the_clocks_jump_over_are_not_worked(hours, worked):
    night = always("America/Chicago", hours)

    assert night.hours_between(at("2026-03-08T00:00"), at("2026-03-09T00:00")) == worked


def test_a_repeated_hour_is_worked_twice():
    night = always("America/Chicago", "00:00-02:00")

    assert night.hours_between(at("2026-11-01T00:00"), at("2026-11-02T00:00")) == 3
    assert night.is_open(at("2026-11-01T01:30", fold=1))


def test_a_date_that_a_zone_never_had_is_no_working_day():
    apia = ZoneInfo("Pacific/Apia")  # went from the 29th to the 31st of December 2011
    samoa = always("Pacific/Apia", "08:00-16:00")

    assert samoa.add_days(at("2011-12-29T10:00", apia), 1) == at("2011-12-31T10:00", apia)


def test_a_moment_may_stand_in_any_zone():
    before = datetime.fromisoformat("2026-11-01T00:30").replace(tzinfo=CHICAGO)
    clock = always("America/Chicago")

    assert clock.add_hours(before, 2) == at("2026-11-01T01:30", fold=1)
    assert clock.hours_between(before, before.replace(hour=3)) == 4


def test_hours_between_are_counted_backwards_too():
    monday, friday = at("2026-11-23T09:00"), at("2026-11-27T09:00")

    assert GULF.hours_between(monday, friday) == 24  # Thanksgiving is not worked
    assert GULF.hours_between(friday, monday) == -24


@pytest.mark.parametrize("count", [calendars.Calendar.add_hours, calendars.Calendar.add_days])
def test_nothing_is_due_in_no_time(count):
    with pytest.raises(ValueError, match="from one on"):
        count(GULF, at("2026-11-23T09:00"), 0)


@pytest.mark.parametrize("count", [calendars.Calendar.add_hours, calendars.Calendar.add_days])
def test_what_ten_years_do_not_hold_is_refused_with_what_to_do(count):
    hourly = calendars.parse('calendar: rare\ntime_zone: UTC\nhours: {mon: "08:00-09:00"}\n')

    with pytest.raises(calendars.CalendarExhausted, match="“rare” does not hold 999 working .* more opening hours"):
        count(hourly, at("2026-11-23T09:00"), 999)


def test_the_end_of_all_dates_is_refused_like_any_other_lack_of_time():
    with pytest.raises(calendars.CalendarExhausted):
        GULF.add_days(datetime(9999, 12, 20, tzinfo=UTC), 20)
