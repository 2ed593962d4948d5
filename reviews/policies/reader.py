"""Reads YAML nodes as the kinds a policy asks for and collects what is wrong instead of stopping at the first."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import yaml

from .members import Members
from .nodes import fault_at, hidden, hidden_message
from .suggesting import meant, unknown

MAX_FAULTS = 50

_TEXT = "tag:yaml.org,2002:str"
_NUMBER = "tag:yaml.org,2002:int"
_TRUTH = "tag:yaml.org,2002:bool"
_KINDS = {_TEXT: "a text", _NUMBER: "a number", _TRUTH: "true or false", "tag:yaml.org,2002:null": "nothing"}


@dataclass(slots=True)
class Reader:
    """Reads nodes as the kinds asked for and collects what is wrong instead of stopping at the first."""

    faults: list[dict[str, str]] = field(default_factory=list)

    def fault(self, node: yaml.Node, pointer: str, message: str) -> None:
        """Note one fault at a node's position."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault_at(node.start_mark, pointer, message))

    def members(self, node: yaml.Node, pointer: str, known: Members) -> dict[str, yaml.Node]:
        """Read a mapping with exactly these members, each once."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, pointer, f"This is {_kind(node)}; a mapping with {_or(known.required)} is expected.")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in known.all:
                there = f"there are {_or(known.all)}.{meant(name, known.all)}"
                self.fault(key, pointer, f"There is no member “{name[:60]}” here; {there}")
            elif name in found:
                self.fault(key, f"{pointer}/{name}", f"“{name}” stands here twice; keep one.")
            else:
                found[name] = value
        for name in known.required:
            if name not in found:
                self.fault(node, pointer, f"“{name}” is missing.")
        return found

    def entries(self, node: yaml.Node | None, pointer: str, *, most: int, least: int = 1) -> list[yaml.Node]:
        """Read a list of `least` to `most` entries."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, pointer, f"This is {_kind(node)}; a list is expected.")
            return []
        if not least <= len(node.value) <= most:
            self.fault(node, pointer, f"This list holds {len(node.value)} entries; {least} to {most} are expected.")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None, pointer: str, *, most: int) -> str:
        """Read a text of 1 to `most` characters."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode) or node.tag != _TEXT:
            self.fault(node, pointer, f"This is {_kind(node)}; a text is expected (put quotes around it).")
            return ""
        if sign := hidden(str(node.value)):
            self.fault(node, pointer, hidden_message(sign))
        value = str(node.value).strip()
        if not value or len(node.value) > most:
            count = len(node.value) if value else 0
            self.fault(node, pointer, f"This text has {count} characters; 1 to {most} are expected.")
        return value

    def shaped(self, node: yaml.Node | None, pointer: str, *, shape: re.Pattern[str], wanted: str) -> str:
        """Read a text of a given shape; `wanted` says in words what is right."""
        before = len(self.faults)
        value = self.text(node, pointer, most=100)
        if node is not None and len(self.faults) == before and not shape.fullmatch(str(node.value)):
            self.fault(node, pointer, f"“{value[:60]}” is not right here; {wanted}.")
        return value

    def word(self, node: yaml.Node | None, pointer: str, *, among: Collection[str], wanted: str) -> str:
        """Read one of a few words; a near miss is told which was probably meant."""
        before = len(self.faults)
        value = self.text(node, pointer, most=100)
        if node is not None and len(self.faults) == before and node.value not in among:
            self.fault(node, pointer, f"“{value[:60]}” is not right here; {wanted}.{meant(value, among)}")
        return value

    def words(self, node: yaml.Node | None, pointer: str, *, among: Collection[str], wanted: str) -> list[str]:
        """Read a list of such words, each once."""
        entries = self.entries(node, pointer, most=len(among))
        found = [self.word(each, f"{pointer}/{i}", among=among, wanted=wanted) for i, each in enumerate(entries)]
        self.each_once(entries, found, pointer)
        return found

    def each_once(self, nodes: list[yaml.Node], values: list[str], pointer: str) -> None:
        """Note every value of a list that stands there before."""
        for index, (node, value) in enumerate(zip(nodes, values, strict=True)):
            if value and value in values[:index]:
                self.fault(node, f"{pointer}/{index}", f"“{value[:60]}” stands here twice; keep one.")

    def known(self, node: yaml.Node | None, pointer: str, value: str, *, what: str, among: Collection[str]) -> None:
        """Note a name that the installation does not have, unless its shape was wrong already."""
        faulted = any(each["pointer"] == pointer for each in self.faults)
        if node is not None and not faulted and value not in among:
            self.fault(node, pointer, unknown(what, value, among))

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
