"""Faults of a typed text with their places: the line and column, and the line itself as it was typed."""

import re
from dataclasses import dataclass

from portal.kit.problems import Problem
from reviews.showing.texts import visible

_PLACE = re.compile(r"\A(?:the body: )?line (\d{1,7}), column (\d{1,7}): ", re.IGNORECASE)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `line` and `column` count from 1 and are 0 where it has no place in the text."""

    message: str
    line: int = 0
    column: int = 0
    quote: str = ""
    pointer: str = ""


def of(problem: Problem, text: str) -> list[Fault]:
    """Give every fault a problem names, with the line of the text it is in."""
    lines = text.splitlines()
    return [_fault(each, lines) for each in problem.errors]


def _fault(told: dict[str, str], lines: list[str]) -> Fault:
    message = told.get("message") or told.get("detail", "")
    found = _PLACE.match(message)
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    quote = lines[line - 1][:_LONGEST] if 0 < line <= len(lines) else ""
    said = message[found.end() :] if found else message
    return Fault(visible(said[:1].upper() + said[1:]), line, column, visible(quote), visible(told.get("pointer", "")))
