"""What the tests of working calendars share: calendars, and moments."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

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
