"""Pages of the access review: who may do what, the report to keep, signing a quarter's review, and taking away."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts import administering
from portal.kit.clock import now
from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import proposing
from reviews.proposals import deciding
from reviews.showing import access_report, oversight, people, reviewing_access
from reviews.web import fields
from reviews.web.authority import as_csv


@signed_in
@require_GET
def review(request: Request) -> HttpResponse:
    """Show who may do what where, and which quarters were reviewed."""
    return _page(request)


@signed_in
@require_GET
def download(request: Request) -> HttpResponse:
    """Give the whole report as CSV."""
    guards.insist(oversight.why_not_read(request.access))
    return as_csv(reviewing_access.csv(), f"access-review-{now():%Y-%m-%d}.csv")


@signed_in
@require_POST
def propose(request: Request) -> HttpResponse:
    """Propose the report of this moment as the quarter's review; another person signs it."""
    guards.insist(oversight.why_not_read(request.access))
    guards.insist(deciding.why_not_propose(request.access, access_report.KIND))
    title = f"Access review {access_report.quarter(now()).name}"
    try:
        text, reason = reviewing_access.csv(), request.POST.get("reason", "")
        made = proposing.propose(access_report.KIND, text, by=request.user, title=title, reason=reason)
    except NotFound:
        raise
    except Problem as problem:
        return _page(request, problem)
    messages.success(request, "Proposed. The quarter is reviewed once somebody else signs it.")
    return redirect("desk:proposal", made.pk)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Request, role: str, permission: str, target_id: UUID) -> HttpResponse:
    """Ask once more and for a reason, then take a permission from a role at once."""
    guards.insist(oversight.why_not_administer(request.access))
    given = people.given(role, permission, target_id)
    told: dict[str, Any] = {"given": given, "reason": request.POST.get("reason", "")}
    if request.method != "POST":
        return render(request, "people/confirm_permission.html", told)
    try:
        administering.withdraw_access(given.role, permission, given.thing, told["reason"], by=request.user)
    except NotFound:
        raise
    except Problem as problem:
        return render(request, "people/confirm_permission.html", told | {"problem": problem}, status=problem.status)
    messages.success(request, f"Taken from {given.role.title}: {given.title}, on {given.thing}. It counts from now on.")
    return redirect("desk:access-review")


def _page(request: Request, problem: Problem | None = None) -> HttpResponse:
    guards.insist(oversight.why_not_read(request.access))
    page, asked, kind = (request.GET.get(name, "").strip() for name in ("page", "words", "kind"))
    number = fields.number(page, 1)
    told: dict[str, Any] = {"report": reviewing_access.report(asked=asked, kind=kind, number=number)}
    told |= {"asked": asked, "kind": kind, "no_change": oversight.why_not_administer(request.access)}
    told |= {"problem": problem, "reason": request.POST.get("reason", "")}
    told["no_propose"] = deciding.why_not_propose(request.access, access_report.KIND)
    return render(request, "people/access.html", told, status=problem.status if problem else 200)
