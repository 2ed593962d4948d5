"""Middleware: the request id, and the one place where problems become answers."""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from psycopg_pool import PoolTimeout

from portal.kit.http import problem_answer
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from portal.web import problems

log = logging.getLogger(__name__)
PROBLEM_TYPE = "application/problem+json"
_UNNAMED = {
    400: ("request_invalid", "The request cannot be understood."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    500: ("internal_error", "Something went wrong here. Tell us the request id."),
}
_USABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")


class DatabaseAway(Problem):
    """The database does not answer; nothing was stored."""

    code = "database_unavailable"
    status = 503
    title = "The database is not there"


class Doorman:
    """Gives each request its id, and each Problem its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _USABLE.fullmatch(given) else str(new_id())  # type: ignore[attr-defined]
        response = _as_the_api_says(request, self.get_response(request))
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a Problem into its answer, a lost database into 503; leave the rest to Django."""
        problem = as_problem(exception)
        return None if problem is None else problems.answer(request, problem)


def _as_the_api_says(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answer a machine with problem+json also where Django or the framework answered by itself."""
    if response.status_code < 400 or not request.path.startswith("/api/"):
        return response
    if response.get("Content-Type", "") != PROBLEM_TYPE:
        answered = problem_answer(request, unnamed(response.status_code))
        for name in ("Allow", "Retry-After"):
            if name in response:
                answered[name] = response[name]
        response = answered
    if response.status_code == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def unnamed(status: int) -> Problem:
    """Give the Problem of a status that no Problem of ours caused; never what went wrong inside."""
    code, detail = _UNNAMED.get(status, ("request_refused", "The request was refused."))
    problem = Problem(detail, code=code)
    problem.status = status  # type: ignore[misc]  # this one instance
    problem.title = HTTPStatus(status).phrase  # type: ignore[misc]
    return problem


def as_problem(exception: Exception) -> Problem | None:
    """Give the Problem an exception means to a caller, if it means one."""
    if isinstance(exception, Problem):
        return exception
    if isinstance(exception, OperationalError | InterfaceError | PoolTimeout):
        log.error("the database does not answer", exc_info=exception)
        return DatabaseAway("Nothing was stored. Try again in a moment.", retry_after=5)
    return None
