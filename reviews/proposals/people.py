"""Roles, permissions and forbidden pairs as changes: who would get what, and whether they may."""

import hashlib
from typing import Any, Final
from uuid import UUID

from django.db.models import Model
from guardian.models import GroupObjectPermission

from portal.accounts import access, pairs
from portal.accounts.models import ForbiddenPair, User
from portal.accounts.roles import Role
from reviews.models import Flow, Queue
from reviews.policies.suggesting import unknown
from reviews.proposals import documents
from reviews.proposals.summaries import NothingChanges, Summary, insist_on_target
from reviews.words import Wall

TARGETS: Final[dict[str, type[Model]]] = {"queue": Queue, "flow": Flow}
WALLS: Final = frozenset(access.WALL + wall for wall in Wall if wall is not Wall.ORDINARY)
_GROUPS: Final = frozenset({*Role, *WALLS})


class RoleOfPerson:
    """A role, or a place behind a wall, for one person: `{"person": …, "role": …}`."""

    word = "role"
    name = "role"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read who gets which role; roles that nobody may hold together are refused."""
        asked = documents.read(content, person=str, role=str)
        person = _person(asked["person"])
        insist_on_target(target, person.pk)
        role = asked["role"]
        if role not in _GROUPS:
            raise documents.wrong("/role", unknown("role", role, _GROUPS))
        held = sorted(person.groups.values_list("name", flat=True))
        if role in held:
            raise NothingChanges(f"{person.printed_name} holds this already.")
        pairs.insist_on_allowed(person, role)
        title = f"Give {_called(role)}"
        return Summary(
            title=title,
            told=f"{title} to {person.printed_name} ({person.username})",
            content=documents.written(person=str(person.pk), role=role),
            base=hashlib.sha256(" ".join(held).encode()).hexdigest(),
            target=person.pk,
            differences=[f"{person.printed_name} ({person.username}) gets {_called(role)}; now: {_now(held)}."],
        )


class PermissionOfRole:
    """One permission on a queue or a flow for a role: `{"role": …, "permission": …, "target": …, "target_id": …}`."""

    word = "access"
    name = "permission"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read which role gets which permission on what."""
        asked = documents.read(content, role=str, permission=str, target=str, target_id=str)
        role, permission, kind = asked["role"], asked["permission"], asked["target"]
        if role not in set(Role):
            raise documents.wrong("/role", unknown("role", role, set(Role)))
        thing, permissions = _thing(kind, asked["target_id"])
        if permission not in permissions:
            raise documents.wrong("/permission", unknown("permission", permission, permissions))
        insist_on_target(target, thing.pk)
        if has(role, permission, kind, thing):
            raise NothingChanges(f"{Role(role).title} has this permission already.")
        title = f"{permissions[permission]}: {Role(role).title} on {kind} {thing}"
        return Summary(
            title=title,
            told=title,
            content=documents.written(permission=permission, role=role, target=kind, target_id=str(thing.pk)),
            base="absent",
            target=thing.pk,
            differences=[f"{Role(role).title} gets “{permissions[permission]}” on the {kind} {thing}."],
        )


class PairOfRoles:
    """Two roles nobody may hold together, or may again: `{"first": …, "second": …, "forbidden": true|false}`."""

    word = "role-pair"
    name = "pair of roles"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read which pair is forbidden or allowed; the reason is the proposal's."""
        asked = documents.read(content, first=str, second=str, forbidden=bool)
        for name in ("first", "second"):
            if asked[name] not in set(Role):
                raise documents.wrong(f"/{name}", unknown("role", asked[name], set(Role)))
        first, second = sorted((asked["first"], asked["second"]))
        if first == second:
            raise documents.wrong("/second", "A role is no pair with itself; name another.")
        pair = ForbiddenPair.objects.filter(first=first, second=second, ended_at=None).first()
        insist_on_target(target, pair.pk if pair else None)
        forbids = asked["forbidden"]
        if forbids is (pair is not None):
            raise NothingChanges(f"This pair is {'forbidden' if forbids else 'allowed'} already.")
        said = f"{Role(first).title} and {Role(second).title}"
        title = f"{'Forbid' if forbids else 'Allow'} {said} together"
        return Summary(
            title=title,
            told=title,
            content=documents.written(first=first, forbidden=forbids, second=second),
            base="forbidden" if pair else "allowed",
            target=pair.pk if pair else None,
            differences=_holders(first, second) if forbids else [f"One person may hold {said} again."],
        )


def has(role: str, permission: str, kind: str, thing: Any) -> bool:
    """Tell whether a role has a permission on one object."""
    held = GroupObjectPermission.objects.filter(
        group__name=role, permission__codename=permission, permission__content_type__model=kind, object_pk=str(thing.pk)
    )
    return bool(held.exists())


def _thing(kind: str, key: str) -> tuple[Any, dict[str, str]]:
    model = TARGETS.get(kind)
    if model is None:
        raise documents.wrong("/target", unknown("target", kind, TARGETS))
    thing = model._default_manager.filter(**{_column(key): key}).first()
    if thing is None:
        raise documents.wrong("/target_id", f"There is no {kind} “{key[:60]}”. Give its id or its short name.")
    return thing, {str(codename): str(name) for codename, name in model._meta.permissions}


def _person(key: str) -> User:
    column = "pk" if _column(key) == "pk" else "username"
    person = User.objects.filter(**{column: key}, is_active=True).first()
    if person is None:
        raise documents.wrong("/person", f"There is nobody active called “{key[:60]}”. Give their sign-in name.")
    return person


def _column(key: str) -> str:
    try:
        return "pk" if str(UUID(key)) == key else "slug"
    except ValueError:
        return "slug"


def _called(role: str) -> str:
    if role.startswith(access.WALL):
        return f"a place behind the wall “{role.removeprefix(access.WALL)}”"
    return f"the role {Role(role).title}"


def _now(held: list[str]) -> str:
    return ", ".join(held) or "no role"


def _holders(first: str, second: str) -> list[str]:
    both = User.objects.filter(is_active=True, groups__name=first).filter(groups__name=second).order_by("username")
    told = [f"{each.printed_name} ({each.username}) holds both now and keeps them until one is taken." for each in both]
    return [f"Nobody may be given {first} and {second} together any more.", *told]
