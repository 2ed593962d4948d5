"""One request over HTTP, as a client sees it whose server may die at any moment."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back and how long it took; status 0 is no answer at all."""

    status: int
    headers: dict[str, str]
    body: Any
    seconds: float


def ask(
    base_url: str, method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """Make one request; a connection that breaks is an answer with status 0."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, json.loads(answer.read()), time.monotonic() - began)
    except (OSError, http.client.HTTPException) as trouble:
        return Answer(0, {}, str(trouble), time.monotonic() - began)
    finally:
        connection.close()


def as_bytes(document: Any) -> bytes:
    """Write a document as a client does."""
    return json.dumps(document).encode()
