"""What reading answers in words of OpenAPI 3.1: an item with where it stands, and what became of it."""

from typing import Any

from reviews import envelope
from reviews.policies.parts import ALL_VERDICTS, FACTORS
from reviews.words import OUTCOMES, Basis, State, Verdict

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_MAYBE: _Schema = {"type": ["string", "null"]}
_NUMBER: _Schema = {"type": "integer", "minimum": 1}
_FLAG: _Schema = {"type": "boolean"}
_DIGEST: _Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_TEXTS: _Schema = {"type": "array", "items": _TEXT}


def _object(**properties: Any) -> _Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _said(description: str, schema: _Schema) -> _Schema:
    return schema | {"description": description}


_LINKS = _object(self=_TEXT, decision=_TEXT)
_PLACE = _object(index={"type": "integer", "minimum": 0}, leaf=_DIGEST)
_POLICY = _object(name=_TEXT, version=_NUMBER, rule=_said("null: the fallback of the rules", _MAYBE))
_SLOT = _object(
    stage=_NUMBER,
    step=_said("Stages of one step run at the same time", _NUMBER),
    round=_said("2 and more: a rejection asked again for this stage", _NUMBER),
    name=_TEXT,
    role=_said("One role, or several separated by a space, any of which may sign", _TEXT),
    meaning=_TEXT,
    factors=_said("Which proofs suffice; empty: whatever the queue asks for", _TEXTS | {"items": {"enum": [*FACTORS]}}),
    blind=_said("The signer does not see what the others said", _FLAG),
    back_to=_said("The stage a rejection returns to; null: it ends the plan", {"type": ["integer", "null"]}),
    signed=_FLAG,
    open=_said("It may be signed now", _FLAG),
)
STANDING = {
    "allOf": [
        {
            "description": "The document as posted; lists leave out `snapshot`",
            "properties": envelope.ITEM["properties"],
        },
        _object(
            id=_TEXT | {"format": "uuid"},
            state=_said(
                "invalidated: a routing rule refused it, so nothing is decided and nothing happens; it is not rejected",
                {"enum": ["received", *(state.value for state in State)]},
            ),
            version={"type": "integer", "minimum": 0},
            revision=_NUMBER,
            digest=_DIGEST,
            overridden=_said("Pointers into the output that a signer changed", _TEXTS),
            queue=_MAYBE,
            policy={
                "anyOf": [
                    {"type": "null"},
                    {
                        "allOf": [
                            _POLICY,
                            _object(
                                reasons=_said(
                                    "Why it stopped where it did; `sampled` and `not_sampled` tell draw and share",
                                    {"type": "array", "items": _object(code=_TEXT, sentence=_TEXT)},
                                )
                            ),
                        ]
                    },
                ]
            },
            sign_off=_said("What the plan asks for, in its newest round", {"type": "array", "items": _SLOT}),
            reading=_said("Titles of what every signer must open first", _TEXTS),
            verdicts=_said("What people may do with it", _TEXTS | {"items": {"enum": sorted(ALL_VERDICTS)}}),
            licences=_said("Kinds of licence that a signer must hold", _TEXTS),
            received_at=_TEXT | {"format": "date-time"},
            due_at=_MAYBE | {"format": "date-time"},
            links=_LINKS,
        ),
    ]
}
_SIGNATURE = _object(
    id=_TEXT,
    signer=_TEXT,
    printed_name=_TEXT,
    role=_TEXT,
    meaning=_TEXT,
    verdict={"enum": [verdict.value for verdict in Verdict]},
    reason=_TEXT,
    auth_method=_TEXT,
    signed_at=_TEXT | {"format": "date-time"},
    on_behalf_of=_said(
        "Who was away, in whose name it was signed",
        {"anyOf": [{"type": "null"}, _object(id=_TEXT, printed_name=_TEXT)]},
    ),
    emergency=_said("The role was taken in an emergency", _FLAG),
    licence=_said("Kinds and numbers under which it was signed", _TEXT),
    stage=_NUMBER,
    round=_said("A signature of an earlier round than its stage's newest counts no more", _NUMBER),
)
OUTCOME = {
    "description": "What became of an item, once its entry is sealed",
    "type": "object",
    "required": ["item", "outcome", "revision", "ledger"],
    "properties": {
        "item": _TEXT,
        "outcome": _said(
            "Only approved and rejected are decisions; invalidated, with `reason` and `policy`, was refused by a rule",
            {"enum": sorted(OUTCOMES)},
        ),
        "revision": _NUMBER,
        "basis": {"enum": [basis.value for basis in Basis]},
        "snapshot_digest": _DIGEST,
        "output": {"type": "object"},
        "overridden": _TEXTS,
        "policy": _POLICY,
        "signatures": {"type": "array", "items": _SIGNATURE},
        "act": {"type": "object"},
        "decided_at": _TEXT | {"format": "date-time"},
        "reason": _said("With changes_requested what a person asked for, with invalidated why the rule refused", _TEXT),
        "requested_at": _TEXT | {"format": "date-time"},
        "receipt": _said("Compact JWS for the executor; null once it was executed", _MAYBE),
        "ledger": _PLACE,
    },
}
SCHEMAS = {"Standing": STANDING, "Outcome": OUTCOME}


def answer(description: str, name: str) -> _Schema:
    """Describe an answer of one of these schemas, as an operation's `openapi_extra` takes it."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"responses": {200: {"description": description, "content": content}}}
