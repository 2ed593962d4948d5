"""The review page: an item before the person who decides about it, and their decision on its way to a signature."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from portal.accounts import sessions
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews.actions import returning, signing
from reviews.showing import drafts
from reviews.showing.dossier import Asked, dossier
from reviews.showing.drafts import Draft
from reviews.words import Verdict

SECTIONS = frozenset({"read", "how", "diff"})


@signed_in
@require_GET
def item(request: Request, item_id: UUID) -> HttpResponse:
    """Show an item; `again` names a signing attempt whose words fill the form once more."""
    return _page(request, item_id, drafts.of_intent(request.GET.get("again", ""), item_id, by=request.user))


@signed_in
@require_POST
def decide(request: Request, item_id: UUID) -> HttpResponse:
    """Send back at once, or freeze what the person is about to sign and ask them to sign it."""
    draft = drafts.posted(request.POST)
    try:
        return _decided(request, ItemId(item_id), draft)
    except NotFound:
        raise
    except Problem as problem:
        if request.headers.get("HX-Request"):
            raise  # the page is still there with all that was typed; a notice above it is enough
        return _page(request, item_id, draft, problem)


def _decided(request: Request, item_id: ItemId, draft: Draft) -> HttpResponse:
    drafts.insist(draft)
    if draft.choice == drafts.SEND_BACK:
        returning.request_changes(item_id, by=request.user, seen=draft.seen, reason=draft.reason)
        messages.success(request, "You sent it back. The flow is told what you want changed.")
        return go(request, "desk:item", item_id)
    intent = signing.prepare(
        item_id,
        by=request.user,
        session_ref=sessions.ref(request),
        seen=draft.seen,
        verdict=Verdict.REJECT if draft.choice == drafts.REJECT else Verdict.APPROVE,
        reason=draft.reason,
        changes=draft.changes if draft.choice == drafts.CHANGE else None,
    )
    return redirect("desk:sign", item_id, intent.pk)


def _page(request: Request, item_id: UUID, draft: Draft, problem: Problem | None = None) -> HttpResponse:
    asked = Asked(whole=_one_of(request, "whole", SECTIONS), story=_one_of(request, "story", {"all"}))
    found = dossier(ItemId(item_id), asked, by=request.user, granted=request.access)
    told = {"dossier": found, "item": found.item, "content": found.content, "attachments": found.attachments}
    told |= {"draft": draft.fitting(found.content.editable), "problem": problem, "whole": asked.whole}
    return render(request, "desk/review.html", told, status=problem.status if problem else 200)


def go(request: HttpRequest, name: str, *args: Any) -> HttpResponse:
    """Go to a page, the whole window also when a fragment was asked for."""
    response = redirect(name, *args)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response


def _one_of(request: HttpRequest, name: str, words: frozenset[str] | set[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in words else ""
