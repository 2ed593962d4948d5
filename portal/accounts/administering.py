"""Administering: what an administrator does to somebody's account alone; giving a role takes a second person."""

import secrets
from collections.abc import Collection, Iterable
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import IntegrityError, models, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from guardian.models import GroupObjectPermission

from audit import ledger
from portal.accounts import access, actions, facts, walls
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.accounts.roles import PUTS_IN_FORCE, Role
from portal.kit import reasons
from portal.kit.problems import NotFound, Problem, Refusal, insist

_WHY = "Say in a sentence why it is taken; whoever asks later reads this."


class NotYourself(Problem):
    """Nobody administers their own account."""

    code = "not_yourself"
    status = 403
    title = "Somebody else must do this for you"


class LastAdministrator(Problem):
    """Without an administrator nobody could be let in any more."""

    code = "last_administrator"
    status = 409
    title = "This is the last administrator"


class LastTwo(Problem):
    """What one person proposes another signs; with one of them nothing could be given any more."""

    code = "last_two"
    status = 409
    title = "Nobody could change the configuration any more"


class NameTaken(Problem):
    """Sign-in names are never used twice."""

    code = "name_taken"
    status = 409
    title = "This sign-in name is taken"


class NotSo(Problem):
    """There is nothing to undo."""

    code = "not_so"
    status = 409
    title = "This is not so any more"


def why_not_verify(granted: Access) -> Refusal | None:
    """Tell why a person may not record that somebody is who they say."""
    if Role.COMPLIANCE_OFFICER in granted.roles and not granted.is_auditor:
        return None
    return why_not_administer(granted)


def why_not_administer(granted: Access) -> Refusal | None:
    """Tell why a person may not change anybody's account."""
    if granted.is_administrator and not granted.is_auditor:
        return None
    return Refusal("only_administrators", "Only an administrator changes accounts. Ask one of them.")


def add(username: str, printed_name: str, email: str, *, by: User) -> tuple[User, str]:
    """Add a person and give the password they sign in with first; nobody sees it again.

    Raises NameTaken or NameUnusable.
    """
    insist(why_not_administer(access.of(by)))
    password = secrets.token_urlsafe(12)
    try:
        return actions.add_person(username, printed_name, password, by=by, email=email), password
    except IntegrityError:
        raise NameTaken("Somebody has, or had, this sign-in name. Choose another one.") from None


@transaction.atomic
def verify(person_id: UUID, *, by: User) -> None:
    """Record that one proofed who this person is; administrators and compliance officers do, but not who added them.

    Who added somebody knows their first password: one pair of hands would make a second signer. Raises NotYourself,
    NotSo or Refused.
    """
    insist(why_not_verify(access.of(by)))
    person = _other(person_id, by)
    if _added(person, by):
        raise NotYourself("You added this account. Ask another administrator or a compliance officer to verify them.")
    if person.identity_verified_at is not None:
        raise NotSo("Their identity is verified already. Load the page again to see by whom.")
    actions.verify_identity(person, by=by)


@transaction.atomic
def unlock(person_id: UUID, reason: str, *, by: User) -> None:
    """Let a person sign again after too many failed attempts. Raises NotYourself, ReasonMissing or NotSo."""
    insist(why_not_administer(access.of(by)))
    person = _other(person_id, by)
    reason = reasons.given(reason, "Say in a sentence what the failed attempts were, and how you know.")
    if person.signing_locked_at is None:
        raise NotSo("Signing is not locked for them. Load the page again.")
    actions.unlock_signing(person, reason, by=by)


@transaction.atomic
def withdraw(person_id: UUID, role: str, reason: str, *, by: User) -> None:
    """Take a role, or a place behind a wall, from a person at once.

    Raises ReasonMissing, LastAdministrator, LastTwo or NotSo.
    """
    _one_at_a_time(by)
    person = _found(person_id)
    reason = reasons.given(reason, _WHY)
    if not person.groups.filter(name=role).exists():
        raise NotSo("They do not hold this any more. Load the page again.")
    _insist_on_another(person, role)
    _insist_on_two(person, (role,))
    if role.startswith(access.WALL):
        walls.withdraw_wall(person, role.removeprefix(access.WALL), by=by, reason=reason)
    else:
        actions.withdraw_role(person, role, by=by, reason=reason)


@transaction.atomic
def withdraw_access(role: Role, permission: str, target: models.Model, reason: str, *, by: User) -> None:
    """Take a permission on a queue or a flow from everybody with a role at once. Raises ReasonMissing or NotSo."""
    insist(why_not_administer(access.of(by)))
    reason = reasons.given(reason, _WHY)
    group = Group.objects.select_for_update().filter(name=role.value).first()
    if group is None or not _is_given(group, permission, target):
        raise NotSo("The role does not have this permission any more. Load the page again.")
    actions.withdraw_access(role, permission, target, by=by, reason=reason)


@transaction.atomic
def deactivate(person_id: UUID, *, by: User) -> None:
    """End a person's access for good. Raises NotYourself, LastAdministrator, LastTwo or NotSo."""
    _one_at_a_time(by)
    person = _other(person_id, by)
    if not person.is_active:
        raise NotSo("Their account is deactivated already.")
    _insist_on_another(person, Role.ADMINISTRATOR)
    _insist_on_two(person, PUTS_IN_FORCE)
    actions.deactivate(person, by=by)


def _added(person: User, by: User) -> bool:
    return any(told.kind == facts.PersonAdded.kind and told.actor == by.actor for told in ledger.story(person.pk))


def _is_given(group: Group, permission: str, target: models.Model) -> bool:
    held = GroupObjectPermission.objects.filter(group=group, permission__codename=permission, object_pk=str(target.pk))
    return bool(held.exists())


def _found(person_id: UUID) -> User:
    """Lock an account. Raises NotFound."""
    person = User.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _other(person_id: UUID, by: User) -> User:
    person = _found(person_id)
    if person.pk == by.pk:
        raise NotYourself("Nobody does this for themselves. Ask somebody else.")
    return person


def _one_at_a_time(by: User) -> None:
    """Let one person at a time take from others, for an administrator: two at once would each still see the other."""
    insist(why_not_administer(access.of(by)))
    Group.objects.select_for_update(no_key=True).get(name=Role.ADMINISTRATOR.value)


def _insist_on_another(person: User, role: str) -> None:
    """Refuse to take the last administrator."""
    if role != Role.ADMINISTRATOR or not person.groups.filter(name=role).exists():
        return
    administrators = User.objects.filter(groups__name=Role.ADMINISTRATOR.value, is_active=True)
    if not administrators.exclude(pk=person.pk).exists():
        raise LastAdministrator("Have another person made administrator first; nobody could do it afterwards.")


def _insist_on_two(person: User, taken: Collection[str]) -> None:
    """Refuse to take what leaves nobody to propose, or nobody else to sign, where both were there until now."""
    held = _held()
    left = [each for each in held if each[0] != person.pk or each[2] not in taken]
    if _can_change(held) and not _can_change(left):
        raise LastTwo(
            "Rules, roles and permissions are proposed by one person and signed by another; without them one of the "
            "two would be missing. Have somebody else made compliance officer or administrator first, and verified."
        )


def _held() -> list[tuple[UUID, bool, str]]:
    """Give who may put changes in force, or audits, with whether they are verified and each such role of theirs."""
    verified = Q(identity_verified_at__isnull=False)
    people = User.objects.filter(is_active=True, groups__name__in=[*PUTS_IN_FORCE, Role.AUDITOR])
    return list(people.values_list("pk", ExpressionWrapper(verified, BooleanField()), "groups__name"))


def _can_change(held: Iterable[tuple[UUID, bool, str]]) -> bool:
    """Tell whether one of these people can propose a change and another one sign it; auditors do neither."""
    held = list(held)
    auditors = {person for person, _, role in held if role == Role.AUDITOR}
    able = {person: is_verified for person, is_verified, _ in held if person not in auditors}
    return len(able) > 1 and any(able.values())
