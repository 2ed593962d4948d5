"""Servers from wheels: shared while somebody uses them, gone when nobody does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from portal import databases
from portal.embedded import ServersFailed, host, running
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(autouse=True)
def alone(folder, monkeypatch):
    """No servers given, a folder of our own, and nothing left running."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COUNTERSIGN_RUN_DIR", str(folder))
    yield
    assert not Postgres(folder).is_alive()
    assert not Valkey(folder).is_alive()


def ask(url, statement):
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(statement)]


def embedded(*command, **options):
    words = [sys.executable, "-m", "portal.embedded", "--", *command]
    return subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def another_user():
    """A second process that uses the servers until its input ends."""
    user = embedded("sh", "-c", "echo ready; cat", stdin=subprocess.PIPE)
    assert user.stdout.readline() == "ready\n"
    return user


def postmaster(folder):
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def test_both_servers_answer_and_our_roles_and_database_are_there():
    with running() as additions:
        roles = ask(additions["DATABASE_URL"], "SELECT rolname FROM pg_roles WHERE NOT rolcanlogin")
        owner = ask(
            additions["DATABASE_URL"],
            "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'",
        )

        assert set(databases.ROLES) <= set(roles)
        assert owner == ["countersign_owner"]
        assert redis.Redis.from_url(additions["REDIS_URL"]).ping()


def test_the_server_listens_here_only_asks_for_a_password_and_syncs():
    with running() as additions:
        url = additions["DATABASE_URL"]
        wanted = {
            "listen_addresses": "127.0.0.1",
            "fsync": "on",
            "max_connections": "200",
            "shared_buffers": "256MB",
        }

        assert {name: ask(url, f"SHOW {name}")[0] for name in wanted} == wanted
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url, password="guess")


def test_a_second_start_takes_seconds_at_most():
    began = time.monotonic()

    with running():
        pass

    assert time.monotonic() - began < 10


def test_nothing_is_started_when_both_servers_are_given(monkeypatch, folder):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/countersign")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")

    with running() as additions:
        assert additions == {}
        assert not Valkey(folder).is_alive()


def test_only_the_server_that_is_missing_is_started(monkeypatch, folder):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/countersign")

    with running() as additions:
        assert list(additions) == ["REDIS_URL"]
        assert not Postgres(folder).is_alive()


def test_two_users_share_and_the_last_one_out_stops_them():
    with another_user() as other, running() as ours:
        other.communicate("")

        assert ask(ours["DATABASE_URL"], "SELECT 1") == [1]


def test_who_leaves_first_takes_nothing_away_from_the_other(folder):
    with another_user() as other:
        with running():
            pass

        assert Postgres(folder).is_alive()
        assert Valkey(folder).is_alive()
        other.communicate("")


def test_servers_whose_user_was_killed_are_found_and_stopped_by_the_next(folder):
    with another_user() as other:
        other.kill()
    before = postmaster(folder)

    with running():
        assert postmaster(folder) == before


def test_killed_servers_are_started_again_over_their_stale_files(folder):
    with running():
        os.kill(postmaster(folder), signal.SIGKILL)
        os.kill(int((folder / "valkey.pid").read_text()), signal.SIGKILL)

        with running() as additions:
            assert ask(additions["DATABASE_URL"], "SELECT 1") == [1]
            assert redis.Redis.from_url(additions["REDIS_URL"]).ping()


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(folder):
    stale = f"{os.getpid()}\n{folder / 'postgres'}\n"
    (folder / "postgres" / "postmaster.pid").write_text(stale)

    with running() as additions:
        assert ask(additions["DATABASE_URL"], "SELECT 1") == [1]


def test_secrets_are_made_once_and_never_beside_a_database_that_was_given(monkeypatch):
    for name in ("SECRET_KEY", "KEYRING", "KEYS_DIR"):
        monkeypatch.delenv(name, raising=False)

    with running() as first, running() as second:
        assert first == second
        assert set(first) == {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "KEYRING", "KEYS_DIR"}

    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/countersign")
    with running() as additions:
        assert list(additions) == ["REDIS_URL"]


def test_passwords_are_readable_by_their_owner_alone(folder):
    for name in ("postgres.json", "valkey.json", "valkey.conf", "keys.json"):
        assert (folder / name).stat().st_mode & 0o077 == 0


def test_preparing_twice_and_copying_and_dropping_a_database():
    with running() as additions:
        url = additions["DATABASE_URL"]
        databases.prepare(url, "template_of_ours")
        databases.prepare(url, "template_of_ours")
        databases.clone(url, "template_of_ours", "copy_of_ours")
        owners = "SELECT datdba::regrole::text FROM pg_database WHERE datname LIKE '%of_ours'"

        assert ask(url, owners) == ["countersign_owner", "countersign_owner"]

        for name in ("copy_of_ours", "template_of_ours", "never_was_there_of_ours"):
            databases.drop(url, name)
        assert ask(url, owners) == []


def test_a_server_that_cannot_start_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTERSIGN_RUN_DIR", str(tmp_path))
    monkeypatch.setattr("portal.embedded.postgres._ATTEMPTS", 1)
    (tmp_path / "postgres").mkdir()

    with pytest.raises(ServersFailed, match=r"pg_ctl failed\. It said:"), running():
        pass


def test_the_command_gets_the_addresses_and_gives_its_exit_code():
    with embedded("sh", "-c", "echo $DATABASE_URL $REDIS_URL; exit 3") as command:
        said, _ = command.communicate()

    assert said.startswith("postgresql://postgres:")
    assert " redis://:" in said
    assert command.returncode == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_command_before_the_servers_stop(number):
    with embedded("sh", "-c", "trap 'echo told; exit 7' INT TERM; echo ready; while :; do sleep 0.1; done",
                  start_new_session=True) as command:  # fmt: skip
        assert command.stdout.readline() == "ready\n"
        command.send_signal(number)
        said, _ = command.communicate()

    assert said == "told\n"
    assert command.returncode == 7


def test_a_command_that_is_not_there_is_named():
    with embedded("no-such-command") as command:
        _, said = command.communicate()

    assert said == "countersign: no-such-command cannot be run: No such file or directory.\n"
    assert command.returncode == 127


def test_root_may_lend_a_way_through_closed_folders_only_where_one_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    assert "--ambient-caps=+dac_override" in host.as_server_user(closed / "data")
    assert "--ambient-caps=+dac_override" not in host.as_server_user(Path("/usr/bin"))
