"""Pages of lists: the inbox, a queue, and the preview that follows the marked row."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.kit.problems import NotFound
from portal.web.guards import Request, signed_in
from reviews import worklists
from reviews.models import Queue
from reviews.worklists import Show

_LABELS = (
    (Show.ALL, "All open"),
    (Show.FOR_ME, "For me to sign"),
    (Show.UNASSIGNED, "Unassigned"),
    (Show.MINE, "Taken by me"),
)


@signed_in
def inbox(request: Request) -> HttpResponse:
    """Show what the person holds, what waits for them and what they signed."""
    held, waiting = worklists.desk(request.user, request.access)
    told = {"held": held, "waiting": waiting, "signed": worklists.signed(request.user, request.access.walls)}
    return render(request, "desk/inbox.html", told)


@signed_in
def queue(request: Request, slug: str) -> HttpResponse:
    """Show a page of a queue; a fragment's request gets the rows alone, or nothing when nothing changed."""
    found, show = _queue(request, slug), _shown(request)
    cursor = request.GET.get("cursor", "")
    page = worklists.page(found, show, cursor or None, by=request.user, granted=request.access)
    told = {"queue": found, "show": show, "labels": _LABELS, "page": page, "cursor": cursor}
    if request.headers.get("HX-Request"):
        unchanged = request.GET.get("marker") == page.marker
        return HttpResponse(status=204) if unchanged else render(request, "desk/queue.html#rows", told)
    return render(request, "desk/queue.html", told | {"pulse": worklists.pulse(found, request.access.walls)})


@signed_in
def peek(request: Request, slug: str, item_id: UUID) -> HttpResponse:
    """Show the preview of one row."""
    shown = _queue(request, slug)
    found = [row for row in worklists.rows([item_id], request.access.walls) if row.item.queue_id == shown.pk]
    if not found:
        raise NotFound("This item left the queue; load the list again.")
    return render(request, "desk/queue.html#peek", {"row": found[0]})


def _queue(request: Request, slug: str) -> Queue:
    """Find a queue the person may see; of any other, not even that it is there is told."""
    found = Queue.objects.filter(slug=slug).first()
    if found is None or found.pk not in request.access.seen_queues():
        raise NotFound("There is no such queue, or you may not see it.")
    return found


def _shown(request: HttpRequest) -> Show:
    asked = request.GET.get("show", "")
    return Show(asked) if asked in set(Show) else Show.ALL
