"""Pages of a person's own account: signing out, factors, password; sign-in itself is allauth's with our forms."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from fido2.utils import websafe_encode

from portal.accounts import actions, ceremony, codes, enrolments, passkeys, sessions
from portal.accounts.forms import AppForm, ConfirmForm, NewPasskeyForm, NewPasswordForm
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit.problems import NotFound
from portal.web.guards import Request, signed_in

View = Callable[..., HttpResponse]
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def confirmed(view: View) -> View:
    """Let a view through only a moment after its person confirmed who they are; else ask for that first."""

    @login_required
    @never_cache
    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **given: Any) -> HttpResponse:
        if sessions.is_confirmed(request):
            return view(request, *args, **given)
        if not (sessions.is_whole(request) or _factors(_person(request))):
            return _out(request)  # the password that opened this session is too long ago for a first factor
        then = request.path if request.method == "GET" else reverse("account_factors")
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': then})}")

    return asked


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the signing period and the session, and go to the sign-in page."""
    return _out(request)


@signed_in
@require_GET
def account(request: Request) -> HttpResponse:
    """Show who one is here: name, roles, factors, and how signing works."""
    person = _person(request)
    roles = [Role(name).title for name in person.groups.order_by("name").values_list("name", flat=True)]
    return render(request, "account/account.html", {"person": person, "roles": roles, "factors": _factors(person)})


@login_required
@require_GET
@never_cache
def factors(request: HttpRequest) -> HttpResponse:
    """List the person's second factors, with what can be added and removed."""
    person, whole = _person(request), sessions.is_whole(request)
    held = _factors(person)
    if held and not whole:
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")
    shown = {"factors": held, "app": codes.app_of(person), "frame": _frame(request)}
    return render(request, "account/factors.html", shown)


@login_required
@sensitive_post_parameters()
@get_or_post
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask for password and second factor once more, then go where the person was going."""
    person = _person(request)
    form = ConfirmForm(request=request, person=person)
    if request.method == "POST":
        challenge = sessions.take_challenge(request, "confirm")
        form = ConfirmForm(request.POST, request=request, person=person, challenge=challenge)
        if form.is_valid():
            sessions.confirm(request, person, form.authenticator)
            return redirect(_next(request))
    shown = {"form": form, "next": _next(request), "app": codes.app_of(person)}
    return render(request, "account/confirm.html", shown | _asking(request), status=_status(form))


@confirmed
@sensitive_post_parameters()
@get_or_post
def enrol_app(request: HttpRequest) -> HttpResponse:
    """Enrol an authenticator app: scan, type the code it shows, done."""
    person = _person(request)
    form = AppForm(request.POST or None, person=person)
    if form.is_valid():
        given = form.cleaned_data
        app = actions.enrol_totp(person, given["secret"], by=person, step=given["step"])
        return _enrolled(request, person, app, "Your authenticator app is enrolled.")
    return render(request, "account/enrol_app.html", _scanning(request, form), status=_status(form))


@confirmed
@get_or_post
def enrol_passkey(request: HttpRequest) -> HttpResponse:
    """Enrol a passkey: name it, let the device make it."""
    person = _person(request)
    if request.method == "POST":
        form = NewPasskeyForm(request.POST, challenge=sessions.take_challenge(request, "enrol"))
        if form.is_valid():
            passkey = actions.enrol_passkey(person, form.cleaned_data["name"], form.cleaned_data["passkey"], by=person)
            return _enrolled(request, person, passkey, "Your passkey is enrolled.")
    else:
        form = NewPasskeyForm()
    return render(request, "account/enrol_passkey.html", _making(request, form), status=_status(form))


@confirmed
@require_POST
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of the person's own factors."""
    authenticator = Authenticator.objects.filter(pk=pk, user=_person(request)).first()
    if authenticator is None:
        raise NotFound("There is no such factor of yours. It may have been removed already.")
    actions.remove_factor(_person(request), authenticator, by=_person(request))
    messages.success(request, "The factor is removed. It neither signs in nor signs from now on.")
    return redirect("account_factors")


@signed_in
@confirmed
@sensitive_post_parameters()
@get_or_post
def change_password(request: HttpRequest) -> HttpResponse:
    """Choose a new password; this session stays, all others end."""
    person = _person(request)
    form = NewPasswordForm(request.POST or None, person=person)
    if form.is_valid():
        actions.change_password(person, form.cleaned_data["password"], by=person)
        update_session_auth_hash(request, person)
        messages.success(request, "Your password is changed. You are signed out everywhere else.")
        return redirect("account_home")
    return render(request, "account/password.html", {"form": form}, status=_status(form))


def _out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        ceremony.end_period(_person(request), sessions.ref(request))
    logout(request)
    return redirect("account_login")


def _enrolled(request: HttpRequest, person: User, authenticator: Authenticator, sentence: str) -> HttpResponse:
    """Say that a factor is enrolled; the first one makes the session whole, and the person goes in."""
    messages.success(request, sentence)
    if sessions.is_whole(request):
        return redirect("account_factors")
    sessions.make_whole(request, person, authenticator)
    return redirect("account_home")


def _scanning(request: HttpRequest, form: AppForm) -> dict[str, Any]:
    """Give what the page shows of the new secret: the one that was sent back, or a fresh one."""
    person = _person(request)
    sealed = enrolments.still_good(person, form.data.get("sealed", "")) or enrolments.offer(person)
    secret = enrolments.opened(person, sealed)
    drawn = {"picture": enrolments.picture(person, secret), "secret": enrolments.in_groups(secret)}
    return drawn | {"form": form, "sealed": sealed, "app": codes.app_of(person), "frame": _frame(request)}


def _making(request: HttpRequest, form: NewPasskeyForm) -> dict[str, Any]:
    options = passkeys.creation_options(_person(request), sessions.new_challenge(request, "enrol"))
    return {"form": form, "options": json.dumps(options), "frame": _frame(request)}


def _asking(request: HttpRequest) -> dict[str, Any]:
    """Give what a page needs to ask the person's passkeys."""
    credentials = passkeys.credential_ids(_person(request))
    challenge = websafe_encode(sessions.new_challenge(request, "confirm")) if credentials else ""
    return {"challenge": challenge, "credentials": " ".join(credentials), "rp_id": passkeys.rp_id()}


def _factors(person: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=person).order_by("created_at"))


def _frame(request: HttpRequest) -> str:
    """Name the frame of a page: the whole shell for who is signed in, a plain sheet for who is on the way in."""
    return "base.html" if sessions.is_whole(request) else "account/base.html"


def _next(request: HttpRequest) -> str:
    """Give where the person was going, if that is an address of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else reverse("account_factors")


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _status(form: Form) -> int:
    return 422 if form.errors else 200
