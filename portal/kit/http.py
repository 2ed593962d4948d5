"""Answers every door gives alike: problem+json, JSON, and the request id."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.kit.problems import Problem


def request_id(request: HttpRequest) -> str:
    """Give the id the middleware gave this request."""
    return str(getattr(request, "request_id", ""))


def json_answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Answer with a JSON document."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(body, content_type="application/json", status=status, headers=headers)


def problem_answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer with RFC 9457 problem+json; `Retry-After` where the problem knows it."""
    document = problem.as_document(instance=request.path, request_id=request_id(request))
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after is not None else None
    return HttpResponse(
        json.dumps(document, ensure_ascii=False),
        content_type="application/problem+json",
        status=problem.status,
        headers=headers,
    )
