"""Ruling: what routing rules decide about documents, with all they ask for: counters, draws, working calendars."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from portal.kit.clock import now
from reviews import counters, sampling
from reviews.models import Calendar, Item, Policy, PolicyVersion
from reviews.policies import calendars
from reviews.policies.calendars import CalendarExhausted
from reviews.policies.document import parse
from reviews.policies.evaluation import Outcome, Reason, evaluate, fallback_outcome
from reviews.policies.parts import ALL_VERDICTS, CalendarMissing
from reviews.policies.parts import Policy as Rules
from reviews.sampling import Draw, Lot
from reviews.words import Priority

REFUSED = Reason(
    "refused_by_rule", "The rules would refuse this by themselves, but people were reviewing it already; they decide."
)
PLAN_KEPT = {
    "code": "person_asked_for",
    "sentence": "The rules would approve this by themselves, but people were reviewing it; the plan before stays.",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A document the rules are asked about; `since` starts its dues, and one without an item draws no lot."""

    rules: Rules
    flow: str
    document: dict[str, Any]
    since: datetime
    item_id: UUID | None = None

    @property
    def subject(self) -> str:
        """Give what the item is about, if it names it."""
        return self.document["action"].get("subject") or ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules decided about a case, and when it is due."""

    outcome: Outcome
    due_at: datetime | None

    @property
    def rule(self) -> str:
        """Give the rule that matched; nothing for the fallback."""
        return self.outcome.rule or ""

    @property
    def reasons(self) -> list[dict[str, str]]:
        """Give the reasons as items keep them."""
        return [{"code": each.code, "sentence": each.sentence} for each in self.outcome.reasons]

    @property
    def ranks(self) -> dict[str, Any]:
        """Give the columns of an item that say how urgent it is."""
        return {"priority": Priority(self.outcome.priority).rank, "due_at": self.due_at}

    @property
    def asks(self) -> dict[str, Any]:
        """Give the columns of an item that say what signing it asks for."""
        return {
            "verdicts": allowed(self.outcome.verdicts),
            "licences": list(self.outcome.licences),
            "reading": [each.title for each in self.outcome.reading],
        }


def in_force(policy_ids: Iterable[UUID]) -> dict[UUID, PolicyVersion]:
    """Give, by policy, the versions that new items are routed by."""
    current = Policy.objects.filter(pk__in=policy_ids).values("in_force")
    return {version.policy_id: version for version in PolicyVersion.objects.filter(pk__in=current)}


def rules(version: PolicyVersion) -> Rules:
    """Give the rules of a policy version, parsed once per process: a version never changes."""
    return _parsed(version.pk, version.text)


def decide(cases: Sequence[Case], *, fallback: Reason | None = None, looking_back: bool = False) -> list[Ruling]:
    """Ask the rules about each case; with `fallback`, send all of them there for that reason."""
    known = _calendars({case.rules.calendar for case in cases} - {""})
    if fallback is not None:
        return [_due(case, fallback_outcome(case.rules, case.document, fallback), known) for case in cases]
    counted = _counted(cases, looking_back=looking_back)
    drawn = _drawn(cases, looking_back=looking_back)
    return [
        _due(case, _outcome(case, found, drawn.get(place)), known)
        for place, (case, found) in enumerate(zip(cases, counted, strict=True))
    ]


def again(
    item: Item, version: PolicyVersion, *documents: dict[str, Any], since: datetime | None = None
) -> list[Ruling]:
    """Ask a version's rules once more about an item, as each of these documents would have it."""
    started = since or item.received_at
    return decide([Case(rules(version), item.flow.slug, each, started, item.pk) for each in documents])


def by_people(made: Ruling, version: PolicyVersion) -> Ruling:
    """Give a ruling for what people are reviewing: what the rules refuse goes to those of the fallback, who decide."""
    if made.outcome.basis != "refuse":
        return made
    people = rules(version).fallback
    reasons = (*made.outcome.reasons, REFUSED)
    return Ruling(replace(made.outcome, basis="plan", stages=people.plan, reasons=reasons), made.due_at)


def stricter(item: Item | None, made: Iterable[Ruling]) -> dict[str, Any]:
    """Give the columns that ask for all these rulings do, and for all an item asks for now."""
    left = verdicts(item.verdicts if item else "")
    licences, reading = (list(item.licences), list(item.reading)) if item else ([], [])
    for each in made:
        left &= each.outcome.verdicts
        licences += each.outcome.licences
        reading += (text.title for text in each.outcome.reading)
    # Two rules may agree on nothing that decides; a rejection harms nobody, an empty column would allow everything.
    kept = left if left & {"approve", "reject"} else left | {"reject"}
    return {
        "verdicts": allowed(kept),
        "licences": list(dict.fromkeys(licences)),
        "reading": list(dict.fromkeys(reading)),
    }


def kept(item: Item, made: Sequence[Ruling]) -> dict[str, Any]:
    """Give the columns of an item that keeps its plan: all it asks for now stays, but texts of rules it has left."""
    return stricter(item, made) | {"reading": stricter(None, made)["reading"]}


def allowed(verdicts: frozenset[str]) -> str:
    """Write verdicts as an item's column has them: nothing when all are allowed."""
    return "" if verdicts == ALL_VERDICTS else " ".join(sorted(verdicts))


def verdicts(column: str) -> frozenset[str]:
    """Read an item's column of verdicts."""
    return frozenset(column.split()) or ALL_VERDICTS


def looks_beside(version: PolicyVersion) -> bool:
    """Tell whether what a version decides depends on other items of the subject: by counters, or by a sample."""
    return _looks_beside(version.pk, version.text)


def _counted(cases: Sequence[Case], *, looking_back: bool) -> list[dict[str, float]]:
    """Count for the cases whose rules read counters, in one statement."""
    which = {id(each): counters.are_read_by(each) for each in _distinct(cases)}
    reading = {place: case for place, case in enumerate(cases) if which[id(case.rules)]}
    moment = now()
    subjects = [
        counters.Subject(
            case.item_id,
            case.subject,
            case.document["action"].get("currency") or "",
            case.since if looking_back else moment,
        )
        for case in reading.values()
    ]
    counted = dict(zip(reading, counters.of(subjects, looking_back=looking_back), strict=True)) if reading else {}
    return [counted.get(place, {}) for place in range(len(cases))]


def _distinct(cases: Sequence[Case]) -> list[Rules]:
    """Give the rules of cases once each; a batch shares few."""
    return list({id(case.rules): case.rules for case in cases}.values())


def _drawn(cases: Sequence[Case], *, looking_back: bool) -> dict[int, Draw]:
    """Give the draws of the cases that are items and whose rules sample, by place, in one statement."""
    which = {id(each): _samples(each) for each in _distinct(cases)}
    lots = {
        place: Lot(case.item_id, case.flow, case.subject, case.since)
        for place, case in enumerate(cases)
        if case.item_id is not None and which[id(case.rules)]
    }
    drawn = sampling.draws(list(lots.values()), looking_back=looking_back) if lots else []
    return dict(zip(lots, drawn, strict=True))


def _samples(each: Rules) -> bool:
    return any(rule.sample is not None for rule in each.rules)


def _outcome(case: Case, counted: Mapping[str, float], drawn: Draw | None) -> Outcome:
    draw, earlier = (drawn.number, drawn.earlier) if drawn else (None, False)
    return evaluate(case.rules, case.document, flow=case.flow, counters=counted, draw=draw, earlier=earlier)


def _due(case: Case, outcome: Outcome, known: Mapping[str, calendars.Calendar]) -> Ruling:
    """Work out when it is due; what counts in a calendar that is gone or too empty goes to people with the reason."""
    calendar = known.get(case.rules.calendar)
    try:
        return Ruling(outcome, outcome.due.after(case.since, calendar) if outcome.due else None)
    except CalendarMissing:
        sentence = f"The working calendar “{case.rules.calendar}” its time is counted in is not in force."
        reason = Reason("calendar_missing", sentence)
    except CalendarExhausted as exhausted:
        reason = Reason(exhausted.code, exhausted.detail)
    if outcome.fallback:
        return Ruling(replace(outcome, due=None, reasons=(*outcome.reasons, reason)), None)
    fallen = fallback_outcome(case.rules, case.document, reason)
    return _due(case, replace(fallen, wall=outcome.wall), known)


def _calendars(names: set[str]) -> dict[str, calendars.Calendar]:
    """Give the working calendars in force by name, read once for a batch."""
    if not names:
        return {}
    found = Calendar.objects.filter(name__in=names, in_force__isnull=False)
    return {name: _calendar(pk, text) for name, pk, text in found.values_list("name", "in_force", "in_force__text")}


@lru_cache(maxsize=64)
def _parsed(version_id: UUID, text: str) -> Rules:
    return parse(text)


@lru_cache(maxsize=64)
def _looks_beside(version_id: UUID, text: str) -> bool:
    parsed = _parsed(version_id, text)
    return counters.are_read_by(parsed) or _samples(parsed)


@lru_cache(maxsize=64)
def _calendar(version_id: UUID, text: str) -> calendars.Calendar:
    return calendars.parse(text)
