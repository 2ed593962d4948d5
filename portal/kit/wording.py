"""How amounts, sizes, names and times read on pages. Pure: no request, no clock of its own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

# Two letters or more tell dollars apart; a bare $ is the US dollar everywhere in the portal.
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "CHF": "CHF\u00a0"}
_WHOLE = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
_ASSUMED = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Time to a deadline as words, how pressing it is (`bad`, `warn` or nothing), and the share already spent."""

    words: str
    urgency: str
    spent: float


def money(amount: Decimal, currency: str) -> str:
    """Write every digit of an amount, at least the two every currency of cents has."""
    places = max(0 if currency in _WHOLE else 2, _places(amount))
    sign = "−" if amount.is_signed() and amount else ""
    digits = f"{amount.copy_abs():,.{places}f}"
    before = _SIGNS.get(currency, f"{currency}\u00a0" if currency else "")
    return f"{sign}{before}{digits}"


def _places(amount: Decimal) -> int:
    """Count the decimals that say something: columns hold four, most of them zeros."""
    digits = f"{amount:f}"
    return len(digits.partition(".")[2].rstrip("0"))


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 rule, 2 rules."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """Write bytes in the unit a person reads."""
    if number < 1000:
        return counted(number, "byte")
    value = float(number)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            break
    return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"


def initials(name: str) -> str:
    """Give the first letters of the first and the last word."""
    parts = [each for each in name.split() if each[0].isalnum()]
    letters = [parts[0], parts[-1]] if len(parts) > 1 else parts
    return "".join(each[0] for each in letters).upper() or "?"


def time_left(due: datetime, since: datetime | None, at: datetime) -> TimeLeft:
    """Say how long is left at a moment; an hour before its end a deadline presses, after it the item is late."""
    left = due - at
    if left <= timedelta(0):
        return TimeLeft(f"Late by {_span(-left)}", "bad", 1.0)
    whole = max(due - since, timedelta(minutes=1)) if since else max(_ASSUMED, left)
    spent = min(max(1 - left / whole, 0.0), 1.0)
    if left < timedelta(hours=1):
        return TimeLeft(f"{_span(left)} left", "warn", spent)
    return TimeLeft(_span(left), "", spent)


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "less than 1 m"
    if minutes < 60:
        return f"{minutes} m"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} m"
    return f"{minutes // (24 * 60)} d"


def ago(length: timedelta) -> str:
    """Say how long ago, in one unit."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // (24 * 60)} d ago"


def moment(at: datetime) -> str:
    """Write a moment with its zone: 14 Nov 2026, 09:02:11 UTC."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M:%S} UTC"


def day(at: datetime) -> str:
    """Write a day: 14 Nov 2026."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def clock(at: datetime) -> str:
    """Write the time of day with its zone: 09:02 UTC."""
    return f"{at.astimezone(UTC):%H:%M} UTC"
