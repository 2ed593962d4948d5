"""Asks conditions about one item within one budget, so that no item and no rule can make routing wait."""

from dataclasses import dataclass, field
from typing import Any

import cel

from .expressions import Condition, ConditionFailed

MAX_LIST = 1000
# Values one evaluation may copy: about a tenth of a second. Counted, not timed, so every run agrees.
MAX_COPIED = 400_000
TEXT_PER_VALUE = 256
MAX_DEPTH = 70

_TOO_COSTLY = ("expression_too_costly", "the item is too large for its condition")


@dataclass(frozen=True, slots=True)
class _Size:
    """How much a variable holds: its values, long texts counted by length, and its longest list."""

    values: int
    longest: int


class Undecided(Exception):
    """A rule that cannot be asked about this item; carries code and cause."""

    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code = code


@dataclass(slots=True)
class Asking:
    """Asks one rule after the other about one item, within one budget."""

    variables: dict[str, Any]
    spent: int = 0
    sizes: dict[str, _Size | None] = field(default_factory=dict)
    context: cel.Context = field(default_factory=cel.Context)

    def holds(self, condition: Condition) -> bool:
        """Say whether a condition is true for the item; raise Undecided where that cannot be said."""
        for name, _ in condition.reads:
            if name not in self.sizes:
                self._add(name)
        self._spend(condition)
        try:
            return condition.holds(self.context)
        except ConditionFailed as failed:
            raise Undecided("rule_failed", str(failed)) from None

    def _add(self, name: str) -> None:
        """Convert a variable, once for all rules, unless it is too large to be read."""
        self.sizes[name] = _size(self.variables[name])
        if self.sizes[name] is None:
            return
        try:
            self.context.add_variable(name, self.variables[name])
        except (ValueError, TypeError, OverflowError):
            del self.sizes[name]
            raise Undecided("rule_failed", f"“{name}” of the item holds a value no rule can read") from None

    def _spend(self, condition: Condition) -> None:
        for name, times in condition.reads:
            size = self.sizes[name]
            if size is None:
                raise Undecided(*_TOO_COSTLY)
            # Each mention copies the variable, one of an element copies that, a gathered list copies itself.
            copies = times * (1 + condition.elements) * (max(1, size.longest) if condition.gathers else 1)
            self.spent += copies * size.values
        if self.spent > MAX_COPIED:
            raise Undecided(*_TOO_COSTLY)


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
