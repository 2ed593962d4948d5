"""Data contracts of flows: JSON Schema 2020-12 for the snapshot, compiled once and asked for every item."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import jsonschema_rs

from portal.kit.problems import Problem

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_BYTES = 256 * 1024
MAX_ERRORS = 50
MAX_MESSAGE = 200
MAX_STEPS = 20_000
MAX_DEPTH = 128
SNAPSHOT_PARTS = frozenset({
    "input", "current", "output", "extractions", "prompt",
    "parameters", "model", "tool_calls", "evaluations", "usage",
})  # fmt: skip

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")
_LOCAL = re.compile(r"#(?:/[^%]*)?")
_NAMING = frozenset({"$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"})
_LITERAL = frozenset({"const", "enum", "default", "examples"})
_SAME_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
_BELOW_ANY = (
    "items", "contains", "unevaluatedItems",
    "patternProperties", "additionalProperties", "unevaluatedProperties",
)  # fmt: skip


class ContractInvalid(Problem):
    """The schema cannot serve as a contract."""

    code = "contract_invalid"
    status = 422
    title = "The data contract is not usable"


@dataclass(frozen=True, slots=True)
class Contract:
    """A compiled contract; `requires`, `business_key` and `personal` point into the posted document."""

    schema: dict[str, Any] = field(repr=False)
    requires: tuple[str, ...]
    business_key: tuple[str, ...]
    personal: tuple[str, ...]
    validator: jsonschema_rs.Draft202012Validator = field(repr=False)

    def check(self, document: Mapping[str, Any]) -> list[dict[str, str]]:
        """List what the posted document lacks or gets wrong; empty when it keeps the contract."""
        snapshot = document.get("snapshot")
        kept = self.validator.is_valid(snapshot)
        errors = [] if kept else violations(self.validator, snapshot, "/snapshot")
        missing = [pointer for pointer in self.requires if at(document, pointer) is None]
        errors += [complaint(pointer, "The flow's contract requires this.") for pointer in missing]
        return errors[:MAX_ERRORS]


def compile(schema: Mapping[str, Any]) -> Contract:
    """Compile a flow's schema, or refuse it with the reasons."""
    document = _own_copy(schema)
    _insist_on_one_document(document, "")
    _insist_on_snapshot(document)
    return Contract(
        schema=document,
        requires=_pointers(document, "x-countersign-requires"),
        business_key=_pointers(document, "x-countersign-business-key"),
        validator=build(document),
        personal=_personal(document),
    )


def build(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Build a validator that fetches nothing, checks formats and never repeats a value it saw."""
    try:
        # The linear engine: no look-around, and no pattern that takes exponential time.
        return jsonschema_rs.Draft202012Validator(
            dict(schema),
            validate_formats=True,
            retriever=_refuse_to_fetch,
            mask="the value",
            pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000),
        )
    except jsonschema_rs.ValidationError as error:
        _refuse(_joined(error.instance_path), error.message)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        _refuse("", str(error))


def violations(
    validator: jsonschema_rs.Draft202012Validator, instance: object, prefix: str = ""
) -> list[dict[str, str]]:
    """Tell the first fifty violations, each with its pointer."""
    found = (one for error in validator.iter_errors(instance) for one in _told(error, prefix))
    return list(islice(found, MAX_ERRORS))


def complaint(pointer: str, message: str) -> dict[str, str]:
    """Give one member of a problem's `errors`."""
    return {"pointer": pointer, "message": message[:MAX_MESSAGE]}


def at(document: object, pointer: str) -> Any:
    """Give the value a JSON pointer names; None when there is nothing or null."""
    value: Any = document
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and len(name) < 9:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def _told(error: jsonschema_rs.ValidationError, prefix: str) -> Iterator[dict[str, str]]:
    """Point at the member itself where JSON Schema points at the object around it."""
    place = prefix + _joined(error.instance_path)
    about = error.kind.as_dict()
    if error.kind.name == "required":
        yield complaint(f"{place}/{_escaped(about['property'])}", "This is required.")
    elif error.kind.name in ("additionalProperties", "unevaluatedProperties"):
        for name in about["unexpected"]:
            yield complaint(f"{place}/{_escaped(name)}", "There is no such member here.")
    else:
        yield complaint(place, error.message)


def _joined(path: list[str | int]) -> str:
    return "".join(f"/{_escaped(str(step))}" for step in path)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _refuse(pointer: str, message: str) -> NoReturn:
    raise ContractInvalid(message[:MAX_MESSAGE], errors=[complaint(pointer, message)]) from None


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise ValueError(f"a contract is one document; {uri} is not fetched")


def _own_copy(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Copy through JSON, so that nobody changes the schema behind the compiled validator."""
    try:
        written = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        size = len(written.encode("utf-8"))
    except (TypeError, ValueError, RecursionError):
        _refuse("", "The contract must be a JSON object.")
    if size > MAX_BYTES:
        _refuse("", "The contract is over 256 KiB.")
    document = json.loads(written)
    if not isinstance(document, dict):
        _refuse("", "The contract must be a JSON object.")
    return document


def _insist_on_one_document(node: object, pointer: str) -> None:
    """Refuse whatever reaches out of the document, or names places our walk could not follow."""
    if pointer.count("/") > MAX_DEPTH:
        _refuse("", f"The contract is nested deeper than {MAX_DEPTH}.")
    if isinstance(node, list):
        for index, element in enumerate(node):
            _insist_on_one_document(element, f"{pointer}/{index}")
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        inside = f"{pointer}/{_escaped(name)}"
        if isinstance(value, str):
            _insist_on_local(name, value, pointer)
        elif name not in _LITERAL:
            _insist_on_one_document(value, inside)


def _insist_on_local(name: str, value: str, pointer: str) -> None:
    here = f"{pointer}/{name}"
    if name == "$ref" and not _LOCAL.fullmatch(value):
        _refuse(here, "A contract refers only to itself: write “#/$defs/…”.")
    if name in _NAMING or (name == "$id" and pointer):
        _refuse(here, f"A contract does without {name}: refer with “#/$defs/…”.")
    if name == "$schema" and value.rstrip("#") != DIALECT:
        _refuse(here, f"A contract is JSON Schema 2020-12, {DIALECT}.")


def _insist_on_snapshot(schema: dict[str, Any]) -> None:
    if schema.get("type", "object") != "object":
        _refuse("/type", "The contract describes the snapshot, an object with input, current and output.")
    members = schema.get("properties", {})
    for name in members if isinstance(members, dict) else ():
        if name not in SNAPSHOT_PARTS:
            _refuse(f"/properties/{_escaped(name)}", "A snapshot has no such part; describe it under output.")


def _pointers(schema: dict[str, Any], keyword: str) -> tuple[str, ...]:
    pointers = schema.get(keyword, [])
    if not isinstance(pointers, list) or len(pointers) > 50:
        _refuse(f"/{keyword}", "This must be a list of at most 50 JSON pointers.")
    for index, pointer in enumerate(pointers):
        if not isinstance(pointer, str) or not _POINTER.fullmatch(pointer):
            _refuse(f"/{keyword}/{index}", "Write a JSON pointer into the item, such as “/action/amount”.")
    return tuple(pointers)


def _personal(schema: dict[str, Any]) -> tuple[str, ...]:
    """Find the pointers of personal data; `*` stands for any index or name."""
    found: dict[str, None] = {}
    cycles = False
    todo: list[tuple[Any, str, frozenset[str]]] = [(schema, "/snapshot", frozenset())]
    steps = 0
    while todo:
        node, pointer, behind = todo.pop()
        steps += 1
        if steps > MAX_STEPS:
            _refuse("", "The contract's references multiply beyond what can be checked.")
        if not isinstance(node, dict):
            continue
        if node.get("x-countersign-personal") is True:
            found[pointer] = None
        target = node.get("$ref")
        if target in behind:
            cycles = True
        elif target is not None:
            todo.append((at(schema, target[1:]), pointer, behind | {target}))
        todo += [(child, place, behind) for child, place in _children(node, pointer)]
    if cycles and found:
        _refuse("", "Personal data cannot be annotated in a contract that refers to itself in a circle.")
    return tuple(sorted(found))


def _children(node: dict[str, Any], pointer: str) -> Iterator[tuple[Any, str]]:
    for name, child in node.get("properties", {}).items():
        yield child, f"{pointer}/{_escaped(name)}"
    for index, child in enumerate(node.get("prefixItems", [])):
        yield child, f"{pointer}/{index}"
    for keywords, place in ((_SAME_PLACE, pointer), (_BELOW_ANY, f"{pointer}/*")):
        for keyword in keywords:
            yield from ((child, place) for child in _alternatives(keyword, node.get(keyword)))


def _alternatives(keyword: str, value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and keyword in ("dependentSchemas", "patternProperties"):
        return list(value.values())
    return [value]
