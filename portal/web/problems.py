"""Refusals as pages: the same Problem a machine reads as JSON, in words and with a way on."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts import sessions
from portal.kit.http import problem_answer, request_id
from portal.kit.problems import NotFound, Problem
from portal.web.policy import MACHINE_PATHS
from portal.web.shell import THEMES


class FormTooOld(Problem):
    """The form came without the token of this session."""

    code = "form_expired"
    status = 403
    title = "This form is too old"


class Internal(Problem):
    """Something of ours failed."""

    code = "internal_error"
    status = 500
    title = "Something went wrong here"


class NotUnderstood(Problem):
    """What the browser sent is no request we know."""

    code = "request_invalid"
    status = 400
    title = "We could not read this request"


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer a person with a page, a machine with problem+json."""
    return page(request, problem) if is_for_a_person(request) else problem_answer(request, problem)


def is_for_a_person(request: HttpRequest) -> bool:
    """Tell whether an answer will be looked at: a page of ours asked for it, and not a program for JSON."""
    if request.path.startswith(MACHINE_PATHS):
        return False
    return bool(request.headers.get("HX-Request")) or "text/html" in request.headers.get("Accept", "")


def page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with the problem as a page, or as a notice where a fragment was asked for."""
    if request.headers.get("HX-Request"):
        return _notice(request, problem)
    signed_in = problem.status < 500 and _is_signed_in(request)
    told = _told(request, problem) | {"frame": "base.html" if signed_in else "_bare_problem.html"}
    # A failing server shows a page that asks nobody anything: no session, no database.
    body = render_to_string("problem.html", told, request=request if signed_in else None)
    return _answer(request, problem, body)


def _notice(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Put the problem into the page's live region: what a person typed stays where it is."""
    response = _answer(request, problem, render_to_string("_problem_notice.html", _told(request, problem)))
    response["HX-Retarget"] = "#problems"
    response["HX-Reswap"] = "innerHTML show:#problems:top"
    return response


def _answer(request: HttpRequest, problem: Problem, body: str) -> HttpResponse:
    response = HttpResponse(body, status=problem.status, headers={"Cache-Control": "no-store"})
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _told(request: HttpRequest, problem: Problem) -> dict[str, object]:
    theme = request.COOKIES.get("theme", "")
    return {
        "problem": problem,
        "request_id": request_id(request),
        "back": _back(request),
        "stale": problem.name == "stale",
        "theme": theme if theme in THEMES else "",
        "environment": settings.ENVIRONMENT_NAME,
    }


def _back(request: HttpRequest) -> str:
    """Give the page the person came from, if it is one of ours and not this one; else the inbox."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    try:
        host = request.get_host()
    except DisallowedHost:
        return "/"
    ours = url_has_allowed_host_and_scheme(came_from, {host}, require_https=request.is_secure())
    loops = request.method == "GET" and came_from == request.build_absolute_uri()
    return came_from if ours and not loops else "/"


def _is_signed_in(request: HttpRequest) -> bool:
    """Tell whether the shell may be shown: with a password alone nobody sees queues, not even around a 404."""
    return hasattr(request, "user") and request.user.is_authenticated and sessions.is_whole(request)


def _plain(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer where no Problem of ours was raised; the door of the API says it again in its own words."""
    if is_for_a_person(request):
        return page(request, problem)
    return HttpResponse(problem.title, status=problem.status, content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 in our look."""
    return _plain(request, NotFound("Check the address, or go back to your inbox."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 in our look."""
    return _plain(request, NotUnderstood("Go back, load the page again and repeat what you did."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 in our look; it tells no more than 404 would."""
    return _plain(request, NotFound("Ask whoever looks after your permissions if you need to see this."))


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid token: nothing happened, and how to repeat it."""
    return _plain(request, FormTooOld("Nothing was done. Go back, load the page again and send the form once more."))


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 in our look without asking the database."""
    return _plain(
        request, Internal("Nothing you did counts as done until a page says so. Try again, and tell us the request id.")
    )
