"""Views of the shell: what a person prefers, kept in their browser alone."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

_A_YEAR = 365 * 24 * 3600
_CHOICES = {"theme": ("light", "dark"), "shortcuts": ("on", "off")}


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the look, or whether single keys act, in a cookie of this browser, and go back."""
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if safe else "/")
    for name, words in _CHOICES.items():
        if (value := request.POST.get(name)) in words:
            # Scripts set it too, to change the look without a new page.
            response.set_cookie(
                name, str(value), max_age=_A_YEAR, samesite="Lax", secure=bool(settings.SESSION_COOKIE_SECURE)
            )
    return response
