"""Drafts of routing rules: checked, tried on the last items, and proposed; what was typed is never lost."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import proposing, simulating
from reviews.models import Policy
from reviews.showing import changes, faults, rulesets, trials
from reviews.web import fields

WANTED = 1_000
_FRESH = """policy: name-of-these-rules
fallback:
  queue: name-of-a-queue
  plan:
    - role: senior-adjuster
      meaning: Decision on an item no routing rule could judge
rules:
  - name: first-rule
    when: action.effect == "pay" && action.amount_at_stake <= 1000.0
    reason: A sentence that people read.
    queue: name-of-a-queue
    plan:
      - role: adjuster
        meaning: Approval of the payment
"""


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: Request, name: str = "") -> HttpResponse:
    """Show a draft of these rules, or of new ones; check it, try it or propose it."""
    policy = rulesets.named(name, request.access) if name else None
    guards.insist(rulesets.why_not_draft(request.access, policy))
    if request.method != "POST":
        return _page(request, policy, {"text": _begun(request, policy)})
    typed = {"text": fields.unix(request.POST.get("text", "")), "reason": request.POST.get("reason", "")}
    try:
        return _done(request, policy, typed)
    except NotFound:
        raise
    except Problem as problem:
        told = {"problem": problem, "faults": faults.of(problem, typed["text"])}
        return _page(request, policy, typed | told, status=problem.status)


@signed_in
@require_GET
def simulation(request: Request, simulation_id: UUID) -> HttpResponse:
    """Show how far a simulation is and what it found; as a fragment, that part alone."""
    told = {"trial": trials.trial(simulation_id, by=request.user, granted=request.access)}
    fragment = "#trial" if request.headers.get("HX-Request") else ""
    return render(request, f"rules/simulation.html{fragment}", told)


@signed_in
@require_POST
def simulate(request: Request, proposal_id: UUID) -> HttpResponse:
    """Try proposed routing rules on the last items."""
    text = changes.rules_of(proposal_id, by=request.user, granted=request.access)
    begun = simulating.start(text, _wanted(request), by=request.user)
    return redirect("desk:simulation", begun.pk)


def _done(request: Request, policy: Policy | None, typed: dict[str, str]) -> HttpResponse:
    """Do what the button asks for."""
    text = typed["text"]
    target, me = (policy.pk if policy else None), request.user
    asked = request.POST.get("do", "check")
    if asked == "propose":
        proposal = proposing.propose("policy", text, by=me, reason=typed["reason"], target=target)
        messages.success(request, "Proposed. It is in force once somebody else signs it.")
        return redirect("desk:proposal", proposal.pk)
    summary = proposing.preview("policy", text, by=me, target=target)
    if asked == "simulate":
        return redirect("desk:simulation", simulating.start(text, _wanted(request), by=me).pk)
    return _page(request, policy, typed | {"summary": summary})


def _begun(request: Request, policy: Policy | None) -> str:
    """Give the text a draft begins with: of a simulation, of a proposal, or of what is in force."""
    if key := request.GET.get("simulation"):
        return trials.mine(_id(key), by=request.user).text
    if key := request.GET.get("proposal"):
        return changes.rules_of(_id(key), by=request.user, granted=request.access)
    return policy.in_force.text if policy and policy.in_force else _FRESH


def _page(request: Request, policy: Policy | None, told: dict[str, Any], status: int = 200) -> HttpResponse:
    common = {"policy": policy, "wanted": _wanted(request), "most": simulating.MOST}
    return render(request, "rules/draft.html", common | told, status=status)


def _wanted(request: HttpRequest) -> int:
    """Read how many items are asked for; what is no number asks for none, which is refused with the bounds."""
    return fields.number(request.POST.get("wanted", str(WANTED)).strip(), 0)


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NotFound("There is no such draft. Open the rules and start one.") from None
