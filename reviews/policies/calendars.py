"""Working calendars: opening hours and holidays in YAML, and counting in working hours and days."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import ClassVar, Final
from zoneinfo import ZoneInfo, available_timezones

import yaml

from portal.kit.problems import Problem

from . import nodes
from .members import Members
from .opening import Opening, Span, instant
from .reader import Reader
from .stages import NAME, NAME_WANTED

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEARCHED: Final = timedelta(days=3653)
MAX_HOLIDAYS: Final = 1000

_CALENDAR = Members(required=("calendar", "time_zone", "hours"), optional=("holidays", "source"))
_HOURS = Members(required=(), optional=DAYS)
_HOLIDAY = Members(required=("date", "name"))
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24:00))")
DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


class CalendarInvalid(Problem):
    """The document is no calendar; `errors` names line and column of each fault."""

    code: ClassVar[str] = "calendar_invalid"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The working calendar cannot be used"


class CalendarExhausted(Problem):
    """Ten years hold too little working time for what was asked."""

    code: ClassVar[str] = "calendar_exhausted"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The working calendar has too little working time"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which nobody works, and what it is called."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work: hours by weekday (Monday first) in one time zone, without the holidays."""

    name: str
    zone: ZoneInfo
    hours: tuple[tuple[Opening, ...], ...]
    holidays: tuple[Holiday, ...] = ()
    source: str = ""

    def is_open(self, moment: datetime) -> bool:
        """Tell whether people work at a moment; the minute of closing is closed."""
        day = self._day(moment)
        return any(span.opens <= moment < span.closes for span in self._spans(day, self._closed()))

    def add_hours(self, moment: datetime, hours: int) -> datetime:
        """Give the moment at which so many working hours have passed; at most the closing that completes them."""
        _insist_on_one(hours)
        moment, left = moment.astimezone(UTC), timedelta(hours=hours)
        for span in self._from(moment, asked=f"{hours} working hours"):
            begins = max(span.opens, moment)
            if begins + left <= span.closes:
                return begins + left
            left -= max(span.closes - begins, timedelta())
        raise AssertionError("the spans end by CalendarExhausted only")

    def add_days(self, moment: datetime, days: int) -> datetime:
        """Give the same wall-clock time so many working days on, moved into that day's opening hours.

        What falls on a closed day counts as after the closing of the working day before it, so that what came
        later is never due earlier.
        """
        _insist_on_one(days)
        start = self._day(moment)
        left = days
        for day, spans in self._days(start + timedelta(days=1), asked=f"{days} working days"):
            left -= 1
            if left == 0:
                worked = self._spans(start, self._closed())
                return self._within(spans, day, moment) if worked else spans[-1].closes
        raise AssertionError("the days end by CalendarExhausted only")

    def hours_between(self, a: datetime, b: datetime) -> float:
        """Give the working hours from one moment to another, negative when they are the wrong way round."""
        a, b, total = a.astimezone(UTC), b.astimezone(UTC), timedelta()
        if b < a:
            return -self.hours_between(b, a)
        closed = self._closed()
        for ordinal in range(self._day(a).toordinal(), self._day(b).toordinal() + 1):
            for span in self._spans(date.fromordinal(ordinal), closed):
                total += max(min(span.closes, b) - max(span.opens, a), timedelta())
        return total / timedelta(hours=1)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _closed(self) -> frozenset[date]:
        return frozenset(holiday.day for holiday in self.holidays)

    def _spans(self, day: date, closed: frozenset[date]) -> tuple[Span, ...]:
        """Give the opening hours of a day as moments; a change of the clocks can shorten them to nothing."""
        spans = () if day in closed else (opening.on(day, self.zone) for opening in self.hours[day.weekday()])
        return tuple(span for span in spans if span.opens < span.closes)

    def _days(self, first: date, *, asked: str) -> Iterator[tuple[date, tuple[Span, ...]]]:
        """Give the working days from a day on, for ten years."""
        closed = self._closed()
        last = min(first.toordinal() + SEARCHED.days, date.max.toordinal() - 1)
        for ordinal in range(first.toordinal(), last):
            if spans := self._spans(date.fromordinal(ordinal), closed):
                yield date.fromordinal(ordinal), spans
        raise CalendarExhausted(
            f"The calendar “{self.name}” does not hold {asked} within ten years from {first.isoformat()}."
            " Ask for less time in the rule, or give the calendar more opening hours."
        )

    def _from(self, moment: datetime, *, asked: str) -> Iterator[Span]:
        for _, spans in self._days(self._day(moment), asked=asked):
            yield from (span for span in spans if span.closes > moment)

    def _within(self, spans: tuple[Span, ...], day: date, moment: datetime) -> datetime:
        """Give a moment's wall-clock time on another day: the next opening, or the last closing after it."""
        local = moment.astimezone(self.zone)
        wanted = instant(day, local.hour * 60 + local.minute, self.zone) + timedelta(
            seconds=local.second, microseconds=local.microsecond
        )
        later = (max(wanted, span.opens) for span in spans if wanted <= span.closes)
        return next(later, spans[-1].closes).astimezone(UTC)


def parse(text: str) -> Calendar:
    """Read a calendar document, or raise CalendarInvalid with every fault and its position."""
    try:
        root = nodes.compose(text)
    except nodes.Unreadable as unreadable:
        raise CalendarInvalid(unreadable.fault["message"], errors=[unreadable.fault]) from None
    reader = _CalendarReader()
    calendar = reader.calendar(root)
    if calendar is None or reader.faults:
        more = len(reader.faults) - 1
        detail = reader.faults[0]["message"] + (f" ({more} more)" if more else "")
        raise CalendarInvalid(detail, errors=reader.faults)
    return calendar


class _CalendarReader(Reader):
    """Reads the parts of a calendar; what it returns counts only when it found no fault."""

    def calendar(self, root: yaml.Node) -> Calendar | None:
        parts = self.members(root, "", _CALENDAR)
        if "holidays" in parts and "source" not in parts:
            self.fault(root, "/source", "“source” is missing: say where the dates of the holidays come from.")
        name = self.shaped(parts.get("calendar"), "/calendar", shape=NAME, wanted=NAME_WANTED)
        zone = self._zone(parts.get("time_zone"))
        hours = self._hours(parts.get("hours"))
        holidays = self._holidays(parts.get("holidays"))
        source = self.text(parts.get("source"), "/source", most=500)
        return Calendar(name, zone, hours, holidays, source) if zone else None

    def _zone(self, node: yaml.Node | None) -> ZoneInfo | None:
        name = self.text(node, "/time_zone", most=100)
        if node is None or not name:
            return None
        if name not in _zones():
            self.fault(node, "/time_zone", f"There is no time zone “{name[:60]}”; {_zone_wanted(name)}.")
            return None
        return ZoneInfo(name)

    def _hours(self, node: yaml.Node | None) -> tuple[tuple[Opening, ...], ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "/hours", 'Write the hours by day here, such as {mon: "08:00-12:00, 13:00-17:00"}.')
            return ()
        before = len(self.faults)
        parts = self.members(node, "/hours", _HOURS)
        hours = tuple(self._openings(parts.get(day), f"/hours/{day}") for day in DAYS)
        if not any(hours) and len(self.faults) == before:
            self.fault(node, "/hours", "No day is open; give at least one day its hours.")
        return hours

    def _openings(self, node: yaml.Node | None, at: str) -> tuple[Opening, ...]:
        """Read one day's hours, in order and apart from each other."""
        text = self.text(node, at, most=200)
        if node is None or not text:
            return ()
        openings: list[Opening] = []
        for part in (each.strip() for each in text.split(",")):
            opening = _opening(part)
            if opening is None or (openings and opening.opens < openings[-1].closes):
                self.fault(node, at, f"“{part[:40]}” is not right here; {_hours_wanted(openings)}.")
                return ()
            openings.append(opening)
        return tuple(openings)

    def _holidays(self, node: yaml.Node | None) -> tuple[Holiday, ...]:
        found: dict[date, Holiday] = {}
        for index, entry in enumerate(self.entries(node, "/holidays", most=MAX_HOLIDAYS)):
            at = f"/holidays/{index}"
            parts = self.members(entry, at, _HOLIDAY)
            day = self._date(parts.get("date"), f"{at}/date")
            name = self.text(parts.get("name"), f"{at}/name", most=100)
            if day in found:
                self.fault(entry, f"{at}/date", f"{day} is a holiday already, {found[day].name}; keep one.")
            elif day:
                found[day] = Holiday(day, name)
        return tuple(found[day] for day in sorted(found))

    def _date(self, node: yaml.Node | None, at: str) -> date | None:
        if node is None:
            return None
        value = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        day = _day(value)
        if day is None:
            self.fault(node, at, "This is no day of the calendar; write year, month and day, such as 2026-12-25.")
        return day


def _insist_on_one(number: int) -> None:
    if number < 1:
        raise ValueError("Working time counts forward, from one on.")


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if DATE.fullmatch(value) else None
    except ValueError:
        return None


def _opening(part: str) -> Opening | None:
    """Read “08:00-12:00”; hours over midnight are two days' hours and so none."""
    found = _SPAN.fullmatch(part)
    if found is None:
        return None
    closes = 24 * 60 if found[5] else int(found[3]) * 60 + int(found[4])
    opening = Opening(int(found[1]) * 60 + int(found[2]), closes)
    return opening if opening.opens < opening.closes else None


def _hours_wanted(before: list[Opening]) -> str:
    after = f", after {before[-1]}" if before else ""
    return f"write hours from earlier to later{after}, such as 08:00-12:00, 13:00-17:00, and 24:00 for midnight"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone_wanted(name: str) -> str:
    """Name the zones that were probably meant, by the place or by the letters."""
    place = re.sub(r"\s+", "_", name.strip()).casefold()
    by_fold = {zone.casefold(): zone for zone in sorted(_zones())}
    ends = [zone for fold, zone in by_fold.items() if fold.endswith(f"/{place}") or fold == place]
    near = ends or [by_fold[each] for each in get_close_matches(place, by_fold, n=3, cutoff=0.6)]
    return f"use {' or '.join(near[:3])}" if near else "use a name of the IANA database, such as America/Chicago"
