"""Two texts line by line: what is added, what is gone, and how many lines between them stay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reviews.showing.texts import visible

MOST_LINES = 8_000
"""Five hundred rules of sixteen lines each; twice as many alike took two seconds."""
_AROUND = 3
_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `sign` is `+`, `-`, a space, or `@` where lines that stay are left out."""

    sign: str
    number: int
    text: str

    @property
    def kind(self) -> str:
        """Name how the line is drawn."""
        return {"+": "ins", "-": "del", "@": "gap"}.get(self.sign, "")

    @property
    def mark(self) -> str:
        """Give the sign that is drawn."""
        return "" if self.sign == "@" else self.sign

    @property
    def word(self) -> str:
        """Say aloud what the sign shows."""
        return {"+": "added: ", "-": "removed: "}.get(self.sign, "")


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs; without lines when the texts are too long to be compared this way."""

    lines: list[Line]
    added: int
    removed: int
    is_too_long: bool = False


def diff(before: str, after: str) -> Diff:
    """Compare two texts; of the lines that stay, three are shown on each side of a change."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return Diff([], 0, 0, is_too_long=True)
    matcher = SequenceMatcher(None, old, new)
    lines: list[Line] = []
    shown = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        lines += _gap(group[0][3] - shown, group[0][3])
        lines += [line for opcode in group for line in _lines(opcode, old, new)]
        shown = group[-1][4]
    if lines:
        lines += _gap(len(new) - shown, len(new))
    signs = [line.sign for line in lines]
    return Diff(lines, signs.count("+"), signs.count("-"))


def _gap(count: int, until: int) -> list[Line]:
    said = f"{count:,} line{'' if count == 1 else 's'} that stay{'s' if count == 1 else ''}"
    return [Line("@", until, said)] if count > 0 else []


def _lines(opcode: _Opcode, old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    tag, old_from, old_to, new_from, new_to = opcode
    if tag == "equal":
        yield from (Line(" ", at + 1, visible(new[at])) for at in range(new_from, new_to))
        return
    yield from (Line("-", at + 1, visible(old[at])) for at in range(old_from, old_to))
    yield from (Line("+", at + 1, visible(new[at])) for at in range(new_from, new_to))
