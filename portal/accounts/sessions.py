"""Sessions: what signing calls them, how whole a sign-in is, and what a session remembers for a few minutes."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from portal.accounts.models import User
from portal.kit.clock import now

CONFIRMED_FOR = timedelta(minutes=5)
_PASSWORD_FOR = timedelta(minutes=15)
_CHALLENGE_FOR = timedelta(minutes=10)
_CONFIRMED, _CHALLENGES = "countersign_confirmed_at", "countersign_challenges"


def ref(request: HttpRequest) -> str:
    """Name this session for signing: stable from sign-in to sign-out, and useless to whoever reads it."""
    key = request.session.session_key
    if not key:
        raise RuntimeError("a session without a key cannot sign")
    return hashlib.sha256(b"countersign/session/v1\0" + key.encode()).hexdigest()


def is_whole(request: HttpRequest) -> bool:
    """Tell whether the person of this session gave a second factor too, or a passkey that verified them."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


def make_whole(request: HttpRequest, person: User, authenticator: Authenticator) -> None:
    """Count the session as signed in, from the first enrolled factor on, under a new key."""
    record_authentication(request, person, "mfa", id=authenticator.pk, type=authenticator.type)
    request.session.cycle_key()


def confirm(request: HttpRequest, person: User, authenticator: Authenticator | None) -> None:
    """Remember that the person has just confirmed who they are; with the second factor the session is whole."""
    if authenticator is not None and not is_whole(request):
        make_whole(request, person, authenticator)
    request.session[_CONFIRMED] = now().timestamp()


def is_confirmed(request: HttpRequest) -> bool:
    """Tell whether factors may be changed now: confirmed a moment ago, or a first factor after the password."""
    if is_whole(request):
        return bool(now().timestamp() - request.session.get(_CONFIRMED, 0.0) < CONFIRMED_FOR.total_seconds())
    if Authenticator.objects.filter(user_id=request.user.pk).exists():
        return False
    records = get_authentication_records(request, request.user)
    passwords = [record["at"] for record in records if record.get("method") == "password"]
    return bool(passwords) and now().timestamp() - max(passwords) < _PASSWORD_FOR.total_seconds()


def new_challenge(request: HttpRequest, purpose: str) -> bytes:
    """Make a challenge for a passkey and remember it until it is answered."""
    challenge = secrets.token_bytes(32)
    kept = request.session.get(_CHALLENGES, {})
    request.session[_CHALLENGES] = kept | {purpose: [challenge.hex(), now().timestamp()]}
    return challenge


def take_challenge(request: HttpRequest, purpose: str) -> bytes | None:
    """Give the challenge back, once; none when there is none or it is too old."""
    kept = dict(request.session.get(_CHALLENGES, {}))
    challenge, made_at = kept.pop(purpose, ("", 0.0))
    request.session[_CHALLENGES] = kept
    fresh = now().timestamp() - made_at < _CHALLENGE_FOR.total_seconds()
    return bytes.fromhex(challenge) if challenge and fresh else None
