"""What the roles really may do, read from the catalogue and held against what was declared."""

import re
from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from audit import grants

_PARTS = re.compile(r"(\w+)(?: \(([^)]*)\))?")

# What is granted to PUBLIC (grantee 0) is everybody's.
_HELD = """
    SELECT c.relname::text, r.rolname::text, acl.privilege_type, ''
      FROM pg_class c, aclexplode(c.relacl) acl, pg_roles r
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND acl.grantee IN (0, r.oid)
       AND r.rolname = ANY(%(roles)s)
    UNION ALL
    SELECT c.relname::text, r.rolname::text, acl.privilege_type, a.attname::text
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) acl, pg_roles r
     WHERE c.relnamespace = 'public'::regnamespace AND acl.grantee IN (0, r.oid) AND r.rolname = ANY(%(roles)s)
"""
_REFUSING = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_no_truncate' AND tgenabled <> 'D'"

Privilege = tuple[str, str, str, str]


def differences(connection: BaseDatabaseWrapper) -> list[str]:
    """Say every privilege a role has without a declaration, and every declared one it lacks."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"roles": list(grants.ROLES)})
        held: set[Privilege] = {tuple(row) for row in cursor.fetchall()}
    declared = set(_declared())
    return [
        *(f"{_said(each)} is granted, but not declared" for each in sorted(held - declared)),
        *(f"{_said(each)} is declared, but not granted" for each in sorted(declared - held)),
    ]


def emptiable(connection: BaseDatabaseWrapper) -> list[str]:
    """Name the append-only tables on which nothing refuses TRUNCATE."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSING)
        refusing = {name for (name,) in cursor.fetchall()}
    return [table for table in grants.append_only_tables() if table not in refusing]


def _declared() -> Iterator[Privilege]:
    for table, by_role in grants.declared().items():
        for role, privileges in by_role.items():
            for privilege, columns in _PARTS.findall(privileges):
                for column in columns.split(",") if columns else [""]:
                    yield table, role, privilege, column.strip()


def _said(each: Privilege) -> str:
    table, role, privilege, column = each
    return f"{privilege} on {table}{f' ({column})' if column else ''} to {role}"
