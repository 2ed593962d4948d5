"""Posted documents: unwrapping events, checking envelope and contract, the digest of what was posted."""

from dataclasses import dataclass
from typing import Any

from audit import canonical
from portal.kit import strict_json
from portal.kit.problems import Problem
from reviews import envelope

STRUCTURED = "application/cloudevents+json"
STRUCTURED_BATCH = "application/cloudevents-batch+json"
JSON = "application/json"


class ContractViolation(Problem):
    """The document does not match the envelope or the flow's contract."""

    code = "contract_violation"
    status = 422
    title = "The item does not match its data contract"


class AttachmentUnknown(ContractViolation):
    """The item names an upload that is not there, or not its own."""

    code = "attachment_unknown"
    title = "The item names an upload that is not there"


class AttachmentDigestMismatch(ContractViolation):
    """The item names an upload by another digest than that of its bytes."""

    code = "attachment_digest_mismatch"
    title = "The item names a file by another digest"


class UnsupportedMediaType(Problem):
    """Not a kind of body this address takes."""

    code = "media_type_unsupported"
    status = 415
    title = "This kind of body is not taken here"


@dataclass(frozen=True, slots=True)
class Posted:
    """One item document, with the id its event brought, if it came as an event."""

    document: dict[str, Any]
    event_id: str | None


def media_type(content_type: str) -> str:
    """Give the media type of a Content-Type header, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def read(raw: bytes, kind: str) -> Posted:
    """Read a body as an item, or as a structured CloudEvent 1.0 around one."""
    loaded = strict_json.loads(raw)
    if kind == STRUCTURED:
        return unwrap(loaded)
    return Posted(loaded, None)


def unwrap(event: dict[str, Any]) -> Posted:
    """Take the item out of a CloudEvent, which itself stays as it was received."""
    faults = [
        {"pointer": f"/{name}", "message": "A CloudEvent needs this as a non-empty text."}
        for name in ("id", "source", "type")
        if not isinstance(event.get(name), str) or not event[name]
    ]
    if isinstance(event.get("source"), str) and any(map(str.isspace, event["source"])):
        faults.append({"pointer": "/source", "message": "The source must be a URI-reference, without a space."})
    if event.get("specversion") != "1.0":
        faults.append({"pointer": "/specversion", "message": "Only CloudEvents 1.0 are understood."})
    if not isinstance(event.get("data"), dict):
        faults.append({"pointer": "/data", "message": "The event's data must be an item document."})
    if faults:
        raise ContractViolation("The event is not a CloudEvent 1.0 around an item.", errors=faults)
    return Posted(event["data"], event_id(event["source"], event["id"]))


def event_id(source: str, identifier: str) -> str:
    """Give the idempotency id of an event: source and id together, hashed when they are long."""
    # A source is a URI-reference and holds no space, so no two pairs join alike.
    joined = f"{source} {identifier}"
    return joined if len(joined) <= 255 else canonical.sha256(joined.encode()).hex()


def faults(document: dict[str, Any], contract: Any) -> list[dict[str, str]]:
    """List what is wrong with a document, each with the JSON pointer of the place."""
    found = list(envelope.check(document))
    if not found and contract is not None:
        found += contract.check(document)
    if not found:
        found += _floats(document["snapshot"]["output"], "/snapshot/output")
        found += _floats(document["action"], "/action")
        found += _same_names(document.get("attachments") or [])
    return found


def _same_names(attachments: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Find files that a reader could not tell apart: names are what extractions and people go by."""
    names = [canonical.normalised(each["name"]) for each in attachments]
    return [
        {"pointer": f"/attachments/{index}/name", "message": "Another file of this item has this name."}
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def digest(document: dict[str, Any]) -> canonical.Sha256:
    """Hash a posted document, attachments and all: what `digest` in every answer is."""
    return canonical.prefixed(canonical.SNAPSHOT, canonical.document_bytes(document))


def _floats(value: Any, pointer: str) -> list[dict[str, str]]:
    """Find floats in what gets signed: a signature covers exact values, so fractions are texts."""
    if isinstance(value, float):
        return [{"pointer": pointer, "message": 'Write a number with a fraction as a text, such as "0.25".'}]
    if isinstance(value, dict):
        return [fault for key, inner in value.items() for fault in _floats(inner, f"{pointer}/{_escape(key)}")]
    if isinstance(value, list):
        return [fault for index, inner in enumerate(value) for fault in _floats(inner, f"{pointer}/{index}")]
    return []


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
