"""How allauth is told to keep secrets and whom to let in."""

from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from audit import keyring
from portal.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are given, not taken: nobody signs up, and nobody learns which accounts there are."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name or the password is not right. Check both and try again.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try again.",
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Answer for a deactivated account as for one that does not exist."""
        person = super().authenticate(request, **credentials)
        return person if person is not None and person.is_active else None

    def add_message(self, *args: Any, **given: Any) -> None:
        """Say nothing of our own accord: that one is signed in, the page itself shows."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse sign-up; an administrator adds people."""
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors, their secrets wrapped by the keyring, their relying party fixed by configuration."""

    def encrypt(self, text: str) -> str:
        """Wrap a secret before allauth stores it."""
        return b64encode(keyring.wrap(text.encode(), purpose="mfa")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Unwrap a stored secret."""
        return keyring.unwrap(b64decode(encrypted_text), purpose="mfa").decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Give the relying party from PORTAL_URL; the Host header is the caller's to choose."""
        return {"id": urlsplit(settings.PORTAL_URL).hostname or "localhost", "name": "Countersign"}
