"""Working calendars: reading them, and counting working hours and days over nights, holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reviews.policies import calendars

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/calendars/gulf-claims.yaml"
GULF = calendars.parse(EXAMPLE.read_text())
CHICAGO = ZoneInfo("America/Chicago")
WEEK = "{mon: &, tue: &, wed: &, thu: &, fri: &, sat: &, sun: &}"

SHORT = """
calendar: short
time_zone: America/Chicago
hours: {mon: "08:00-12:00, 13:00-17:00", fri: "09:00-15:00"}
"""


def always(zone: str, hours: str = "00:00-24:00") -> calendars.Calendar:
    """Give a calendar with the same hours on all seven days."""
    return calendars.parse(f"calendar: always\ntime_zone: {zone}\nhours: {WEEK.replace('&', repr(hours))}\n")


def at(written: str, zone: ZoneInfo = CHICAGO, fold: int = 0) -> datetime:
    """Read a wall clock in a zone, as UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def faults(text: str) -> list[dict[str, str]]:
    with pytest.raises(calendars.CalendarInvalid) as invalid:
        calendars.parse(text)
    return invalid.value.errors


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


def observed(day: date) -> date:
    """Move a holiday off the weekend as the law does."""
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def nth(year: int, month: int, weekday: int, number: int) -> date:
    """Give the nth weekday of a month; 0 is the last."""
    days = [date(year, month, 1) + timedelta(days=each) for each in range(31)]
    found = [day for day in days if day.month == month and day.weekday() == weekday]
    return found[number - 1]


def test_the_example_keeps_every_federal_holiday_of_its_years():
    law = {
        *(observed(date(year, *day)) for year in (2026, 2027, 2028, 2029)
          for day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))),
        *(nth(year, *day) for year in (2026, 2027, 2028)
          for day in ((1, 0, 3), (2, 0, 3), (5, 0, 0), (9, 0, 1), (10, 0, 2), (11, 3, 4))),
    }  # fmt: skip
    listed = {holiday.day for holiday in GULF.holidays}

    assert listed == {day for day in law if day.year < 2029}
    assert len(listed) == 33
    assert "5 U.S.C. 6103" in GULF.source


@pytest.mark.parametrize(
    ("line", "wrong", "message"),
    [
        (2, "time_zone: America/Chikago", "no time zone “America/Chikago”; use America/Chicago"),
        (2, "time_zone: chicago", "use America/Chicago"),
        (2, "time_zone: ../../etc/passwd", "use a name of the IANA database"),
        (2, "time_zone: 7", "a text is expected"),
        (3, 'hours: {mon: "8-12"}', "write hours from earlier to later, such as 08:00-12:00"),
        (3, 'hours: {mon: "22:00-06:00"}', "24:00 for midnight"),
        (3, 'hours: {mon: "08:00-12:00, 11:00-13:00"}', "after 08:00-12:00"),
        (3, 'hours: {mon: "08:00-25:00"}', "“08:00-25:00” is not right here"),
        (3, 'hours: {monday: "08:00-12:00"}', "no member “monday” here"),
        (3, "hours: {}", "No day is open"),
        (3, "hours: always", "Write the hours by day"),
        (1, "calendar: Gulf Claims", "lower-case letters"),
        (4, "holidays: [{date: 2026-02-30, name: No day}]", "no day of the calendar"),
        (4, "holidays: [{date: 25.12.2026, name: Christmas}]", "such as 2026-12-25"),
        (4, "holidays: [{date: 2026-12-25}]", "“name” is missing"),
        (4, "holidays: [{date: 2026-12-25, name: A}, {date: 2026-12-25, name: B}]", "is a holiday already, A"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_would_be_right(line, wrong, message):
    lines = [
        "calendar: short",
        "time_zone: America/Chicago",
        'hours: {mon: "08:00-12:00"}',
        "holidays: []",
        "source: Law",
    ]
    lines[line - 1] = wrong
    found = [
        fault
        for fault in faults("\n".join(each for each in lines if each != "holidays: []"))
        if message in fault["message"]
    ]

    assert [fault["line"] for fault in found] == [str(line)]
    assert found[0]["message"].startswith(f"Line {line}, column {found[0]['column']}: ")


def test_holidays_need_their_source():
    text = SHORT + "holidays: [{date: 2026-12-25, name: Christmas Day}]\n"

    assert [fault["message"].partition(": ")[2] for fault in faults(text)] == [
        "“source” is missing: say where the dates of the holidays come from."
    ]


def test_all_faults_are_told_at_once():
    assert len(faults("calendar: A B\ntime_zone: Mars\nhours: {mon: never}\n")) == 3


@pytest.mark.parametrize("text", ["", "- a", "a: &x 1", "{", "calendar: \x00"])
def test_what_is_no_calendar_is_refused(text):
    assert faults(text)
