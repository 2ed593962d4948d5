"""Pages of emergency access: breaking the glass with a reason and a ceremony, ending it, and looking after it."""

import secrets
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit import canonical
from portal.accounts import passkeys, sessions
from portal.accounts.access import Access
from portal.accounts.ceremony import Factors
from portal.accounts.roles import SIGNING, Role
from portal.kit.problems import NotFound, Problem
from portal.kit.wording import counted
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import breaking_glass
from reviews.models import Queue
from reviews.showing import emergencies, oversight
from reviews.web import proving

_PURPOSE = "emergency"


class EmergencyForm(forms.Form):
    """Which role, where, for how long and why."""

    role = forms.ChoiceField(label="Role you take", widget=forms.Select(attrs={"class": "in"}))
    queue = forms.ModelChoiceField(
        Queue.objects.none(), label="On which queue", empty_label="Choose",
        widget=forms.Select(attrs={"class": "in"}),
    )  # fmt: skip
    hours = forms.TypedChoiceField(
        label="For how long", coerce=int, initial=1,
        choices=[(n, counted(n, "hour")) for n in range(1, breaking_glass.LONGEST_HOURS + 1)],
        widget=forms.Select(attrs={"class": "in"}),
    )  # fmt: skip
    reason = forms.CharField(
        label="What the emergency is", max_length=1000,
        help_text="Everybody who is told reads it, and it stays in the record.",
        widget=forms.Textarea(attrs={"class": "in", "rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, granted: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "e-%s"
        self.fields["queue"].queryset = emergencies.queues(granted)  # type: ignore[attr-defined]
        roles = [(role.value, role.title) for role in Role if role in SIGNING]
        self.fields["role"].choices = [("", "Choose"), *roles]  # type: ignore[attr-defined]


@signed_in
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def emergency(request: Request) -> HttpResponse:
    """Show the form and the emergencies one knows of, or take a role at once."""
    guards.insist(oversight.why_not_sign_or_read(request.access))
    if request.method != "POST":
        return _page(request, EmergencyForm(granted=request.access))
    challenge = sessions.take_challenge(request, _PURPOSE) or secrets.token_bytes(32)
    form = EmergencyForm(request.POST, granted=request.access)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        glass = _taken(request, form, proving.factors(request), challenge)
    except NotFound:
        raise
    except Problem as problem:
        return _page(request, form, problem=problem, status=problem.status)
    messages.success(request, "Emergency access is in force. Those named below were told.")
    return redirect("desk:emergency-one", glass)


@signed_in
@require_GET
def one(request: Request, glass_id: UUID) -> HttpResponse:
    """Show one emergency access and everything done under it."""
    told = {"emergency": emergencies.one(glass_id, request.user, request.access)}
    return render(request, "emergency/one.html", told)


@signed_in
@require_POST
def end(request: Request, glass_id: UUID) -> HttpResponse:
    """End an emergency access at once."""
    breaking_glass.mend(glass_id, by=request.user)
    messages.success(request, "Ended. Nothing more can be done under it.")
    return redirect("desk:emergency-one", glass_id)


@signed_in
@require_POST
def looked(request: Request, glass_id: UUID) -> HttpResponse:
    """Say that one looked at an emergency access and what was done under it."""
    breaking_glass.seen(glass_id, by=request.user)
    messages.success(request, "Noted that you looked at it.")
    return redirect("desk:emergency-one", glass_id)


def _taken(request: Request, form: EmergencyForm, factors: Factors, challenge: bytes) -> UUID:
    chosen = form.cleaned_data
    made = breaking_glass.break_glass(
        Role(chosen["role"]), chosen["queue"], by=request.user, reason=chosen["reason"], hours=chosen["hours"],
        session_ref=sessions.ref(request), factors=factors, challenge=challenge,
    )  # fmt: skip
    return made.pk


def _page(request: Request, form: EmergencyForm, *, problem: Problem | None = None, status: int = 200) -> HttpResponse:
    may_take = emergencies.may_take(request.access)
    told: dict[str, Any] = {"form": form, "problem": problem, "may_take": may_take}
    told["rows"] = emergencies.listed(request.user, request.access)
    if may_take:
        told |= _asking(request) | {"told": emergencies.told_of(request.user, request.access)}
    return render(request, "emergency/emergency.html", told, status=status)


def _asking(request: Request) -> dict[str, Any]:
    """Give what the page needs to ask the person's passkeys."""
    credentials = passkeys.credential_ids(request.user)
    challenge = canonical.b64url(sessions.new_challenge(request, _PURPOSE)) if credentials else ""
    return {"credentials": credentials, "challenge": challenge, "rp_id": passkeys.rp_id()}
