"""The evidence doors for machines: the PDF and the record of a decision."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from portal.kit.ids import ItemId
from reviews.actions import evidencing
from reviews.actions.evidencing import Exported, Format
from reviews.api.items import flow_key

router = Router(auth=flow_key, tags=["evidence"])


@router.get("/items/{item_id}/evidence")
def read_evidence(request: Any, item_id: UUID) -> HttpResponse:
    """Give the evidence of the item's decision as a PDF; 409 and `Retry-After` while it is being written."""
    return _answer(evidencing.export(ItemId(item_id), Format.PDF, by=request.auth))


@router.get("/items/{item_id}/evidence.json")
def read_record(request: Any, item_id: UUID) -> HttpResponse:
    """Give the record the PDF prints, the same bytes that are attached to it."""
    return _answer(evidencing.export(ItemId(item_id), Format.JSON, by=request.auth))


def _answer(exported: Exported) -> HttpResponse:
    """Answer with a file of evidence, which no cache keeps."""
    return HttpResponse(
        exported.content,
        content_type=exported.media_type,
        headers={"Content-Disposition": f'inline; filename="{exported.filename}"', "Cache-Control": "no-store"},
    )
