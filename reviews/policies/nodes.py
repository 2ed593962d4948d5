"""Strict YAML with positions: no anchors, tags or duplicate keys; a line and column for every fault."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 10
MAX_FAULTS = 50

_TEXT = "tag:yaml.org,2002:str"
_NUMBER = "tag:yaml.org,2002:int"
_TRUTH = "tag:yaml.org,2002:bool"
_KINDS = {_TEXT: "a text", _NUMBER: "a number", _TRUTH: "true or false", "tag:yaml.org,2002:null": "nothing"}


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
class _Place:
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
    try:
        loader = _StrictLoader(text)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as fault:
        message = f"This is not YAML: {fault.problem or fault.context}."
        raise Unreadable(fault_at(fault.problem_mark or fault.context_mark, "", message)) from None
    except yaml.reader.ReaderError as fault:
        before = text[: fault.position]
        mark = _Place(before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise Unreadable(fault_at(mark, "", "This character is not allowed in YAML.")) from None
    if node is None:
        raise Unreadable(fault_at(None, "", "The document is empty."))
    return node


@dataclass(slots=True)
class Reader:
    """Reads nodes as the kinds asked for and collects what is wrong instead of stopping at the first."""

    faults: list[dict[str, str]] = field(default_factory=list)

    def fault(self, node: yaml.Node, pointer: str, message: str) -> None:
        """Note one fault at a node's position."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault_at(node.start_mark, pointer, message))

    def members(
        self, node: yaml.Node, pointer: str, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        """Read a mapping with exactly these members, each once."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, pointer, f"This is {_kind(node)}; a mapping with {_or(required)} is expected.")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in required + optional:
                self.fault(
                    key,
                    pointer,
                    f"There is no member “{name[:60]}” here; there are {_or(required + optional)}.",
                )
            elif name in found:
                self.fault(key, f"{pointer}/{name}", f"“{name}” stands here twice; keep one.")
            else:
                found[name] = value
        for name in required:
            if name not in found:
                self.fault(node, pointer, f"“{name}” is missing.")
        return found

    def entries(self, node: yaml.Node | None, pointer: str, *, most: int) -> list[yaml.Node]:
        """Read a list of one to `most` entries."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, pointer, f"This is {_kind(node)}; a list is expected.")
            return []
        if not 1 <= len(node.value) <= most:
            self.fault(node, pointer, f"This list holds {len(node.value)} entries; 1 to {most} are expected.")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None, pointer: str, *, most: int) -> str:
        """Read a text of 1 to `most` characters."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or node.tag != _TEXT:
            self.fault(node, pointer, f"This is {_kind(node)}; a text is expected (put quotes around it).")
            return ""
        value = str(node.value).strip()
        if not 1 <= len(value) <= most:
            self.fault(node, pointer, f"This text has {len(value)} characters; 1 to {most} are expected.")
        return value

    def shaped(self, node: yaml.Node | None, pointer: str, *, shape: re.Pattern[str], wanted: str) -> str:
        """Read a text of a given shape; `wanted` says in words what is right."""
        before = len(self.faults)
        value = self.text(node, pointer, most=100)
        if node is not None and len(self.faults) == before and not shape.fullmatch(value):
            self.fault(node, pointer, f"“{value[:60]}” is not right here; {wanted}.")
        return value

    def number(self, node: yaml.Node, pointer: str, *, most: int) -> int:
        """Read a whole number from 1 to `most`."""
        value = node.value if isinstance(node, yaml.ScalarNode) and node.tag == _NUMBER else ""
        if not re.fullmatch(r"[1-9][0-9]{0,5}", str(value)) or int(value) > most:
            self.fault(node, pointer, f"A whole number from 1 to {most} is expected.")
            return 1
        return int(value)

    def truth(self, node: yaml.Node, pointer: str) -> bool:
        """Read true or false."""
        if not isinstance(node, yaml.ScalarNode) or node.value not in ("true", "false") or node.tag != _TRUTH:
            self.fault(node, pointer, "Write true or false here.")
            return False
        return bool(node.value == "true")


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else _KINDS.get(node.tag, "a date or another kind")


def _or(names: tuple[str, ...]) -> str:
    return ", ".join(f"“{name}”" for name in names)
