"""An oracle of sign-off plans: it reads an item's entries alone and says what they may come to, sharing no code."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

LINE = re.compile(
    r"^(?P<beside>& )?(?P<roles>[a-z -]+) x (?P<count>\d+)(?P<blind> blind)?(?: back to (?P<back>\d+))?"
    r"(?: by [a-z+,]+)?(?: as .+)?$"
)
# Which entries may take an item from where to where: written by hand, from docs/architecture.md.
STEPS = {
    "item.received": {(None, "in_review")},
    "signature.executed": {("in_review", "in_review")},
    "item.returned": {("in_review", "in_review")},
    "item.overridden": {("in_review", "in_review")},
    "item.rerouted": {("in_review", "in_review")},
    "decision.finalised": {("in_review", "approved"), ("in_review", "rejected")},
    "item.changes_requested": {("in_review", "changes_requested")},
    "item.revised": {("in_review", "in_review"), ("changes_requested", "in_review")},
    "item.cancelled": {("in_review", "cancelled"), ("changes_requested", "cancelled")},
    "item.expired": {("in_review", "expired"), ("changes_requested", "expired")},
}
HARM = {"deny", "partial", "release"}


@dataclass(frozen=True)
class Entered:
    """One entry that moved an item, as it lies in the database."""

    kind: str
    version: int
    state: str
    at: datetime
    who: Any
    pub: Mapping[str, Any]


@dataclass(frozen=True)
class Lent:
    """That somebody may sign for somebody who is away, from a moment to a moment."""

    absent: Any
    substitute: Any
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Known:
    """What the test did besides the item: who holds which roles, submitted it, stands in, stepped aside since when."""

    roles: Mapping[Any, set[str]]
    submitters: set[Any]
    lent: Sequence[Lent] = ()
    aside: Mapping[Any, int] = field(default_factory=dict)


@dataclass
class Asked:
    """One stage of a plan, with who signed it in which round."""

    step: int
    roles: set[str]
    count: int
    blind: bool
    back: int | None
    round: int = 1
    signed: list[tuple[int, Any, str]] = field(default_factory=list)
    stood_for: list[tuple[int, Any]] = field(default_factory=list)

    @property
    def now(self) -> list[tuple[Any, str]]:
        """Give who signed in the round that counts, and what they said."""
        return [(who, verdict) for at, who, verdict in self.signed if at == self.round]

    def behind(self, round_: int | None = None) -> set[Any]:
        """Give who signed or was stood in for, in one round or in any."""
        parts = [(at, who) for at, who, _ in self.signed] + self.stood_for
        return {who for at, who in parts if round_ in (None, at)} - {None}

    @property
    def is_full(self) -> bool:
        """Tell whether nothing is missing in the round that counts."""
        return len(self.now) == self.count


class Replayed:
    """An item as its entries tell it, each held against the rules while it is read."""

    def __init__(self, entries: list[Entered], known: Known) -> None:
        self.known = known
        self.state: str | None = None
        self.revision = 0
        self.plan: list[Asked] = []
        self.effect = self.basis = ""
        self.due: str | None = None
        moves = sorted(entries, key=lambda told: told.version)
        assert [told.version for told in moves] == list(range(1, len(moves) + 1)), "every version has one entry"
        for told in moves:
            self._step(told)
        assert self.due is None, f"what must follow at once did not follow: {self.due}"

    def _step(self, told: Entered) -> None:
        assert (self.state, told.state) in STEPS[told.kind], f"{told.kind} led from {self.state} to {told.state}"
        expected, self.due = self.due, None
        assert expected in (None, _said(told)), f"{expected} must follow at once, not {_said(told)}"
        if "plan" in told.pub:
            self._planned(told.pub)
        elif told.kind == "signature.executed":
            self._signed(told)
        elif told.kind == "item.returned":
            assert expected, "a plan returned that no rejection sent back"
            self._return_to(told.pub["stage"], told.pub["round"])
        elif told.kind == "decision.finalised":
            self._decided(told, expected)
        self.state = told.state

    def _planned(self, pub: Mapping[str, Any]) -> None:
        assert pub["revision"] == self.revision + 1
        self.revision, self.effect, self.basis = pub["revision"], pub["effect"], pub["basis"]
        self.plan = list(_stages(pub["plan"]))

    def _signed(self, told: Entered) -> None:
        who, stage, pub = told.who, self.plan[told.pub["stage"] - 1], told.pub
        assert pub["revision"] == self.revision, "a signature on another revision"
        assert stage in self.open, "a signature out of turn"
        absent = UUID(pub["on_behalf_of"]) if pub.get("on_behalf_of") else None
        assert absent is None or self._stands_in(who, absent, told.at), "a signature for somebody they do not stand for"
        behind = {who, absent} - {None}
        assert pub["role"] in stage.roles & self.known.roles[absent or who], "a signature in a role that is not theirs"
        assert not behind & self.known.submitters, "a signature on one's own work"
        assert not any(told.version > self.known.aside.get(each, 10**6) for each in behind), (
            "signed after stepping aside"
        )
        assert not any(self._took_part(each, stage) for each in behind), "two stages by one person, or one twice"
        assert self.state == "in_review"
        stage.signed.append((stage.round, who, pub["verdict"]))
        stage.stood_for.append((stage.round, absent))
        self.due = self._follows(stage, pub["verdict"])

    def _follows(self, stage: Asked, verdict: str) -> str | None:
        if any(each.back is None and said == "reject" for each in self.plan for _, said in each.now):
            held = any(each.blind and not each.is_full for each in self.plan)
            return None if held else "decision.finalised rejected"
        if verdict == "reject":
            return f"item.returned {stage.back}"
        return "decision.finalised approved" if all(each.is_full for each in self.plan) else None

    def _return_to(self, back: int, round_: int) -> None:
        since = self.plan[back - 1].step
        newest = max(each.round for each in self.plan) + 1
        assert round_ == newest
        for each in self.plan:
            if each.step >= since:
                each.round = newest

    def _decided(self, told: Entered, expected: str | None) -> None:
        pub = told.pub
        assert (pub["revision"], pub["outcome"]) == (self.revision, told.state)
        if pub["basis"] == "policy":
            assert (self.basis, self.revision, self.plan) == ("policy", 1, [])
            assert self.effect not in HARM
            assert not pub["overridden"]
        else:
            assert expected, "a decision nobody's signature led to"
            assert self.plan

    def _took_part(self, who: Any, stage: Asked) -> bool:
        elsewhere = any(each is not stage and who in each.behind() for each in self.plan)
        return elsewhere or who in stage.behind(stage.round)

    def _stands_in(self, who: Any, absent: Any, at: datetime) -> bool:
        return any(
            (each.absent, each.substitute) == (absent, who) and each.starts <= at < each.ends
            for each in self.known.lent
        )

    @property
    def open(self) -> list[Asked]:
        """Give the stages that may be signed now."""
        first = min((each.step for each in self.plan if not each.is_full), default=0)
        return [each for each in self.plan if each.step == first and not each.is_full]

    def may_sign(self, who: Any) -> bool:
        """Tell whether it is somebody's own turn, holds and clocks apart."""
        return self._may(who, who)

    def may_stand_in(self, who: Any, at: datetime) -> bool:
        """Tell whether it is the turn of anybody a person stands in for."""
        return any(self._stands_in(who, each.absent, at) and self._may(who, each.absent) for each in self.known.lent)

    def _may(self, who: Any, holder: Any) -> bool:
        if self.state != "in_review" or {who, holder} & (self.known.submitters | set(self.known.aside)):
            return False
        fitting = [each for each in self.open if each.roles & self.known.roles[holder]]
        return any(not (self._took_part(who, each) or self._took_part(holder, each)) for each in fitting)


def _stages(lines: list[str]) -> Iterator[Asked]:
    step = 0
    for line in lines:
        told = LINE.match(line)
        assert told, line
        step += not told["beside"]
        back = int(told["back"]) if told["back"] else None
        yield Asked(step, set(told["roles"].split()), int(told["count"]), bool(told["blind"]), back)


def _said(told: Entered) -> str:
    about = told.pub.get("outcome") if told.kind == "decision.finalised" else told.pub.get("stage")
    return f"{told.kind} {about}"
