"""Checks of the environment: variables that are there and sane; a secret is judged and never repeated."""

import ipaddress
import re
from urllib.parse import urlsplit

from django.conf import settings

from audit import keyring
from portal.doctor.findings import Check, Finding, fail, ok, warn

SHORTEST_SECRET = 50
_ORIGIN = re.compile(r"[A-Za-z0-9.:\[\]-]+/log/[1-9][0-9]*")


def secret_key() -> Finding:
    """Ask whether SECRET_KEY is long and was made at random."""
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_SECRET or len(set(key)) < 10:
        advice = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        return fail(f"SECRET_KEY is no random text of at least {SHORTEST_SECRET} characters.", advice)
    return ok("SECRET_KEY is long enough.")


def key_ring() -> Finding:
    """Ask whether KEYRING can be read."""
    try:
        keyring.wrap(b"", purpose="doctor")
    except keyring.KeyringError as error:
        return fail(str(error), "Write id:base64 of 32 random bytes; .env.sample shows it.")
    return ok("KEYRING can be read.")


def debug() -> Finding:
    """Ask whether pages with tracebacks are off."""
    if settings.DEBUG:
        return fail("DEBUG is on: every error shows its insides.", "Set DEBUG=no.")
    return ok("DEBUG is off.")


def demo() -> Finding:
    """Ask whether the demonstration's banner, which tells people's one-time codes, is off."""
    if settings.DEMO:
        return fail("DEMO is on: a banner shows everybody's one-time codes.", "Set DEMO=no.")
    return ok("DEMO is off.")


def portal_url() -> Finding:
    """Ask whether people and flows come by https."""
    address = urlsplit(settings.PORTAL_URL)
    host = address.hostname or ""
    if address.scheme not in ("http", "https") or not host or address.path.strip("/") or address.query:
        return fail(
            f"PORTAL_URL {settings.PORTAL_URL!r} is no address.", "Write https:// and the host, without a path."
        )
    if address.scheme == "http" and not is_loopback(host):
        return fail(
            f"PORTAL_URL is {settings.PORTAL_URL}: passwords would travel in clear.",
            "Put a proxy with a certificate in front and set PORTAL_URL to its https address.",
        )
    if address.scheme == "http":
        return warn(f"PORTAL_URL is {settings.PORTAL_URL}: this machine only.", "Production needs an https address.")
    return ok(f"PORTAL_URL is {settings.PORTAL_URL}.")


def allowed_hosts() -> Finding:
    """Ask whether the portal answers to its own name and to no other."""
    host = urlsplit(settings.PORTAL_URL).hostname or ""
    if "*" in settings.ALLOWED_HOSTS:
        return fail("ALLOWED_HOSTS allows every name.", f"Set ALLOWED_HOSTS={host}")
    bare = {name.strip("[]").lower() for name in settings.ALLOWED_HOSTS}
    if host not in bare and not any(name.startswith(".") and host.endswith(name) for name in bare):
        return fail(f"ALLOWED_HOSTS does not name {host}, the host of PORTAL_URL.", f"Add {host} to ALLOWED_HOSTS.")
    return ok(f"The portal answers to {host}.")


def log_origin() -> Finding:
    """Ask whether the log has a name that checkpoints can carry."""
    if not _ORIGIN.fullmatch(settings.LOG_ORIGIN):
        return fail(
            f"LOG_ORIGIN {settings.LOG_ORIGIN!r} is no name of a log.",
            "Write the portal's host, /log/ and 1: countersign.example.com/log/1",
        )
    return ok(f"The log is {settings.LOG_ORIGIN}.")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


CHECKS: tuple[Check, ...] = (secret_key, key_ring, debug, demo, portal_url, allowed_hosts, log_origin)
BEFORE_SETUP: tuple[Check, ...] = CHECKS
