"""Reading a request's body and headers within bounds, before anything else looks at them."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.http import HttpRequest

from portal.kit.problems import Problem
from reviews import documents


class BodyTooLarge(Problem):
    """More bytes than the installation takes."""

    code = "body_too_large"
    status = 413
    title = "The body is too large"


class LengthRequired(Problem):
    """A body in chunks, whose end nobody announced."""

    code = "length_required"
    status = 411
    title = "The body needs a Content-Length"


def read(request: HttpRequest, kinds: Sequence[str], *, batch: bool = False) -> tuple[str, bytes]:
    """Give media type and raw bytes. Raises UnsupportedMediaType, BodyTooLarge or LengthRequired."""
    kind = documents.media_type(request.headers.get("Content-Type", ""))
    limit = settings.BATCH_BODY_LIMIT if batch or kind == documents.STRUCTURED_BATCH else settings.ITEM_BODY_LIMIT
    if _announced(request) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are taken here; upload files separately.")
    if kind not in kinds:
        raise documents.UnsupportedMediaType(f"Send one of {', '.join(kinds)}.")
    _insist_on_plain(request)
    raw = request.read(limit + 1)
    if len(raw) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are taken here; upload files separately.")
    return kind, raw


def parts(request: HttpRequest, limit: int, size: int) -> Iterator[bytes]:
    """Give the body in parts of one size, the last one shorter, never more than one of them in memory.

    Raises BodyTooLarge at once when that is announced, and while reading when more comes; LengthRequired and
    UnsupportedMediaType as `read` does.
    """
    if _announced(request) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are taken here.")
    _insist_on_plain(request)
    return _parts(request, limit, size)


def _parts(request: HttpRequest, limit: int, size: int) -> Iterator[bytes]:
    taken = 0
    while part := _filled(request, size):
        taken += len(part)
        if taken > limit:
            raise BodyTooLarge(f"At most {limit} bytes are taken here.")
        yield part


def _filled(request: HttpRequest, size: int) -> bytes:
    """Read until the part is full or the body ends: a socket gives what it has."""
    pieces, missing = [], size
    while missing and (piece := request.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _insist_on_plain(request: HttpRequest) -> None:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise documents.UnsupportedMediaType("Send the body uncompressed.")
    if "Content-Length" not in request.headers and "Transfer-Encoding" in request.headers:
        raise LengthRequired("Send the body with a Content-Length, not in chunks.")  # WSGI would read it as empty


def headers(request: HttpRequest) -> dict[str, str]:
    """Give the request's headers with lower-case names."""
    return {name.lower(): value for name, value in request.headers.items()}


def _announced(request: HttpRequest) -> int:
    text = request.headers.get("Content-Length", "0")
    return int(text) if text.isdecimal() else 0
