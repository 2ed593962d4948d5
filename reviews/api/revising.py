"""The door for later revisions: the whole item document once more, signed like the first post."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.kit import strict_json
from portal.kit.http import json_answer, request_id
from portal.kit.ids import ItemId
from reviews import documents, readings
from reviews.actions import admitting, revising
from reviews.actions.receiving import Post, Receipt
from reviews.api import bodies


@csrf_exempt
@require_POST
def revisions(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Take a new revision of an item that was sent back, or that nobody has signed yet."""
    kind, raw = bodies.read(request, (documents.JSON,))
    headers = bodies.headers(request)
    flow = revising.flow_of(ItemId(item_id), by=admitting.identify(headers))
    caller = admitting.admit(flow, headers, raw)
    if caller.idempotency_id is None:
        raise admitting.IdempotencyIdMissing("Send an `Idempotency-Key` of 1 to 255 characters, or sign the post.")
    post = Post(caller.idempotency_id, raw, kind, strict_json.loads(raw), headers, request_id(request))
    return _answer(*revising.revise(ItemId(item_id), caller, post))


def _answer(revision: int, receipt: Receipt) -> HttpResponse:
    told: dict[str, Any] = {
        "id": str(receipt.id),
        "state": readings.state(receipt.id),
        "revision": revision,
        "digest": f"sha256:{receipt.digest.hex()}",
        "links": readings.links(receipt.id),
    }
    location = {"Location": told["links"]["self"]}
    return (
        json_answer(told, 200, location | {"Idempotent-Replay": "true"})
        if receipt.replayed
        else json_answer(told, 202, location)
    )
