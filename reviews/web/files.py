"""Doors to the files of an item: a page around each, its bytes, and a small picture for lists."""

from collections.abc import Iterator
from itertools import chain
from typing import TypeVar
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from portal.accounts.models import User
from portal.kit.problems import NotFound
from portal.web import policy
from portal.web.guards import Request, signed_in
from reviews import files, sighting
from reviews.actions import opening
from reviews.files import Attached
from reviews.models import Item
from reviews.web.viewing import kinds, looking, thumbnails
from reviews.web.viewing.kinds import Kind, Known

_LOCKED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
# Chromium's own viewer of PDFs does not start inside `sandbox`; it runs no script of the document's against our pages.
_POLICIES = {Kind.PDF: f"{_LOCKED}; object-src 'none'"}
_SANDBOXED = f"{_LOCKED}; sandbox"
_DOWNLOAD = Known(Kind.OTHER)
_Response = TypeVar("_Response", bound=HttpResponseBase)


@require_GET
@signed_in
def view(request: Request, item_id: UUID, upload: UUID) -> HttpResponse:
    """Show a file on a page of ours; a text or an e-mail shown whole counts as opened."""
    item, file = _asked(request, item_id, upload)
    look = looking.look(file)
    around = files.neighbours(files.attachments(item, request.user, request.access), upload)
    opened = look.is_whole or file.opened_at is not None
    told = {"item": item, "file": file, "look": look, "around": around, "opened": opened}
    response = render(request, "files/view.html", told)
    if look.is_whole:
        opening.opened(item.pk, upload, by=request.user)
    return response


@require_GET
@signed_in
def content(request: Request, item_id: UUID, upload: UUID) -> HttpResponseBase:
    """Serve a picture or a PDF for the page around it; anything else is a download."""
    item, file = _asked(request, item_id, upload)
    known = kinds.of(files.head(upload), file.media_type, file.name)
    return _served(item, file, known if known.kind in (Kind.PICTURE, Kind.PDF) else _DOWNLOAD, request.user)


@require_GET
@signed_in
def download(request: Request, item_id: UUID, upload: UUID) -> HttpResponseBase:
    """Serve a file's bytes to be kept, as nothing a browser would run."""
    return _served(*_asked(request, item_id, upload), _DOWNLOAD, request.user)


@require_GET
def thumbnail(request: Request, item_id: UUID, upload: UUID) -> HttpResponseBase:
    """Serve a small picture of a picture; it opens nothing.

    A browser may keep it and asks before each use: sight of a file can be taken at any moment.
    """
    response = _thumbnail(request, item_id, upload)
    if response.has_header("ETag"):
        response["Cache-Control"] = "private, no-cache"
    return response


@signed_in
def _thumbnail(request: Request, item_id: UUID, upload: UUID) -> HttpResponse:
    _, file = _asked(request, item_id, upload)
    if not file.is_picture or file.size > thumbnails.LARGEST:
        raise NotFound("There is no small picture of this file.")
    files.head(upload)  # what was erased says so also to who kept a copy
    tag = f'"small-{file.sha256.hex()}"'
    unchanged: HttpResponse | None = get_conditional_response(request, etag=tag)
    response = unchanged or HttpResponse(thumbnails.small(files.whole(upload)), content_type="image/jpeg")
    response["ETag"] = tag
    return _bare(response, _SANDBOXED)


def _asked(request: Request, item_id: UUID, upload: UUID) -> tuple[Item, Attached]:
    return sighting.found(item_id, request.access), files.attached(item_id, upload, request.user, request.access)


def _served(item: Item, file: Attached, known: Known, by: User) -> StreamingHttpResponse:
    parts = files.content(file.upload)
    # The first part is read here, where a file that was erased or is damaged still gets an answer of its own.
    body = _counted(chain([next(parts)], parts), item, file, by)
    response = StreamingHttpResponse(body, content_type=known.media_type)
    response["Content-Length"] = str(file.size)
    as_attachment = known.kind is Kind.OTHER
    response["Content-Disposition"] = content_disposition_header(as_attachment, file.shown_name) or "attachment"
    if known.kind is Kind.PDF:
        policy.may_be_framed(response)
    return _bare(response, _POLICIES.get(known.kind, _SANDBOXED))


def _counted(parts: Iterator[bytes], item: Item, file: Attached, by: User) -> Iterator[bytes]:
    """Give the parts; the file counts as opened when its last one goes out.

    Before that part, not after it: whoever has read it all may sign the next moment.
    """
    part = next(parts)
    for following in parts:
        yield part
        part = following
    opening.opened(item.pk, file.upload, by=by)
    yield part


def _bare(response: _Response, rules: str) -> _Response:
    response["Content-Security-Policy"] = rules
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
