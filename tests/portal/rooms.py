"""Addresses for the tests of the shell: one page, one that refuses, one that breaks, one in a frame."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from portal import urls
from portal.kit.problems import Problem
from portal.web.guards import signed_in
from portal.web.policy import may_be_framed

handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler500 = urls.handler500


class Stale(Problem):
    """It changed."""

    code = "stale"
    status = 409
    title = "It changed while you read it"


@signed_in
def room(request: Any) -> HttpResponse:
    """Show an empty page."""
    response = render(request, "base.html")
    response["X-Roles"] = " ".join(sorted(request.access.roles))
    return response


@signed_in
def refusing(request: HttpRequest) -> HttpResponse:
    """Refuse whatever is asked."""
    raise Stale("Ben <b>signed</b> it. Load it again.", errors=[{"pointer": "/amount", "message": "is no amount"}])


def breaking(request: HttpRequest) -> HttpResponse:
    """Fail as code fails that is wrong."""
    raise ZeroDivisionError


def framed(request: HttpRequest) -> HttpResponse:
    """Give a picture of paper."""
    return may_be_framed(HttpResponse(b"%PDF", content_type="application/pdf"))


urlpatterns = [
    path("room/", room),
    path("room/refusing/", refusing),
    path("room/breaking/", breaking),
    path("room/framed/", framed),
    *urls.urlpatterns,
]
