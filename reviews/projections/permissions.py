"""Who may do what, against the newest entry about each: people, roles, permissions on objects, forbidden pairs."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.db import connection

from audit.sealing import telling
from audit.sealing.telling import Standing, Telling

_STANDING: Final = (
    Standing(
        "role", "person.role_granted", "person.role_withdrawn", ("stream", "role"),
        """SELECT m.user_id, jsonb_build_object('role', g.name)
             FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id""",
    ),
    Standing(
        "permission", "access.granted", "access.withdrawn", ("stream", "target", "role", "permission"),
        """SELECT o.object_pk::uuid, jsonb_build_object('role', g.name, 'permission', p.codename, 'target', c.model,
                  'target_id', o.object_pk)
             FROM guardian_groupobjectpermission o JOIN auth_group g ON g.id = o.group_id
             JOIN auth_permission p ON p.id = o.permission_id JOIN django_content_type c ON c.id = o.content_type_id""",
    ),
    Standing(
        "verified identity", "person.identity_verified", "", ("stream",),
        """SELECT id, jsonb_build_object('by', identity_verified_by_id)
             FROM portal_user WHERE identity_verified_at IS NOT NULL""",
    ),
    Standing(
        "deactivation", "person.deactivated", "", ("stream",),
        "SELECT id, jsonb_build_object() FROM portal_user WHERE NOT is_active",
    ),
)  # fmt: skip
_TOLD: Final = (
    Telling("person", "person.added", ("stream",), "SELECT id, jsonb_build_object() FROM portal_user"),
    Telling(
        "forbidden pair", "roles.pair_forbidden", ("stream",),
        "SELECT id, jsonb_build_object('first', first, 'second', second) FROM portal_forbidden_pair",
    ),
    Telling(
        "pair allowed again", "roles.pair_allowed", ("stream",),
        """SELECT id, jsonb_build_object('first', first, 'second', second)
             FROM portal_forbidden_pair WHERE ended_at IS NOT NULL""",
    ),
)  # fmt: skip
_ALONE: Final = """
SELECT user_id, format('the permission %s on %s is given to a person, not to a role', permission_id, object_pk)
  FROM guardian_userobjectpermission
"""


def differences() -> Iterator[tuple[UUID, str]]:
    """Give each person, object and pair of roles about which rows say another thing than the newest entry."""
    yield from telling.standing(_STANDING)
    yield from telling.differences(_TOLD)
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
        yield from cursor.fetchall()
