"""Callbacks against real servers on the loopback: one address, one deadline, no surprises."""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.kit import clock
from reviews import callbacks, targets

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def says(content):
    return lambda peer: peer.sendall(content)


def answer(status, *headers):
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
    servers = []

    def start(act, context=None):
        servers.append(Server(act, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def call(server, timeout=2.0, url=None, **headers):
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
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


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


INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.88.99.1", "::1", "::", "fe80::1",
    "0.0.0.0", "fc00::1", "fec0::1",  # noqa: S104
    "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2001:db8::1",
    "2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:7f00:1::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_never_called(resolves, address):
    resolves(address)

    told = callbacks.post("https://hooks.example/", b"BODY", {}, allow_private=False, timeout=1)

    assert (told.status, told.error, told.address) == (None, "address_refused", None)


def test_one_address_inside_refuses_the_name_altogether(resolves):
    resolves("93.184.215.14", "10.0.0.1")

    told = callbacks.post("https://hooks.example/", b"BODY", {}, allow_private=False, timeout=1)

    assert told.error == "address_refused"


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:220:1::1", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]
)
def test_public_addresses_are_not_inside(address):
    assert not targets.is_inside(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "127.1", "localhost"])
def test_no_way_of_writing_the_loopback_gets_through(host):
    told = callbacks.post(f"https://{host}/", b"BODY", {}, allow_private=False, timeout=2)

    assert told.error == "address_refused"


def test_plain_http_stays_on_this_machine_even_when_the_name_lies(resolves):
    resolves("10.0.0.1")

    told = callbacks.post("http://hooks.localhost/", b"BODY", {}, allow_private=True, timeout=1)

    assert told.error == "address_refused"


def test_the_next_checked_address_is_tried_when_one_does_not_answer(serve, resolves):
    server = serve(says(OK))
    asked = resolves("127.0.0.2", "127.0.0.1")

    told = call(server, url=f"http://hooks.localhost:{server.port}/")

    assert (told.status, told.address, asked) == (200, "127.0.0.1", ["hooks.localhost"])


REFUSED = [
    "http://hooks.example/", "ftp://hooks.example/", "https://", "https:///x", "https://user@hooks.example/",
    "https://user:pw@hooks.example/", "https://hooks.example/#x", "https://hooks.example/#", "https://hooks.example:x/",
    "https://hooks.example:99999/", "https://a\\@127.0.0.1/", "https://hooks.example/\r\nX: y", "https://höoks.example/",
    "https://hooks.example/ x", "//hooks.example/", "", "https://[fe80::1%25eth0]/", "https://" + "a" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_of_the_wrong_form_is_neither_registered_nor_called(url):
    with pytest.raises(targets.CallbackUrlRefused) as refused:
        targets.check_url(url, allow_private=True)
    assert (refused.value.name, refused.value.status) == ("callback_url_refused", 422)

    assert callbacks.post(url, b"BODY", {}, allow_private=True).error == "callback_url_refused"


def test_http_is_registered_for_the_loopback_in_development_only():
    for url in ("http://localhost:8000/x", "http://127.0.0.1/", "http://[::1]:80/"):
        targets.check_url(url, allow_private=True)
        with pytest.raises(targets.CallbackUrlRefused):
            targets.check_url(url, allow_private=False)


def test_a_private_address_is_refused_at_registration_already():
    targets.check_url("https://10.0.0.1/", allow_private=True)
    targets.check_url("https://hooks.example:8443/in?x=1", allow_private=False)
    with pytest.raises(targets.CallbackUrlRefused):
        targets.check_url("https://10.0.0.1/", allow_private=False)


def test_proxies_of_the_environment_are_not_used(serve, monkeypatch):
    server, proxy = serve(says(OK)), serve(says(OK))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

    assert call(server).delivered
    assert proxy.requests == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for hooks.example, and a server's TLS with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(hours=1))
        .not_valid_after(clock.now() + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "hooks.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def test_tls_is_checked_in_the_name_while_the_address_is_connected_to(serve, resolves, certificate, monkeypatch):
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = serve(says(OK), context)
    asked = resolves("127.0.0.1")

    told = call(server, url=f"https://hooks.example:{server.port}/in")

    assert (told.status, told.error, told.address, asked) == (200, None, "127.0.0.1", ["hooks.example"])
    assert f"Host: hooks.example:{server.port}\r\n".encode() in server.requests[0]


def test_a_certificate_of_another_name_or_of_nobody_is_refused(serve, resolves, certificate, monkeypatch):
    path, context = certificate
    server = serve(says(OK), context)
    resolves("127.0.0.1")

    assert call(server, url=f"https://hooks.example:{server.port}/").error == "tls_failed"
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert call(server, url=f"https://other.example:{server.port}/").error == "tls_failed"
    assert server.requests == []
