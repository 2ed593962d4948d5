"""What changes outside if this is approved: the exact output, line by line, against the record."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reviews.showing import labels
from reviews.showing.texts import visible

MOST_ROWS = 2000
_LETTER = 120
_NONE = object()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison; `sign` is `+`, `-` or a space."""

    number: int
    sign: str
    text: str

    @property
    def kind(self) -> str:
        """Name how the line is drawn."""
        return {"+": "ins", "-": "del"}.get(self.sign, "")

    @property
    def word(self) -> str:
        """Say aloud what the sign shows."""
        return {"+": "new: ", "-": "record: "}.get(self.sign, "")


@dataclass(frozen=True, slots=True)
class Letter:
    """A long text of the output, to be read as what it is."""

    name: str
    paragraphs: tuple[str, ...]


def rows(output: Any, current: Any) -> list[Row]:
    """Give every line of the output, and before each one that differs the record's."""
    numbered, number = [], 0
    for sign, text in _value("", output, current if isinstance(current, Mapping) else {}, "", ""):
        number += sign != "-"
        numbered.append(Row(number + (sign == "-"), sign, visible(text)))
    return numbered


def letters(output: Mapping[str, Any], schema: Any) -> list[Letter]:
    """Give the long texts of an output with their paragraphs; nothing of them is left out."""
    return [
        Letter(
            labels.label(schema, f"/output/{name}"),
            tuple(each for each in visible(value).split("\n\n") if each.strip()),
        )
        for name, value in output.items()
        if isinstance(value, str) and ("\n" in value or len(value) > _LETTER)
    ]


def _value(name: str, proposed: Any, recorded: Any, indent: str, comma: str) -> Iterator[tuple[str, str]]:
    if isinstance(proposed, Mapping) and proposed:
        yield from _object(name, proposed, recorded, indent, comma)
        return
    lines = list(_written(name, proposed, indent, comma))
    if recorded is _NONE:
        yield from (("+", line) for line in lines)
    elif _spelled(recorded) == _spelled(proposed):
        yield from ((" ", line) for line in lines)
    else:
        yield from (("-", line) for line in _written(name, recorded, indent, comma))
        yield from (("+", line) for line in lines)


def _object(
    name: str, proposed: Mapping[str, Any], recorded: Any, indent: str, comma: str
) -> Iterator[tuple[str, str]]:
    known = recorded if isinstance(recorded, Mapping) else {}
    yield " ", f"{indent}{name}{{"
    last = len(proposed) - 1
    for index, (key, value) in enumerate(proposed.items()):
        inner = f"{json.dumps(key, ensure_ascii=False)}: "
        yield from _value(inner, value, known.get(key, _NONE), f"{indent}  ", "," if index < last else "")
    yield " ", f"{indent}}}{comma}"


def _written(name: str, value: Any, indent: str, comma: str) -> Iterator[str]:
    first, *more = json.dumps(value, ensure_ascii=False, indent=2).split("\n")
    lines = [f"{indent}{name}{first}", *(f"{indent}{line}" for line in more)]
    yield from lines[:-1]
    yield f"{lines[-1]}{comma}"


def _spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
