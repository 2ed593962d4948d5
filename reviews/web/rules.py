"""Pages of routing rules: which sets there are, one as people read it, its versions, and routing anew by it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import rerouting
from reviews.listings import CursorInvalid
from reviews.models import PolicyVersion
from reviews.showing import rulesets

AT_ONCE = 100


@signed_in
@require_GET
def listed(request: Request) -> HttpResponse:
    """Show the sets of rules the person may read."""
    guards.insist(rulesets.why_not_open(request.access))
    told = {"sets": rulesets.listed(request.access), "no_draft": rulesets.why_not_draft(request.access, None)}
    return render(request, "rules/list.html", told)


@signed_in
@require_GET
def one(request: Request, name: str) -> HttpResponse:
    """Show the version in force as a table, the versions before it, and what is still on those."""
    policy = rulesets.named(name, request.access)
    return render(request, "rules/rules.html", {"sheet": rulesets.sheet(policy, request.access)})


@signed_in
@require_GET
def version(request: Request, name: str, number: int) -> HttpResponse:
    """Show one version beside the one before it."""
    policy = rulesets.named(name, request.access)
    return render(request, "rules/version.html", {"past": rulesets.past(policy, number)})


@signed_in
@require_GET
def download(request: Request, name: str, number: int) -> HttpResponse:
    """Give one version's text, byte for byte as it was put in force."""
    found: PolicyVersion = rulesets.past(rulesets.named(name, request.access), number).version
    disposition = f'attachment; filename="{name}-{number}.yaml"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(found.text, content_type="application/yaml; charset=utf-8", headers=headers)


@signed_in
@require_POST
def reroute(request: Request, name: str) -> HttpResponse:
    """Route open items anew by the version in force, and tell what came of each that was not."""
    policy, reason = rulesets.named(name, request.access), request.POST.get("reason", "")
    after = _after(request.POST.get("after", ""))
    tally = rerouting.reroute_all(policy, by=request.user, reason=reason, after=after, limit=AT_ONCE)
    told = {"policy": policy, "tally": tally, "reason": reason, "left": rulesets.left(tally, request.access)}
    return render(request, "rules/rerouted.html", told)


def _after(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError:
        raise CursorInvalid("Go back to the rules and start anew; this place is not one of ours.") from None
