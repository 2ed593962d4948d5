"""An oracle of authority and licences: its own arithmetic over entries and posted documents, sharing no guard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.reviews.oracle import LINE, Entered

OPEN = {"in_review", "changes_requested", "approved"}


@dataclass(frozen=True)
class Scope:
    """Where and when a row of a register counts."""

    line: str
    place: str
    starts: date
    ends: date | None

    def covers(self, matter: "Matter", day: date) -> bool:
        """Tell whether a row says anything about a matter on a day."""
        there = self.place == "*" or matter.place == self.place or matter.place.split("-")[0] == self.place
        on = self.starts <= day and not (self.ends is not None and self.ends < day)
        return there and on and self.line in ("*", matter.line)


@dataclass(frozen=True)
class Grant:
    """A row of the register of authority, as the test drew it."""

    who: UUID
    scope: Scope
    effect: str
    currency: str
    up_to: Decimal
    alone: Decimal
    per_subject: Decimal | None
    per_period: Decimal | None
    days: int | None

    def covers(self, matter: "Matter", day: date) -> bool:
        """Tell whether the row is about what a matter is about."""
        about = self.effect in ("*", matter.effect) and self.currency == matter.currency
        return about and self.scope.covers(matter, day)

    def width(self, matter: "Matter") -> tuple[int, int, int]:
        """Sort rows by how much they cover: the line first, then the place, then the effect."""
        place = 0 if self.scope.place == matter.place else 2 if self.scope.place == "*" else 1
        return int(self.scope.line == "*"), place, int(self.effect == "*")


@dataclass(frozen=True)
class Paper:
    """A row of the register of licences."""

    who: UUID
    kind: str
    scope: Scope


@dataclass
class Lending:
    """What somebody has for a while: the place of who is away, or (`absent` empty) a role in an emergency."""

    id: UUID
    who: UUID
    starts: datetime
    ends: datetime
    absent: UUID | None = None
    role: str = ""
    here: bool = True
    up_to: Decimal | None = None
    currency: str = ""

    def holds(self, at: datetime) -> bool:
        """Tell whether it is in force at a moment, on the queue all items lie in."""
        return self.here and self.starts <= at < self.ends

    def reaches(self, matter: "Matter") -> bool:
        """Tell whether a matter is within its own bound."""
        return self.up_to is None or (matter.currency == self.currency and matter.amount <= self.up_to)


@dataclass(frozen=True)
class Given:
    """A signature: by whom, in whose authority, on which revision."""

    who: UUID
    holder: UUID
    revision: int
    verdict: str
    at: datetime


@dataclass
class Matter:
    """An item as the test posted it, and what its entries made of it since."""

    id: UUID
    subject: str
    currency: str
    effect: str
    line: str
    place: str
    amount: Decimal
    posted: Decimal
    wall: str
    kinds: tuple[str, ...]
    wanted: Decimal = Decimal(0)
    state: str = ""
    version: int = 0
    revision: int = 0
    asked: int = 0
    signed: list[Given] = field(default_factory=list)
    aside: set[UUID] = field(default_factory=set)

    def is_signed(self) -> bool:
        """Tell whether anybody signed the revision there is, whatever the verdict."""
        return any(each.revision == self.revision for each in self.signed)

    def approvals(self) -> list[Given]:
        """Give the approvals that count: those of the revision there is."""
        return [each for each in self.signed if (each.revision, each.verdict) == (self.revision, "approve")]


class Weighed:
    """Everything the test did, and every item's story weighed against it while it is read."""

    def __init__(self, roles: Mapping[UUID, set[str]]) -> None:
        self.roles = roles
        self.active = set(roles)
        self.inside: set[UUID] = set()
        self.grants: list[Grant] | None = None
        self.papers: list[Paper] = []
        self.lent: list[Lending] = []
        self.matters: list[Matter] = []
        self.reached: list[str] = []

    def read(self, matter: Matter, entries: list[Entered]) -> None:
        """Read what is new in an item's story, in its order, and hold every signature against the rules."""
        for told in sorted(entries, key=lambda each: each.version):
            if told.version <= matter.version:
                continue
            assert told.version == matter.version + 1
            matter.version = told.version
            self._step(matter, told)
            matter.state = told.state

    def _step(self, matter: Matter, told: Entered) -> None:
        if "plan" in told.pub:
            matter.revision = told.pub["revision"]
            matter.asked = sum(int(found["count"]) for found in map(LINE.match, told.pub["plan"]) if found)
        if told.kind == "item.overridden":
            matter.amount = max(matter.amount, matter.wanted)
        elif told.kind == "item.revised":
            matter.amount = matter.posted
        elif told.kind == "item.walled":
            matter.wall = told.pub["wall"]
        elif told.kind == "signature.executed":
            self._signed(matter, told)

    def _signed(self, matter: Matter, told: Entered) -> None:
        absent = UUID(told.pub["on_behalf_of"]) if told.pub.get("on_behalf_of") else None
        glass = UUID(told.pub["break_glass"]) if told.pub.get("break_glass") else None
        given = Given(told.who, absent or told.who, told.pub["revision"], told.pub["verdict"], told.at)
        people = {given.who, given.holder}
        assert matter.revision == given.revision, "a signature on another revision"
        assert people <= self.active, "a signature by or for somebody who was deactivated"
        assert matter.wall == "ordinary" or given.who in self.inside, "a signature from outside the wall"
        assert not people & matter.aside, "a signature of who stepped aside"
        assert not self.unlicensed(given.who, matter, given.at), "a signature without a licence"
        assert self._capable(given, matter, told.pub["role"], absent, glass), "a signature in a role that is not theirs"
        broken = self.broken(given.holder, matter, given.at) if given.verdict == "approve" else set()
        assert not broken, f"an approval beyond authority: {broken}"
        matter.signed.append(given)
        self._reach(matter, absent, glass, given.verdict)

    def _reach(self, matter: Matter, absent: UUID | None, glass: UUID | None, verdict: str) -> None:
        facts: dict[str, Any] = {
            verdict: True, "for another": absent, "in an emergency": glass,
            "behind a wall": matter.wall != "ordinary", "under a licence": matter.kinds,
        }  # fmt: skip
        self.reached += [f"signed {name}" for name, is_so in facts.items() if is_so]

    def _capable(self, given: Given, matter: Matter, role: str, absent: UUID | None, glass: UUID | None) -> bool:
        if absent is None and glass is None:
            return role in self.roles[given.who]
        lent = [each for each in self.lent if each.who == given.who and each.holds(given.at) and each.reaches(matter)]
        if glass is not None:
            return absent is None and any((each.id, each.role) == (glass, role) for each in lent)
        return absent is not None and role in self.roles[absent] and absent in {each.absent for each in lent}

    def lends(self, who: UUID, at: datetime) -> bool:
        """Tell whether somebody has anything lent at a moment."""
        return any(each.who == who and each.holds(at) for each in self.lent)

    def has_lapsed(self, who: UUID, at: datetime) -> bool:
        """Tell whether all that somebody ever was lent is over."""
        return any(each.who == who for each in self.lent) and not self.lends(who, at)

    def unlicensed(self, who: UUID, matter: Matter, at: datetime) -> set[str]:
        """Name the kinds of licence that somebody lacks for a matter."""
        day = at.date()
        held = {each.kind for each in self.papers if each.who == who and each.scope.covers(matter, day)}
        return set(matter.kinds) - held

    def broken(self, holder: UUID, matter: Matter, at: datetime) -> set[str]:
        """Name every bound of a person that approving a matter breaks."""
        if self.grants is None:
            return set()
        rows = [each for each in self.grants if each.who == holder and each.covers(matter, at.date())]
        if not rows:
            return {"no_authority"}
        row, amount = min(rows, key=lambda each: each.width(matter)), matter.amount
        on_subject = amount + sum(each.amount for each in self._beside(matter) if self._counts(each, matter))
        in_period = amount + sum(
            each.amount for each in self._beside(matter) if self._is_of(each, holder, at, row.days or 0)
        )
        facts = {
            "over_authority": amount > row.up_to,
            "over_alone": matter.asked == 1 and amount > row.alone,
            "over_subject": row.per_subject is not None and on_subject > row.per_subject,
            "over_period": row.per_period is not None and in_period > row.per_period,
        }
        return {name for name, is_so in facts.items() if is_so}

    def _beside(self, matter: Matter) -> list[Matter]:
        return [each for each in self.matters if each is not matter and each.currency == matter.currency]

    @staticmethod
    def _counts(other: Matter, matter: Matter) -> bool:
        begun = other.state == "approved" or (other.state == "in_review" and other.is_signed())
        return begun and other.subject == matter.subject

    @staticmethod
    def _is_of(other: Matter, holder: UUID, at: datetime, days: int) -> bool:
        mine = [each for each in other.approvals() if each.holder == holder and each.at > at - timedelta(days=days)]
        return other.state in OPEN and mine != []
