"""The evidence doors for people: the PDF and the record of a decision, to look at or to keep."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from portal.kit.ids import ItemId
from portal.web.guards import Request, signed_in
from portal.web.policy import may_be_framed
from reviews.actions import evidencing
from reviews.actions.evidencing import Exported, Format


@require_GET
@signed_in
def pdf(request: Request, item_id: UUID) -> HttpResponse:
    """Give the evidence as a PDF; our own pages may show it in a frame."""
    return may_be_framed(_file(request, evidencing.export(ItemId(item_id), Format.PDF, by=request.user)))


@require_GET
@signed_in
def record(request: Request, item_id: UUID) -> HttpResponse:
    """Give the record the PDF prints, as a file."""
    return _file(request, evidencing.export(ItemId(item_id), Format.JSON, by=request.user))


def _file(request: Request, exported: Exported) -> HttpResponse:
    shown = exported.media_type == Format.PDF.media_type and "download" not in request.GET
    placed = "inline" if shown else "attachment"
    return HttpResponse(
        exported.content,
        content_type=exported.media_type,
        headers={"Content-Disposition": f'{placed}; filename="{exported.filename}"'},
    )
