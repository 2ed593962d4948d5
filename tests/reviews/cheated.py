"""What the tests of verification share: a change behind every rule, and what verification then names."""

from django.db import connection

from audit.sealing import verification
from tests.audit.sealed import tamper

ANOTHER_PERSON = "(SELECT id FROM portal_user u WHERE u.id <> {} ORDER BY id LIMIT 1)"
ANOTHER_EXHIBIT = "(SELECT id FROM audit_exhibit x WHERE x.id IS DISTINCT FROM {} ORDER BY id LIMIT 1)"


def found() -> set[str]:
    """Give what verification names: of each finding the code and the projection."""
    connection.check_constraints()
    return {f"{each.code} {each.where.split()[0]}" for each in verification.verify_ledger().findings}


def named_after(sql: str) -> set[str]:
    """Give what verification names once somebody with the database's own password ran this."""
    connection.check_constraints()
    tamper(sql)
    return found()


def copied(table: str, **columns: str) -> str:
    """Write the SQL that adds a copy of one row of a table, with these columns put differently."""
    given = ", ".join(f"'{name}', {value}" for name, value in ({"id": "gen_random_uuid()"} | columns).items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({given}))).* FROM {table} t LIMIT 1"  # noqa: S608
    )
