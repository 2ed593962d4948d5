"""Coming in: a browser of a person who is signed in, the short way and the real one."""

from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from redis import Redis

from portal.accounts import actions, passkeys
from portal.kit.clock import now
from tests.accounts.device import Device
from tests.factories import Person
from tests.pages import browser

SIGN_IN, SECOND, CONFIRM = "/account/sign-in/", "/account/second-factor/", "/account/confirm/"


def forget_attempts() -> None:
    """Forget the attempts other tests made from this address, and leave what other processes keep in the server."""
    with Redis.from_url(settings.REDIS_URL) as valkey:
        for key in valkey.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*"):
            valkey.delete(key)


def entered(person: Person) -> Client:
    """Give a browser in which this person is signed in with both factors; no code is spent on it."""
    return browser(person.user)


def half_entered(person: Person, *, at: float | None = None) -> Client:
    """Give a browser in which this person gave a password, at some moment, and nothing else."""
    client = browser(person.user, whole=False)
    if at is not None:
        kept = client.session
        kept[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": at}]
        kept.save()
    return client


def confirmed(person: Person) -> Client:
    """Give a browser whose person has just confirmed who they are."""
    client = entered(person)
    kept = client.session
    kept["countersign_confirmed_at"] = now().timestamp()
    kept.save()
    return client


def give_password(person: Person, *, browser: Client | None = None, password: str | None = None, **query: str) -> Any:
    """Post user name and password."""
    typed = {"login": person.user.username, "password": person.password if password is None else password}
    return (browser or Client()).post(SIGN_IN, typed | query)


def give_code(browser: Client, code: str) -> Any:
    """Post a one-time code after the password."""
    return browser.post(SECOND, {"code": code})


def with_passkey(person: Person, **bent: Any) -> Device:
    """Enrol a passkey for a person, by the real action."""
    device, challenge = Device(**bent), bytes(32)
    credential = passkeys.registered(device.register(challenge), challenge=challenge)
    actions.enrol_passkey(person.user, "Test key", credential, by=person.user)
    return device


def without_app(person: Person) -> None:
    """Take the authenticator app away, as the action does when there is another factor."""
    app = Authenticator.objects.get(user=person.user, type=Authenticator.Type.TOTP)
    actions.remove_factor(person.user, app, by=person.user)
