"""Access: everything a person may do on queues and flows, asked in one query and held for one request."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts.models import User
from portal.accounts.roles import NEVER_SIGN, READING, Role, Wall
from portal.kit.clock import now

_QUERY = """
    WITH person AS (SELECT id FROM portal_user WHERE id = %(user)s::uuid AND is_active)
    SELECT 'role', g.name, '', '' FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id
     WHERE m.user_id IN (SELECT id FROM person)
    UNION ALL
    SELECT 'grant', p.codename, c.model, o.object_pk
      FROM guardian_groupobjectpermission o
      JOIN portal_user_groups m ON m.group_id = o.group_id AND m.user_id IN (SELECT id FROM person)
      JOIN auth_permission p ON p.id = o.permission_id
      JOIN django_content_type c ON c.id = o.content_type_id
    UNION ALL
    SELECT 'grant', p.codename, c.model, o.object_pk
      FROM guardian_userobjectpermission o
      JOIN auth_permission p ON p.id = o.permission_id
      JOIN django_content_type c ON c.id = o.content_type_id
     WHERE o.user_id IN (SELECT id FROM person)
    UNION ALL
    SELECT 'grant', 'see_' || k.model, k.model, k.id::text
      FROM (SELECT 'queue' AS model, id FROM reviews_queue UNION ALL SELECT 'flow', id FROM reviews_flow) k
     WHERE EXISTS (SELECT FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id
                    WHERE m.user_id IN (SELECT id FROM person) AND g.name = %(auditor)s)
    UNION ALL
    SELECT 'lent', s.id::text, '', json_build_object(
             'absent', a.id, 'name', a.printed_name, 'up_to', s.up_to::text, 'currency', s.currency, 'until', s.ends_at,
             'roles', (SELECT json_agg(g.name) FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id
                        WHERE m.user_id = a.id),
             'queues', (SELECT json_agg(DISTINCT q.key) FROM (
                          SELECT o.object_pk, o.permission_id FROM guardian_groupobjectpermission o
                            JOIN portal_user_groups m ON m.group_id = o.group_id AND m.user_id = a.id
                          UNION ALL
                          SELECT o.object_pk, o.permission_id FROM guardian_userobjectpermission o
                           WHERE o.user_id = a.id) AS q(key, permission)
                          JOIN auth_permission p ON p.id = q.permission AND p.codename = 'review_in_queue'
                         WHERE s.queues = '[]'::jsonb OR s.queues ? q.key))::text
      FROM reviews_substitution s JOIN portal_user a ON a.id = s.absent_id AND a.is_active
     WHERE s.substitute_id IN (SELECT id FROM person)
       AND s.ended_at IS NULL AND s.starts_at <= %(now)s AND s.ends_at > %(now)s
    UNION ALL
    SELECT 'lent', b.id::text, '', json_build_object(
             'roles', json_build_array(b.role), 'queues', json_build_array(b.queue_id), 'until', b.ends_at)::text
      FROM reviews_break_glass b
     WHERE b.person_id IN (SELECT id FROM person)
       AND b.ended_at IS NULL AND b.starts_at <= %(now)s AND b.ends_at > %(now)s
"""
WALL = "wall-"
"""How the groups are named that let people behind a wall: `wall-counsel`."""
ORDINARY: frozenset[str] = frozenset({Wall.ORDINARY.value})
_Grant = tuple[str, str, str]
_LENDABLE = ("review_in_queue", "queue")
_SEEING = ("see_queue", "review_in_queue", "manage_in_queue")


@dataclass(frozen=True, slots=True)
class Lent:
    """Roles a person has on some queues for a while: those of who is away, or one taken in an emergency."""

    id: UUID
    roles: frozenset[str]
    queues: frozenset[str]
    until: datetime
    absent: UUID | None = None
    name: str = ""
    up_to: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do, at the moment it was asked; `lent` is what they may for a while.

    `walls` are those the person is inside of; everybody is inside the ordinary one.
    """

    roles: frozenset[str]
    grants: frozenset[_Grant]
    lent: tuple[Lent, ...] = ()
    walls: frozenset[str] = ORDINARY

    @property
    def is_auditor(self) -> bool:
        """Tell whether the person reads everything and changes nothing."""
        return Role.AUDITOR in self.roles

    @property
    def is_administrator(self) -> bool:
        """Tell whether the person configures and never decides."""
        return Role.ADMINISTRATOR in self.roles

    @property
    def reads_all(self) -> bool:
        """Tell whether the person reads all configuration, registers and people."""
        return not READING.isdisjoint(self.roles)

    def may(self, permission: str, model: str, key: UUID | str) -> bool:
        """Tell whether the permission on this one object is there, as one's own or lent."""
        return self.owns(permission, model, key) or (
            (permission, model) == _LENDABLE and any(str(key) in each.queues for each in self.lent)
        )

    def owns(self, permission: str, model: str, key: UUID | str) -> bool:
        """Tell whether the permission on this one object is the person's own."""
        return (permission, model, str(key)) in self.grants

    def where(self, permission: str, model: str) -> list[UUID]:
        """Give the ids of all objects of the model on which the permission is there, as one's own or lent."""
        keys = {key for name, kind, key in self.grants if (name, kind) == (permission, model)}
        if (permission, model) == _LENDABLE:
            keys |= {key for each in self.lent for key in each.queues}
        return sorted(map(UUID, keys))

    def seen_queues(self) -> set[UUID]:
        """Give the ids of all queues the person may know of: to look, to review, or to manage."""
        return {key for permission in _SEEING for key in self.where(permission, "queue")}


def of(person: User) -> Access:
    """Ask the database once what this person may do now; a deactivated person may do nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"user": person.pk, "now": now(), "auditor": Role.AUDITOR.value})
        rows = cursor.fetchall()
    groups = frozenset(name for kind, name, _, _ in rows if kind == "role")
    roles = frozenset(each for each in groups if not each.startswith(WALL))
    lent = [_lent(UUID(name), json.loads(told)) for kind, name, _, told in rows if kind == "lent"]
    lent = [each for each in lent if each.roles.isdisjoint(NEVER_SIGN)]
    return Access(
        roles=roles,
        grants=_kept(roles, frozenset((name, model, key) for kind, name, model, key in rows if kind == "grant")),
        lent=tuple(lent) if roles.isdisjoint(NEVER_SIGN) else (),
        walls=ORDINARY.union(each.removeprefix(WALL) for each in groups - roles),
    )


def _kept(roles: frozenset[str], grants: frozenset[_Grant]) -> frozenset[_Grant]:
    """Give what is left of permissions: an auditor only looks, an administrator decides nothing, whatever they hold."""
    if Role.AUDITOR in roles:
        return frozenset(each for each in grants if each[0].startswith("see_"))
    if Role.ADMINISTRATOR in roles:
        return frozenset(("see_queue", *each[1:]) if each[0] == "review_in_queue" else each for each in grants)
    return grants


def _lent(row: UUID, told: dict[str, Any]) -> Lent:
    return Lent(
        id=row,
        roles=frozenset(each for each in told["roles"] or () if not each.startswith(WALL)),
        queues=frozenset(told["queues"] or ()),
        until=datetime.fromisoformat(told["until"]),
        absent=UUID(told["absent"]) if "absent" in told else None,
        name=told.get("name", ""),
        up_to=Decimal(told["up_to"]) if told.get("up_to") else None,
        currency=told.get("currency", ""),
    )
