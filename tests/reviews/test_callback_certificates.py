"""Certificates of callbacks: checked in the name while the checked address is connected to."""

import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.kit import clock
from tests.reviews.calling import OK, call, says
from tests.reviews.calling import resolves as resolves
from tests.reviews.calling import serve as serve


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
