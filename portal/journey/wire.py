"""The wire as the journey's flows use it: one request over HTTP, and items posted by signed webhook."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from portal.casting import Staged
from portal.kit import webhooks
from portal.kit.clock import now


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    headers: dict[str, str]
    body: Any
    seconds: float


def ask(method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
    """Make one request of the portal."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(settings.PORTAL_URL).netloc, timeout=90)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    told = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, told, json.loads(content), time.monotonic() - began)


def post(flow: Staged, webhook_id: str, raw: bytes, *, secret: str | None = None) -> Answer:
    """Post one item the way a flow does: key, Standard Webhooks signature, raw bytes."""
    key = webhooks.Secret.parse(secret or flow.secret).key
    headers = webhooks.signed_headers(webhook_id, now(), raw, [key]) | _bearer(flow)
    return ask("POST", f"/api/v1/flows/{flow.slug}/items", headers=headers, body=raw)


def decision(flow: Staged, item_id: str, *, wait: int = 0) -> Answer:
    """Read an item's decision, waiting for it if told so."""
    return ask("GET", f"/api/v1/items/{item_id}/decision?wait={wait}", headers=_bearer(flow))


def report(flow: Staged, item_id: str, receipt: str, status: str) -> Answer:
    """Report an execution the way an executor does."""
    body = json.dumps({"receipt": receipt, "status": status}).encode()
    return ask("POST", f"/api/v1/items/{item_id}/execution", headers=_bearer(flow), body=body)


def _bearer(flow: Staged) -> dict[str, str]:
    return {"authorization": f"Bearer {flow.key}", "content-type": "application/json"}
