"""One-time codes of authenticator apps: each is used once, whether it signed in or signed."""

import hmac
from base64 import b32decode
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction

from portal.accounts.models import UsedCode, User
from portal.accounts.refusals import CeremonyFailed

STEP = 30


def app_of(person: User) -> Authenticator | None:
    """Give the person's authenticator app, if one is enrolled."""
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()


@transaction.atomic
def spend(person: User, code: str, moment: datetime) -> Authenticator:
    """Use a code up and give the app that made it; raises CeremonyFailed."""
    User.objects.select_for_update().get(pk=person.pk)
    app = app_of(person)
    if app is None:
        raise CeremonyFailed("No authenticator app is enrolled for you. Use a passkey, or enrol an app first.")
    keep(person, step_of(secret_of(app), code, moment))
    return app


def keep(person: User, step: int) -> None:
    """Write down that a step's code was used; refuses one that was used, and one older than the newest used."""
    if UsedCode.objects.filter(user=person, step__gte=step).exists():
        raise CeremonyFailed("This code or a newer one was used already. Wait for the next, up to 30 seconds.")
    UsedCode.objects.create(user=person, step=step)


def step_of(secret: str, code: str, moment: datetime) -> int:
    """Give the time step a code belongs to, the present one or the one before it; raises CeremonyFailed for others."""
    step, typed = int(moment.timestamp()) // STEP, code.replace(" ", "").encode()
    for candidate in (step, step - 1):
        if hmac.compare_digest(_code(secret, candidate), typed):
            return candidate
    raise CeremonyFailed("The code is not right. Try again with the code your app shows now.")


def upcoming(person: User, moment: datetime) -> tuple[str | None, int]:
    """Give the code the person could use now and how long; or none and the seconds until the next one.

    For the demonstration's banner, which plays the authenticator app. Without an app: none and 0.
    """
    app = app_of(person)
    if app is None:
        return None, 0
    step = int(moment.timestamp()) // STEP
    newest = UsedCode.objects.filter(user=person, step__gte=step).order_by("-step").first()
    if newest is not None:
        return None, (newest.step + 1) * STEP - int(moment.timestamp())
    return _code(secret_of(app), step).decode(), (step + 1) * STEP - int(moment.timestamp())


def secret_of(app: Authenticator) -> str:
    """Give the base32 secret of an app."""
    return str(decrypt(app.data["secret"]))


def _code(secret: str, step: int) -> bytes:
    key = b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    totp = TOTP(key, 6, SHA1(), STEP, enforce_key_length=False)  # noqa: S303  RFC 6238, what apps speak
    return totp.generate(step * STEP)
