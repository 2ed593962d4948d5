"""Texts that a condition compares with the item's jurisdiction or effect: a code nobody has would never match."""

from collections.abc import Iterator, Sequence
from typing import Final

import cel

from reviews.words import Effect

from . import jurisdictions
from .suggesting import meant
from .tokens import Fault, Kind, Token

_COMPARED: Final = frozenset({"==", "!="})
_JOINING: Final = frozenset({"+", ".", "[", "(", "?"})


def literal(token: Token) -> str | None:
    """Give the text a string literal stands for; None for any other token."""
    if token.kind is not Kind.STRING:
        return None
    try:
        value = cel.compile(token.text).execute(cel.Context())
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def faults_of(words: Sequence[Token]) -> list[Fault]:
    """Give what is wrong with the texts compared with `action.jurisdiction` and `action.effect`."""
    faults = []
    for member, start, end in _mentions(words):
        for token in (*_on_the_right(words, end), *_on_the_left(words, start)):
            value = literal(token)
            message = _unknown(member, value) if value is not None else ""
            if message:
                faults.append(Fault(message, token.at))
    return faults


def _mentions(words: Sequence[Token]) -> Iterator[tuple[str, int, int]]:
    """Give each mention of a checked member with its first and last word, brackets around it included."""
    for index in range(len(words) - 2):
        if words[index].text != "action" or _text(words, index - 1) == ".":
            continue
        last, name = _member(words, index)
        if name not in {"jurisdiction", "effect"} or _text(words, last + 1) in _JOINING:
            continue
        yield name, *_around(words, index, last)


def _member(words: Sequence[Token], index: int) -> tuple[int, str | None]:
    if _text(words, index + 1) == ".":
        return index + 2, _text(words, index + 2)
    if _text(words, index + 1) == "[" and _text(words, index + 3) == "]":
        return index + 3, literal(words[index + 2])
    return index, None


def _around(words: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    while _text(words, start - 1) == "(" and _text(words, end + 1) == ")" and not _is_call(words, start - 1):
        start, end = start - 1, end + 1
    return start, end


def _is_call(words: Sequence[Token], opening: int) -> bool:
    return opening > 0 and words[opening - 1].kind is Kind.NAME and words[opening - 1].text != "in"


def _on_the_right(words: Sequence[Token], end: int) -> Iterator[Token]:
    if _text(words, end + 1) in _COMPARED:
        after = end + 2
        while _text(words, after) == "(":
            after += 1
        if after < len(words) and _text(words, after + 1) not in _JOINING - {"?"}:
            yield words[after]
    elif _text(words, end + 1) == "in" and _text(words, end + 2) == "[":
        yield from _entries(words, end + 3)


def _entries(words: Sequence[Token], start: int) -> Iterator[Token]:
    """Give the plain entries of a list that opens before `start`."""
    for index in range(start, len(words)):
        if words[index].text == "]":
            return
        if _text(words, index - 1) in {"[", ","} and _text(words, index + 1) in {",", "]"}:
            yield words[index]


def _on_the_left(words: Sequence[Token], start: int) -> Iterator[Token]:
    if _text(words, start - 1) not in _COMPARED:
        return
    before = start - 2
    while _text(words, before) == ")":
        before -= 1
    if before >= 0 and _text(words, before - 1) != "+":
        yield words[before]


def _text(words: Sequence[Token], index: int) -> str:
    return words[index].text if 0 <= index < len(words) and words[index].kind is not Kind.STRING else ""


def _unknown(member: str, value: str) -> str:
    if member == "effect":
        if value in set(Effect):
            return ""
        return f"there is no effect “{value[:60]}”; there are {', '.join(Effect)}.{meant(value, Effect)}".rstrip("?.")
    if jurisdictions.is_known(value):
        return ""
    near = jurisdictions.nearest(value)
    wanted = f"did you mean {' or '.join(near)}" if near else "write a code of ISO 3166-1 such as CA, or such as US-TX"
    return f"there is no jurisdiction “{value[:60]}”; {wanted}"
