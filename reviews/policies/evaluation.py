"""What a policy decides about one item; what it cannot judge goes to the fallback, never to a yes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import cel

from .document import HARM, PRIORITIES, Policy, Rule, Stage
from .expressions import Condition, ConditionFailed

MAX_LIST = 1000
# Values one evaluation may copy: about a tenth of a second. Counted, not timed, so every run agrees.
MAX_COPIED = 400_000
TEXT_PER_VALUE = 256
MAX_DEPTH = 70

_AMOUNT = re.compile(r"-?(?=(?:\.?[0-9]){1,14}$)[0-9]+(?:\.[0-9]+)?")
_TOO_COSTLY = ("expression_too_costly", "the item is too large for its condition")
_ACTION_TEXTS = ("type", "effect", "title", "subject", "currency", "jurisdiction")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item came where it came: a stable code and one sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the policy decided; `stages` is empty only when `basis` is "auto"."""

    rule: str | None
    queue: str
    stages: tuple[Stage, ...]
    priority: str
    due: timedelta | None
    basis: Literal["plan", "auto"]
    reasons: tuple[Reason, ...]
    fallback: bool


@dataclass(frozen=True, slots=True)
class _Size:
    """How much a variable holds: its values, long texts counted by length, and its longest list."""

    values: int
    longest: int


class _Unreadable(Exception):
    """A rule that cannot be asked about this item; carries code and cause."""

    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code = code


@dataclass(slots=True)
class _Asking:
    """Asks one rule after the other about one item, within one budget."""

    variables: dict[str, Any]
    spent: int = 0
    sizes: dict[str, _Size | None] = field(default_factory=dict)
    context: cel.Context = field(default_factory=cel.Context)

    def holds(self, condition: Condition) -> bool:
        """Say whether a condition is true for the item; raise _Unreadable where that cannot be said."""
        for name, _ in condition.reads:
            if name not in self.sizes:
                self._add(name)
        self._spend(condition)
        try:
            return condition.holds(self.context)
        except ConditionFailed as failed:
            raise _Unreadable("rule_failed", str(failed)) from None

    def _add(self, name: str) -> None:
        """Convert a variable, once for all rules, unless it is too large to be read."""
        self.sizes[name] = _size(self.variables[name])
        if self.sizes[name] is None:
            return
        try:
            self.context.add_variable(name, self.variables[name])
        except (ValueError, TypeError, OverflowError):
            del self.sizes[name]
            raise _Unreadable("rule_failed", f"“{name}” of the item holds a value no rule can read") from None

    def _spend(self, condition: Condition) -> None:
        for name, times in condition.reads:
            size = self.sizes[name]
            if size is None:
                raise _Unreadable(*_TOO_COSTLY)
            # Each mention copies the variable, one of an element copies that, a gathered list copies itself.
            copies = times * (1 + condition.elements) * (max(1, size.longest) if condition.gathers else 1)
            self.spent += copies * size.values
        if self.spent > MAX_COPIED:
            raise _Unreadable(*_TOO_COSTLY)


def evaluate(policy: Policy, document: Mapping[str, Any], *, flow: str, counters: Mapping[str, float]) -> Outcome:
    """Give the outcome of the first rule that matches, or the fallback with its reason."""
    asking = _Asking(_variables(document, flow=flow, counters=counters))
    for rule in policy.rules:
        try:
            if asking.holds(rule.condition):
                return _matched(policy, rule, document)
        except _Unreadable as fault:
            sentence = f"Rule “{rule.name}” could not be decided: {fault}."
            return _fallback(policy, document, fault.code, sentence)
    return _fallback(policy, document, "no_rule_matched", "No rule of the policy matches this item.")


def fallback_outcome(policy: Policy, document: Mapping[str, Any], reason: Reason) -> Outcome:
    """Send an item to the fallback queue for a reason that is no rule's."""
    return _fallback(policy, document, reason.code, reason.sentence)


def _matched(policy: Policy, rule: Rule, document: Mapping[str, Any]) -> Outcome:
    effect = str(_mapping(document.get("action")).get("effect"))
    if rule.auto_approve and (effect in HARM or effect not in rule.effects):
        sentence = f"Rule “{rule.name}” may not approve this effect automatically; a person decides."
        return _fallback(policy, document, "automatic_approval_not_allowed", sentence)
    return Outcome(
        rule=rule.name,
        queue=rule.queue,
        stages=rule.plan,
        priority=rule.priority or _priority(document),
        due=rule.due,
        basis="auto" if rule.auto_approve else "plan",
        reasons=(Reason("rule_matched", rule.reason),),
        fallback=False,
    )


def _fallback(policy: Policy, document: Mapping[str, Any], code: str, sentence: str) -> Outcome:
    return Outcome(
        rule=None,
        queue=policy.fallback.queue,
        stages=policy.fallback.plan,
        priority=policy.fallback.priority or _priority(document),
        due=policy.fallback.due,
        basis="plan",
        reasons=(Reason(code, sentence),),
        fallback=True,
    )


def _variables(document: Mapping[str, Any], *, flow: str, counters: Mapping[str, float]) -> dict[str, Any]:
    return {
        "action": _action(_mapping(document.get("action"))),
        "snapshot": _mapping(document.get("snapshot")),
        "dates": _mapping(document.get("dates")),
        "metadata": _mapping(document.get("metadata")),
        "tenant": document.get("tenant"),
        "environment": document.get("environment"),
        "priority": _priority(document),
        "flow": flow,
        "counters": {name: float(value) for name, value in counters.items()},
    }


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: action[name] for name in _ACTION_TEXTS if name in action}
    amounts = _amounts(action, "amount", "amount_at_stake")
    if "amount" in amounts and "amount_at_stake" not in action and str(action.get("effect")) not in HARM:
        amounts["amount_at_stake"] = amounts["amount"]
    values |= {name: action[name] for name in ("lines", "payees") if name in action}
    if isinstance(values.get("lines"), list):
        values["lines"] = [_line(each) for each in values["lines"]]
    return values | amounts


def _line(line: Any) -> Any:
    return {**line, **_amounts(line, "amount", "current")} if isinstance(line, dict) else line


def _amounts(source: Mapping[str, Any], *names: str) -> dict[str, float]:
    """Give the amounts as doubles; one missing or unreadable is absent, so a rule reading it fails."""
    found = {name: _amount(source.get(name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _amount(value: object) -> float | None:
    # A double tells decimals of up to 15 digits apart; amounts have at most 14, so order is preserved.
    usable = isinstance(value, str) and _AMOUNT.fullmatch(value)
    return float(value) if usable and isinstance(value, str) else None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _priority(document: Mapping[str, Any]) -> str:
    asked = document.get("priority")
    return asked if isinstance(asked, str) and asked in PRIORITIES else "normal"


def _size(value: Any) -> _Size | None:
    """Measure a value; None when it has a list over 1000 elements or is nested too deep to be converted."""
    waiting, count, longest = [(value, 0)], 1, 0
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, str):
            count += len(each) // TEXT_PER_VALUE
        children = list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else ()
        count += len(children)
        longest = max(longest, len(each)) if isinstance(each, list) else longest
        if depth > MAX_DEPTH or longest > MAX_LIST or count > MAX_COPIED:
            return None
        waiting.extend((child, depth + 1) for child in children)
    return _Size(count, longest)
