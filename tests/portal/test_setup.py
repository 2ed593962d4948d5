"""`manage.py setup`: an empty database is brought into use once; what would harm is refused before it is touched."""

import base64
import os
import re
import stat

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from audit import ledger
from audit.actors import SystemJob
from audit.sealing import announcing, keys
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.installing import actions, roles
from tests.portal import scratch

BY = SystemJob.CONFIGURATOR
PASSWORD = "quiet-otter-sings-at-dawn"
NAME = f"countersign_setup_{os.getpid()}"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """An installation made by setup, with what setup said."""
    folder = tmp_path_factory.mktemp("installation")
    password = folder / "password"
    password.write_text(PASSWORD + "\n")
    with scratch.empty_database(NAME) as database:
        environment = {"DATABASE_URL": scratch.url(database), "KEYS_DIR": str(folder / "keys")}
        said = scratch.manage(
            "setup", "--no-input", *scratch.ORGANISATION, "--administrator", "tom.becker", "--printed-name",
            "Tom Becker", "--email", "tom@example.com", "--password-file", str(password),
            "--totp-file", str(folder / "totp"), **environment,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        yield environment, said, folder


def asked(environment, query):
    with psycopg.connect(environment["DATABASE_URL"]) as connected:
        return connected.execute(query).fetchall()


def test_setup_leaves_an_entry_for_everything_it_did(opened):
    environment, *_ = opened

    kinds = [kind for (kind,) in asked(environment, "SELECT kind FROM audit_entry ORDER BY at, eid")]

    assert kinds == [
        "key.added", "key.added", "installation.opened", *["roles.pair_forbidden"] * 16, "person.added",
        "person.factor_enrolled", "person.role_granted",
    ]  # fmt: skip
    assert asked(environment, "SELECT organisation FROM portal_installation") == [("Example Mutual",)]
    assert {name for (name,) in asked(environment, "SELECT name FROM auth_group")} == {role.value for role in Role}


def test_private_keys_and_the_second_factor_are_for_their_owner_alone(opened):
    _, _, folder = opened
    private = [*(folder / "keys").glob("*.key"), folder / "totp"]

    assert len(private) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o700


def test_the_authenticators_address_goes_to_the_file_and_nowhere_else(opened):
    _, said, folder = opened

    assert re.fullmatch(
        r"otpauth://totp/Countersign:tom.becker\?secret=[A-Z2-7]{32}&.*\n", (folder / "totp").read_text()
    )
    assert "otpauth" not in said.stdout + said.stderr
    assert PASSWORD not in said.stdout + said.stderr


def test_the_ledger_cannot_be_emptied_even_by_the_owner(opened):
    environment, *_ = opened

    with psycopg.connect(environment["DATABASE_URL"]) as connected:
        connected.execute("SET ROLE countersign_owner")
        with pytest.raises(psycopg.Error, match="refused"):
            connected.execute("TRUNCATE audit_exhibit CASCADE")


def test_a_second_run_changes_nothing_and_says_what_is_there(opened):
    environment, *_ = opened
    before = asked(environment, "SELECT count(*) FROM audit_entry")

    said = scratch.manage("setup", "--no-input", **environment)

    assert said.returncode == 0
    assert "Organisation: Example Mutual." in said.stdout
    assert "Administrators: tom.becker." in said.stdout
    assert asked(environment, "SELECT count(*) FROM audit_entry") == before


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"PORTAL_URL": "http://portal.example.com", "ALLOWED_HOSTS": "portal.example.com"}, "in clear"),
        ({"KEYRING": "other:" + base64.b64encode(b"k" * 32).decode()}, "KEYRING does not open"),
        ({"LOG_ORIGIN": "elsewhere.example.com/log/1"}, "set LOG_ORIGIN to the one that is there"),
        ({"KEYS_DIR": "/nonexistent/keys"}, "does not exist"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
    ],
    ids=["http", "keyring", "origin", "keys", "secret"],
)
def test_setup_refuses_what_would_harm(opened, wrong, sentence):
    environment, *_ = opened

    said = scratch.manage("setup", "--no-input", **environment | wrong)

    assert said.returncode == 1
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


def test_a_login_that_may_not_make_roles_is_given_the_sql_for_somebody_who_may(tmp_path):
    login = f"countersign_weak_{os.getpid()}"
    with scratch.empty_database(f"{NAME}_weak") as database:
        scratch.execute(f"DROP ROLE IF EXISTS {login}", f"CREATE ROLE {login} LOGIN PASSWORD 'weak'")
        environment = {"DATABASE_URL": scratch.url(database, f"{login}:weak"), "KEYS_DIR": str(tmp_path / "keys")}
        try:
            refused = scratch.manage("setup", "--no-input", **environment)
            statements = re.findall(r"^  (.+;)$", refused.stderr, re.MULTILINE)
            scratch.execute(*statements, database=database)
            with psycopg.connect(environment["DATABASE_URL"]) as connected:
                left = roles.missing(connected)
        finally:
            scratch.execute(f"DROP OWNED BY {login}", database=database)
            scratch.execute(f"DROP ROLE {login}")

    assert refused.returncode == 1
    assert any(statement.startswith("GRANT countersign_owner") for statement in statements)
    assert not (tmp_path / "keys").exists()
    assert left == []


def test_a_role_that_is_missing_is_made_once(monkeypatch):
    fresh = f"countersign_fresh_{os.getpid()}"
    monkeypatch.setattr(roles, "ROLES", (*roles.ROLES, fresh))
    with scratch.empty_database(f"{NAME}_roles") as database:
        try:
            made, again = roles.prepare(scratch.url(database)), roles.prepare(scratch.url(database))
        finally:
            scratch.execute(f"DROP ROLE IF EXISTS {fresh}")

    assert f"CREATE ROLE {fresh} NOLOGIN" in made
    assert again == []


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password1234", "maya.okafor.maya"])
def test_a_weak_password_is_refused_and_nobody_is_added(password):
    with pytest.raises(actions.WeakPassword):
        actions.add_administrator("maya.okafor.maya", "Maya Okafor", "maya@example.com", password, by=BY)

    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_first_administrator_may_not_sign_until_another_verified_them():
    address = actions.add_administrator("tom", "Tom Becker", "tom@example.com", PASSWORD, by=BY)

    (person,) = actions.administrators()
    assert person.identity_verified_at is None
    assert address.startswith("otpauth://totp/Countersign:tom?secret=")


@pytest.mark.django_db
def test_an_installation_is_opened_once_and_its_row_stays():
    opened = actions.open_installation("Example Mutual", by=BY)

    with pytest.raises(IntegrityError), transaction.atomic():
        actions.open_installation("Somebody Else", by=BY)
    with connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"), transaction.atomic():
        cursor.execute("UPDATE portal_installation SET organisation = 'Somebody Else'")
    assert [told.sentence for told in ledger.story(actions.STREAM.id)] == [
        "configurator opened this installation for Example Mutual."
    ]
    assert opened == actions.installation()


@pytest.mark.django_db
def test_roles_are_groups_and_made_once():
    assert actions.open_roles() == list(Role)
    assert actions.open_roles() == []
    assert Group.objects.count() == len(Role)


@pytest.mark.django_db
def test_a_key_is_announced_once_in_the_log_it_signs():
    keys.ensure_keys()

    announced = announcing.announce_keys()

    assert [key.purpose for key in announced] == list(keys.PURPOSES)
    assert announcing.announce_keys() == []
