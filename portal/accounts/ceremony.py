"""The signing ceremony: proving, at the moment of signing, that it is this person (21 CFR 11.200(a)(1))."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password
from django.db import transaction

from audit import ledger
from portal.accounts import codes, facts, nudging, passkeys
from portal.accounts.models import SigningPeriod, User
from portal.accounts.refusals import CeremonyFailed as CeremonyFailed
from portal.kit.clock import now
from portal.kit.problems import Problem

STEP = codes.STEP
FAILURES_BEFORE_LOCK = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """How often which factor is asked for; a queue's plan names its profile (EVIDENCE, R3)."""

    name: str
    idle: timedelta
    total: timedelta


METHODS = frozenset({"passkey", "password+totp", "password"})
"""How a person proves it, as signatures name it; `password` alone only continues a signing period."""

PROFILES = {"claims": Profile("claims", idle=timedelta(minutes=30), total=timedelta(hours=4))}


@dataclass(frozen=True, slots=True)
class Factors:
    """What the person typed, or what their passkey answered. Never logged; only the passkey's answer is kept."""

    password: str = ""
    totp: str = ""
    passkey: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return "Factors(…)"


@dataclass(frozen=True, slots=True)
class Proof:
    """How the person proved it: the words a signature carries, and a passkey's answer for the examiner."""

    method: str
    assurance: str
    period_id: str
    assertion: dict[str, Any] | None = None


class SigningLocked(Problem):
    """Too many failed ceremonies."""

    code = "signing_locked"
    status = 403
    title = "Signing is locked for this account"


class FactorNotAllowed(Problem):
    """The factor does not suffice for this signature; nothing was checked and no attempt is counted."""

    code = "factor_not_allowed"
    status = 422
    title = "Another factor is needed here"


def prove(
    person: User,
    factors: Factors,
    *,
    session_ref: str,
    profile: Profile,
    challenge: bytes = b"",
    allowed: frozenset[str] = METHODS,
) -> Proof:
    """Check the factors inside the signing transaction; open or continue the person's signing period.

    The first signature of a period asks for password and one-time code, each later one for the password; a passkey
    that verified its user and answered `challenge` serves for either. Where `allowed` leaves the password alone out,
    every signature asks for the code. Raises CeremonyFailed, FactorNotAllowed or SigningLocked.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.signing_locked_at is not None:
        raise SigningLocked("Signing is locked after failed attempts. Ask an administrator to confirm it was you.")
    moment = now()
    period = _open_period(person, session_ref, profile, moment)
    _insist_on_allowed(factors, allowed)
    whole = period is None or "password" not in allowed
    method, assertion = _check(person, factors, challenge, moment, first=whole)
    if period is None:
        period = SigningPeriod.objects.create(user=person, session_ref=session_ref, started_at=moment, last_at=moment)
    else:
        SigningPeriod.objects.filter(pk=period.pk).update(last_at=moment)
    if person.failed_ceremonies:
        person.failed_ceremonies = 0
        person.save(update_fields=["failed_ceremonies"])
    assurance = "device-signed" if assertion else "server-attested"
    return Proof(method, assurance, str(period.pk), assertion)


@transaction.atomic
def confirm(person: User, factors: Factors, *, challenge: bytes) -> Authenticator:
    """Check password and second factor before a factor is changed, and give the factor; raises CeremonyFailed."""
    person = User.objects.select_for_update().get(pk=person.pk)
    _insist_on_password(person, factors.password)
    if factors.passkey is not None:
        return passkeys.verify(person, factors.passkey, challenge=challenge).authenticator
    return codes.spend(person, factors.totp, now())


def needs_code(person: User, *, session_ref: str, profile: Profile, allowed: frozenset[str] = METHODS) -> bool:
    """Tell whether the next signature of this session must bring a one-time code."""
    return "password" not in allowed or _current_period(person, session_ref, profile, now()) is None


def sufficient(factors: Iterable[str]) -> frozenset[str]:
    """Give the methods that suffice where a plan names factors: all if it names none; a code adds to a password."""
    named = frozenset(factors)
    return (named | {"password+totp"} if "password" in named else named) or METHODS


def enrolled(person: User) -> frozenset[str]:
    """Give the methods a person has the factors for."""
    types = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    passkey = {"passkey"} if Authenticator.Type.WEBAUTHN in types else set()
    return frozenset(passkey | ({"password", "password+totp"} if Authenticator.Type.TOTP in types else set()))


@transaction.atomic
def note_failure(person: User) -> None:
    """Count a failed ceremony in a transaction of its own; the fifth in a row locks signing."""
    person = User.objects.select_for_update().get(pk=person.pk)
    person.failed_ceremonies += 1
    if person.failed_ceremonies >= FAILURES_BEFORE_LOCK and person.signing_locked_at is None:
        person.signing_locked_at = now()
        fact = facts.SigningLocked(failures=person.failed_ceremonies)
        ledger.append(fact, stream=ledger.Stream("person", person.pk), by=person)
        end_periods(person)
        nudging.people_changed()
    person.save(update_fields=["failed_ceremonies", "signing_locked_at"])


def end_periods(person: User) -> None:
    """End every open signing period: on lock, role or credential change."""
    SigningPeriod.objects.filter(user=person, ended_at=None).update(ended_at=now())


def end_period(person: User, session_ref: str) -> None:
    """End the signing period of one session: on sign-out."""
    SigningPeriod.objects.filter(user=person, session_ref=session_ref, ended_at=None).update(ended_at=now())


def _check(
    person: User, factors: Factors, challenge: bytes, moment: datetime, *, first: bool
) -> tuple[str, dict[str, Any] | None]:
    """Check what was given and name it as signatures do."""
    if factors.passkey is not None:
        return "passkey", passkeys.verify(person, factors.passkey, challenge=challenge).assertion
    _insist_on_password(person, factors.password)
    if not first:
        return "password", None
    codes.spend(person, factors.totp, moment)
    return "password+totp", None


def _insist_on_allowed(factors: Factors, allowed: frozenset[str]) -> None:
    """Refuse a factor that does not suffice before anything is checked; no attempt is counted."""
    given = {"passkey"} if factors.passkey is not None else {"password", "password+totp"}
    if given & allowed:
        return
    wanted = "a passkey" if "passkey" in allowed else "your password and a one-time code"
    raise FactorNotAllowed(f"This signature takes {wanted}. Nothing was signed; sign again with it.")


def _insist_on_password(person: User, password: str) -> None:
    # Not the person's own method: it writes the password anew when hashing got dearer, which ends their sessions.
    if not check_password(password, person.password):
        raise CeremonyFailed("The password is not right. Try again, or use a passkey if you have one.")


def _current_period(person: User, session_ref: str, profile: Profile, moment: datetime) -> SigningPeriod | None:
    period = SigningPeriod.objects.filter(user=person, session_ref=session_ref, ended_at=None).first()
    if period is None or moment - period.last_at > profile.idle or moment - period.started_at > profile.total:
        return None
    return period


def _open_period(person: User, session_ref: str, profile: Profile, moment: datetime) -> SigningPeriod | None:
    period = _current_period(person, session_ref, profile, moment)
    if period is None:
        SigningPeriod.objects.filter(user=person, session_ref=session_ref, ended_at=None).update(ended_at=moment)
    return period
