"""The outgoing POST: to the very address that was checked, never further, and over in time."""

import email.utils
import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from portal.kit import clock
from portal.kit.problems import Problem
from reviews import targets
from reviews.targets import AddressRefused, Target

TIMEOUT = 15.0
MAX_ANSWER = 64 * 1024
MAX_ADDRESSES = 4


_NO_ANSWER = (Problem, OSError, http.client.HTTPException, ValueError)
_RESOLUTION = (socket.AF_UNSPEC, socket.SOCK_STREAM, socket.IPPROTO_TCP)

_Found = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt; `error` is a stable word, and any error means not delivered."""

    status: int | None
    retry_after: int | None
    error: str | None
    address: str | None
    duration_ms: int

    @property
    def delivered(self) -> bool:
        """Say whether the receiver took it: 2xx, read to the end in time."""
        return self.error is None and self.status is not None and 200 <= self.status < 300


class _Deadline:
    """One moment by which everything has to be over."""

    def __init__(self, timeout: float) -> None:
        self.began = time.monotonic()
        self.ends = self.began + timeout

    def left(self) -> float:
        """Give the seconds left, or end the attempt."""
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _TimedReader(io.RawIOBase):
    """Reads a socket under one deadline; a plain socket timeout starts anew with every dripped byte."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


class _TimedSocket:
    """What `http.client` sees of the socket: it sends and reads by the deadline, and closing is ours."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))

    def sendall(self, content: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(content)

    def settimeout(self, _seconds: float | None) -> None:
        """Leave the deadline in charge."""

    def close(self) -> None:
        """Leave the socket open: `http.client` closes its side before the answer is read."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    timeout: float = TIMEOUT,
) -> Answer:
    """Post once and tell what happened; a failure of the network is an answer, not an exception."""
    deadline = _Deadline(timeout)
    status = retry_after = error = address = sock = None
    try:
        target = targets.parsed(url, allow_private)
        sock = _connected(_resolved(target, allow_private, deadline), deadline)
        address = str(sock.getpeername()[0])
        sock = _secured(sock, target, deadline)
        answer = _ask(_TimedSocket(sock, deadline), target, body, headers)
        status, retry_after = answer.status, _wish(answer.getheader("Retry-After"))
        answer.read(MAX_ANSWER)
    except _NO_ANSWER as failure:
        error = _word(failure)
    finally:
        if sock is not None:
            sock.close()
    spent = round((time.monotonic() - deadline.began) * 1000)
    return Answer(status, retry_after, error, address, spent)


def _resolved(target: Target, allow_private: bool, deadline: _Deadline) -> _Found:
    """Look the name up once; one address that is not allowed refuses them all."""
    found = _looked_up(target, deadline)
    addresses = [ipaddress.ip_address(str(sockaddr[0])) for *_, sockaddr in found]
    if not allow_private and any(map(targets.is_inside, addresses)):
        raise AddressRefused
    if not target.secure and not all(address.is_loopback for address in addresses):
        raise AddressRefused
    return found[:MAX_ADDRESSES]


def _looked_up(target: Target, deadline: _Deadline) -> _Found:
    """Ask the resolver beside us, since nothing can interrupt it."""
    answers: queue.SimpleQueue[_Found | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        family, kind, protocol = _RESOLUTION
        try:
            answers.put(socket.getaddrinfo(target.host, target.port, family, kind, protocol))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _connected(found: _Found, deadline: _Deadline) -> socket.socket:
    """Connect to the first checked address that answers, by the address itself and never by name."""
    failure: OSError = ConnectionError("no address")
    for index, (family, kind, protocol, _, sockaddr) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(deadline.left() / (len(found) - index))
        try:
            sock.connect(sockaddr)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _secured(sock: socket.socket, target: Target, deadline: _Deadline) -> socket.socket:
    """Shake hands in the name that was asked for, though the connection went to an address."""
    if not target.secure:
        return sock
    context = ssl.create_default_context()
    sock.settimeout(deadline.left())
    return context.wrap_socket(sock, server_hostname=target.host.rstrip("."))


def _ask(sock: _TimedSocket, target: Target, body: bytes, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it must never open a connection of its own, by name
    connection.sock = sock
    own = {"Host": target.authority, "User-Agent": "countersign", "Connection": "close"}
    connection.request("POST", target.path, body, own | dict(headers))
    return connection.getresponse()


def _wish(retry_after: str | None) -> int | None:
    """Read `Retry-After`, seconds or an HTTP date, as seconds from now."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, round((moment - clock.now()).total_seconds()))


def _word(failure: Exception) -> str:
    words: tuple[tuple[type[Exception], str], ...] = (
        (TimeoutError, "timeout"),
        (ssl.SSLError, "tls_failed"),
        (socket.gaierror, "name_unresolved"),
        (UnicodeError, "name_unresolved"),
        (OSError, "connection_failed"),
    )
    if isinstance(failure, Problem):
        return failure.name
    return next((word for kind, word in words if isinstance(failure, kind)), "answer_unreadable")
