"""What the API tests share: reading a refusal, many threads at once, an item that is decided."""

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connections
from django.test import Client

from audit.sealing import sequencer
from portal.accounts.roles import Role
from reviews.models import Item
from reviews.words import Verdict
from tests.factories import Person, World, a_document, make_item, make_person, sign, take

T = TypeVar("T")
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def refusal(answer: Any) -> tuple[int, str]:
    """Give status and code of a refusal, insisting that it is a whole problem+json."""
    told = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert set(told) - {"errors"} == MEMBERS
    assert told["status"] == answer.status_code
    assert told["type"] == f"urn:countersign:problem:{told['code']}"
    assert told["instance"] == answer.wsgi_request.path
    assert told["request_id"] == answer["X-Request-ID"]
    return answer.status_code, told["code"]


def pointers(answer: Any) -> list[str]:
    """Give where a refusal says the faults are."""
    assert all(error["message"] for error in answer.json()["errors"])
    return [error["pointer"] for error in answer.json()["errors"]]


def at_once(threads: int, ask: Callable[[T], Any], given: Iterable[T]) -> list[Any]:
    """Ask in several threads that start together; give the answers in order."""
    start = threading.Barrier(threads)

    def asking(one: tuple[int, T]) -> Any:
        if one[0] < threads:
            start.wait(10)
        try:
            return ask(one[1])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(asking, enumerate(given)))


def decide(world: World, verdict: Verdict = Verdict.APPROVE, **changes: Any) -> Item:
    """Give an item of one signature, signed and sealed."""
    ana: Person = make_person("ana", Role.ADJUSTER)
    item = make_item(world, **changes)
    take(item, ana)
    sign(item, ana, verdict, reason="" if verdict is Verdict.APPROVE else "The photos show another house.")
    sequencer.seal_once()
    return Item.objects.get(pk=item.pk)


def decision(world: World, item: Any) -> dict[str, Any]:
    """Read a decision that is there."""
    answer = world.get(f"/api/v1/items/{getattr(item, 'pk', item)}/decision")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def send(world: World, path: str, body: Any) -> Any:
    """Post to an address that takes a bearer key alone."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {world.key}"}
    return Client().post(path, raw, content_type="application/json", headers=headers)


def a_body(**changes: Any) -> bytes:
    """Give an item document as bytes."""
    return json.dumps(a_document(**changes)).encode()


def deliver(world: World, raw: bytes, content_type: str = "application/json", **headers: str | None) -> Any:
    """Post bytes with the flow's headers, some changed or, with None, left out."""
    given = world.headers(raw) | {name.replace("_", "-"): value for name, value in headers.items()}
    del given["content-type"]
    kept = {name: value for name, value in given.items() if value is not None}
    path = f"/api/v1/flows/{world.flow.slug}/items"
    return Client(raise_request_exception=False).post(path, raw, content_type=content_type, headers=kept)
