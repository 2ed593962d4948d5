"""Data contracts of flows: JSON Schema 2020-12 for the snapshot, compiled once and asked for every item."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import jsonschema_rs

from reviews.annotations import LITERAL, escaped, personal, pointers, refuse
from reviews.annotations import ContractInvalid as ContractInvalid
from reviews.annotations import at as at
from reviews.annotations import complaint as complaint
from reviews.editing import Field, fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_BYTES = 256 * 1024
MAX_ERRORS = 50
MAX_DEPTH = 128
SNAPSHOT_PARTS = frozenset({
    "input", "current", "output", "extractions", "prompt",
    "parameters", "model", "tool_calls", "evaluations", "usage",
})  # fmt: skip

_LOCAL = re.compile(r"#(?:/[^%]*)?")
_NAMING = frozenset({"$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"})


@dataclass(frozen=True, slots=True)
class Contract:
    """A compiled contract; `requires`, `business_key` and `personal` point into the posted document.

    `fields` are the parts of the output that a signer may change, or that follow a change.
    """

    schema: dict[str, Any] = field(repr=False)
    requires: tuple[str, ...]
    business_key: tuple[str, ...]
    personal: tuple[str, ...]
    fields: tuple[Field, ...]
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
        requires=pointers(document, "x-countersign-requires"),
        business_key=pointers(document, "x-countersign-business-key"),
        validator=build(document),
        personal=personal(document),
        fields=fields(document),
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
        refuse(_joined(error.instance_path), error.message)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        refuse("", str(error))


def violations(
    validator: jsonschema_rs.Draft202012Validator, instance: object, prefix: str = ""
) -> list[dict[str, str]]:
    """Tell the first fifty violations, each with its pointer."""
    found = (one for error in validator.iter_errors(instance) for one in _told(error, prefix))
    return list(islice(found, MAX_ERRORS))


def _told(error: jsonschema_rs.ValidationError, prefix: str) -> Iterator[dict[str, str]]:
    """Point at the member itself where JSON Schema points at the object around it."""
    place = prefix + _joined(error.instance_path)
    about = error.kind.as_dict()
    if error.kind.name == "required":
        yield complaint(f"{place}/{escaped(about['property'])}", "This is required.")
    elif error.kind.name in ("additionalProperties", "unevaluatedProperties"):
        for name in about["unexpected"]:
            yield complaint(f"{place}/{escaped(name)}", "There is no such member here.")
    else:
        yield complaint(place, error.message)


def _joined(path: list[str | int]) -> str:
    return "".join(f"/{escaped(str(step))}" for step in path)


def _refuse_to_fetch(uri: str) -> NoReturn:
    raise ValueError(f"a contract is one document; {uri} is not fetched")


def _own_copy(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Copy through JSON, so that nobody changes the schema behind the compiled validator."""
    try:
        written = json.dumps(schema, ensure_ascii=False, allow_nan=False)
        size = len(written.encode("utf-8"))
    except (TypeError, ValueError, RecursionError):
        refuse("", "The contract must be a JSON object.")
    if size > MAX_BYTES:
        refuse("", "The contract is over 256 KiB.")
    document = json.loads(written)
    if not isinstance(document, dict):
        refuse("", "The contract must be a JSON object.")
    return document


def _insist_on_one_document(node: object, pointer: str) -> None:
    """Refuse whatever reaches out of the document, or names places our walk could not follow."""
    if pointer.count("/") > MAX_DEPTH:
        refuse("", f"The contract is nested deeper than {MAX_DEPTH}.")
    if isinstance(node, list):
        for index, element in enumerate(node):
            _insist_on_one_document(element, f"{pointer}/{index}")
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        inside = f"{pointer}/{escaped(name)}"
        if isinstance(value, str):
            _insist_on_local(name, value, pointer)
        elif name not in LITERAL:
            _insist_on_one_document(value, inside)


def _insist_on_local(name: str, value: str, pointer: str) -> None:
    here = f"{pointer}/{name}"
    if name == "$ref" and not _LOCAL.fullmatch(value):
        refuse(here, "A contract refers only to itself: write “#/$defs/…”.")
    if name in _NAMING or (name == "$id" and pointer):
        refuse(here, f"A contract does without {name}: refer with “#/$defs/…”.")
    if name == "$schema" and value.rstrip("#") != DIALECT:
        refuse(here, f"A contract is JSON Schema 2020-12, {DIALECT}.")


def _insist_on_snapshot(schema: dict[str, Any]) -> None:
    if schema.get("type", "object") != "object":
        refuse("/type", "The contract describes the snapshot, an object with input, current and output.")
    members = schema.get("properties", {})
    for name in members if isinstance(members, dict) else ():
        if name not in SNAPSHOT_PARTS:
            refuse(f"/properties/{escaped(name)}", "A snapshot has no such part; describe it under output.")
