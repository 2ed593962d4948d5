"""Which parts of an output a signer may change, and what follows a change; read from a contract's annotations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from reviews.annotations import LITERAL, MAX_STEPS, at, escaped, refuse

EDITABLE, SETS, SUM = "x-countersign-editable", "x-countersign-sets", "x-countersign-sum"
_OURS = frozenset({EDITABLE, SETS, SUM})
_TARGET = re.compile(r"/action/(?:amount|lines/(?P<line>(?:[^~/]|~[01]){1,200})/amount)")
_PERSONAL = "x-countersign-personal"


@dataclass(frozen=True, slots=True)
class Field:
    """One place of the output: may a signer change it, which amount follows it, of which places it is the sum."""

    pointer: str
    title: str
    kind: Literal["money", "text", "choice"]
    editable: bool
    choices: tuple[str, ...]
    nullable: bool
    personal: bool
    sets: str
    sum_of: tuple[str, ...]


def fields(schema: dict[str, Any]) -> tuple[Field, ...]:
    """Read the fields that are annotated, in the schema's order; refuse annotations that cannot be followed."""
    found = {place: (node, path) for node, place, path in _properties(schema)}
    _insist_on_place(schema, {id(node) for node, _ in found.values()})
    annotated = {place: node for place, (node, _) in found.items() if _OURS & node.keys()}
    amounts = {place for place, node in annotated.items() if SETS in node or SUM in node}
    amounts |= {part for node in annotated.values() for part in _parts(node)}
    made = tuple(_field(place, node, found[place][1], place in amounts) for place, node in annotated.items())
    _insist_on_parts(made, found)
    _insist_on_one_source(made, found)
    return made


def line_of(target: str) -> str | None:
    """Give the id of the line an annotation sets; None when it sets the action's own amount."""
    matched = _TARGET.fullmatch(target)
    line = matched["line"] if matched else None
    return line.replace("~1", "/").replace("~0", "~") if line else None


def _properties(schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Walk the members of the output: each with its pointer in the output and its pointer in the schema."""
    node, path = _followed(schema, at(schema, "/properties/output"), "/properties/output")
    todo, steps = [(node, "", path)], 0
    while todo:
        node, place, path = todo.pop(0)
        members = node.get("properties")
        for name, member in members.items() if isinstance(members, dict) else ():
            steps += 1
            if steps > MAX_STEPS or place.count("/") > 20:
                return  # what lies deeper is not reached, so an annotation there is refused as misplaced
            child, inside = _followed(schema, member, f"{path}/properties/{escaped(name)}")
            todo.append((child, f"{place}/{escaped(name)}", inside))
            yield child, f"{place}/{escaped(name)}", inside


def _followed(schema: dict[str, Any], node: Any, path: str) -> tuple[dict[str, Any], str]:
    """Follow a reference that has nothing of ours beside it."""
    for _ in range(20):
        if not isinstance(node, dict) or "$ref" not in node or _OURS & node.keys():
            break
        path = node["$ref"][1:]
        node = at(schema, path)
    return (node, path) if isinstance(node, dict) else ({}, path)


def _insist_on_place(schema: dict[str, Any], reached: set[int]) -> None:
    """Refuse an annotation anywhere but on a named member of the output: it would silently do nothing."""
    todo: list[tuple[Any, str]] = [(schema, "")]
    while todo:
        node, path = todo.pop()
        if isinstance(node, list):
            todo += [(inner, f"{path}/{index}") for index, inner in enumerate(node)]
        if not isinstance(node, dict):
            continue
        if _OURS & node.keys() and id(node) not in reached:
            refuse(f"{path}/{min(_OURS & node.keys())}", "Only a named member of the output can be annotated so.")
        todo += [(inner, f"{path}/{escaped(name)}") for name, inner in node.items() if name not in LITERAL]


def _field(place: str, node: dict[str, Any], path: str, money: bool) -> Field:
    editable, sets, parts = node.get(EDITABLE, False), node.get(SETS, ""), _parts(node)
    if not isinstance(editable, bool):
        refuse(f"{path}/{EDITABLE}", "Write true or false.")
    if SETS in node and not (isinstance(sets, str) and _TARGET.fullmatch(sets)):
        refuse(f"{path}/{SETS}", "Write “/action/amount” or “/action/lines/<id of the line>/amount”.")
    if SUM in node and not parts:
        refuse(f"{path}/{SUM}", "List the pointers of the parts within the output, such as “/building”.")
    if parts and editable:
        refuse(f"{path}/{EDITABLE}", "A sum follows its parts; it cannot be changed by hand.")
    choices, nullable = _values(node, path)
    title = node.get("title")
    return Field(
        pointer=place,
        title=title if isinstance(title, str) and title else place.rpartition("/")[2],
        kind="money" if money else "choice" if choices else "text",
        editable=editable,
        choices=choices,
        nullable=nullable,
        personal=node.get(_PERSONAL) is True,
        sets=sets,
        sum_of=parts,
    )


def _parts(node: dict[str, Any]) -> tuple[str, ...]:
    parts = node.get(SUM)
    usable = isinstance(parts, list) and 0 < len(parts) <= 50 and all(isinstance(part, str) for part in parts)
    return tuple(dict.fromkeys(parts)) if isinstance(parts, list) and usable else ()


def _values(node: dict[str, Any], path: str) -> tuple[tuple[str, ...], bool]:
    """Give the choices, if the member has a list of them, and whether it may be null; it must be a text."""
    listed = node.get("enum")
    if isinstance(listed, list) and all(value is None or isinstance(value, str) for value in listed):
        return tuple(value for value in listed if value is not None), None in listed
    kinds = node.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or "string" not in kinds or not set(kinds) <= {"string", "null"}:
        refuse(path, "Only a text, a text or null, or an enum of texts can be changed, set an amount or be a sum.")
    return (), "null" in kinds


def _insist_on_parts(made: tuple[Field, ...], found: dict[str, Any]) -> None:
    sums = {field.pointer for field in made if field.sum_of}
    for field in made:
        for part in field.sum_of:
            if part not in found or part in sums:
                refuse(f"{found[field.pointer][1]}/{SUM}", f"{part} is no member of the output that could be added.")
            _values(*found[part])


def _insist_on_one_source(made: tuple[Field, ...], found: dict[str, Any]) -> None:
    targets = [field.sets for field in made if field.sets]
    for field in made:
        if field.sets and targets.count(field.sets) > 1:
            refuse(f"{found[field.pointer][1]}/{SETS}", f"Two members set {field.sets}; one amount follows one member.")
