"""The intake doors in words of OpenAPI 3.1: they are plain views, so nothing else would describe them."""

from typing import Any

from reviews import documents, envelope
from reviews.api import answers
from reviews.words import State

_Described = dict[str, Any]

KEY = {"type": "http", "scheme": "bearer", "description": "One flow's API key, `csk_…`."}
PROBLEM: _Described = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "request_id")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
                "required": ["pointer", "message"],
            },
        },
    },
}
ACCEPTED: _Described = {
    "type": "object",
    "required": ["id", "state", "digest", "links"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"const": "received"},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "links": {
            "type": "object",
            "properties": {"self": {"type": "string"}, "decision": {"type": "string"}},
        },
    },
}
EVENT: _Described = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string"},
        "data": {"$ref": "#/components/schemas/Item"},
    },
}
RESULT: _Described = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": ["string", "null"]},
        "status": {"type": "integer"},
        "item": {"$ref": "#/components/schemas/Accepted"},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
}
UPLOADED: _Described = {
    "type": "object",
    "required": ["upload", "sha256", "size", "media_type"],
    "properties": {
        "upload": {"type": "string", "pattern": "^upl_[0-9a-f]{32}$"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "size": {"type": "integer", "minimum": 1},
        "media_type": {"type": "string"},
    },
}
REVISED: _Described = {
    "type": "object",
    "required": ["id", "state", "revision", "digest", "links"],
    "properties": ACCEPTED["properties"]
    | {"state": {"enum": [state.value for state in State]}, "revision": {"type": "integer", "minimum": 2}},
}
SCHEMAS = {
    "Item": envelope.ITEM,
    "Event": EVENT,
    "Accepted": ACCEPTED,
    "Problem": PROBLEM,
    "Results": {
        "type": "object",
        "required": ["results"],
        "properties": {"results": {"type": "array", "items": RESULT}},
    },
    "Uploaded": UPLOADED,
    "Revised": REVISED,
    **answers.SCHEMAS,
}
_REFUSALS = {
    400: "`json_invalid`: not JSON that every reader understands alike",
    401: "`key_invalid`, `signature_missing`, `signature_invalid`, `timestamp_out_of_tolerance`",
    413: "`body_too_large`",
    415: "`media_type_unsupported`, `binary_mode_refused`",
    422: "`contract_violation`, `attachment_unknown`, `attachment_digest_mismatch`: kept in quarantine",
    429: "`flow_rate_limited`, `flow_capped`, `flow_suspended`, with `Retry-After`",
    503: "`database_unavailable`, with `Retry-After`: nothing was stored, post again",
}


_REFUSED_UPLOADS = {
    400: "`content_digest_missing`, `content_digest_invalid`",
    401: "`key_invalid`",
    411: "`length_required`",
    413: "`body_too_large`",
    415: "`media_type_unsupported`: a compressed body",
    422: "`content_digest_mismatch`, `upload_empty`: nothing was kept",
    429: _REFUSALS[429],
    503: _REFUSALS[503],
}


def paths(prefix: str) -> _Described:
    """Describe the addresses of intake under a prefix."""
    one = {"schema": _ref("Item")}
    bodies = {
        documents.JSON: one,
        documents.STRUCTURED: {"schema": _ref("Event")},
        documents.STRUCTURED_BATCH: {"schema": {"type": "array", "items": _ref("Event"), "maxItems": 500}},
    }
    listed = {"type": "array", "minItems": 1, "maxItems": 500, "items": _ref("Item")}
    batch = {documents.JSON: {"schema": {"type": "object", "required": ["items"], "properties": {"items": listed}}}}
    accepted = {
        "200": _answer("The same post was stored before (`Idempotent-Replay: true`), or a dry run", _ref("Accepted")),
        "202": _answer("Stored durably", _ref("Accepted")),
        "207": _answer("A batch of events: one result for each", _ref("Results")),
        "409": _problem("`idempotency_conflict`: the id was accepted with another body"),
    }
    return {
        f"{prefix}flows/{{flow}}/items": {
            "post": _operation("post_item", "Post an item, a CloudEvent or a batch of events", bodies, accepted, _DRY),
            "options": {
                "operationId": "shake_hands",
                "summary": "Answer the CloudEvents WebHook handshake",
                "tags": ["intake"],
                "security": [],
                "parameters": [_FLOW],
                "responses": {"200": {"description": "Allowed, when `WebHook-Allowed-Origin` is there"}},
            },
        },
        f"{prefix}flows/{{flow}}/items/batch": {
            "post": _operation(
                "post_batch",
                "Post up to 500 items",
                batch,
                {"207": _answer("A result for each", _ref("Results"))},
            ),
        },
        f"{prefix}flows/{{flow}}/uploads": {"post": _UPLOAD},
        f"{prefix}items/{{item_id}}/revisions": {"post": _revise(one)},
    }


def _header(name: str, description: str) -> _Described:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": description,
    }


_FLOW: _Described = {"name": "flow", "in": "path", "required": True, "schema": {"type": "string"}}
_ITEM_ID: _Described = {
    "name": "item_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"},
}  # fmt: skip
_DRY: _Described = {"name": "dry_run", "in": "query", "required": False, "schema": {"type": "boolean"}}
_SIGNED = [
    _header("webhook-id", "Standard Webhooks 1.0: the idempotency id"),
    _header("webhook-timestamp", "Seconds since 1970; within five minutes of now"),
    _header("webhook-signature", "`v1,<base64 HMAC-SHA256>`, several separated by spaces"),
    _header("Idempotency-Key", "In place of webhook-id where the flow may post unsigned"),
]


def _ref(name: str) -> _Described:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(description: str, schema: _Described) -> _Described:
    return {"description": description, "content": {documents.JSON: {"schema": schema}}}


def _problem(description: str) -> _Described:
    return {"description": description, "content": {"application/problem+json": {"schema": _ref("Problem")}}}


def _operation(name: str, summary: str, bodies: _Described, answers: _Described, *more: _Described) -> _Described:
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["intake"],
        "security": [{"flowKey": []}],
        "parameters": [_FLOW, *_SIGNED, *more],
        "requestBody": {"required": True, "content": bodies},
        "responses": answers | {str(status): _problem(told) for status, told in _REFUSALS.items()},
    }


def _revise(body: _Described) -> _Described:
    answers = {
        "200": _answer("The same revision was stored before (`Idempotent-Replay: true`)", _ref("Revised")),
        "202": _answer("Stored, and routed anew", _ref("Revised")),
        "404": _problem("`not_found`: no such item of this flow"),
        "409": _problem("`revision_refused`: signed already, or over; `idempotency_conflict`"),
    }
    summary = "Post a new revision after `changes_requested`, or before anybody signed"
    operation = _operation("post_revision", summary, {documents.JSON: body}, answers)
    mismatch = _problem(f"`revision_mismatch`: about something else; {_REFUSALS[422]}")
    return operation | {
        "parameters": [_ITEM_ID, *_SIGNED],
        "responses": operation["responses"] | {"422": mismatch},
    }


_UPLOAD: _Described = {
    "operationId": "upload_file",
    "summary": "Upload a file that items of the flow can name; removed after 24 h when none does",
    "tags": ["intake"],
    "security": [{"flowKey": []}],
    "parameters": [
        _FLOW,
        _header("Content-Digest", "RFC 9530: `sha-256=:<base64>:` of the body") | {"required": True},
    ],
    "requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    "responses": {"201": _answer("The file is kept as it is", _ref("Uploaded"))}
    | {str(status): _problem(told) for status, told in _REFUSED_UPLOADS.items()},
}
