"""The intake door: posts of one item, of an event, of a batch; plain views, because the raw bytes come first."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit import canonical
from portal.kit import strict_json
from portal.kit.http import json_answer, request_id
from portal.kit.problems import Problem
from reviews import documents, nudges, readings
from reviews.actions import admitting, receiving, routing
from reviews.api import bodies
from reviews.models import Flow

_ONE = (documents.JSON, documents.STRUCTURED, documents.STRUCTURED_BATCH)
_BATCH_LIMIT = 500


class BinaryModeRefused(Problem):
    """A signature does not cover headers, so an event's id in a header proves nothing."""

    code = "binary_mode_refused"
    status = 415
    title = "Binary CloudEvents are taken only with a bearer key alone"


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
        return _handshake(request, flow)
    kind, raw = bodies.read(request, _ONE)
    headers = bodies.headers(request)
    caller = admitting.admit(flow, headers, raw)
    if kind == documents.STRUCTURED_BATCH:
        return _batch_of_events(request, caller, raw, headers)
    posted = documents.read(raw, kind)
    key = posted.event_id or _binary_event(caller, headers) or caller.idempotency_id
    post = receiving.Post(key, raw, kind, posted.document, headers, request_id(request))
    if request.GET.get("dry_run") == "true":
        return _dry_run(caller, post)
    return _answer(receiving.receive(caller, post))


@csrf_exempt
@require_http_methods(["POST"])
def batch(request: HttpRequest, flow: str) -> HttpResponse:
    """Take up to 500 items in one signed body; one bad item never refuses the rest."""
    _, raw = bodies.read(request, (documents.JSON,), batch=True)
    headers = bodies.headers(request)
    caller = admitting.admit(flow, headers, raw)
    listed = strict_json.loads(raw).get("items")
    if not isinstance(listed, list) or not 0 < len(listed) <= _BATCH_LIMIT:
        raise BatchInvalid("Send `items`, a list of 1 to 500 items, each with its idempotency `id`.")
    return _results([_one_of_batch(request, caller, entry, headers) for entry in listed])


def _one_of_batch(request: HttpRequest, caller: admitting.Caller, entry: Any, headers: dict[str, str]) -> dict[str, Any]:
    key = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(key, str) or not 0 < len(key) <= 255:
        problem = BatchInvalid("Each item of a batch needs an `id` of 1 to 255 characters.")
        return _refused(request, None, problem)
    document = {name: value for name, value in entry.items() if name != "id"}
    raw = canonical.document_bytes(document)
    return _received(request, caller, receiving.Post(key, raw, documents.JSON, document, headers, request_id(request)))


def _batch_of_events(
    request: HttpRequest, caller: admitting.Caller, raw: bytes, headers: dict[str, str]
) -> HttpResponse:
    results = []
    for event in strict_json.loads(raw, top="array"):
        try:
            posted = documents.unwrap(event if isinstance(event, dict) else {})
        except Problem as problem:
            results.append(_refused(request, None, problem))
            continue
        post = receiving.Post(
            posted.event_id or "", canonical.document_bytes(event), documents.STRUCTURED, posted.document, headers,
            request_id(request),
        )  # fmt: skip
        results.append(_received(request, caller, post))
    return _results(results)


def _received(request: HttpRequest, caller: admitting.Caller, post: receiving.Post) -> dict[str, Any]:
    try:
        receipt = receiving.receive(caller, post)
    except Problem as problem:
        return _refused(request, post.idempotency_id, problem)
    return {"id": post.idempotency_id, "status": 200 if receipt.replayed else 202, "item": _told(receipt)}


def _refused(request: HttpRequest, key: str | None, problem: Problem) -> dict[str, Any]:
    told = problem.as_document(instance=request.path, request_id=request_id(request))
    return {"id": key, "status": problem.status, "problem": told}


def _results(results: list[dict[str, Any]]) -> HttpResponse:
    nudges.intake()
    return json_answer({"results": results}, status=207)


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


def _binary_event(caller: admitting.Caller, headers: dict[str, str]) -> str | None:
    if "ce-id" not in headers:
        return None
    if not caller.gate.accepts_unsigned or "webhook-signature" in headers:
        raise BinaryModeRefused("Send the event in structured mode, or post with a bearer key alone.")
    return documents.event_id(headers.get("ce-source", ""), headers["ce-id"])


def _dry_run(caller: admitting.Caller, post: receiving.Post) -> HttpResponse:
    """Tell what would happen, and store nothing."""
    receiving.check(caller, post.document)
    flow = Flow.objects.get(pk=caller.gate.flow_id)
    version, outcome = routing.preview(flow.slug, flow.policy_id, post.document)
    return json_answer(
        {
            "dry_run": True,
            "digest": f"sha256:{documents.digest(post.document).hex()}",
            "contract": str(caller.gate.contract_id) if caller.gate.contract_id else None,
            "policy": {"version": version.version, "rule": outcome.rule},
            "queue": outcome.queue,
            "basis": outcome.basis,
            "reasons": [{"code": reason.code, "sentence": reason.sentence} for reason in outcome.reasons],
            "sign_off": [
                {"role": stage.role, "signatures": stage.signatures, "meaning": stage.meaning} for stage in outcome.stages
            ],
            "due_in_seconds": int(outcome.due.total_seconds()) if outcome.due else None,
            "expires_at": post.document.get("expires_at"),
        }
    )


def _handshake(request: HttpRequest, flow: str) -> HttpResponse:
    """Answer the CloudEvents abuse-protection handshake for flows that take unsigned events; else stay silent."""
    response = HttpResponse(status=200)
    response["Allow"] = "POST, OPTIONS"
    origin = request.headers.get("WebHook-Request-Origin", "")
    found = Flow.objects.filter(slug=flow, accepts_unsigned=True, suspended_at=None).first()
    if origin and found is not None:
        response["WebHook-Allowed-Origin"] = origin
        response["WebHook-Allowed-Rate"] = str(found.posts_per_minute)
    return response
