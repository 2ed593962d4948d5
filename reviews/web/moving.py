"""Taking, putting back, keeping hold, and noticing that an item changed meanwhile."""

import re
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from portal.web.guards import Request, signed_in
from reviews import files, guards, sighting
from reviews.actions import taking
from reviews.actions.taking import NothingToTake, TakenByOther
from reviews.showing import watching
from reviews.web import fields

STOP_POLLING = 286
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,100}")


@signed_in
@require_POST
def take(request: Request, item_id: UUID) -> HttpResponse:
    """Take an item; from the page of an item that is open already, nothing on it moves."""
    taking.take(ItemId(item_id), by=request.user)
    if request.headers.get("HX-Request"):
        return render(request, "desk/_hold.html", {"item_id": item_id, "again": True})
    return redirect("desk:item", item_id)


@signed_in
@require_POST
def take_next(request: Request) -> HttpResponse:
    """Take the most urgent item the person may sign, of the queue they look at or of all, and open it."""
    queue = _slug(request)
    try:
        lease = taking.take_next(by=request.user, queue=queue)
    except NothingToTake as nothing:
        messages.info(request, nothing.detail)
        return redirect("desk:queue", queue) if queue else redirect("desk:inbox")
    return redirect("desk:item", lease.item_id)


@signed_in
@require_POST
def put_back(request: Request, item_id: UUID) -> HttpResponse:
    """Give up one's own hold and go back to the inbox."""
    taking.put_back(ItemId(item_id), by=request.user)
    messages.success(request, "You put it back. Whoever may sign it can take it now.")
    return redirect("desk:inbox")


@signed_in
@require_POST
def beat(request: Request, item_id: UUID) -> HttpResponse:
    """Keep a hold alive; a lost one is told at once, and nothing that was typed is touched."""
    try:
        taking.beat(ItemId(item_id), by=request.user)
    except TakenByOther:
        told = {"item_id": item_id, "holder": watching.holder(item_id, granted=request.access)}
        return render(request, "desk/_hold.html", told)
    return HttpResponse(status=204)


@signed_in
@require_GET
def changes(request: Request, item_id: UUID) -> HttpResponse:
    """Tell what happened since the page was made; nothing is swapped under the reader."""
    seen = fields.number(request.GET.get("seen", ""), 0)
    told = watching.since(ItemId(item_id), seen, by=request.user, granted=request.access)
    if not told:
        return HttpResponse(status=204)
    address = reverse("desk:item", args=[item_id])
    return render(request, "desk/_changed.html", {"steps": told, "address": address}, status=STOP_POLLING)


@signed_in
@require_GET
def ready(request: Request, item_id: UUID) -> HttpResponse:
    """Tell once every file and required text is opened: the button comes to life, and nothing else moves."""
    item = sighting.found(item_id, request.access)
    unopened = files.unopened(item, request.user, request.access)
    refusal = (
        guards.why_not_whole(unopened) or guards.why_not_opened(unopened) or guards.why_not_read(request.user, item)
    )
    if refusal is not None and refusal.sentence == request.GET.get("said"):
        return HttpResponse(status=204)
    return render(request, "desk/_ready.html", {"item": item, "refusal": refusal})


def _slug(request: HttpRequest) -> str:
    """Give the queue's name the form sends, or nothing; what cannot be one is no queue, and not all of them."""
    name = request.POST.get("queue", "")
    if name and not _SLUG.fullmatch(name):
        raise NotFound("There is no such queue, or you may not see it.")
    return name
