"""What a browser may do with a page of ours: the content security policy and its few exceptions."""

from typing import Any, TypeVar

from csp.constants import NONE, SELF
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

MACHINE_PATHS = ("/api/", "/healthz", "/readyz", "/.well-known/")
_Response = TypeVar("_Response", bound=HttpResponseBase)

POLICY: dict[str, dict[str, list[str]]] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}


class PagePolicy(CSPMiddleware):
    """Puts the policy on pages; answers to machines are no pages and go through untouched."""

    def process_request(self, request: HttpRequest) -> None:
        """Offer no nonce: no page of ours has an inline script."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Add the policy to a page."""
        if request.path.startswith(MACHINE_PATHS):
            return response
        return super().process_response(request, response)


def may_be_framed(response: _Response) -> _Response:
    """Let our own pages show this answer in a frame: evidence PDFs and attachments, nothing a person clicks in."""
    response._csp_replace = {"frame-ancestors": [SELF]}  # type: ignore[attr-defined]
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
