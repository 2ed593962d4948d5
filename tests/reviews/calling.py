"""What the tests of callbacks share: servers on the loopback, names that lead where a test wants, and a call."""

import contextlib
import socket
import threading

import pytest

from reviews import callbacks

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def says(content):
    """Give an act that sends this."""
    return lambda peer: peer.sendall(content)


def answer(status, *headers):
    """Give an act that answers with this status."""
    return says(b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"Content-Length: 0", b"", b""]))


class Server:
    """One loopback server that reads a request and then does as it is told."""

    def __init__(self, act, context=None):
        self.act, self.context = act, context
        self.requests = []
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                with contextlib.suppress(OSError), peer:
                    self.meet(self.context.wrap_socket(peer, server_side=True) if self.context else peer)

    def meet(self, peer):
        request = b""
        while not request.endswith(b"BODY"):
            piece = peer.recv(65536)
            if not piece:
                return
            request += piece
        self.requests.append(request)
        self.act(peer)

    def close(self):
        self.over.set()
        self.listener.close()


@pytest.fixture
def serve():
    """Start servers that do as they are told, and close them."""
    servers = []

    def start(act, context=None):
        servers.append(Server(act, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def call(server, timeout=2.0, url=None, **headers):
    """Deliver a callback to a server."""
    url = url or f"http://127.0.0.1:{server.port}/hook?x=1"
    return callbacks.post(url, b"BODY", headers, allow_private=True, timeout=timeout)


@pytest.fixture
def resolves(monkeypatch):
    """Make every name lead to the given addresses, as an outside resolver might."""
    asked = []

    def point(*addresses):
        def getaddrinfo(host, port, *_args, **_options):
            asked.append(host)
            return [_found(address, port) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return point


def _found(address, port):
    """Give an address as the resolver does."""
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)
