"""Pages of flows: which there are, the versions of a data contract and who posts by each, what was refused."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from portal.kit.problems import Problem
from portal.web.guards import Request, signed_in
from reviews.actions import resubmitting
from reviews.models import Flow
from reviews.showing import contracts, flows, quarantine
from reviews.web import fields

AT_ONCE = 100


class NothingChosen(Problem):
    """Nothing was chosen to be submitted again."""

    code = "nothing_chosen"
    status = 422
    title = "Nothing was chosen"


@signed_in
def listed(request: Request) -> HttpResponse:
    """Show the flows the person may see."""
    return render(request, "flows/list.html", {"flows": flows.listed(request.access)})


@signed_in
def flow(request: Request, slug: str) -> HttpResponse:
    """Show a flow: the versions of its data contract and who posts by each, its keys and its endpoints."""
    found = flows.found(slug, request.access)
    told = {"flow": found, "report": contracts.report(found, request.access), "keys": flows.keys(found)}
    return render(request, "flows/flow.html", told | {"callbacks": flows.callbacks(found)})


@signed_in
def refused(request: Request, slug: str) -> HttpResponse:
    """Show a page of a flow's refused posts."""
    found, before = flows.found(slug, request.access), fields.cursor(request.GET.get("cursor", ""))
    told = {"flow": found, "page": quarantine.page(found, request.access, before), "cursor": before}
    return render(request, "flows/quarantine.html", told | _may(request, found.pk))


@signed_in
def entry(request: Request, slug: str, entry_id: UUID) -> HttpResponse:
    """Show one refused post with its reasons and its bytes."""
    found = flows.found(slug, request.access)
    shown = quarantine.one(found, request.access, entry_id)
    body = quarantine.body(shown, whole=request.GET.get("whole") == "body")
    told = {"flow": found, "entry": shown, "body": body, "envelope": quarantine.envelope(shown)}
    return render(request, "flows/entry.html", told | _may(request, found.pk))


@require_POST
@signed_in
def resubmit(request: Request, slug: str) -> HttpResponse:
    """Submit refused posts again, the chosen ones or the next of all that wait, and show how it went."""
    found = flows.found(slug, request.access)
    ids, rest = _asked(request, found)
    told = resubmitting.resubmit(ids, by=request.user)
    part = _Part.of(request, ids, rest, len(told.accepted))
    again = quarantine.named(found, request.access, told.refused)
    return render(request, "flows/resubmitted.html", {"flow": found, "part": part, "refused": again})


@dataclass(frozen=True, slots=True)
class _Part:
    """How far a long resubmission is: what was seen and accepted until now, how many are left, and after which."""

    seen: int
    accepted: int
    left: int
    after: UUID | None

    @classmethod
    def of(cls, request: HttpRequest, ids: list[UUID], left: int, accepted: int) -> "_Part":
        """Add this part to those before it, which the form brought along."""
        seen = fields.number(request.POST.get("seen", ""), 0) + len(ids)
        return cls(seen, fields.number(request.POST.get("accepted", ""), 0) + accepted, left, ids[-1] if ids else None)

    @property
    def total(self) -> int:
        """Give how many there are to see."""
        return self.seen + self.left

    @property
    def refused(self) -> int:
        """Give how many were refused once more."""
        return self.seen - self.accepted


def _asked(request: Request, flow: Flow) -> tuple[list[UUID], int]:
    """Give the posts that are to be submitted now, the oldest first, and how many come after them."""
    if "every" not in request.POST:
        return _chosen(request), 0
    waiting = quarantine.waiting(flow, request.access, fields.cursor(request.POST.get("after", "")))
    return waiting[:AT_ONCE], len(waiting[AT_ONCE:])


def _may(request: Request, flow_id: UUID) -> dict[str, object]:
    """Say whether the person may submit again, or why not, and whether they may open the flow's items."""
    no = resubmitting.why_not_resubmit(request.access, flow_id)
    return {"no": no, "opens_items": request.access.may("see_flow", "flow", flow_id)}


def _chosen(request: HttpRequest) -> list[UUID]:
    chosen = [fields.cursor(each) for each in request.POST.getlist("entry")]
    ids = {each for each in chosen if each is not None}
    if not ids:
        raise NothingChosen("Choose at least one refused post, then submit again.")
    return sorted(ids)
