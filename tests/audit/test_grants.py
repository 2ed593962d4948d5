"""Grants: the privileges in the database are the declared ones, no more and no fewer."""

import re

import pytest
from django.apps import apps

from audit import grants
from tests.audit.saying import run

pytestmark = pytest.mark.django_db


def tables() -> list[str]:
    return [name for (name,) in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]


# Read from the lists themselves: what is granted to PUBLIC (grantee 0) counts as everybody's.
def whole_table(role: str, table: str) -> set[str]:
    held = run(
        "SELECT acl.privilege_type FROM pg_class, aclexplode(relacl) acl"
        " WHERE pg_class.oid = %s::regclass AND acl.grantee IN (0, %s::regrole)",
        f'public."{table}"',
        role,
    )
    return {privilege for (privilege,) in held}


def columns(role: str, table: str) -> dict[str, set[str]]:
    held = run(
        "SELECT acl.privilege_type, array_agg(attname::text) FROM pg_attribute, aclexplode(attacl) acl"
        " WHERE attrelid = %s::regclass AND acl.grantee IN (0, %s::regrole) GROUP BY 1",
        f'public."{table}"',
        role,
    )
    return {privilege: set(names) for privilege, names in held}


def parsed(declared: str) -> tuple[set[str], dict[str, set[str]]]:
    by_column = {
        privilege: {name.strip() for name in names.split(",")}
        for privilege, names in re.findall(r"(\w+) \(([^)]*)\)", declared)
    }
    whole = {word.strip() for word in re.sub(r"\w+ \([^)]*\)", "", declared).split(",") if word.strip()}
    return whole, by_column


@pytest.mark.parametrize("role", grants.ROLES)
def test_actual_privileges_are_the_declared_ones(role):
    declared = grants.declared()

    for table in tables():
        whole, by_column = parsed(declared.get(table, {}).get(role, ""))
        assert (table, whole_table(role, table)) == (table, whole)
        assert (table, columns(role, table)) == (table, by_column)


def test_every_table_of_a_model_is_declared_and_exists():
    assert set(grants.declared()) <= set(tables())


@pytest.mark.parametrize("role", grants.ROLES)
def test_sequences_may_be_used_and_nothing_else(role):
    names = [name for (name,) in run("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")]

    for name in names:
        held = run(
            "SELECT has_sequence_privilege(%s, %s, 'USAGE'), has_sequence_privilege(%s, %s, 'UPDATE')",
            *(role, name) * 2,
        )
        assert (name, held) == (name, [(True, False)])


def test_what_calls_itself_append_only_cannot_be_changed():
    for model in apps.get_models():
        if grants.is_append_only(model):
            assert grants.declared()[model._meta.db_table][grants.APP] == "SELECT, INSERT"


def test_nobody_may_create_tables():
    assert (
        run(
            "SELECT r FROM unnest(%s::text[]) r WHERE has_schema_privilege(r, 'public', 'CREATE')",
            list(grants.ROLES),
        )
        == []
    )


def test_tests_work_as_the_application():
    assert run("SELECT current_user") == [(grants.APP,)]
