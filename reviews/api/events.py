"""What CloudEvents ask of HTTP: the id of an event in binary mode, and the WebHook handshake."""

from django.http import HttpRequest, HttpResponse

from portal.kit.problems import Problem
from reviews import documents
from reviews.actions.admitting import Caller
from reviews.models import Flow

_NEEDED = ("ce-id", "ce-source", "ce-type", "ce-specversion")


class BinaryModeRefused(Problem):
    """A signature does not cover headers, so an event's id in a header proves nothing."""

    code = "binary_mode_refused"
    status = 415
    title = "Binary CloudEvents are taken only with a bearer key alone"


class BinaryEventInvalid(Problem):
    """The headers of a binary event do not make a CloudEvent 1.0."""

    code = "event_invalid"
    status = 400
    title = "The headers do not make a CloudEvent 1.0"


def binary_id(caller: Caller) -> str | None:
    """Give the idempotency id of an event in binary mode; None when the post is no such event."""
    headers = caller.headers
    if not any(name in headers for name in _NEEDED):
        return None
    if not caller.gate.accepts_unsigned or "webhook-signature" in headers:
        raise BinaryModeRefused("Send the event in structured mode, or post with a bearer key alone.")
    if headers.get("ce-specversion") != "1.0" or not all(headers.get(name) for name in _NEEDED):
        raise BinaryEventInvalid("Send ce-id, ce-source, ce-type and `ce-specversion: 1.0`.")
    return documents.event_id(headers["ce-source"], headers["ce-id"])


def shake_hands(request: HttpRequest, flow: str) -> HttpResponse:
    """Answer the abuse-protection handshake for flows that take unsigned events; else stay silent."""
    response = HttpResponse(status=200)
    response["Allow"] = "POST, OPTIONS"
    origin = request.headers.get("WebHook-Request-Origin", "")
    found = Flow.objects.filter(slug=flow, accepts_unsigned=True, suspended_at=None).first()
    if origin and found is not None:
        response["WebHook-Allowed-Origin"] = origin
        response["WebHook-Allowed-Rate"] = str(found.posts_per_minute)
    return response
