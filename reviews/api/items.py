"""The reading doors: items, decisions, cancelling, execution reports."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field, StringConstraints

from audit.api import proving
from portal.kit.http import json_answer
from portal.kit.ids import ItemId
from reviews import listings, readings
from reviews.actions import admitting, executing, returning
from reviews.api import answers, bodies, waiting
from reviews.models import ApiKey
from reviews.words import Execution, State

Word = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
_PREFERRED = re.compile(r"\bwait=(\d{1,4})\b")


def flow_key(request: HttpRequest) -> ApiKey:
    """Authenticate a flow by its bearer key."""
    return admitting.identify(bodies.headers(request))


router = Router(auth=flow_key, tags=["items"])


class Page(Schema):
    """Which items are listed."""

    flow: Word | None = None
    state: State | Literal["received"] | None = None
    external_id: Word | None = None
    tenant: Word | None = None
    created_after: AwareDatetime | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


class Reason(Schema):
    """Why an item is cancelled."""

    reason: str = Field("", max_length=2000)


class Report(Schema):
    """What an executor reports."""

    receipt: str
    status: Execution
    reference: str = Field("", max_length=200)
    detail: str = Field("", max_length=10_000)


@router.get("/items")
def list_items(request: Any, wanted: Query[Page]) -> HttpResponse:
    """List the flow's items without their snapshots, newest first."""
    return json_answer(listings.items(listings.Wanted(**wanted.dict()), by=request.auth))


@router.get("/items/{item_id}/proof")
def read_proof(request: Any, item_id: UUID) -> HttpResponse:
    """Give every entry of the item with its inclusion proof; what is not sealed yet is named."""
    readings.insist_on_item(item_id, by=request.auth)
    return json_answer({"item": str(item_id)} | proving.proofs_of(item_id))


@router.get("/items/{item_id}", openapi_extra=answers.answer("The item and where it stands", "Standing"))
def read_item(request: Any, item_id: UUID) -> HttpResponse:
    """Give the item as posted, with its state, queue, plan and reasons."""
    return json_answer(readings.item(item_id, by=request.auth))


@router.get("/items/{item_id}/decision", openapi_extra=answers.answer("What became of the item", "Outcome"))
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
        ItemId(item_id),
        body.receipt,
        body.status,
        by=request.auth,
        reference=body.reference,
        detail=body.detail,
    )
    return json_answer({"id": str(made.pk), "item": str(item_id), "status": made.status})


def _preferred(request: HttpRequest) -> int:
    found = _PREFERRED.search(request.headers.get("Prefer", ""))
    return int(found.group(1)) if found else 0
