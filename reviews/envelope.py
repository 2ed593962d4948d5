"""The fixed outer shape of an item document, the same for every flow, as one compiled schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from reviews.contracts import MAX_ERRORS, build, complaint, violations

_Schema = dict[str, Any]

MONEY = r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$"
NOT_NEGATIVE = r"^[0-9]{1,12}(\.[0-9]{1,4})?$"
SMALL_MONEY = r"^[0-9]{1,12}(\.[0-9]{1,8})?$"
CURRENCY = r"^[A-Z]{3}$"
DIGEST = r"^sha256:[0-9a-f]{64}$"
BARE_DIGEST = r"^(sha256:)?[0-9a-f]{64}$"
WEB_ADDRESS = r"^https?://[^\s]+$"
# One spelling for one thing: totals and counters are of the same text, and a blank nobody sees would make it another.
SUBJECT = r"^[^\s\p{C}]+( [^\s\p{C}]+)*$"
FILE_NAME = r"^[^/\\\x00-\x1f\x7f]+$"
# Narrower than RFC 3339: no leap second and no year zero, which Python cannot read back.
DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"
TIME = DAY[:-1] + r"T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"

SAYINGS = {
    MONEY: "Write money as a decimal string such as “18250.00”: 12 digits, 4 decimals at most.",
    NOT_NEGATIVE: "Write money as a decimal string such as “18250.00”, not below zero.",
    SMALL_MONEY: "Write a cost as a decimal string such as “0.0113”, not below zero.",
    CURRENCY: "Write a currency as three capitals, ISO 4217.",
    DIGEST: "Write a digest as “sha256:” and 64 lower-case hexadecimal digits.",
    BARE_DIGEST: "Write a SHA-256 as 64 lower-case hexadecimal digits.",
    WEB_ADDRESS: "Write an http or https address.",
    SUBJECT: "Write a subject such as “claim/4711”: no blank before, behind or beside another, nothing invisible.",
    FILE_NAME: "Write a file name without a path.",
    DAY: "Write a date, such as “2019-09-19”.",
    TIME: "Write a time as RFC 3339, such as “2026-12-01T00:00:00Z”.",
}
WORDS = {f'"{pattern}"': saying for pattern, saying in SAYINGS.items()} | {
    '"date"': SAYINGS[DAY],
    '"date-time"': SAYINGS[TIME],
}


def _text(limit: int, least: int = 1) -> _Schema:
    return {"type": "string", "minLength": least, "maxLength": limit}


def _pattern(pattern: str, limit: int = 300) -> _Schema:
    return {"type": "string", "pattern": pattern, "maxLength": limit}


def _list(of: _Schema, limit: int) -> _Schema:
    return {"type": "array", "items": of, "maxItems": limit}


def _object(required: str = "", closed: bool = False, **properties: _Schema) -> _Schema:
    schema: _Schema = {"type": "object", "properties": properties, "required": required.split()}
    return schema | {"additionalProperties": False} if closed else schema


NUMBER: _Schema = {"type": "number"}
COUNT: _Schema = {"type": "integer", "minimum": 0}
LENGTH: _Schema = {"type": "number", "minimum": 0}
FLAG: _Schema = {"type": "boolean"}
ANYTHING: _Schema = {}
TIME_OF_DAY = _pattern(TIME) | {"format": "date-time"}
DATE: _Schema = {
    "if": {"maxLength": 10},
    "then": _pattern(DAY) | {"format": "date"},
    "else": TIME_OF_DAY,
}
POINTER = _text(500) | {"format": "json-pointer"}
SHORT = _text(200)
OPTIONAL: _Schema = SHORT | {"type": ["string", "null"]}

SOURCE = _object(
    attachment=_text(255),
    page={"type": "integer", "minimum": 1},
    chars={"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
)
EXTRACTION = _object(
    "path",
    path=POINTER,
    value=ANYTHING,
    confidence={"type": "number", "minimum": 0, "maximum": 1},
    inferred=FLAG,
    sources=_list(SOURCE, 50),
)
TOOL_CALL = _object("name", name=SHORT, arguments=ANYTHING, result=ANYTHING, started_at=TIME_OF_DAY, duration_ms=LENGTH)
EVALUATION = _object("name", name=SHORT, score=NUMBER, threshold=NUMBER, passed=FLAG, as_of=DATE)
USAGE = _object(
    input_tokens=COUNT,
    output_tokens=COUNT,
    cost=_pattern(SMALL_MONEY),
    currency=_pattern(CURRENCY),
    latency_ms=LENGTH,
) | {"dependentRequired": {"cost": ["currency"]}}
SNAPSHOT = _object(
    "output",
    input=ANYTHING,
    current=ANYTHING,
    output={"type": "object"},
    extractions=_list(EXTRACTION, 1000),
    prompt=_object(name=SHORT, version=SHORT, text={"type": "string"}, digest=_pattern(DIGEST)),
    parameters={"type": "object"},
    model=_object(provider=SHORT, name=SHORT, version=SHORT),
    tool_calls=_list(TOOL_CALL, 1000),
    evaluations=_list(EVALUATION, 200),
    usage=USAGE,
)
LINE = _object("id", id=SHORT, label=_text(300), amount=_pattern(MONEY), current=_pattern(MONEY))
# Closed: a member that no digest of the action covers would look signed and not be.
ACTION = _object(
    "type effect title",
    closed=True,
    type=_text(100),
    effect={"enum": ["pay", "reserve", "deny", "partial", "letter", "release", "other"]},
    title=_text(300),
    subject=_pattern(SUBJECT, 200),
    amount=_pattern(MONEY),
    amount_at_stake=_pattern(NOT_NEGATIVE),
    currency=_pattern(CURRENCY),
    jurisdiction=_text(20),
    payees=_list(_object("name", name=SHORT, account_ref=SHORT), 100),
    lines=_list(LINE, 500),
) | {
    "dependentRequired": {"amount": ["currency"], "amount_at_stake": ["currency"]},
    "allOf": [
        {
            "if": {"properties": {"effect": {"enum": ["deny", "partial"]}}, "required": ["effect"]},
            "then": {"required": ["amount_at_stake"]},
        },
        {
            "if": {"properties": {"lines": {"contains": {"required": ["amount"]}}}, "required": ["lines"]},
            "then": {"required": ["currency"]},
        },
    ],
}
ATTACHMENT = _object(
    "name upload sha256",
    closed=True,
    name=_pattern(FILE_NAME, 255),
    upload=_text(100),
    sha256=_pattern(BARE_DIGEST),
    size=COUNT,
    media_type=_text(200),
)
ITEM = _object(
    "action snapshot",
    closed=True,
    external_id=SHORT,
    action=ACTION,
    snapshot=SNAPSHOT,
    attachments=_list(ATTACHMENT, 100),
    dates={
        "type": "object",
        "additionalProperties": DATE,
        "propertyNames": _text(100),
        "maxProperties": 50,
    },
    tenant=_text(100),
    environment=_text(50),
    priority={"enum": ["low", "normal", "high", "urgent"]},
    expires_at=TIME_OF_DAY,
    correlation_id=SHORT,
    trace_url=_pattern(WEB_ADDRESS, 2000),
    supersedes=OPTIONAL,
    requested_by=OPTIONAL,
    metadata={"type": "object", "maxProperties": 50, "propertyNames": _text(100)},
)
_ITEM = build(ITEM)


def check(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """List what is wrong with the outside of an item document; empty when it is well formed."""
    errors = [] if _ITEM.is_valid(document) else _unique(violations(_ITEM, document))
    floats = _floats(document.get("action"))
    return (errors + [complaint(place, "Write this number as a string.") for place in floats])[:MAX_ERRORS]


def _unique(errors: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put patterns into words; say a thing once that two rules ask for."""
    told = {(error["pointer"], _worded(error["message"])) for error in errors}
    return [complaint(pointer, message) for pointer, message in sorted(told)]


def _worded(message: str) -> str:
    return next((saying for sign, saying in WORDS.items() if sign in message), message)


def _floats(value: object, pointer: str = "/action") -> Iterator[str]:
    """Find floats anywhere in the action: JSON Schema takes 1.0 for an integer, a digest does not."""
    if isinstance(value, float):
        yield pointer
    elif isinstance(value, dict):
        for name, inside in value.items():
            yield from _floats(inside, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            yield from _floats(inside, f"{pointer}/{index}")
