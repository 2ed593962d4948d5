"""The signing ceremony: proving, at the moment of signing, that it is this person (21 CFR 11.200(a)(1))."""

import hmac
from base64 import b32decode
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import transaction

from audit import ledger
from portal.accounts import facts
from portal.accounts.models import SigningPeriod, UsedCode, User
from portal.kit.clock import now
from portal.kit.problems import Problem

STEP = 30
FAILURES_BEFORE_LOCK = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """How often which factor is asked for; a queue's plan names its profile (EVIDENCE, R3)."""

    name: str
    idle: timedelta
    total: timedelta


PROFILES = {"claims": Profile("claims", idle=timedelta(minutes=30), total=timedelta(hours=4))}


@dataclass(frozen=True, slots=True)
class Factors:
    """What the person typed. Never logged, never stored."""

    password: str
    totp: str = ""

    def __repr__(self) -> str:
        return "Factors(…)"


@dataclass(frozen=True, slots=True)
class Proof:
    """How the person proved it: the words a signature carries."""

    method: str
    assurance: str
    period_id: str


class CeremonyFailed(Problem):
    """The factors did not prove the person; nothing was signed."""

    code = "ceremony_failed"
    status = 403
    title = "We could not confirm that it is you"


class SigningLocked(Problem):
    """Too many failed ceremonies."""

    code = "signing_locked"
    status = 403
    title = "Signing is locked for this account"


def prove(person: User, factors: Factors, *, session_ref: str, profile: Profile) -> Proof:
    """Check the factors inside the signing transaction; open or continue the person's signing period.

    The first signature of a period asks for password and one-time code, each later one for the password.
    Raises CeremonyFailed or SigningLocked.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.signing_locked_at is not None:
        raise SigningLocked("Signing is locked after failed attempts. Ask an administrator to confirm it was you.")
    if not person.check_password(factors.password):
        raise CeremonyFailed("The password is not right. Nothing was signed; try again.")
    moment = now()
    period = _open_period(person, session_ref, profile, moment)
    if period is None:
        _spend_code(person, factors.totp, moment)
        period = SigningPeriod.objects.create(user=person, session_ref=session_ref, started_at=moment, last_at=moment)
        method = "password+totp"
    else:
        SigningPeriod.objects.filter(pk=period.pk).update(last_at=moment)
        method = "password"
    if person.failed_ceremonies:
        person.failed_ceremonies = 0
        person.save(update_fields=["failed_ceremonies"])
    return Proof(method=method, assurance="server-attested", period_id=str(period.pk))


def needs_code(person: User, *, session_ref: str, profile: Profile) -> bool:
    """Tell whether the next signature of this session must bring a one-time code."""
    return _current_period(person, session_ref, profile, now()) is None


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
    person.save(update_fields=["failed_ceremonies", "signing_locked_at"])


def end_periods(person: User) -> None:
    """End every open signing period: on sign-out, lock, role or credential change."""
    SigningPeriod.objects.filter(user=person, ended_at=None).update(ended_at=now())


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


def _spend_code(person: User, code: str, moment: datetime) -> None:
    authenticator = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
    if authenticator is None:
        raise CeremonyFailed("No authenticator app is enrolled for you. Enrol one before you sign.")
    totp = TOTP(_secret(authenticator), 6, SHA1(), STEP, enforce_key_length=False)  # noqa: S303  RFC 6238, what apps speak
    step = int(moment.timestamp()) // STEP
    for candidate in (step, step - 1):
        if hmac.compare_digest(totp.generate(candidate * STEP), code.strip().encode()):
            if UsedCode.objects.filter(user=person, step__gte=candidate).exists():
                raise CeremonyFailed("This code or a newer one was used already. Wait for the next, up to 30 seconds.")
            UsedCode.objects.create(user=person, step=candidate)
            return
    raise CeremonyFailed("The code is not right. Nothing was signed; try again with the code shown now.")


def _secret(authenticator: Authenticator) -> bytes:
    text = decrypt(authenticator.data["secret"])
    return b32decode(text + "=" * (-len(text) % 8))
