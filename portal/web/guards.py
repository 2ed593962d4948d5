"""Who may open a page: a person whose session was opened with a second factor."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control

from portal.accounts import access, sessions
from portal.accounts.access import Access
from portal.accounts.models import User

_Given = ParamSpec("_Given")
_View = Callable[Concatenate[Any, _Given], HttpResponseBase]


class Request(HttpRequest):
    """A request that passed `signed_in`: the person is known, and so is what they may do."""

    user: User
    access: Access


def signed_in(view: _View[_Given]) -> Callable[..., HttpResponseBase]:
    """Open a page to people who signed in with a second factor; nothing of it stays in a cache."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: _Given.args, **kwargs: _Given.kwargs) -> HttpResponseBase:
        elsewhere = _elsewhere(request)
        response = elsewhere or view(_known(request), *args, **kwargs)
        patch_cache_control(response, no_store=True, private=True)
        return response

    return guarded


def _known(request: HttpRequest) -> Request:
    known = cast(Request, request)
    known.access = access.of(known.user)
    return known


def _elsewhere(request: HttpRequest) -> HttpResponse | None:
    """Say where somebody goes first who may not open a page yet."""
    if not (request.user.is_authenticated and request.user.is_active):
        return _go(request, reverse("account_login"))
    # The accounts' gate stops these before; a page does not rest on the order of middleware.
    return None if sessions.is_whole(request) else _go(request, reverse("account_factors"))


def _go(request: HttpRequest, address: str) -> HttpResponse:
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    target = f"{address}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        # A fragment cannot hold a sign-in page: the whole window goes there.
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)
