"""People as those who answer for them see them: roles, walls, standing, what they may do and when they last did."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Model, Q
from guardian.models import GroupObjectPermission

from portal.accounts import pairs
from portal.accounts.access import WALL
from portal.accounts.models import User
from portal.accounts.pairs import Conflict
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.problems import NotFound
from reviews import walls
from reviews.models import Substitution
from reviews.proposals.people import TARGETS
from reviews.showing import access_review
from reviews.showing import authority as registers
from reviews.showing.access_review import Row as Right
from reviews.showing.telling import role_title

PAGE: Final = 100
NAMED: Final = 10
_Tag = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """A role, or a place behind a wall, by its group's name and as people call it."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Given:
    """A permission of a role on one thing: who has it by the role, a few by name, and which other roles have it."""

    role: Role
    permission: str
    title: str
    kind: str
    thing: Model
    people: int
    named: list[str]
    others: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One person in the list; `away` names who signs for them, `for_others` those they sign for."""

    person: User
    roles: list[Held]
    walls: list[Held]
    tags: list[_Tag]
    away: list[str]
    for_others: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the people, and where the next page begins."""

    rows: list[Row]
    total: int
    next: int | None
    back: int | None
    conflicts: list[Conflict]


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything the page of one person shows."""

    row: Row
    rights: list[Right]
    authority: list[registers.Row]
    licences: list[registers.Row]
    conflicts: list[Conflict]

    @property
    def person(self) -> User:
        """Give the person."""
        return self.row.person


def listed(asked: str = "", number: int = 1) -> Page:
    """Give one page of everybody, by name; those deactivated come last."""
    found = User.objects.all()
    if asked:
        found = found.filter(Q(printed_name__icontains=asked) | Q(username__icontains=asked))
    total, number = found.count(), max(number, 1)
    people = found.order_by("-is_active", "printed_name", "username").prefetch_related("groups")
    rows = _rows(list(people[(number - 1) * PAGE : number * PAGE]))
    after = number + 1 if number * PAGE < total else None
    return Page(rows, total, after, number - 1 or None, pairs.conflicts())


def profile(person_id: UUID) -> Profile:
    """Give one person. Raises NotFound."""
    person = found(person_id)
    entitled, licensed = registers.of_person(person)
    return Profile(_rows([person])[0], access_review.rows(person), entitled, licensed, pairs.conflicts(person))


def found(person_id: UUID) -> User:
    """Give one person's account. Raises NotFound."""
    people = User.objects.prefetch_related("groups").select_related("identity_verified_by")
    person = people.filter(pk=person_id).first()
    if person is None:
        raise NotFound("There is no such person.")
    return person


def held(person_id: UUID, role: str) -> tuple[User, Held]:
    """Give a person and a role they hold, to confirm that it is taken. Raises NotFound."""
    person = User.objects.filter(pk=person_id, groups__name=role).first()
    if person is None:
        raise NotFound("There is no such person, or they do not hold this.")
    return person, _held(role)


def given(role: str, permission: str, key: UUID) -> Given:
    """Give a permission a role has on a queue or a flow, to confirm that it is taken. Raises NotFound."""
    had = GroupObjectPermission.objects.filter(permission__codename=permission, object_pk=str(key))
    found = had.filter(group__name=role).select_related("permission__content_type").first()
    if found is None or role not in set(Role):
        raise NotFound("There is no such permission, or it was taken already.")
    kind = found.permission.content_type.model
    others = had.exclude(group__name=role).values_list("group__name", flat=True)
    people = User.objects.filter(is_active=True, groups__name=role).order_by("printed_name", "username")
    return Given(
        Role(role), permission, found.permission.name, kind, TARGETS[kind]._default_manager.get(pk=key),
        people.count(), list(map(str, people[:NAMED])), sorted(map(role_title, others)),
    )  # fmt: skip


def titled(found: Conflict) -> str:
    """Say which two roles a person holds that nobody may."""
    return f"{role_title(found.first)} and {role_title(found.second)}"


def _rows(people: list[User]) -> list[Row]:
    moment = now()
    live = Substitution.objects.filter(ended_at=None, starts_at__lte=moment, ends_at__gt=moment)
    lent = list(live.filter(Q(absent__in=people) | Q(substitute__in=people)).select_related("absent", "substitute"))
    return [_row(each, lent) for each in people]


def _row(person: User, lent: list[Substitution]) -> Row:
    names = sorted(group.name for group in person.groups.all())
    return Row(
        person,
        [_held(name) for name in names if not name.startswith(WALL)],
        [_held(name) for name in names if name.startswith(WALL)],
        _tags(person),
        sorted(str(each.substitute) for each in lent if each.absent_id == person.pk),
        sorted(str(each.absent) for each in lent if each.substitute_id == person.pk),
    )


def _held(name: str) -> Held:
    if name.startswith(WALL):
        return Held(name, walls.title(name.removeprefix(WALL)))
    return Held(name, role_title(name))


def _tags(person: User) -> list[_Tag]:
    """Say how an account stands; a deactivated one is that and nothing else."""
    if not person.is_active:
        return [("x", "", "Deactivated")]
    verified = person.identity_verified_at is not None
    tags = [("check", "ok", "Identity verified") if verified else ("warn", "warn", "Identity not verified")]
    return [*tags, ("lock", "bad", "Signing locked")] if person.signing_locked_at else tags
