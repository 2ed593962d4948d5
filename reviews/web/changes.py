"""Pages of changes of configuration: what waits, one change, and its signature, refusal or withdrawal."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit import canonical
from portal.accounts import sessions
from portal.kit import reasons
from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import proposing
from reviews.actions.proposing import IntentSpent
from reviews.showing import changes
from reviews.showing.changes import Signing
from reviews.web import fields, proving


@signed_in
@require_GET
def listed(request: Request) -> HttpResponse:
    """Show the changes that wait, or those that are decided, the newest first."""
    guards.insist(changes.why_not_open(request.access))
    is_open = request.GET.get("show") != "decided"
    before = fields.cursor(request.GET.get("before", ""))
    page = changes.page(request.access, request.user, is_open=is_open, before=before)
    return render(request, "changes/list.html", {"page": page, "is_open": is_open})


@signed_in
@require_GET
def one(request: Request, proposal_id: UUID) -> HttpResponse:
    """Show one change; as a fragment, how far its proof is."""
    fragment = "#proof" if request.headers.get("HX-Request") else ""
    return _page(request, proposal_id, fragment=fragment)


@signed_in
@require_POST
def prepare(request: Request, proposal_id: UUID) -> HttpResponse:
    """Freeze the change, and go on to its signature."""
    intent = proposing.prepare(proposal_id, by=request.user, session_ref=sessions.ref(request))
    return redirect("desk:proposal-sign", proposal_id, intent.pk)


@signed_in
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: Request, proposal_id: UUID, intent_id: UUID) -> HttpResponse:
    """Ask for the signature that puts a change in force, and take it."""
    changes.found(proposal_id, by=request.user, granted=request.access)
    try:
        asked = changes.signing(proposal_id, intent_id, by=request.user, session_ref=sessions.ref(request))
    except NotFound:
        raise
    except IntentSpent as problem:
        return _spent(request, proposal_id, problem)
    except Problem as problem:
        return _asking(request, {"proposal_id": proposal_id, "problem": problem})
    return _signed(request, asked) if request.method == "POST" else _asking(request, _told(asked))


@signed_in
@require_POST
def refuse(request: Request, proposal_id: UUID) -> HttpResponse:
    """Refuse a change with a reason; one that cannot be kept stays on the page."""
    reason = request.POST.get("reason", "")
    try:
        proposing.refuse(proposal_id, by=request.user, reason=reason)
    except reasons.UNFIT as problem:
        return _page(request, proposal_id, problem=problem)
    messages.success(request, "Refused. Who proposed it reads your reason here.")
    return redirect("desk:proposal", proposal_id)


@signed_in
@require_POST
def withdraw(request: Request, proposal_id: UUID) -> HttpResponse:
    """Take back what one proposed."""
    proposing.withdraw(proposal_id, by=request.user)
    messages.success(request, "Withdrawn. Nothing changed, and nobody is asked any more.")
    return redirect("desk:proposal", proposal_id)


def _page(request: Request, proposal_id: UUID, *, fragment: str = "", problem: Problem | None = None) -> HttpResponse:
    change = changes.change(proposal_id, by=request.user, granted=request.access)
    told = {"change": change, "problem": problem, "reason": request.POST.get("reason", "")}
    return render(request, f"changes/change.html{fragment}", told, status=problem.status if problem else 200)


def _spent(request: Request, proposal_id: UUID, problem: IntentSpent) -> HttpResponse:
    """Answer for an attempt that is over: with the change where it is decided, else with the way to a new one."""
    proposal = changes.found(proposal_id, by=request.user, granted=request.access)
    if proposal.decided_at is not None:
        return redirect("desk:proposal", proposal_id)
    return _asking(request, {"proposal_id": proposal_id, "problem": problem})


def _signed(request: Request, asked: Signing) -> HttpResponse:
    key = asked.pending.proposal.pk
    try:
        proving.insist_on_consent(request)
        proof = proving.factors(request)
        proposing.sign(asked.pending.id, by=request.user, session_ref=sessions.ref(request), factors=proof)
    except NotFound:
        raise
    except proving.TRY_AGAIN as problem:
        return _asking(request, _told(asked) | {"problem": problem})
    except Problem as problem:
        return _asking(request, {"proposal_id": key, "problem": problem})
    messages.success(request, "Signed. The change is in force.")
    return redirect("desk:proposal", key)


def _told(asked: Signing) -> dict[str, Any]:
    """Give what the card shows while the attempt can still become a signature."""
    challenge = canonical.b64url(asked.pending.challenge)
    return {"proposal_id": asked.pending.proposal.pk, "signing": asked, "challenge": challenge}


def _asking(request: Request, told: dict[str, Any]) -> HttpResponse:
    problem = told.get("problem")
    return render(request, "changes/sign.html", told, status=problem.status if problem else 200)
