"""Pages of people: everybody, one person, adding one, and what an administrator does to an account."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts import actions as accounts
from portal.accounts import administering, pairs
from portal.accounts.models import ForbiddenPair
from portal.kit import reasons
from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.proposals import deciding
from reviews.showing import oversight, people
from reviews.showing.telling import role_title
from reviews.web import fields

_IN = {"class": "in", "autocomplete": "off"}


class PersonForm(forms.Form):
    """Who is added."""

    username = forms.CharField(
        label="Sign-in name", max_length=150, validators=[UnicodeUsernameValidator()],
        help_text="It is never used for anybody else, and never changes.", widget=forms.TextInput(attrs=_IN),
    )  # fmt: skip
    printed_name = forms.CharField(
        label="Printed name", max_length=200, help_text="As it stands on their signatures.",
        widget=forms.TextInput(attrs=_IN),
    )  # fmt: skip
    email = forms.EmailField(label="Mail address", required=False, widget=forms.EmailInput(attrs=_IN))


@signed_in
@require_GET
def listed(request: Request) -> HttpResponse:
    """Show everybody, with how their accounts stand."""
    guards.insist(oversight.why_not_read(request.access))
    page, asked = request.GET.get("page", ""), request.GET.get("name", "").strip()
    number = fields.number(page, 1)
    told: dict[str, Any] = {"page": people.listed(asked, number), "asked": asked}
    told["no_change"] = oversight.why_not_administer(request.access)
    return render(request, "people/list.html", told)


@signed_in
@require_GET
def forbidden(request: Request) -> HttpResponse:
    """Show the pairs of roles nobody may hold together, and who does."""
    guards.insist(oversight.why_not_read(request.access))
    kept = ForbiddenPair.objects.filter(ended_at=None).order_by("first", "second")
    rows = [(role_title(each.first), role_title(each.second), each.reason) for each in kept]
    broken = [(each.person, people.titled(each), each.reason) for each in pairs.conflicts()]
    no = deciding.why_not_propose(request.access, "role-pair")
    return render(request, "people/pairs.html", {"pairs": rows, "conflicts": broken, "no_propose": no})


@signed_in
@require_GET
def one(request: Request, person_id: UUID) -> HttpResponse:
    """Show one person: roles, standing, authority, licences, and what they may do."""
    return _page(request, person_id)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Request) -> HttpResponse:
    """Add a person, and show their first password this once."""
    guards.insist(oversight.why_not_administer(request.access))
    form = PersonForm(request.POST or None, auto_id="p-%s")
    if request.method != "POST" or not form.is_valid():
        return render(request, "people/add.html", {"form": form}, status=422 if form.errors else 200)
    try:
        person, password = administering.add(**form.cleaned_data, by=request.user)
    except (administering.NameTaken, accounts.NameUnusable) as problem:
        return render(request, "people/add.html", {"form": form, "problem": problem}, status=problem.status)
    return render(request, "people/added.html", {"person": person, "password": password})


@signed_in
@require_POST
def verify(request: Request, person_id: UUID) -> HttpResponse:
    """Record that one proofed who this person is."""
    guards.insist(oversight.why_not_verify(request.access))
    administering.verify(person_id, by=request.user)
    messages.success(request, "Their identity is verified. They may sign from now on.")
    return redirect("desk:person", person_id)


@signed_in
@require_POST
def unlock(request: Request, person_id: UUID) -> HttpResponse:
    """Let a person sign again; the page says so where the reason cannot be kept."""
    guards.insist(oversight.why_not_administer(request.access))
    try:
        administering.unlock(person_id, request.POST.get("reason", ""), by=request.user)
    except reasons.UNFIT as problem:
        return _page(request, person_id, problem)
    messages.success(request, "Unlocked. They may sign again.")
    return redirect("desk:person", person_id)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Request, person_id: UUID, role: str) -> HttpResponse:
    """Ask once more and for a reason, then take a role, or a place behind a wall, from a person at once."""
    guards.insist(oversight.why_not_administer(request.access))
    person, held = people.held(person_id, role)
    if request.method != "POST":
        return render(request, "people/confirm.html", {"person": person, "held": held})
    return _done(request, person, held, f"Taken: {held.title}. It counts from now on.")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: Request, person_id: UUID) -> HttpResponse:
    """Ask once more, then end a person's access."""
    guards.insist(oversight.why_not_administer(request.access))
    person = people.found(person_id)
    if request.method != "POST":
        return render(request, "people/confirm.html", {"person": person, "held": None})
    return _done(request, person, None, "Deactivated. They can neither sign in nor sign, and hold no item.")


def _done(request: Request, person: Any, held: people.Held | None, said: str) -> HttpResponse:
    try:
        if held is None:
            administering.deactivate(person.pk, by=request.user)
        else:
            administering.withdraw(person.pk, held.name, request.POST.get("reason", ""), by=request.user)
    except NotFound:
        raise
    except Problem as problem:
        told = {"person": person, "held": held, "problem": problem, "reason": request.POST.get("reason", "")}
        return render(request, "people/confirm.html", told, status=problem.status)
    messages.success(request, said)
    return redirect("desk:person", person.pk)


def _page(request: Request, person_id: UUID, problem: Problem | None = None) -> HttpResponse:
    guards.insist(oversight.why_not_read(request.access))
    told: dict[str, Any] = {"profile": people.profile(person_id), "problem": problem}
    told["reason"] = request.POST.get("reason", "")
    told["no_change"] = oversight.why_not_administer(request.access)
    told["no_verify"] = oversight.why_not_verify(request.access)
    told["no_propose"] = deciding.why_not_propose(request.access, "role")
    told["is_me"] = person_id == request.user.pk
    return render(request, "people/person.html", told, status=problem.status if problem else 200)
