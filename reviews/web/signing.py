"""The signing page: the statement exactly as it is hashed, the proof that it is this person, and what came of it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from audit import canonical
from portal.accounts import sessions
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews.actions import signing
from reviews.actions.intents import IntentSpent
from reviews.showing import outcomes, signings
from reviews.showing.signings import Signing
from reviews.web import proving


@signed_in
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: Request, item_id: UUID, intent_id: UUID) -> HttpResponse:
    """Ask for the signature, and take it; after a refusal nothing that was typed before is lost."""
    me, session_ref = request.user, sessions.ref(request)
    try:
        asked = signings.signing(item_id, intent_id, by=me, session_ref=session_ref)
    except IntentSpent as spent:
        if signings.was_used(intent_id, by=me, session_ref=session_ref):
            return redirect("desk:done", item_id)
        return _asking(request, {"item_id": item_id, "intent_id": intent_id, "problem": spent})
    return _signed(request, asked) if request.method == "POST" else _asking(request, _told(asked))


@signed_in
@require_GET
def done(request: Request, item_id: UUID) -> HttpResponse:
    """Tell what came of it; as a fragment, how far the proof is."""
    told = {"outcome": outcomes.outcome(ItemId(item_id), by=request.user, granted=request.access)}
    fragment = "#proof" if request.headers.get("HX-Request") else ""
    return render(request, f"desk/done.html{fragment}", told)


def _signed(request: Request, asked: Signing) -> HttpResponse:
    try:
        proving.insist_on_consent(request)
        proof = proving.factors(request)
        signing.sign(asked.pending.id, by=request.user, session_ref=sessions.ref(request), factors=proof)
    except NotFound:
        raise
    except Problem as problem:
        told = _told(asked) if isinstance(problem, proving.TRY_AGAIN) else _named(asked)
        return _asking(request, told | {"problem": problem})
    return redirect("desk:done", asked.pending.item.pk)


def _named(asked: Signing) -> dict[str, Any]:
    return {"item_id": asked.pending.item.pk, "intent_id": asked.pending.id}


def _told(asked: Signing) -> dict[str, Any]:
    """Give what the card shows while the attempt can still become a signature."""
    return _named(asked) | {"signing": asked, "challenge": canonical.b64url(asked.pending.challenge)}


def _asking(request: Request, told: dict[str, Any]) -> HttpResponse:
    problem, fragment = told.get("problem"), "#card" if request.headers.get("HX-Request") else ""
    return render(request, f"desk/sign.html{fragment}", told, status=problem.status if problem else 200)
