"""Enrolling an authenticator app: the secret travels to the page and back sealed, and is stored only when it works."""

import base64
import io
from binascii import Error as NotBase64

import qrcode
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from qrcode.image.svg import SvgPathFillImage

from audit import keyring
from portal.accounts.models import User
from portal.accounts.refusals import CeremonyFailed
from portal.kit.clock import now

_LIFE = 15 * 60


def offer(person: User) -> str:
    """Make a secret for a new app and seal it for this person's enrolment."""
    sealed = f"{int(now().timestamp())}:{generate_totp_secret()}".encode()
    return base64.urlsafe_b64encode(keyring.wrap(sealed, purpose=_purpose(person))).decode()


def opened(person: User, sealed: str) -> str:
    """Open a sealed secret again; raises CeremonyFailed when it is not this person's or older than 15 minutes."""
    try:
        text = keyring.unwrap(base64.urlsafe_b64decode(sealed), purpose=_purpose(person)).decode()
    except (NotBase64, ValueError, keyring.KeyringError):
        raise CeremonyFailed(
            "This enrolment was not started here. Open the page again and scan the new code."
        ) from None
    made_at, _, secret = text.partition(":")
    if int(made_at) + _LIFE < now().timestamp():
        raise CeremonyFailed("This enrolment is older than 15 minutes. Open the page again and scan the new code.")
    return secret


def still_good(person: User, sealed: str) -> str:
    """Give a sealed secret back if it still opens, else nothing."""
    try:
        opened(person, sealed)
    except CeremonyFailed:
        return ""
    return sealed


def picture(person: User, secret: str) -> str:
    """Draw the QR code an app scans, as a `data:` address."""
    drawing = io.BytesIO()
    qrcode.make(get_adapter().build_totp_url(person, secret), image_factory=SvgPathFillImage, border=2).save(drawing)
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.getvalue()).decode()


def in_groups(secret: str) -> str:
    """Write a secret so that it can be typed: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _purpose(person: User) -> str:
    return f"enrol-app:{person.pk}"
