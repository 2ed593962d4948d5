"""The parts a routing policy is made of, once it was read: stages, dues, readings, rules and the policy itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, Protocol

from portal.kit.wording import counted
from reviews.words import HARMFUL, Effect, Priority, Wall

from .expressions import Condition

HARM: Final = HARMFUL
HARMLESS: Final = tuple(effect.value for effect in Effect if effect not in HARMFUL)
PRIORITIES: Final = tuple(priority.value for priority in Priority)
FACTORS: Final = ("passkey", "password+totp", "password")
VERDICT_WORDS: Final = {
    "approve": "approve", "reject": "reject", "change": "approve with changes", "send_back": "send back",
}  # fmt: skip
VERDICTS: Final = tuple(VERDICT_WORDS)
ALL_VERDICTS: Final = frozenset(VERDICTS)
WALLS: Final = tuple(wall.value for wall in Wall)

Unit = Literal["m", "h", "d", "wh", "wd"]

_LENGTHS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_UNITS = {"m": "minute", "h": "hour", "d": "day", "wh": "working hour", "wd": "working day"}


class CalendarMissing(ValueError):
    """A due in working time was asked for its moment without the calendar it counts in."""


class WorkingCalendar(Protocol):
    """What a due in working time asks of a calendar."""

    def add_hours(self, moment: datetime, number: int) -> datetime:
        """Give the moment so many working hours later."""

    def add_days(self, moment: datetime, number: int) -> datetime:
        """Give the moment so many working days later."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Who must sign, how often, and what the signature means; stages of one step run at the same time.

    `role` is one role, or several joined by a space, any of which may sign. `back_to` is the number of the stage,
    counted from 1 through the whole plan, that a rejection returns to; without one a rejection ends the plan.
    """

    role: str
    signatures: int
    meaning: str
    step: int = 0
    name: str = ""
    factors: tuple[str, ...] = ()
    blind: bool = False
    back_to: int | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Give the roles one by one."""
        return tuple(self.role.split())


@dataclass(frozen=True, slots=True)
class Due:
    """How long an item may wait, on the clock (m, h, d) or in working time (wh, wd)."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        """Write it as a policy does, such as 4h."""
        return f"{self.number}{self.unit}"

    @property
    def words(self) -> str:
        """Say it in words, such as 8 working hours."""
        return counted(self.number, _UNITS[self.unit])

    @property
    def elapsed(self) -> timedelta | None:
        """Give its length on the clock; working time has none before its calendar is asked."""
        length = _LENGTHS.get(self.unit)
        return self.number * length if length is not None else None

    def after(self, moment: datetime, calendar: WorkingCalendar | None = None) -> datetime:
        """Give the moment it ends when it starts at `moment`. Raises CalendarMissing."""
        if self.elapsed is not None:
            return moment + self.elapsed
        if calendar is None:
            raise CalendarMissing(f"{self.words} cannot be counted without a working calendar.")
        if self.unit == "wh":
            return calendar.add_hours(moment, self.number)
        return calendar.add_days(moment, self.number)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that must be opened before anybody signs."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where items go that no rule could decide: a queue and the people who sign there."""

    queue: str
    plan: tuple[Stage, ...]
    priority: str | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: when it applies, why, and what it asks for.

    `plan` is empty only for automatic approval without a sample and for a refusal; `sample` is the share, over 0 and
    at most 1, that goes to people all the same; `queue` is empty only for a refusal.
    """

    name: str
    condition: Condition = field(repr=False, compare=False)
    when: str
    reason: str
    queue: str
    plan: tuple[Stage, ...]
    auto_approve: bool
    effects: frozenset[str]
    priority: str | None = None
    due: Due | None = None
    sample: Decimal | None = None
    refuse: bool = False
    reading: tuple[Reading, ...] = ()
    verdicts: frozenset[str] = ALL_VERDICTS
    wall: str = ""
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A routing policy as read; `digest` is the SHA-256 of the text's UTF-8 bytes, in hexadecimal.

    `calendar` names the working calendar its dues count in; it is empty when the policy names none.
    """

    name: str
    digest: str
    fallback: Fallback
    rules: tuple[Rule, ...]
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The names an installation has, so that a policy naming any other is refused where it does."""

    queues: frozenset[str]
    roles: frozenset[str]
    calendars: frozenset[str]
