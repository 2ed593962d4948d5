"""Pages of being out of office: who signs for whom, naming a substitute, and ending it early."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.problems import NotFound, Problem
from portal.web.guards import Request, signed_in
from reviews import guards
from reviews.actions import substituting
from reviews.models import Queue
from reviews.showing import absences, oversight, people_on

_MOMENT = {"class": "in", "type": "datetime-local"}


class AwayForm(forms.Form):
    """Who signs for whom, from when to when, where and up to how much."""

    absent = forms.ModelChoiceField(
        User.objects.none(), label="Who is away", empty_label=None, widget=forms.Select(attrs={"class": "in"})
    )
    substitute = forms.ModelChoiceField(
        User.objects.none(), label="Who signs for them", empty_label="Choose somebody",
        widget=forms.Select(attrs={"class": "in"}),
    )  # fmt: skip
    starts = forms.DateTimeField(label="From, UTC", widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"))
    ends = forms.DateTimeField(
        label="Until, UTC", help_text="90 days at most.",
        widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    up_to = forms.DecimalField(
        label="Up to an amount", required=False, max_digits=16, decimal_places=4, localize=False,
        help_text="Left empty, the absent person's own authority is the bound.",
        widget=forms.TextInput(attrs={"class": "in", "inputmode": "decimal"}),
    )  # fmt: skip
    currency = forms.RegexField(
        r"\A[A-Z]{3}\Z", label="Its currency", required=False, initial="USD",
        widget=forms.TextInput(attrs={"class": "in short", "maxlength": 3}),
        error_messages={"invalid": "Write three capital letters, such as USD."},
    )  # fmt: skip
    queues = forms.ModelMultipleChoiceField(
        Queue.objects.none(), label="On which queues", required=False,
        widget=forms.CheckboxSelectMultiple, help_text="None ticked means every queue the absent person reviews in.",
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, granted: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "a-%s"
        managed = granted.where("manage_in_queue", "queue")
        named = User.objects.filter(Q(pk=by.pk) | Q(pk__in=people_on.reviewers(managed).values("pk")))
        self._offer("absent", named.order_by("printed_name", "username"))
        self._offer("substitute", substituting.fit())
        named_on = {*managed, *absences.reviewed(granted)}
        self._offer("queues", Queue.objects.filter(pk__in=named_on).order_by("name"))
        self.fields["absent"].initial = by.pk
        for name in ("absent", "substitute"):
            self.fields[name].label_from_instance = _called  # type: ignore[attr-defined]

    def _offer(self, name: str, rows: Any) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def away(request: Request) -> HttpResponse:
    """Show who stands in for whom, or name a substitute."""
    guards.insist(oversight.why_not_sign_or_read(request.access))
    if request.method != "POST":
        return _page(request, _form(request))
    form = _form(request, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        made = _named(request, form.cleaned_data)
    except NotFound:
        raise
    except Problem as problem:
        return _page(request, form, problem=problem, status=problem.status)
    messages.success(request, f"{made.substitute} signs for {made.absent} in that time.")
    return redirect("desk:away")


@signed_in
@require_POST
def end(request: Request, substitution_id: UUID) -> HttpResponse:
    """End a substitution before its time."""
    substituting.end(substitution_id, by=request.user)
    messages.success(request, "Ended. Nobody signs for them by it any more.")
    return redirect("desk:away")


def _named(request: Request, given: dict[str, Any]) -> Any:
    up_to = given["up_to"]
    return substituting.name(
        given["absent"], given["substitute"], starts=given["starts"], ends=given["ends"], queues=list(given["queues"]),
        up_to=up_to, currency=given["currency"] if up_to is not None else "", by=request.user,
    )  # fmt: skip


def _form(request: Request, data: Any = None) -> AwayForm:
    return AwayForm(data, by=request.user, granted=request.access)


def _page(request: Request, form: AwayForm, *, problem: Problem | None = None, status: int = 200) -> HttpResponse:
    told: dict[str, Any] = {"form": form, "problem": problem, "away": absences.of(request.user, request.access)}
    told["may_name"] = bool(absences.reviewed(request.access)) or told["away"].manages
    return render(request, "managing/away.html", told, status=status)


def _called(person: User) -> str:
    return f"{person.printed_name} ({person.username})"
