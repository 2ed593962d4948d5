"""Texts as a page may show them: nothing invisible, nothing cut without saying so, JSON in one spelling."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

LONGEST = 20_000
# Characters that turn the reading order around or show nothing: a signer must not be fooled by them.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)


@dataclass(frozen=True, slots=True)
class Clipped:
    """A text, perhaps only its beginning; `size` is the length of the whole in characters."""

    text: str
    size: int

    @property
    def is_cut(self) -> bool:
        """Tell whether something is left out."""
        return len(self.text) < self.size


def visible(text: str) -> str:
    """Write characters that show nothing or turn the reading order around as their code points."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n").replace("\r", "\n"))


def clip(text: str, *, whole: bool = False, longest: int = LONGEST) -> Clipped:
    """Give a text up to a length, or the whole of it when it is asked for."""
    shown = text if whole else text[:longest]
    return Clipped(visible(shown) if whole or len(text) <= longest else _shorter(shown), len(text))


def pretty(value: Any) -> str:
    """Write a JSON value over several lines, keys in the order they were posted."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def plain(value: Any) -> str:
    """Write a value as a table cell does: texts as they are, nothing as a dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def decimal(value: Any) -> Decimal | None:
    """Read a decimal number written as text or as a whole number; anything else is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def part(document: Any, name: str) -> dict[str, Any]:
    """Give a member that should be an object; an empty one where it is not."""
    found = document.get(name) if isinstance(document, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def _shorter(text: str) -> str:
    """Keep a cut text shorter than the whole even after its hidden characters were spelled out."""
    return _HIDDEN.sub("�", text.replace("\r\n", "\n").replace("\r", "\n"))
