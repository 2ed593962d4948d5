"""Conditions of routing rules: CEL, checked and bounded when written, answered by true, false or a reason."""

import re
from dataclasses import dataclass

import cel

from .scopes import FUNCTIONS, VARIABLES, read
from .tokens import Fault, Kind, Token

_NO_ANSWER = "its condition gave something other than true or false"
_FIRST_LINE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class ConditionInvalid(ValueError):
    """A condition that cannot be used, with each fault in words and its character."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class ConditionFailed(Exception):
    """A condition that gave no answer for one item; the message quotes nothing of the item."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: what it reads and how often, and the words it may name when it fails."""

    source: str
    program: cel.Program
    variables: frozenset[str]
    reads: tuple[tuple[str, int], ...]
    elements: int
    gathers: bool
    words: frozenset[str]

    def holds(self, context: cel.Context) -> bool:
        """Say whether the condition is true; raise ConditionFailed for anything but true and false."""
        try:
            answer = self.program.execute(context)
        except BaseException as fault:
            # The library's Rust panics arrive as a BaseException of a class that cannot be imported.
            if not isinstance(fault, Exception) and type(fault).__name__ != "PanicException":
                raise
            raise ConditionFailed(_cause(fault, self.words)) from None
        if answer is True or answer is False:
            return answer
        raise ConditionFailed(_NO_ANSWER)


def condition(source: str) -> Condition:
    """Compile a condition, or raise ConditionInvalid with what is wrong with it."""
    reading = read(source)
    if reading.faults:
        raise ConditionInvalid(list(dict.fromkeys(reading.faults)))
    program = _compile(source)
    # The library's own view must agree with ours: nothing it reads may have escaped the checks.
    calls = {name for name in program.functions() if name.isidentifier() and not name.startswith("_")}
    if escaped := set(program.variables()) - VARIABLES - reading.bound | calls - FUNCTIONS:
        raise ConditionInvalid([Fault(f"`{name}` means nothing here", 1) for name in sorted(escaped)])
    words = frozenset(_word(token) for token in reading.words if token.kind in (Kind.NAME, Kind.STRING))
    reads = tuple(sorted(reading.reads.items()))
    return Condition(source, program, frozenset(reading.reads), reads, reading.elements, reading.gathers > 0, words)


def _compile(source: str) -> cel.Program:
    try:
        return cel.compile(source)
    except BaseException as refused:
        if not isinstance(refused, Exception) and type(refused).__name__ != "PanicException":
            raise
        found = _FIRST_LINE.search(str(refused))
        if found is None:
            raise ConditionInvalid([Fault("it is not a CEL expression", 1)]) from None
        line, column, message = found.groups()
        where = f"at character {column}" if line == "1" else f"at its line {line}, character {column}"
        before = sum(len(each) + 1 for each in source.split("\n")[: int(line) - 1])
        fault = Fault(f"it is not a CEL expression: {where}: {message[:160]}", before + int(column))
        raise ConditionInvalid([fault]) from None


def _word(token: Token) -> str:
    return token.text.strip("\"'") if token.kind is Kind.STRING else token.text


def _cause(fault: BaseException, words: frozenset[str]) -> str:
    """Put a failure in words; a key is named only when the condition spells it, as others may be personal."""
    if isinstance(fault, KeyError):
        key = str(fault.args[0]).strip("\"'") if fault.args else ""
        return f"the item has no “{key}”" if key in words else "the item lacks something it reads"
    if isinstance(fault, IndexError):
        return "a list of the item is shorter than it expects"
    if isinstance(fault, TypeError):
        return "it compares or reads values of different kinds"
    if isinstance(fault, ZeroDivisionError):
        return "it divides by zero"
    if isinstance(fault, OverflowError):
        return "a number is too large"
    return "its condition could not be evaluated"
