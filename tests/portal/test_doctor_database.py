"""`manage.py doctor` on the database: break one thing at a time and read the sentence that says so."""

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from portal.doctor import database
from portal.kit.clock import now
from tests.portal import scratch
from tests.portal.examining import FAIL, OK, WARN, level

# --- The database -----------------------------------------------------------------------------------------


@contextmanager
def as_superuser():
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.mark.django_db
def test_this_database_is_as_it_should_be_except_for_what_tests_need():
    found = {check.__name__: level(check) for check in database.CHECKS}

    assert {name for name, level in found.items() if level is not OK} == {"own_role", "truncate"}
    assert found["own_role"] is WARN  # the embedded login is a superuser


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("grant", "sentence"),
    [
        ("GRANT DELETE ON audit_entry TO countersign_app", "DELETE on audit_entry to countersign_app is granted"),
        ("GRANT UPDATE (kind) ON audit_entry TO countersign_eraser", "UPDATE on audit_entry (kind) to"),
        ("REVOKE INSERT ON audit_entry FROM countersign_app", "is declared, but not granted"),
        ("GRANT SELECT ON audit_data_key TO PUBLIC", ""),
    ],
)
def test_a_grant_too_many_or_too_few_is_named(grant, sentence):
    with as_superuser() as cursor:
        cursor.execute(grant)

    finding = database.privileges()

    assert (finding.level is FAIL) == bool(sentence)
    assert sentence in finding.sentence


@pytest.mark.django_db
def test_a_privilege_of_everybody_counts_as_each_roles_own():
    with as_superuser() as cursor:
        cursor.execute("GRANT DELETE ON reviews_signature TO PUBLIC")

    assert "DELETE on reviews_signature to countersign_app is granted" in database.privileges().sentence


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_named():
    with as_superuser() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'portal'")

    assert "portal.0001_installation" in database.migrations().sentence


@pytest.mark.django_db
def test_a_database_of_a_newer_version_is_told():
    with as_superuser() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('reviews', '9999_later', now())")

    assert "reviews.9999_later" in database.migrations().sentence


@pytest.mark.django_db
def test_truncate_is_told_until_the_ledger_is_hardened():
    assert level(database.truncate) is FAIL

    call_command("harden_ledger", verbosity=0)
    assert level(database.truncate) is OK


@pytest.mark.django_db
def test_working_as_the_owner_is_told():
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE countersign_owner")
        finding = database.own_role()
        cursor.execute("RESET ROLE")

    assert finding.level is FAIL
    assert "countersign_owner" in finding.sentence


@pytest.mark.django_db
def test_a_session_in_another_time_zone_is_told():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Europe/Berlin'")

    assert level(database.time_zone) is FAIL


@pytest.mark.django_db
def test_a_clock_that_is_five_seconds_off_is_told():
    with time_machine.travel(now() + timedelta(seconds=5)):
        assert level(database.clocks) is FAIL


@pytest.mark.django_db
def test_more_pools_than_connections_are_told(monkeypatch):
    monkeypatch.setattr(database, "PROCESSES", 1000)

    assert level(database.connections) is WARN


def test_a_server_that_does_not_answer_is_one_sentence_and_no_secret():
    said = scratch.manage("doctor", "--json", DATABASE_URL="postgresql://who:hidden-word@127.0.0.1:1/nothing")
    found = {each["check"]: each for each in json.loads(said.stdout)}

    assert said.returncode == 1
    assert found["postgresql"]["level"] == "fail"
    assert {"migrations", "keys"} & set(found) == set()
    assert "hidden-word" not in said.stdout + said.stderr
