"""Texts as numbered lines: decoded, nothing invisible in them, and cut only where the page says so."""

import codecs
from dataclasses import dataclass

from reviews.showing import texts

_LONGEST = 200_000
_MOST_LINES = 4000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Lines:
    """A text, perhaps only its beginning, and what had to be done to show it."""

    lines: list[str]
    is_cut: bool
    is_guessed: bool
    is_spelled_out: bool


def read(content: bytes, *, more: bool) -> Lines:
    """Read bytes as lines; `more` tells that the file goes on after them."""
    text, guessed = _decoded(content, more)
    return of(text, more=more, guessed=guessed)


def of(text: str, *, more: bool = False, guessed: bool = False) -> Lines:
    """Cut a text to what a page can hold, and spell out what nobody would see."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = plain[:_LONGEST].split("\n")
    cut = more or len(plain) > _LONGEST or len(lines) > _MOST_LINES
    shown = [texts.visible(line) for line in lines[:_MOST_LINES]]
    return Lines(shown, cut, guessed, shown != lines[:_MOST_LINES])


def _decoded(content: bytes, more: bool) -> tuple[str, bool]:
    """Decode as what the bytes are marked as, else UTF-8, else Windows-1252, which reads any byte; say if guessed."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        # Cut in the middle of a character, the last bytes are left out, not refused.
        return codecs.getincrementaldecoder(encoding)("strict").decode(content, final=not more), False
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), True
