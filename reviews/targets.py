"""Where a callback may go: its URL taken apart, and addresses nobody outside should make us call."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.kit.problems import Problem

MAX_URL = 2000

_URL = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class CallbackUrlRefused(Problem):
    """The address is not one that this installation calls."""

    code = "callback_url_refused"
    status = 422
    title = "The callback address cannot be used"


class AddressRefused(CallbackUrlRefused):
    """The name leads to a private, local or reserved address."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: scheme, host, port, and what is asked for there."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str


def check_url(url: str, allow_private: bool) -> None:
    """Refuse an address at registration; names are looked up only when the call is made."""
    target = parsed(url, allow_private)
    address = literal(target.host)
    if address is not None and not allow_private and is_inside(address):
        raise CallbackUrlRefused("Private, local and reserved addresses are not called.")


def is_inside(address: Address) -> bool:
    """Say whether an address is anything but a public one, also when IPv6 wraps it."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is not None:
            return is_inside(wrapped)
        if address.is_site_local or address.teredo:
            return True
    elif address in _RELAYS:
        return True
    return not address.is_global or address.is_multicast or address.is_reserved


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def parsed(url: str, allow_private: bool) -> Target:
    """Take a URL apart. Raises CallbackUrlRefused."""
    if len(url) > MAX_URL or not _URL.fullmatch(url) or "\\" in url:
        raise CallbackUrlRefused(f"Write the address in printable ASCII, {MAX_URL} characters at most.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise CallbackUrlRefused("The address cannot be read.") from None
    if not _HOST.fullmatch(host):
        raise CallbackUrlRefused("The address has no usable host name.")
    if "@" in parts.netloc or "#" in url:
        raise CallbackUrlRefused("Leave out credentials and fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private and _is_local_name(host)):
        raise CallbackUrlRefused("Use https; plain http only goes to this machine, and only in development.")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), parts.netloc, path)


def _is_local_name(host: str) -> bool:
    address = literal(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def literal(host: str) -> Address | None:
    """Give the address that a host is written as, or nothing for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
