"""The reading doors: items, decisions, cancelling, execution reports."""

import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from portal.kit.http import json_answer
from portal.kit.ids import ItemId
from reviews import readings
from reviews.actions import admitting, executing, returning
from reviews.api import bodies, waiting
from reviews.models import ApiKey
from reviews.words import Execution

_PREFERRED = re.compile(r"\bwait=(\d{1,4})\b")


def flow_key(request: HttpRequest) -> ApiKey:
    """Authenticate a flow by its bearer key."""
    return admitting.identify(bodies.headers(request))


router = Router(auth=flow_key, tags=["items"])


class Reason(Schema):
    """Why an item is cancelled."""

    reason: str = ""


class Report(Schema):
    """What an executor reports."""

    receipt: str
    status: Execution
    reference: str = ""
    detail: str = ""


@router.get("/items/{item_id}")
def read_item(request: Any, item_id: UUID) -> HttpResponse:
    """Give the item as posted, with its state, queue, plan and reasons."""
    return json_answer(readings.item(item_id, by=request.auth))


@router.get("/items/{item_id}/decision")
def read_decision(request: Any, item_id: UUID, wait: int = 0, audience: str | None = None) -> HttpResponse:
    """Give the decision as soon as it is sealed, waiting up to 60 s for it; else 202 and `Retry-After`."""
    key: ApiKey = request.auth
    seconds = wait or _preferred(request)
    found = waiting.wait_for(lambda: readings.decision(item_id, by=key, audience=audience), float(seconds))
    if found is None:
        told = {"id": str(item_id), "links": readings.links(item_id)}
        return json_answer(told, 202, {"Retry-After": "1"})
    return json_answer(found)


@router.post("/items/{item_id}/cancel")
def cancel_item(request: Any, item_id: UUID, body: Reason) -> HttpResponse:
    """Take an undecided item back."""
    returning.cancel(ItemId(item_id), body.reason, by=request.auth)
    return json_answer(readings.item(item_id, by=request.auth))


@router.post("/items/{item_id}/execution")
def report_execution(request: Any, item_id: UUID, body: Report) -> HttpResponse:
    """Record what the executor did; the first `started` consumes the receipt."""
    made = executing.report(
        ItemId(item_id), body.receipt, body.status, by=request.auth, reference=body.reference, detail=body.detail
    )
    return json_answer({"id": str(made.pk), "item": str(item_id), "status": made.status})


def _preferred(request: HttpRequest) -> int:
    found = _PREFERRED.search(request.headers.get("Prefer", ""))
    return int(found.group(1)) if found else 0
