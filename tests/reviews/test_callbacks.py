"""Callbacks against real servers on the loopback: one deadline, whatever answers, and no surprises."""

import socket
import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest

from portal.kit import clock
from reviews import callbacks
from tests.reviews.calling import OK, answer, call, says
from tests.reviews.calling import serve as serve


def test_a_taken_delivery_is_told_with_its_address(serve):
    server = serve(says(OK))

    told = call(server, **{"webhook-id": "msg_1"})

    assert (told.status, told.error, told.address, told.delivered) == (200, None, "127.0.0.1", True)
    assert server.requests[0].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.requests[0]
    assert b"webhook-id: msg_1\r\n" in server.requests[0]


@pytest.mark.parametrize("status", [b"500 Oh", b"410 Gone", b"404 No"])
def test_a_refused_delivery_is_told_with_its_status(serve, status):
    told = call(serve(answer(status)))

    assert (told.status, told.error, told.delivered) == (int(status[:3]), None, False)


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Again", b"308 Moved"])
def test_a_redirect_is_not_followed(serve, status):
    elsewhere = serve(says(OK))
    server = serve(answer(status, f"Location: http://127.0.0.1:{elsewhere.port}/".encode()))

    told = call(server)

    assert (told.status, told.delivered) == (int(status[:3]), False)
    assert elsewhere.requests == []


def test_the_wish_to_wait_is_read_in_seconds_and_as_a_date(serve):
    later = format_datetime(clock.now() + timedelta(seconds=120), usegmt=True).encode()

    assert call(serve(answer(b"429 Slow", b"Retry-After: 7"))).retry_after == 7
    assert 115 <= call(serve(answer(b"503 Later", b"Retry-After: " + later))).retry_after <= 121
    assert call(serve(answer(b"503 Later", b"Retry-After: soon"))).retry_after is None


def test_a_date_that_has_passed_means_at_once(serve):
    past = b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"

    assert call(serve(answer(b"503 Later", past))).retry_after == 0


def test_a_server_that_hangs_ends_in_time(serve):
    server = serve(lambda _peer: server.over.wait(5))

    told = call(server, timeout=0.3)

    assert (told.status, told.error) == (None, "timeout")
    assert 250 <= told.duration_ms < 1500


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_server_that_drips_ends_in_time_and_is_not_a_success(serve, start):
    def drip(peer):
        peer.sendall(start)
        while not server.over.wait(0.05):
            peer.sendall(b"1")

    server = serve(drip)
    began = time.monotonic()
    told = call(server, timeout=0.5)

    assert (told.error, told.delivered) == ("timeout", False)
    assert time.monotonic() - began < 1.5


def test_a_tls_handshake_that_hangs_ends_in_time(serve):
    server = serve(lambda _peer: None)

    told = call(server, timeout=0.3, url=f"https://127.0.0.1:{server.port}/")

    assert (told.error, told.duration_ms < 1500) == ("timeout", True)


def test_a_resolver_that_hangs_ends_in_time(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args: over.wait(5) and [])

    told = callbacks.post("https://hooks.example/", b"BODY", {}, allow_private=False, timeout=0.2)
    over.set()

    assert (told.error, told.duration_ms < 1500) == ("timeout", True)


def test_at_most_64_kib_of_an_answer_are_read(serve):
    sent = []

    def flood(peer):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(2000):
            sent.append(peer.send(b"x" * 65536))

    told = call(serve(flood), timeout=5)

    assert (told.status, told.error) == (200, None)
    assert sum(sent) < 40 * 1024 * 1024


@pytest.mark.parametrize("content", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000])
def test_an_answer_that_is_not_http_is_told_and_never_raised(serve, content):
    told = call(serve(says(content)))

    assert told.status is None
    assert told.error in {"connection_failed", "answer_unreadable"}


def test_nobody_listening_is_told(serve):
    server = serve(says(OK))
    server.close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert call(None, url=f"http://127.0.0.1:{port}/").error == "connection_failed"


def test_a_name_nobody_knows_is_told(monkeypatch):
    def unknown(*_args):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    told = callbacks.post("https://nowhere.example/", b"BODY", {}, allow_private=False)

    assert (told.error, told.address) == ("name_unresolved", None)
