"""The published JSON Schema of a routing policy; the parser refuses all it refuses, and says why in more words."""

from typing import Any, Final

from .document import MAX_RULES
from .members import NOT_WHEN_REFUSED
from .nodes import MAX_BYTES
from .parts import FACTORS, HARMLESS, PRIORITIES, VERDICTS, WALLS
from .rules import MAX_LICENCES, MAX_READINGS
from .scopes import MAX_CHARACTERS
from .stages import MAX_ROLES, MAX_SIGNATURES, MAX_STAGES

ID: Final = "urn:countersign:routing-policy:2"

_Schema = dict[str, Any]


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _listed(items: _Schema, most: int, *, least: int = 1, once: bool = False) -> _Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most} | (
        {"uniqueItems": True} if once else {}
    )


def _text(most: int | None, description: str) -> _Schema:
    limit = {} if most is None else {"maxLength": most}
    return {"type": "string", "pattern": r"\S", **limit, "description": description}


def _mapping(required: list[str], properties: _Schema, **more: Any) -> _Schema:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False, **more}


_STAGE: Final = _mapping(
    ["meaning"],
    {
        "name": _ref("name") | {"description": "Unique in the plan; `reject_to` of a later stage names it."},
        "role": _ref("name") | {"description": "Who may sign."},
        "roles": _listed(_ref("name"), MAX_ROLES, once=True) | {"description": "Any one of these may sign."},
        "signatures": {"type": "integer", "minimum": 1, "maximum": MAX_SIGNATURES, "default": 1},
        "meaning": _text(200, "What the signature means, in the words people sign."),
        "factors": _listed({"enum": list(FACTORS)}, len(FACTORS), once=True)
        | {"description": "Which proofs of identity suffice here; without it, what the queue asks for."},
        "blind": {
            "type": "boolean",
            "description": "Signers see other verdicts only after their own; another stage stands beside or before.",
        },
        "reject_to": _ref("name") | {"description": "The earlier stage a rejection returns to; else it ends the plan."},
    },
    oneOf=[{"required": ["role"]}, {"required": ["roles"]}],
)

_PARALLEL: Final = _mapping(
    ["parallel"],
    {"parallel": _listed(_ref("stage"), MAX_STAGES, least=2) | {"description": "Stages that run at the same time."}},
)

_PLAN: Final = _listed(
    {"if": {"type": "object", "required": ["parallel"]}, "then": _ref("parallel"), "else": _ref("stage")}, MAX_STAGES
) | {"description": f"Stages in order; at most {MAX_STAGES} in all."}

_FALLBACK: Final = _mapping(
    ["queue", "plan"],
    {"queue": _ref("name"), "plan": _ref("plan"), "priority": _ref("priority"), "due": _ref("due")},
    description="Where items go that no rule could decide.",
)

_TRUE: Final = {"const": True}

_FORMS: Final[list[_Schema]] = [
    {
        "if": {"required": ["refuse"], "properties": {"refuse": _TRUE}},
        "then": {"properties": dict.fromkeys(NOT_WHEN_REFUSED, False)},
        "else": {"required": ["queue"]},
    },
    {
        "if": {"required": ["auto_approve"], "properties": {"auto_approve": _TRUE}},
        "then": {"required": ["effects"], "dependentRequired": {"plan": ["sample"], "sample": ["plan"]}},
        "else": {
            "properties": {"effects": False, "sample": False},
            "anyOf": [{"required": ["plan"]}, {"required": ["refuse"], "properties": {"refuse": _TRUE}}],
        },
    },
]

_RULE: Final = _mapping(
    ["name", "when", "reason"],
    {
        "name": _ref("name") | {"description": "Unique in the policy."},
        "when": _text(
            None, f"A CEL condition of at most {MAX_CHARACTERS} characters; the first rule that holds decides."
        ),
        "reason": _text(300, "One sentence a person reads."),
        "queue": _ref("name"),
        "priority": _ref("priority"),
        "due": _ref("due"),
        "plan": _ref("plan"),
        "auto_approve": {"type": "boolean"},
        "sample": {
            "type": "string",
            "pattern": r"^([0-9]{1,2}(\.[0-9]{1,2})?|100(\.0{1,2})?)%$",
            "not": {"pattern": r"^0{1,2}(\.0{1,2})?%$"},
            "description": "The share of an automatic approval that still goes to people, from 0.01% to 100%.",
        },
        "effects": _listed({"enum": list(HARMLESS)}, len(HARMLESS), once=True),
        "refuse": {"type": "boolean", "description": "The item is invalidated, with the rule's reason."},
        "reading": _listed(_ref("reading"), MAX_READINGS) | {"description": "Must be opened before anybody signs."},
        "verdicts": _listed({"enum": list(VERDICTS)}, len(VERDICTS), once=True)
        | {"contains": {"enum": ["approve", "reject"]}},
        "wall": {"enum": list(WALLS)},
        "licences": _listed(_ref("name"), MAX_LICENCES, once=True) | {"description": "What a signer must hold."},
    },
    allOf=_FORMS,
)

SCHEMA: Final = _mapping(
    ["policy", "fallback", "rules"],
    {
        "policy": _ref("name") | {"description": "The policy's name; a new version keeps it."},
        "calendar": _ref("name") | {"description": "The working calendar that `wh` and `wd` count in."},
        "fallback": _ref("fallback"),
        "rules": _listed(_ref("rule"), MAX_RULES) | {"description": "Asked in order."},
    },
) | {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": ID,
    "title": "Routing policy",
    "description": f"YAML without anchors, aliases and tags, at most {MAX_BYTES // 1024} KiB.",
    "$defs": {
        "name": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"},
        "priority": {"enum": list(PRIORITIES)},
        "due": {
            "type": "string",
            "pattern": "^[1-9][0-9]{0,3}(m|h|d|wh|wd)$",
            "description": "Minutes, hours, days, working hours or working days; the last two need `calendar`.",
        },
        "stage": _STAGE,
        "parallel": _PARALLEL,
        "plan": _PLAN,
        "fallback": _FALLBACK,
        "rule": _RULE,
        "reading": _mapping(["title", "text"], {"title": _text(200, "Its title."), "text": _text(20_000, "Its text.")}),
    },
}
"""JSON Schema 2020-12; `policy check` says more: names, conditions, stages that return, dues without a calendar."""
