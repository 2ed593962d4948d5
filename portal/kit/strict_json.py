"""Reading JSON from outside: one meaning for every body, or a refusal that says where."""

import json
import math
import re
from typing import Any, Literal, NoReturn, overload

from portal.kit.problems import Problem

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1

# Possessive, so that a hostile body costs one pass: no backtracking out of a half-open string.
_STRINGS = re.compile(r'"[^"\\]*+(?:\\(?s:.)?[^"\\]*+)*+(?:"|\Z)')
_ESCAPED_TROUBLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
TROUBLE = re.compile("[\x00\ud800-\udfff]")
_NOT_BRACKETS = re.compile(r"[^][{}]+")
_AS_SQUARE = str.maketrans("{}", "[]")
_POINTER_ROOM = 500


class JsonInvalid(Problem):
    """The body is not JSON that everybody reads the same way."""

    code = "json_invalid"
    status = 400
    title = "The body is not usable JSON"


class _Suspect(ValueError):
    """The fast pass met something to refuse; the slow pass finds where it is."""


class _Members(list[tuple[str, Any]]):
    """An object of the slow pass, repeated names and all."""


class _Unusable(str):
    """A number of the slow pass that must be refused, as it was written."""


@overload
def loads(raw: bytes, *, top: Literal["object"] = "object") -> dict[str, Any]: ...
@overload
def loads(raw: bytes, *, top: Literal["array"]) -> list[Any]: ...
def loads(raw: bytes, *, top: Literal["object", "array"] = "object") -> dict[str, Any] | list[Any]:
    """Read a body whose top is an object (or an array), or refuse it with a pointer to the fault."""
    text = _text(raw)
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _insist_on_depth(text)
    try:
        document = _FAST.decode(text)
    except json.JSONDecodeError as error:
        _refuse("", f"line {error.lineno}, column {error.colno}: {error.msg}")
    except _Suspect:
        _locate(text)
        raise
    if b"\\u" in raw and _ESCAPED_TROUBLE.search(raw) and _holds_trouble(document):
        _locate(text)
    if not isinstance(document, (dict, list)) or isinstance(document, dict) != (top == "object"):
        _refuse("", f"The top of the document must be an {top}.")
    return document


def _holds_trouble(document: object) -> bool:
    """Tell honest pairs from halves at C speed: most bodies with such escapes hold an emoji."""
    written = json.dumps(document, ensure_ascii=False)
    return "\\u0000" in written or TROUBLE.search(written) is not None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("", f"byte {error.start} is not UTF-8")


def _refuse(pointer: str, message: str) -> NoReturn:
    raise JsonInvalid(
        f"The body cannot be used: {message}", errors=[{"pointer": pointer, "message": message}]
    ) from None


def _insist_on_depth(text: str) -> None:
    """Look at brackets outside strings only, before any parser gets to recurse over them."""
    brackets = rest = _NOT_BRACKETS.sub("", _STRINGS.sub("", text)).translate(_AS_SQUARE)
    for _ in range(MAX_DEPTH):  # each pass takes the innermost level away
        rest = rest.replace("[]", "")
    depth = 0
    for bracket in brackets if rest else "":  # something is left: too deep, or brackets that do not match
        depth += 1 if bracket == "[" else -1
        if depth > MAX_DEPTH:
            _refuse("", f"The document is nested deeper than {MAX_DEPTH}.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Suspect
    return members


def _integer(written: str) -> int:
    if len(written) > 15 and (len(written) > 17 or abs(int(written)) > MAX_INTEGER):
        raise _Suspect
    return int(written)


def _float(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise _Suspect
    return number


def _constant(written: str) -> NoReturn:
    raise _Suspect(written)


def _number(written: str) -> object:
    try:
        return _float(written) if set(written) & set(".eE") else _integer(written)
    except _Suspect:
        return _Unusable(written[:40])


_FAST = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
_SLOW = json.JSONDecoder(object_pairs_hook=_Members, parse_int=_number, parse_float=_number, parse_constant=_Unusable)


def _locate(text: str) -> None:
    """Refuse the first fault in the order of the text; return when there is none."""
    try:
        document = _SLOW.decode(text)
    except json.JSONDecodeError as error:
        _refuse("", f"line {error.lineno}, column {error.colno}: {error.msg}")
    _look(document, "")


def _look(value: object, pointer: str) -> None:
    if isinstance(value, _Members):
        _look_at_members(value, pointer)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _look(element, f"{pointer}/{index}")
    elif isinstance(value, _Unusable):
        _refuse(pointer, f"{value} is not a number that every reader understands alike.")
    elif isinstance(value, str) and TROUBLE.search(value):
        _refuse(pointer, "The text holds NUL or half a surrogate pair.")


def _look_at_members(members: _Members, pointer: str) -> None:
    seen: set[str] = set()
    for name, value in members:
        inside = f"{pointer}/{_escaped(name)}"[:_POINTER_ROOM]
        if TROUBLE.search(name):
            _refuse(inside, "The name holds NUL or half a surrogate pair.")
        if name in seen:
            _refuse(inside, "The name is used twice in one object.")
        seen.add(name)
        _look(value, inside)


def _escaped(name: str) -> str:
    return TROUBLE.sub("\ufffd", name).replace("~", "~0").replace("/", "~1")
