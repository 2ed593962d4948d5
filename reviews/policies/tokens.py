"""Words of a CEL condition: enough of its lexer to bound its cost before the library ever sees it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .suggesting import character

# String prefixes and quotes as in the CEL specification; a raw string has no escapes.
_STRING = r"""
    [bB]?[rR][bB]?(?:\"{3}(?s:.*?)\"{3}|'{3}(?s:.*?)'{3}|\"[^\"\n]*\"|'[^'\n]*')
  | [bB]?(?:\"{3}(?s:(?:\\.|[^\\])*?)\"{3}|'{3}(?s:(?:\\.|[^\\])*?)'{3}
           |\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')
"""
_WORDS = re.compile(
    rf"""
    (?P<blank>[\s]+|//[^\n]*)
  | (?P<string>{_STRING})
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{{}}])
""",
    re.VERBOSE,
)


class Kind(StrEnum):
    """What a token is."""

    STRING = "string"
    NUMBER = "number"
    NAME = "name"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a condition and the character it starts at, counted from 1."""

    kind: Kind
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a condition, and the character it is wrong at, counted from 1."""

    message: str
    at: int


class Unreadable(ValueError):
    """A character that starts no word of CEL; `at` counts from 1."""

    def __init__(self, at: int, sign: str) -> None:
        super().__init__(f"character {at}, {character(sign)}, starts nothing a condition can hold")
        self.at = at


def tokens(source: str) -> Iterator[Token]:
    """Give the tokens of a condition, without blanks and comments."""
    position = 0
    while position < len(source):
        found = _WORDS.match(source, position)
        if found is None or found.lastgroup is None:
            raise Unreadable(position + 1, source[position])
        if found.lastgroup != "blank":
            yield Token(Kind(found.lastgroup), found.group(), position + 1)
        position = found.end()
