"""What the `x-countersign-*` annotations of a contract point at, and how a contract is refused."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from portal.kit.problems import Problem

MAX_MESSAGE = 200
MAX_STEPS = 20_000
LITERAL = frozenset({"const", "enum", "default", "examples"})

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")
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


def escaped(name: str) -> str:
    """Write a name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def refuse(pointer: str, message: str) -> NoReturn:
    """Refuse a schema for one reason."""
    raise ContractInvalid(message[:MAX_MESSAGE], errors=[complaint(pointer, message)]) from None


def pointers(schema: dict[str, Any], keyword: str) -> tuple[str, ...]:
    """Give the pointers into the item that a keyword at the top of the schema lists."""
    named = schema.get(keyword, [])
    if not isinstance(named, list) or len(named) > 50:
        refuse(f"/{keyword}", "This must be a list of at most 50 JSON pointers.")
    for index, pointer in enumerate(named):
        if not isinstance(pointer, str) or not _POINTER.fullmatch(pointer):
            refuse(f"/{keyword}/{index}", "Write a JSON pointer into the item, such as “/action/amount”.")
    return tuple(named)


def personal(schema: dict[str, Any]) -> tuple[str, ...]:
    """Find the pointers of personal data; `*` stands for any index or name."""
    found: dict[str, None] = {}
    cycles = False
    todo: list[tuple[Any, str, frozenset[str]]] = [(schema, "/snapshot", frozenset())]
    steps = 0
    while todo:
        node, pointer, behind = todo.pop()
        steps += 1
        if steps > MAX_STEPS:
            refuse("", "The contract's references multiply beyond what can be checked.")
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
        refuse("", "Personal data cannot be annotated in a contract that refers to itself in a circle.")
    return tuple(sorted(found))


def _children(node: dict[str, Any], pointer: str) -> Iterator[tuple[Any, str]]:
    for name, child in node.get("properties", {}).items():
        yield child, f"{pointer}/{escaped(name)}"
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
