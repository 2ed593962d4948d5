"""Routing rules as a table people read: when each applies, and everything that follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from reviews import walls
from reviews.models import PolicyVersion, Queue
from reviews.policies import document
from reviews.policies.document import PolicyInvalid
from reviews.policies.parts import ALL_VERDICTS, VERDICT_WORDS, Due, Rule, Stage
from reviews.showing.plans import enough
from reviews.showing.telling import roles_title
from reviews.showing.texts import visible

_TIMES = ("", "", "twice, by two people", "three times, by three people")


@dataclass(frozen=True, slots=True)
class Signing:
    """One stage: who signs, what it means, and what is special about it."""

    who: str
    meaning: str
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Stages that may be signed at the same time."""

    stages: list[Signing]

    @property
    def is_parallel(self) -> bool:
        """Tell whether stages stand side by side here."""
        return len(self.stages) > 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One rule, or the fallback: its place, its condition, and what follows."""

    number: int
    name: str
    reason: str
    condition: str
    follows: str
    shade: str
    facts: list[tuple[str, str]]
    steps: list[Step]
    reading: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """The rules of one version, in their order, and the fallback."""

    rules: list[Shown]
    fallback: Shown
    calendar: str


def table(version: PolicyVersion) -> Table | None:
    """Give the rules of a version as people read them; none of one that rules of today cannot read any more."""
    try:
        return read(version.text)
    except PolicyInvalid:
        return None


def read(text: str) -> Table:
    """Read routing rules as people do. Raises PolicyInvalid."""
    parsed, queues = document.parse(text), dict(Queue.objects.values_list("slug", "name"))
    rules = [_rule(number, rule, queues) for number, rule in enumerate(parsed.rules, 1)]
    last = parsed.fallback
    facts = [("Queue", visible(queues.get(last.queue, last.queue))), *_ranks(last.priority, last.due)]
    reason = "When no rule applies, or one cannot be judged."
    fallback = Shown(0, "Fallback", reason, "", "Goes to people", "", facts, _steps(last.plan), [])
    return Table(rules, fallback, parsed.calendar)


def share(part: Decimal) -> str:
    """Write a share as a rule does: 12.5%."""
    return f"{(part * 100).normalize():f}%"


def _rule(number: int, rule: Rule, queues: dict[str, str]) -> Shown:
    follows, shade = _follows(rule)
    facts = [("Queue", visible(queues.get(rule.queue, rule.queue)))] if rule.queue else []
    return Shown(
        number, visible(rule.name), visible(rule.reason), visible(rule.when), follows, shade,
        facts + _ranks(rule.priority, rule.due) + _asks(rule), _steps(rule.plan),
        [(visible(each.title), visible(each.text)) for each in rule.reading],
    )  # fmt: skip


def _follows(rule: Rule) -> tuple[str, str]:
    if rule.refuse:
        return "Refused: the item becomes invalid with this reason", "bad"
    if not rule.auto_approve:
        return "Goes to people", ""
    said = f"Approved automatically, for {_listed(sorted(rule.effects), 'or')}"
    if rule.sample is None:
        return said, "warn"
    return f"{said}; {share(rule.sample)} are drawn and still go to people", "warn"


def _ranks(priority: str | None, due: Due | None) -> list[tuple[str, str]]:
    facts = [("Priority", priority.capitalize())] if priority else []
    return facts + ([("Due", f"in {due.words}")] if due else [])


def _asks(rule: Rule) -> list[tuple[str, str]]:
    facts = []
    if rule.verdicts != ALL_VERDICTS:
        words = [word for each, word in VERDICT_WORDS.items() if each in rule.verdicts]
        facts.append(("Verdicts", _listed(words, "or")))
    if rule.wall:
        facts.append(("Wall", walls.title(rule.wall)))
    if rule.licences:
        facts.append(("Licences", _listed(list(rule.licences), "and")))
    return facts


def _steps(plan: Sequence[Stage]) -> list[Step]:
    numbered = list(enumerate(plan, 1))
    return [
        Step([_signing(stage, plan) for _, stage in each])
        for _, each in groupby(numbered, lambda at: at[1].step or at[0])
    ]


def _signing(stage: Stage, plan: Sequence[Stage]) -> Signing:
    who = roles_title(stage.roles)
    if stage.signatures > 1:
        said = _TIMES[stage.signatures] if stage.signatures < len(_TIMES) else f"{stage.signatures} times"
        who = f"{who}, {said}"
    return Signing(who, visible(stage.meaning), tuple(_conditions(stage, plan)))


def _conditions(stage: Stage, plan: Sequence[Stage]) -> Iterable[str]:
    if stage.blind:
        yield "Signs without seeing the others' verdicts."
    if stage.factors:
        yield f"Signs with {enough(stage.factors)}."
    if stage.back_to is not None:
        before = plan[stage.back_to - 1]
        yield f"A rejection asks again from “{visible(before.name or before.meaning)}” on."


def _listed(words: Sequence[str], last: str) -> str:
    """Write words as a sentence lists them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
