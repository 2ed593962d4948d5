"""Access: everything a person may do on queues and flows, asked in one query and held for one request."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from portal.accounts.models import User

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
"""


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do, at the moment it was asked."""

    roles: frozenset[str]
    grants: frozenset[tuple[str, str, str]]

    def may(self, permission: str, model: str, key: UUID | str) -> bool:
        """Tell whether the permission on this one object is there."""
        return (permission, model, str(key)) in self.grants

    def where(self, permission: str, model: str) -> list[UUID]:
        """Give the ids of all objects of the model on which the permission is there."""
        return sorted(UUID(key) for name, kind, key in self.grants if (name, kind) == (permission, model))


def of(person: User) -> Access:
    """Ask the database once what this person may do now; a deactivated person may do nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"user": person.pk})
        rows = cursor.fetchall()
    return Access(
        roles=frozenset(name for kind, name, _, _ in rows if kind == "role"),
        grants=frozenset((name, model, key) for kind, name, model, key in rows if kind == "grant"),
    )
