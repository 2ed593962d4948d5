"""The demonstration's banner, which plays the authenticator app of whoever is signing in or signed in."""

from functools import cached_property
from typing import Any

from allauth.account.internal.stagekit import unstash_login
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from psycopg_pool import PoolTimeout

from portal.accounts import codes
from portal.accounts.models import User
from portal.kit.clock import now


class Banner:
    """What one page's banner says; the database is asked only where it is shown."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def person(self) -> User | None:
        """Give who is signed in, or who gave the right password a moment ago and still owes the second factor."""
        try:
            return _signed_in(self._request) or _half_way(self._request)
        except (OperationalError, InterfaceError, PoolTimeout):
            return None  # the page itself says that the database is away

    @property
    def code(self) -> str | None:
        """Give the code that can be used now, if its step's was not used already."""
        return self._upcoming[0]

    @property
    def seconds(self) -> int:
        """Give how long the code counts, or how long until the next one."""
        return self._upcoming[1]

    @cached_property
    def _upcoming(self) -> tuple[str | None, int]:
        return codes.upcoming(self.person, now()) if self.person else (None, 0)


def demo(request: HttpRequest) -> dict[str, Any]:
    """Give templates the banner, in a demonstration only."""
    return {"demo": Banner(request)} if settings.DEMO else {}


@require_GET
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """Answer with the banner's words as they are now; outside a demonstration there is nothing here."""
    if not settings.DEMO:
        raise Http404
    return render(request, "_demo_banner.html#words")


def _signed_in(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) and request.user.is_authenticated else None


def _half_way(request: HttpRequest) -> User | None:
    login = unstash_login(request, peek=True)
    return login.user if login and isinstance(login.user, User) else None
