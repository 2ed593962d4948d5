"""Pages on which a change is proposed: which kinds there are, and a form for each; what was typed is never lost."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import proposing
from reviews.proposals import deciding
from reviews.showing import changes, faults
from reviews.web import authority, change_forms
from reviews.web.change_forms import ChangeForm


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change with its form, and what its page says."""

    word: str
    title: str
    told: str
    form: type[ChangeForm]


KINDS: Final = (
    Kind(
        "contract", "Data contract", "What a flow's items must hold, and until when the version before is accepted.",
        change_forms.ContractForm,
    ),
    Kind(
        "access", "Permission", "Lets everybody with a role see, review or manage a queue, or see or own a flow.",
        change_forms.PermissionForm,
    ),
    Kind(
        "role", "Role or wall of a person", "Gives one person a role, or lets them see what is behind a wall.",
        change_forms.RoleForm,
    ),
    Kind("role-pair", "Pair of roles", "Forbids two roles from being held by one person, or allows it again.",
         change_forms.PairForm),
    Kind("calendar", "Working calendar", "The hours and holidays that working time is counted in.",
         change_forms.CalendarForm),
)  # fmt: skip


@signed_in
@require_GET
def choose(request: Request) -> HttpResponse:
    """Show which changes the person may propose."""
    guards.insist(changes.why_not_open(request.access))
    offered = [each for each in KINDS if deciding.why_not_propose(request.access, each.word) is None]
    told: dict[str, Any] = {"kinds": offered, "no": deciding.why_not_propose(request.access, "policy")}
    told["registers"] = [
        each for each in authority.KINDS.values() if deciding.why_not_propose(request.access, each.word) is None
    ]
    return render(request, "changes/choose.html", told)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: Request, word: str) -> HttpResponse:
    """Show the form of one kind of change; check what it says, or propose it."""
    guards.insist(changes.why_not_open(request.access))
    kind = _kind(word)
    guards.insist(deciding.why_not_propose(request.access, word))
    if request.method != "POST":
        return _page(request, {"kind": kind, "form": _form(request, kind)})
    form = _form(request, kind, request.POST)
    is_check = request.POST.get("do") == "check"
    form.fields["reason"].required = not is_check
    if not form.is_valid():
        return _page(request, {"kind": kind, "form": form}, status=422)
    return _done(request, kind, form, is_check=is_check)


def _done(request: Request, kind: Kind, form: ChangeForm, *, is_check: bool) -> HttpResponse:
    text, target, me = form.content(), form.target(), request.user
    try:
        if is_check:
            summary = proposing.preview(kind.word, text, by=me, target=target)
            return _page(request, {"kind": kind, "form": form, "summary": summary})
        reason = form.cleaned_data["reason"]
        proposal = proposing.propose(kind.word, text, by=me, reason=reason, target=target)
    except NotFound:
        raise
    except Problem as problem:
        found = faults.of(problem, form.typed)
        return _page(request, {"kind": kind, "form": form, "problem": problem, "faults": found}, status=problem.status)
    messages.success(request, "Proposed. It is in force once somebody else signs it.")
    return redirect("desk:proposal", proposal.pk)


def _kind(word: str) -> Kind:
    found = next((each for each in KINDS if each.word == word), None)
    if found is None:
        raise NotFound("There is no such kind of change. Choose one from the list of new changes.")
    return found


def _form(request: Request, kind: Kind, data: Any = None) -> ChangeForm:
    return kind.form(data, granted=request.access, asked=request.GET.dict())


def _page(request: Request, told: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "changes/propose.html", told, status=status)
