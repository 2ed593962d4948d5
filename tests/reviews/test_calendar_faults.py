"""Reading working calendars: the example keeps its holidays, and each fault is told with its line."""

from datetime import date, timedelta

import pytest

from reviews.policies import calendars
from tests.reviews.offices import GULF, SHORT


def faults(text: str) -> list[dict[str, str]]:
    with pytest.raises(calendars.CalendarInvalid) as invalid:
        calendars.parse(text)
    return invalid.value.errors


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
