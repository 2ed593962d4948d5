"""Addresses of callbacks: none that leads inside is registered or called, however it is written."""

import ipaddress

import pytest

from reviews import callbacks, targets
from tests.reviews.calling import OK, call, says
from tests.reviews.calling import resolves as resolves
from tests.reviews.calling import serve as serve

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
