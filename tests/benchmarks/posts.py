"""A child that posts: sixteen keep-alive clients on raw sockets, every request built before the clock starts."""

import json
import selectors
import socket
import sys
import time
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.items import claims
from portal.kit import webhooks
from tests.benchmarks.children import serve

_END = b"\r\n\r\n"


class Clients:
    """Connections that post one after the other, each as soon as its last post was answered."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._waiting: list[bytes] = []

    def connect(self, port: int, count: int) -> None:
        """Open the connections that stay."""
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), timeout=30)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(client)

    def build(self, slug: str, key: str, secret: str, count: int) -> int:
        """Build signed requests of real items with ids and subjects never used before; gives their mean size."""
        signer = webhooks.Secret.parse(secret).key
        bodies = [_body(document) for document in islice(cycle(claims(200)), count)]
        self._waiting = [_request(slug, key, signer, raw) for raw in bodies]
        return sum(map(len, bodies)) // count

    def post(self) -> float:
        """Post everything built; gives the seconds it took. Raises when one is not answered with 202."""
        requests, asked = iter(self._waiting), 0
        began = time.perf_counter()
        with selectors.DefaultSelector() as ready:
            for client, request in zip(self._sockets, requests, strict=False):
                client.sendall(request)
                ready.register(client, selectors.EVENT_READ)
                asked += 1
            while asked:
                for waiting, _ in ready.select(30):
                    free: Any = waiting.fileobj
                    _insist_on_accepted(free)
                    asked -= 1
                    for request in islice(requests, 1):
                        free.sendall(request)
                        asked += 1
        return time.perf_counter() - began

    def steadily(self, per_second: int) -> list[tuple[str, float]]:
        """Post everything built, one each so often; gives each item's id and when its answer was read."""
        client, answered, began = self._sockets[0], [], time.monotonic()
        for number, request in enumerate(self._waiting):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            client.sendall(request)
            body = _insist_on_accepted(client)
            answered.append((json.loads(body)["id"], time.time()))
        return answered


def _insist_on_accepted(client: socket.socket) -> bytes:
    answer = client.recv(16384)
    head, _, body = answer.partition(_END)
    if not head.startswith(b"HTTP/1.1 202 "):
        raise RuntimeError(f"a post was not accepted: {answer[:500]!r}")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += client.recv(16384)
    return body


def _body(document: dict[str, Any]) -> bytes:
    unique = str(uuid4())
    action = document["action"] | {"subject": f"claim/{unique}"}
    return json.dumps(document | {"external_id": unique, "action": action}).encode()


def _request(slug: str, key: str, signer: bytes, raw: bytes) -> bytes:
    headers = webhooks.signed_headers(str(uuid4()), datetime.now(UTC), raw, [signer]) | {
        "host": "127.0.0.1",
        "authorization": f"Bearer {key}",
        "content-type": "application/json",
        "content-length": str(len(raw)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /api/v1/flows/{slug}/items HTTP/1.1\r\n{lines}\r\n".encode() + raw


def sample(count: int) -> list[str]:
    """Give bodies as they are posted."""
    return [_body(document).decode() for document in islice(cycle(claims(200)), count)]


if __name__ == "__main__":
    clients = Clients()
    serve({"connect": clients.connect, "build": clients.build, "post": clients.post, "steadily": clients.steadily})
