"""The intake door: posts of an item, an event, a batch; plain views, because raw bytes come first."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit import canonical
from portal.kit import strict_json
from portal.kit.http import json_answer, request_id
from portal.kit.problems import Problem
from reviews import documents, nudges, readings
from reviews.actions import admitting, receiving
from reviews.actions.admitting import Caller
from reviews.actions.receiving import Post
from reviews.api import bodies, events, rehearsing

_ONE = (documents.JSON, documents.STRUCTURED, documents.STRUCTURED_BATCH)
_BATCH_LIMIT = 500


class BatchInvalid(Problem):
    """The batch itself, not one of its items, cannot be used."""

    code = "batch_invalid"
    status = 422
    title = "The batch cannot be used"


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def items(request: HttpRequest, flow: str) -> HttpResponse:
    """Take one item, one structured event or a batch of events; OPTIONS answers the WebHook handshake."""
    if request.method == "OPTIONS":
        return events.shake_hands(request, flow)
    kind, raw = bodies.read(request, _ONE)
    caller = admitting.admit(flow, bodies.headers(request), raw)
    if kind == documents.STRUCTURED_BATCH:
        return _batch(request, caller, kind, strict_json.loads(raw, top="array"))
    dry = rehearsing.is_wanted(request)
    post = _post(request, caller, kind, raw, dry=dry)
    return rehearsing.answer(caller, post) if dry else _answer(receiving.receive(caller, post))


@csrf_exempt
@require_http_methods(["POST"])
def batch(request: HttpRequest, flow: str) -> HttpResponse:
    """Take up to 500 items in one signed body; one bad item never refuses the rest."""
    kind, raw = bodies.read(request, (documents.JSON,), batch=True)
    caller = admitting.admit(flow, bodies.headers(request), raw)
    return _batch(request, caller, kind, strict_json.loads(raw).get("items"))


def _post(request: HttpRequest, caller: Caller, kind: str, raw: bytes, *, dry: bool) -> Post:
    loaded = strict_json.loads(raw)
    if kind == documents.STRUCTURED:
        return _event(request, caller, loaded, raw, keep=not dry)
    key = events.binary_id(caller) or caller.idempotency_id
    if key is None and not dry:
        raise admitting.IdempotencyIdMissing("Send an `Idempotency-Key` of 1 to 255 characters, or sign the post.")
    return Post(key or "", raw, kind, loaded, dict(caller.headers), request_id(request))


def _event(request: HttpRequest, caller: Caller, event: Any, raw: bytes, *, keep: bool = True) -> Post:
    """Take the item out of an event; an event that is none is kept in quarantine like an invalid item."""
    headers, named = dict(caller.headers), request_id(request)
    try:
        posted = documents.unwrap(event)
    except documents.ContractViolation as refusal:
        if keep:
            kept_as = caller.idempotency_id or ""
            receiving.refuse(caller, Post(kept_as, raw, documents.STRUCTURED, {}, headers, named), refusal)
        raise
    return Post(posted.event_id or "", raw, documents.STRUCTURED, posted.document, headers, named)


def _batch(request: HttpRequest, caller: Caller, kind: str, entries: Any) -> HttpResponse:
    if rehearsing.is_wanted(request):
        raise BatchInvalid("A dry run takes one item at a time.")
    if not isinstance(entries, list) or not 0 < len(entries) <= _BATCH_LIMIT:
        raise BatchInvalid(f"Send a list of 1 to {_BATCH_LIMIT} items, each with its idempotency id.")
    take = _entry if kind == documents.JSON else _batched_event
    results = [_result(request, caller, entry, take) for entry in entries]
    nudges.intake()
    return json_answer({"results": results}, status=207)


def _result(request: HttpRequest, caller: Caller, entry: Any, take: Any) -> dict[str, Any]:
    key = entry.get("id") if isinstance(entry, dict) else None
    try:
        receipt = receiving.receive(caller, take(request, caller, entry))
    except Problem as problem:
        told = problem.as_document(instance=request.path, request_id=request_id(request))
        return {"id": key, "status": problem.status, "problem": told}
    return {"id": key, "status": 200 if receipt.replayed else 202, "item": _told(receipt)}


def _entry(request: HttpRequest, caller: Caller, entry: Any) -> Post:
    key = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(key, str) or not 0 < len(key) <= 255:
        raise BatchInvalid("Each item of a batch needs an `id` of 1 to 255 characters.")
    document = {name: value for name, value in entry.items() if name != "id"}
    raw = _bounded(document)
    return Post(key, raw, documents.JSON, document, dict(caller.headers), request_id(request))


def _batched_event(request: HttpRequest, caller: Caller, event: Any) -> Post:
    return _event(request, caller, event if isinstance(event, dict) else {}, _bounded(event))


def _bounded(document: Any) -> bytes:
    """Write one item of a batch as bytes of its own, within the bound of a single post."""
    raw = canonical.document_bytes(document)
    if len(raw) > settings.ITEM_BODY_LIMIT:
        raise bodies.BodyTooLarge(f"At most {settings.ITEM_BODY_LIMIT} bytes an item are taken here.")
    return raw


def _answer(receipt: receiving.Receipt) -> HttpResponse:
    told = _told(receipt)
    if receipt.replayed:
        return json_answer(told, 200, {"Idempotent-Replay": "true", "Location": told["links"]["self"]})
    nudges.intake()
    return json_answer(told, 202, {"Location": told["links"]["self"]})


def _told(receipt: receiving.Receipt) -> dict[str, Any]:
    return {
        "id": str(receipt.id),
        "state": "received",
        "digest": f"sha256:{receipt.digest.hex()}",
        "links": readings.links(receipt.id),
    }
