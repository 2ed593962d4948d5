"""Pages of a queue's manager: what needs looking after, and ending somebody's hold."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from portal.kit import reasons
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import leasing
from reviews.showing import managing


@signed_in
@require_GET
def board(request: Request) -> HttpResponse:
    """Show what there is to look after on the queues one manages."""
    return _page(request)


@signed_in
@require_POST
def end_hold(request: Request, item_id: UUID) -> HttpResponse:
    """End somebody's hold on an item, with a reason; one that cannot be kept stays on the page."""
    guards.insist(managing.why_not_open(request.access))
    try:
        leasing.break_lease(ItemId(item_id), by=request.user, reason=request.POST.get("reason", ""))
    except (*reasons.UNFIT, leasing.NotHeld) as problem:
        return _page(request, problem, {"asked": item_id, "reason": request.POST.get("reason", "")})
    messages.success(request, "Ended. Whoever may sign the item can take it now.")
    return redirect("desk:managing")


def _page(request: Request, problem: Problem | None = None, typed: dict[str, Any] | None = None) -> HttpResponse:
    guards.insist(managing.why_not_open(request.access))
    told = {"board": managing.board(request.access), "problem": problem} | (typed or {})
    return render(request, "managing/board.html", told, status=problem.status if problem else 200)
