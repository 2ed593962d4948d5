"""Beside a decision: the texts a rule wants read first, and stepping aside from an item."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from portal.kit.ids import ItemId
from portal.kit.problems import NotFound
from portal.web.guards import Request, signed_in
from reviews import required, sighting
from reviews.actions import opening, recusing
from reviews.showing.texts import visible


@signed_in
@require_GET
def reading(request: Request, item_id: UUID, number: int) -> HttpResponse:
    """Show a required text whole; that counts as opened, and is noted."""
    item = sighting.found(item_id, request.access, "policy_version")
    texts = required.readings(item, request.user)
    if not 0 < number <= len(texts):
        raise NotFound("The routing rule of this item requires no such text.")
    text = texts[number - 1]
    told = {"item": item, "title": visible(text.title), "paragraphs": visible(text.text).split("\n\n")}
    told |= {"number": number, "total": len(texts), "next": number + 1 if number < len(texts) else None}
    response = render(request, "desk/reading.html", told)
    opening.read(item_id, text.title, by=request.user, rules=item.policy_version)
    return response


@signed_in
@require_POST
def recuse(request: Request, item_id: UUID) -> HttpResponse:
    """Step aside from an item with a reason; it goes on with the others."""
    seen = request.POST.get("seen", "")
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else -1
    recusing.recuse(ItemId(item_id), by=request.user, seen=version, reason=request.POST.get("reason", ""))
    messages.success(request, "You stepped aside. The others who may sign it go on without you.")
    return redirect("desk:item", item_id)
