"""Comments on an item, and the walls around it and its files."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from portal.accounts import access
from portal.kit.ids import ItemId
from portal.web.guards import Request, signed_in
from reviews import guards, walls
from reviews.actions import commenting, walling
from reviews.models import Item
from reviews.web import fields
from reviews.words import Wall


@signed_in
@require_POST
def comment(request: Request, item_id: UUID) -> HttpResponse:
    """Keep what the person says about the item, for those inside the wall they chose."""
    wall = request.POST.get("wall", Wall.ORDINARY.value)
    made = commenting.comment(ItemId(item_id), request.POST.get("text", ""), by=request.user, wall=wall)
    return redirect(f"{reverse('desk:item', args=[item_id])}#comment-{made.pk}")


@signed_in
@require_POST
def wall(request: Request, item_id: UUID) -> HttpResponse:
    """Put the item behind a wall; who does not see it any more goes to their inbox."""
    item = walling.put_behind(
        ItemId(item_id),
        request.POST.get("wall", ""),
        by=request.user,
        seen=fields.number(request.POST.get("seen", ""), -1),
        accepts_loss=_accepts(request),
    )
    return _on(request, item)


@signed_in
@require_POST
def file_wall(request: Request, item_id: UUID, upload: UUID) -> HttpResponse:
    """Put one file of the item behind a wall."""
    row = walling.file(
        ItemId(item_id), upload, request.POST.get("wall", ""), by=request.user, accepts_loss=_accepts(request)
    )
    messages.success(request, _done("file", row.wall))
    return redirect("desk:item", item_id)


def _on(request: Request, item: Item) -> HttpResponse:
    """Go on to the item, or to the inbox when it is out of sight now."""
    messages.success(request, _done("item", item.wall))
    if guards.why_not_see(access.of(request.user), item) is not None:
        return redirect("desk:inbox")
    return redirect("desk:item", item.pk)


def _done(what: str, wall: str) -> str:
    if wall == Wall.ORDINARY:
        return f"Done. Everybody who may see the queue knows of the {what} again."
    return f"Done. Only those behind the wall “{walls.title(wall)}” know of the {what}."


def _accepts(request: HttpRequest) -> bool:
    return request.POST.get("accept") == "on"
