"""Strict YAML with positions: no anchors, tags or duplicate keys; a line and column for every fault."""

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from .suggesting import character

MAX_BYTES = 256 * 1024
MAX_DEPTH = 10

# Characters that hide text or turn the order it is read in: whoever approves a policy must see what it says.
_HIDING: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u180e\u200b\u200e\u200f\u061c\u202a-\u202e"
    "\u2028\u2029\u2060-\u206f\ufe00-\ufe0e\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


class Unreadable(Exception):
    """A document that is no YAML we accept, with the one fault that stopped the reading."""

    def __init__(self, fault: dict[str, str]) -> None:
        super().__init__(fault["message"])
        self.fault = fault


def fault_at(mark: Any, pointer: str, message: str) -> dict[str, str]:
    """Give one entry of a problem's `errors`, with its position when there is one."""
    if mark is None:
        return {"pointer": pointer, "message": message}
    line, column = str(mark.line + 1), str(mark.column + 1)
    return {
        "pointer": pointer,
        "line": line,
        "column": column,
        "message": f"Line {line}, column {column}: {message}",
    }


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both counted from 0 as PyYAML does."""

    line: int
    column: int


class _StrictLoader(yaml.SafeLoader):
    """Composes nodes and refuses what could grow or surprise: aliases, anchors, explicit tags, depth."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node after looking at its event."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise Unreadable(fault_at(mark, "", "Anchors and aliases are not allowed; write the value out."))
        if event.tag is not None:
            raise Unreadable(fault_at(mark, "", f"The tag {event.tag} is not allowed; write a plain value."))
        if self.depth >= MAX_DEPTH:
            raise Unreadable(fault_at(mark, "", f"The document is nested more than {MAX_DEPTH} deep."))
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def compose(text: str) -> yaml.Node:
    """Give the root node of one YAML document, or raise Unreadable with its position."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise Unreadable(fault_at(None, "", f"The document is larger than {MAX_BYTES // 1024} KiB."))
    if found := hidden(text.removeprefix("\ufeff")):
        place = place_of(text, text.index(found, 1 if text.startswith("\ufeff") else 0))
        raise Unreadable(fault_at(place, "", hidden_message(found)))
    try:
        loader = _StrictLoader(text)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as fault:
        message = f"This is not YAML: {fault.problem or fault.context}."
        raise Unreadable(fault_at(fault.problem_mark or fault.context_mark, "", message)) from None
    except yaml.reader.ReaderError as fault:
        mark = place_of(text, fault.position)
        raise Unreadable(fault_at(mark, "", "This character is not allowed in YAML.")) from None
    if node is None:
        raise Unreadable(fault_at(None, "", "The document is empty."))
    return node


def place_of(text: str, position: int) -> Place:
    """Give the line and column of a position in a text."""
    before = text[:position]
    return Place(before.count("\n"), len(before) - before.rfind("\n") - 1)


def place_in(node: yaml.Node, offset: int) -> Any:
    """Give the place of the character at `offset` of a scalar's value, or where the scalar starts if that is unclear.

    Folding and indenting change only blanks, so the value's n-th other character is the n-th written.
    """
    start, end = node.start_mark, node.end_mark
    style = getattr(node, "style", None)
    if start.buffer is None or (style == '"' and "\\" in start.buffer[start.pointer : end.pointer]):
        return start
    first = start.buffer.find("\n", start.pointer) if style in ("|", ">") else start.pointer + (style is not None)
    wanted = sum(not sign.isspace() for sign in node.value[:offset])
    if style == "'":
        wanted += node.value[:offset].count("'")
    written = [at for at in range(first, end.pointer) if not start.buffer[at].isspace()]
    if wanted < len(written):
        return place_of(start.buffer, written[wanted])
    return place_of(start.buffer, written[-1] + 1) if written else start


def hidden(text: str) -> str:
    """Give the first character of a text that hides or reorders what is read, or nothing."""
    found = _HIDING.search(text)
    return found.group() if found else ""


def hidden_message(sign: str) -> str:
    """Say which character may not stand in a policy."""
    return f"The character {character(sign)} hides or reorders what people read; take it out."
