"""What may happen to accounts, roles and access; each leaves an entry in the same transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.models import Group
from django.db import models, transaction
from guardian.shortcuts import assign_perm, remove_perm

from audit import exhibits, ledger
from audit.actors import ActorType, HasActor
from portal.accounts import ceremony, codes, facts, nudging, pairs, passkeys
from portal.accounts.models import User
from portal.accounts.refusals import LastFactor, PasskeyRefused
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.problems import NotFound, Problem


class SelfVerification(Problem):
    """Nobody proofs their own identity."""

    code = "self_verification"
    status = 403
    title = "Someone else must verify your identity"


class SecondPersonMissing(Problem):
    """One person alone gives nobody anything."""

    code = "second_person_missing"
    status = 403
    title = "Somebody else must sign this first"


class NameUnusable(Problem):
    """A table takes a cell that begins like a formula for one, so such a name could stand in no register."""

    code = "name_unusable"
    status = 422
    title = "This sign-in name cannot be used"


@transaction.atomic
def add_person(username: str, printed_name: str, password: str, *, by: HasActor, email: str = "") -> User:
    """Give somebody an account that may sign in but not yet sign. Raises NameUnusable."""
    if username.startswith(("=", "+", "-", "@")):
        raise NameUnusable("Begin the sign-in name with a letter or a digit; else no register could name the person.")
    person = User(username=username, printed_name=printed_name, email=email)
    person.set_password(password)
    person.save(force_insert=True)
    fact = facts.PersonAdded(username=username, printed_name=printed_name)
    ledger.append_next(fact, stream=_stream(person), by=by, key=_key(person))
    return person


@transaction.atomic
def verify_identity(person: User, *, by: User) -> None:
    """Record that `by` proofed who this person is; signing is refused before (21 CFR 11.100(b))."""
    if by.pk == person.pk:
        raise SelfVerification("Ask another administrator to verify your identity.")
    person.identity_verified_at, person.identity_verified_by = now(), by
    person.save(update_fields=["identity_verified_at", "identity_verified_by"])
    ledger.append_next(facts.IdentityVerified(), stream=_stream(person), by=by)
    nudging.people_changed()


@transaction.atomic
def unlock_signing(person: User, reason: str, *, by: User) -> None:
    """Let a person sign again after somebody else found out what the failed attempts were."""
    if by.pk == person.pk:
        raise SelfVerification("Ask an administrator to unlock signing for you; nobody does it for themselves.")
    person = User.objects.select_for_update().get(pk=person.pk)
    person.failed_ceremonies, person.signing_locked_at = 0, None
    person.save(update_fields=["failed_ceremonies", "signing_locked_at"])
    ledger.append_next(facts.SigningUnlocked(reason=reason), stream=_stream(person), by=by, key=_key(person))
    nudging.people_changed()


@transaction.atomic
def change_password(person: User, password: str, *, by: HasActor) -> None:
    """Give a person a new password; every signing period and every other session of theirs ends."""
    person.set_password(password)
    person.save(update_fields=["password"])
    ceremony.end_periods(person)
    ledger.append_next(facts.PasswordChanged(), stream=_stream(person), by=by)


@transaction.atomic
def enrol_totp(person: User, secret: str, *, by: HasActor, step: int | None = None) -> Authenticator:
    """Enrol an authenticator app by its base32 secret, wrapped where allauth looks for it; it replaces an older one.

    The code by which the person showed that the app works belongs to `step` and is used up by it.
    """
    User.objects.select_for_update().get(pk=person.pk)
    older = codes.app_of(person)
    if older is not None:
        _remove(person, older, by=by)
    app = Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": encrypt(secret)})
    if step is not None:
        codes.keep(person, step)
    _factor_enrolled(person, "totp", by=by)
    return app


@transaction.atomic
def enrol_passkey(person: User, name: str, credential_data: Mapping[str, Any], *, by: HasActor) -> Authenticator:
    """Enrol a passkey by the credential `passkeys.registered` verified; raises PasskeyRefused if it is known."""
    User.objects.select_for_update().get(pk=person.pk)
    known = Authenticator.objects.filter(data__credential__rawId=credential_data["rawId"])
    if known.exists():
        raise PasskeyRefused("This passkey is enrolled already. Use it as it is, or enrol another one.")
    counter = passkeys.counter_at_enrolment(credential_data)
    held = {"name": name.strip() or "Passkey", "credential": dict(credential_data), "sign_count": counter}
    passkey = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=held)
    _factor_enrolled(person, "passkey", by=by)
    return passkey


@transaction.atomic
def remove_factor(person: User, authenticator: Authenticator, *, by: HasActor) -> None:
    """Remove one of a person's second factors; never the last one."""
    User.objects.select_for_update().get(pk=person.pk)
    factors = list(Authenticator.objects.filter(user=person))
    if authenticator not in factors:
        raise NotFound("There is no such factor of this person.")
    if len(factors) < 2:
        raise LastFactor("Enrol another second factor first; without one nobody can sign in or sign.")
    _remove(person, authenticator, by=by)


@transaction.atomic
def grant_role(person: User, role: str, *, by: HasActor, proposal: UUID | None = None) -> None:
    """Give a person a role, or a place behind a wall; their signing period ends, so that all factors are asked for.

    A person gives it with the proposal they signed. Raises SecondPersonMissing or ForbiddenTogether.
    """
    _insist_on_two(by, proposal)
    person = User.objects.select_for_update().get(pk=person.pk)
    pairs.insist_on_allowed(person, role)
    group, _ = Group.objects.get_or_create(name=str(role))
    person.groups.add(group)
    ceremony.end_periods(person)
    ledger.append_next(facts.RoleGranted(role=str(role), proposal=proposal), stream=_stream(person), by=by)
    nudging.people_changed()


@transaction.atomic
def withdraw_role(person: User, role: str, *, by: HasActor, reason: str = "") -> None:
    """Take a role from a person, with effect from the next question asked; one person may do it alone."""
    person.groups.remove(Group.objects.get(name=str(role)))
    ceremony.end_periods(person)
    fact = facts.RoleWithdrawn(role=str(role), reason=reason or None)
    ledger.append_next(fact, stream=_stream(person), by=by, key=_key(person) if reason else None)
    nudging.people_changed()


@transaction.atomic
def grant_access(
    role: Role, permission: str, target: models.Model, *, by: HasActor, proposal: UUID | None = None
) -> None:
    """Give a role one permission on one object; a person does it with the proposal they signed.

    Raises SecondPersonMissing.
    """
    _insist_on_two(by, proposal)
    group, _ = Group.objects.get_or_create(name=role.value)
    assign_perm(permission, group, target)
    fact = facts.AccessGranted(**_access(role, permission, target), proposal=proposal)
    ledger.append_next(fact, stream=_target(target), by=by)
    nudging.people_changed()


@transaction.atomic
def withdraw_access(role: Role, permission: str, target: models.Model, *, by: HasActor, reason: str = "") -> None:
    """Take one permission on one object from a role; a reason goes when its writer is erased."""
    remove_perm(permission, Group.objects.get(name=role.value), target)
    fact = facts.AccessWithdrawn(**_access(role, permission, target), reason=reason or None)
    key = exhibits.key_for(f"person:{by.actor.ref}") if reason else None
    ledger.append_next(fact, stream=_target(target), by=by, key=key)
    nudging.people_changed()


@transaction.atomic
def deactivate(person: User, *, by: HasActor) -> None:
    """End a person's access: no sign-in, no permission, no signature from now on.

    Without a password no session of theirs counts ever again, whatever becomes of the account.
    """
    person.is_active = False
    person.set_unusable_password()
    person.save(update_fields=["is_active", "password"])
    ceremony.end_periods(person)
    ledger.append_next(facts.Deactivated(), stream=_stream(person), by=by)
    nudging.people_changed()


def _remove(person: User, authenticator: Authenticator, *, by: HasActor) -> None:
    word = "passkey" if authenticator.type == Authenticator.Type.WEBAUTHN else str(authenticator.type)
    authenticator.delete()
    ceremony.end_periods(person)
    ledger.append_next(facts.FactorRemoved(factor=word), stream=_stream(person), by=by)


def _factor_enrolled(person: User, word: str, *, by: HasActor) -> None:
    ceremony.end_periods(person)
    ledger.append_next(facts.FactorEnrolled(factor=word), stream=_stream(person), by=by)


def _stream(person: User) -> ledger.Stream:
    return ledger.Stream("person", person.pk)


def _key(person: User) -> exhibits.DataKey:
    return exhibits.key_for(f"person:{person.pk}")


def _target(target: models.Model) -> ledger.Stream:
    return ledger.Stream(str(target._meta.model_name), UUID(str(target.pk)))


def _access(role: Role, permission: str, target: models.Model) -> dict[str, Any]:
    name = target._meta.model_name or ""
    return {"role": role.value, "permission": permission, "target": name, "target_id": UUID(str(target.pk))}


def _insist_on_two(by: HasActor, proposal: UUID | None) -> None:
    """Refuse what a person gives alone; that the proposal is signed, and says exactly this, the database looks at."""
    if by.actor.type is not ActorType.SYSTEM and proposal is None:
        raise SecondPersonMissing("Propose it, and ask a compliance officer or another administrator to sign it.")
