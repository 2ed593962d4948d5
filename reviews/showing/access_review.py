"""The access review: who may do what where, since when and granted by whom, and when it was last used."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from audit import stories
from audit.actors import Actor, ActorType
from portal.accounts.access import WALL
from portal.accounts.models import User
from portal.accounts.roles import SIGNING, Role
from portal.kit.clock import now
from reviews.models import BreakGlass, Flow, Queue, Substitution
from reviews.showing.telling import role_title

LOOKED_BACK = timedelta(days=366)
"""How far back uses are looked for; what was not used since then shows none."""
_LISTED = tuple[UUID, str, str, datetime | None, str, str, str, str]
_HELD = """
SELECT u.id, u.username, u.printed_name, u.last_login, g.name,
       coalesce(p.codename, ''), coalesce(c.model, ''), coalesce(o.object_pk, '')
  FROM portal_user u
  JOIN portal_user_groups m ON m.user_id = u.id
  JOIN auth_group g ON g.id = m.group_id
  LEFT JOIN guardian_groupobjectpermission o ON o.group_id = g.id
  LEFT JOIN auth_permission p ON p.id = o.permission_id
  LEFT JOIN django_content_type c ON c.id = o.content_type_id
 WHERE u.is_active AND u.id = coalesce(%(person)s::uuid, u.id)
 UNION ALL
SELECT u.id, u.username, u.printed_name, u.last_login, '', p.codename, c.model, o.object_pk
  FROM guardian_userobjectpermission o
  JOIN portal_user u ON u.id = o.user_id AND u.is_active AND u.id = coalesce(%(person)s::uuid, u.id)
  JOIN auth_permission p ON p.id = o.permission_id
  JOIN django_content_type c ON c.id = o.content_type_id
"""
# The newest entry that gave a role to a person, or a role a permission on an object.
_GRANTED = """
SELECT DISTINCT ON (e.stream, role, permission)
       e.stream, reviews_pub(e.leaf_bytes, 'role') AS role,
       coalesce(reviews_pub(e.leaf_bytes, 'permission'), '') AS permission, e.at, e.actor_type, e.actor_ref,
       (SELECT p.proposed_by_id FROM reviews_proposal p WHERE p.id::text = reviews_pub(e.leaf_bytes, 'proposal'))
  FROM audit_entry e
 WHERE e.stream = ANY (%s::uuid[]) AND e.kind IN ('person.role_granted', 'access.granted')
 ORDER BY e.stream, role, permission, e.version DESC
"""
_USED = """
SELECT signer_id, role, queue_id::text, on_behalf_of_id, break_glass_id, max(at) FROM (
    SELECT s.signer_id, s.role, i.queue_id, s.on_behalf_of_id, s.break_glass_id, s.signed_at AS at
      FROM reviews_signature s JOIN reviews_item i ON i.id = s.item_id WHERE s.signed_at > %(since)s
    UNION ALL
    SELECT signer_id, role, NULL, NULL, NULL, signed_at FROM reviews_proposal_signature WHERE signed_at > %(since)s
    UNION ALL
    SELECT l.holder_id, '', i.queue_id, NULL, NULL, l.taken_at
      FROM reviews_lease l JOIN reviews_item i ON i.id = l.item_id
) used WHERE signer_id = coalesce(%(person)s::uuid, signer_id) GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing one person may do; `last_sign_in` is the person's own.

    `last_used` is a signature by it, or a hold that lasts still; of what leaves neither there is no record.

    What it is taken away by is no column: `key` is a role's group, or the object of a permission.
    """

    person: str
    name: str
    kind: str
    role: str
    permission: str
    where: str
    since: datetime | None
    until: datetime | None
    granted_by: str
    last_used: datetime | None
    last_sign_in: datetime | None
    person_id: UUID
    key: str = ""

    @property
    def is_recorded(self) -> bool:
        """Tell whether using it leaves a trace that is looked for."""
        if self.kind == "permission":
            return self.permission == "review_in_queue"
        return self.kind in ("substitution", "break-glass") or self.role in _SIGN

    @property
    def said(self) -> str:
        """Say what it is, in the words of a page."""
        role = role_title(self.role)
        if self.kind == "permission":
            return f"{_PERMISSIONS.get(self.permission, self.permission)}, as {role}"
        if self.kind == "role":
            return f"{role}: {self.permission}" if self.permission else role
        if self.kind == "break-glass":
            return f"Emergency access as {role}"
        return "Behind the wall" if self.kind == "wall" else self.permission.replace("signs", "Signs", 1)


COLUMNS = tuple(each.name for each in fields(Row) if each.name not in ("person_id", "key"))


@dataclass(frozen=True, slots=True)
class _Grant:
    """By whom and when something was given."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class _Use:
    """When somebody last did something in a role on a queue, and in whose stead."""

    role: str
    queue: str
    absent: UUID | None
    glass: UUID | None
    at: datetime


_PERMISSIONS = {code: name for model in (Queue, Flow) for code, name in model._meta.permissions}
_SIGN = {*SIGNING, Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR}
_Uses = Mapping[UUID, list[_Use]]


def rows(person: User | None = None) -> list[Row]:
    """Give everything active people, or one of them, may do, in a fixed order; a handful of queries for everybody."""
    only = person.pk if person else None
    held: list[_LISTED] = _asked(_HELD, {"person": only})
    used = _used(only)
    places = _places()
    granted = _granted({each[0] for each in held} | {UUID(each[7]) for each in held if each[7]})
    found = [*_roles(held, granted, used), *_permissions(held, granted, used, places), *_lent(used, places, only)]
    return sorted(found, key=lambda row: tuple(map(str, (getattr(row, name) for name in COLUMNS))))


def _roles(held: Iterable[_LISTED], granted: Mapping[Any, _Grant], used: _Uses) -> Iterator[Row]:
    for person, username, name, sign_in, role in sorted({each[:5] for each in held if each[4]}, key=str):
        by, walled = granted.get((person, role, "")), role.startswith(WALL)
        yield Row(
            username, name, "wall" if walled else "role", "" if walled else role, _general(role),
            role.removeprefix(WALL) if walled else "", by.at if by else None, None, by.by if by else "",
            _last(each for each in used[person] if each.role == role), sign_in, person, role,
        )  # fmt: skip


def _permissions(
    held: Iterable[_LISTED], granted: Mapping[Any, _Grant], used: _Uses, places: Mapping[str, str]
) -> Iterator[Row]:
    for person, username, name, sign_in, role, permission, model, key in held:
        if not permission:
            continue
        by = granted.get((UUID(key), role, permission))
        signs = permission == "review_in_queue"
        mine = (each for each in used[person] if signs and each.queue == key and each.role in (role, ""))
        yield Row(
            username, name, "permission", role, permission, places.get(key, f"{model} {key}"), by.at if by else None,
            None, by.by if by else "", _last(mine), sign_in, person, key,
        )  # fmt: skip


def _lent(used: _Uses, places: Mapping[str, str], only: UUID | None) -> Iterator[Row]:
    people = ("absent", "substitute", "made_by")
    lasting = Q(ended_at=None, ends_at__gt=now())
    stand_ins = Substitution.objects.filter(lasting, Q(substitute=only) if only else Q())
    for each in stand_ins.select_related(*people):
        who, absent = each.substitute, each.absent
        on = ", ".join(sorted(places.get(str(key), str(key)) for key in each.queues)) or "every queue of theirs"
        mine = (use for use in used[who.pk] if use.absent == absent.pk)
        yield Row(
            who.username, who.printed_name, "substitution", "", f"signs for {absent.printed_name}", on, each.starts_at,
            each.ends_at, each.made_by.printed_name, _last(mine), who.last_login, who.pk,
        )  # fmt: skip
    emergencies = BreakGlass.objects.filter(lasting, Q(person=only) if only else Q())
    for glass in emergencies.select_related("person", "queue"):
        who, mine = glass.person, (use for use in used[glass.person_id] if use.glass == glass.pk)
        yield Row(
            who.username, who.printed_name, "break-glass", glass.role, "review_in_queue", f"queue {glass.queue.slug}",
            glass.starts_at, glass.ends_at, who.printed_name, _last(mine), who.last_login, who.pk,
        )  # fmt: skip


def _general(role: str) -> str:
    """Say what a role may do everywhere, without a permission on an object."""
    return {Role.AUDITOR.value: "see every queue and flow"}.get(role, "")


def _granted(streams: Iterable[UUID]) -> dict[tuple[UUID, str, str], _Grant]:
    found = _asked(_GRANTED, [list(streams)])
    people = User.objects.in_bulk({each[5] for each in found} | {each[6] for each in found if each[6]})
    return {
        (stream, role, permission): _Grant(at, _by(Actor(ActorType(kind), ref), proposer, people))
        for stream, role, permission, at, kind, ref, proposer in found
    }


def _by(actor: Actor, proposer: UUID | None, people: Mapping[UUID, User]) -> str:
    signed = str(people[actor.ref]) if actor.ref in people else stories.nameless(actor)
    return f"{signed}, proposed by {people[proposer]}" if proposer is not None else signed


def _used(only: UUID | None) -> _Uses:
    used: dict[UUID, list[_Use]] = defaultdict(list)
    for person, role, queue, absent, glass, at in _asked(_USED, {"since": now() - LOOKED_BACK, "person": only}):
        used[person].append(_Use(role, queue or "", absent, glass, at))
    return used


def _places() -> dict[str, str]:
    """Name queues and flows by their ids."""
    queues = {str(key): f"queue {slug}" for key, slug in Queue.objects.values_list("pk", "slug")}
    return queues | {str(key): f"flow {slug}" for key, slug in Flow.objects.values_list("pk", "slug")}


def _last(used: Iterable[_Use]) -> datetime | None:
    return max((each.at for each in used), default=None)


def _asked(statement: str, given: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
