"""The variables a condition may read, made of an item's document: amounts as numbers, what is unusable left out."""

import math
import re
from collections.abc import Mapping
from typing import Any

from .parts import HARM, PRIORITIES

_AMOUNT = re.compile(r"-?(?=(?:\.?[0-9]){1,14}$)[0-9]+(?:\.[0-9]+)?")
_ACTION_TEXTS = ("type", "effect", "title", "subject", "currency", "jurisdiction")


def variables(document: Mapping[str, Any], *, flow: str, counters: Mapping[str, float]) -> dict[str, Any]:
    """Give every variable by its name."""
    return {
        "action": _action(mapping(document.get("action"))),
        "snapshot": mapping(document.get("snapshot")),
        "dates": mapping(document.get("dates")),
        "metadata": mapping(document.get("metadata")),
        "tenant": document.get("tenant"),
        "environment": document.get("environment"),
        "priority": priority(document),
        "flow": flow,
        "counters": _counters(counters),
    }


def _counters(counters: Mapping[str, float]) -> dict[str, float]:
    """Give the counters as doubles; one that is no finite number is absent, so a rule reading it fails."""
    return {name: float(value) for name, value in counters.items() if math.isfinite(value)}


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


def mapping(value: object) -> dict[str, Any]:
    """Give the value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def priority(document: Mapping[str, Any]) -> str:
    """Give the priority the item asks for, or normal."""
    asked = document.get("priority")
    return asked if isinstance(asked, str) and asked in PRIORITIES else "normal"
