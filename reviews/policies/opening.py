"""Opening hours of one day as moments, also on days on which the clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another, in UTC."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours of a day in minutes from midnight on the wall clock; 1440 is the end of the day."""

    opens: int
    closes: int

    def on(self, day: date, zone: ZoneInfo) -> Span:
        """Give these hours on a day; where the clocks jump over them they are empty."""
        return Span(instant(day, self.opens, zone), instant(day, self.closes, zone))

    def __str__(self) -> str:
        """Write the hours as the document does."""
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.opens, self.closes))


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Give the first moment at which a wall clock shows this minute of a day, or a later one if clocks skip it."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a wall clock's reading, zoned below
    wall = midnight + timedelta(minutes=minute)
    later = wall.replace(tzinfo=zone).astimezone(UTC)
    if later.astimezone(zone).replace(tzinfo=None) == wall:
        return later
    return _jump(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), later, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Find the moment, to the second, at which the clocks jump forward between two moments."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after
