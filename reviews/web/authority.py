"""Pages of the registers of authority and of licences: what is in force, its versions, and proposing a new one."""

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
from reviews.proposals import deciding, lists
from reviews.registers import authority as entitlements
from reviews.registers import licences, reading
from reviews.showing import authority, oversight
from reviews.web import fields


class FileMissing(Problem):
    """Nothing was uploaded."""

    code = "file_missing"
    status = 422
    title = "No file was chosen"


@dataclass(frozen=True, slots=True)
class Kind:
    """One register, and what its pages call it."""

    word: str
    title: str
    told: str
    columns: tuple[str, ...]


KINDS: Final = {
    "authority": Kind(
        "authority", "Authority", "What each person may approve: effects, lines, places and amounts.",
        entitlements.COLUMNS,
    ),
    "licences": Kind(
        "licences", "Licences", "Which licences and trainings each person holds, where, and until when.",
        licences.COLUMNS,
    ),
}  # fmt: skip


@signed_in
@require_GET
def listed(request: Request, word: str) -> HttpResponse:
    """Show the register in force, of everybody or of one person, and its versions."""
    guards.insist(oversight.why_not_read(request.access))
    person, page = request.GET.get("person", ""), request.GET.get("page", "")
    number = fields.number(page, 1)
    told = {"kind": KINDS[word], "sheet": authority.sheet(word, person=person, number=number), "person": person}
    told["no_propose"] = deciding.why_not_propose(request.access, word)
    return render(request, "authority/list.html", told)


@signed_in
@require_GET
def download(request: Request, word: str, number: int) -> HttpResponse:
    """Give one version as the CSV that was signed."""
    guards.insist(oversight.why_not_read(request.access))
    return as_csv(authority.text(word, number), f"{word}-{number}.csv")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: Request, word: str) -> HttpResponse:
    """Show what a file would change, or propose it; nothing is stored before it is proposed."""
    guards.insist(oversight.why_not_read(request.access))
    guards.insist(deciding.why_not_propose(request.access, word))
    if request.method != "POST":
        return _page(request, word, {})
    try:
        return _propose(request, word) if request.POST.get("do") == "propose" else _look(request, word)
    except NotFound:
        raise
    except Problem as problem:
        return _page(request, word, {"problem": problem} | _kept(request, word, problem))


def as_csv(text: str, filename: str) -> HttpResponse:
    """Answer with a CSV to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _look(request: Request, word: str) -> HttpResponse:
    sent = request.FILES.get("file")
    if sent is None:
        raise FileMissing("Choose a CSV or XLSX file, then look at what it changes.")
    # One byte more than is read: the reader of registers says what is too large.
    found = authority.preview(word, sent.read(reading.MAX_BYTES + 1), sent.name or lists.FILES[word])
    return _page(request, word, {"preview": found, "filename": sent.name})


def _propose(request: Request, word: str) -> HttpResponse:
    text, reason = fields.unix(request.POST.get("text", "")), request.POST.get("reason", "")
    proposal = proposing.propose(word, text, by=request.user, reason=reason)
    messages.success(request, "Proposed. It is in force once somebody else signs it.")
    return redirect("desk:proposal", proposal.pk)


def _kept(request: Request, word: str, problem: Problem) -> dict[str, Any]:
    """Give the preview again where proposing was refused, with what was typed."""
    if request.POST.get("do") != "propose" or problem.name == "register_invalid":
        return {}
    text = fields.unix(request.POST.get("text", ""))
    try:
        found = authority.preview(word, text.encode(), lists.FILES[word])
    except Problem:
        return {}
    return {"preview": found, "reason": request.POST.get("reason", "")}


def _page(request: Request, word: str, told: dict[str, Any]) -> HttpResponse:
    problem = told.get("problem")
    told |= {"kind": KINDS[word], "faults": problem.errors if problem else []}
    return render(request, "authority/import.html", told, status=problem.status if problem else 200)
