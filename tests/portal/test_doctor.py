"""`manage.py doctor`: break one thing at a time and read the sentence that says so."""

import base64
import http.server
import json
import os
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from audit.actors import SystemJob
from audit.sealing import highwater, keys, sequencer, storage
from portal.accounts.roles import Role
from portal.doctor import broker, checks, database, environment, machine, proof
from portal.doctor.findings import Level
from portal.embedded.host import wait_until
from portal.embedded.valkey import Valkey
from portal.health import HEARTBEAT
from portal.installing import actions
from portal.kit.clock import now
from portal.supervisor import supervising
from reviews.actions import evidencing
from reviews.models import Decision
from tests.audit import sealed
from tests.factories import make_item, make_person, make_world, sign, take
from tests.portal import scratch

BY = SystemJob.CONFIGURATOR
OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL
ELSEWHERE = "redis://127.0.0.1:1/0"


def level(check):
    return check().level


# --- The machine ------------------------------------------------------------------------------------------


def test_python_and_libraries_are_here():
    assert [level(machine.python), level(machine.pdf_libraries)] == [OK, OK]


def test_a_full_disk_is_told_before_and_when_it_hurts(monkeypatch):
    assert level(machine.disk) is OK

    monkeypatch.setattr(machine, "SCARCE", 2**62)
    assert level(machine.disk) is WARN
    monkeypatch.setattr(machine, "NONE_LEFT", 2**62)
    assert level(machine.disk) is FAIL


def test_missing_static_files_are_told(settings, tmp_path):
    assert level(machine.static_files) is OK

    settings.STATICFILES_DIRS = [tmp_path]
    assert level(machine.static_files) is FAIL


class Up(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "up"}')

    def log_message(self, *_):
        pass


def test_an_address_that_leads_nowhere_is_only_a_warning(settings):
    with http.server.HTTPServer(("127.0.0.1", 0), Up) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.PORTAL_URL = f"http://127.0.0.1:{server.server_port}"
        assert level(machine.portal_answers) is OK
        server.shutdown()
    assert level(machine.portal_answers) is WARN


# --- The environment --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "variable", "value", "expected"),
    [
        (environment.secret_key, "SECRET_KEY", "x" * 60, FAIL),
        (environment.secret_key, "SECRET_KEY", "abcdefghijklm", FAIL),
        (environment.key_ring, "KEYRING", "k1:tooshort", FAIL),
        (environment.debug, "DEBUG", True, FAIL),
        (environment.portal_url, "PORTAL_URL", "http://portal.example.com", FAIL),
        (environment.portal_url, "PORTAL_URL", "https://portal.example.com/below", FAIL),
        (environment.portal_url, "PORTAL_URL", "http://127.0.0.1:8000", WARN),
        (environment.demo, "DEMO", True, FAIL),
        (environment.portal_url, "PORTAL_URL", "https://portal.example.com", OK),
        (environment.allowed_hosts, "ALLOWED_HOSTS", ["*"], FAIL),
        (environment.allowed_hosts, "ALLOWED_HOSTS", ["other.example.com"], FAIL),
        (environment.log_origin, "LOG_ORIGIN", "portal.example.com", FAIL),
        (environment.log_origin, "LOG_ORIGIN", "portal.example.com/log/1", OK),
    ],
)
def test_a_variable_that_is_not_sane_is_told(settings, check, variable, value, expected):
    setattr(settings, variable, value)

    assert level(check) is expected


def test_everything_in_this_environment_is_sane():
    assert FAIL not in {level(check) for check in environment.CHECKS}


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


def test_a_variable_that_is_not_set_is_named():
    said = scratch.manage("doctor", KEYRING="")

    assert said.returncode == 1
    assert "KEYRING is not set" in said.stderr


# --- The broker -------------------------------------------------------------------------------------------


def test_a_broker_that_does_not_answer_is_told(settings):
    assert level(broker.broker) is OK

    settings.REDIS_URL = ELSEWHERE
    assert level(broker.broker) is FAIL


def test_a_broker_that_forgets_is_told(settings, tmp_path):
    server = Valkey(tmp_path)
    server.start()
    try:
        settings.REDIS_URL = server.url
        assert level(broker.eviction) is OK
        broker.redis.Redis.from_url(server.url).config_set("maxmemory-policy", "allkeys-lru")
        assert level(broker.eviction) is FAIL
    finally:
        server.stop()


def test_a_heartbeat_means_that_worker_and_beat_live():
    cache.set(HEARTBEAT, True, 30)

    assert [level(broker.worker), level(broker.beat)] == [OK, OK]
    cache.delete(HEARTBEAT)


def test_a_worker_without_beat_is_told_apart_from_no_worker(tmp_path, settings):
    prefix = f"doctor-test-{os.getpid()}"
    words = {"CACHE_PREFIX": prefix, "BROKER_PREFIX": f"{prefix}:"}

    def told():
        said = json.loads(scratch.manage("doctor", "--json", **words).stdout)
        return {each["check"]: each["sentence"] for each in said if each["group"] == "broker"}

    client = broker.redis.Redis.from_url(settings.REDIS_URL)
    assert "No worker answers" in told()["worker"]
    with supervising(tmp_path, words, names=("worker",)):
        # A worker that starts says so once by itself; what is left to hear after that is beat's.
        assert wait_until(lambda: client.delete(f"{prefix}:1:{HEARTBEAT}"))
        found = told()
    assert found["worker"] == "A worker lives."
    assert "beat asked nothing" in found["beat"]


# --- The proof --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_database_nobody_brought_into_use_is_told():
    assert [level(proof.installation), level(proof.administrators), level(proof.log)] == [FAIL, FAIL, FAIL]

    actions.open_installation("Example Mutual", by=BY)
    assert [level(proof.installation), level(proof.log)] == [OK, OK]


@pytest.mark.django_db
def test_one_administrator_is_too_few():
    for name, expected in (("tom", WARN), ("eva", OK)):
        actions.add_administrator(name, name.title(), f"{name}@example.com", "quiet-otter-sings-at-dawn", by=BY)
        assert level(proof.administrators) is expected


@pytest.mark.django_db
def test_a_key_that_is_gone_foreign_or_open_is_told(settings):
    assert "no live key" in proof.keys().sentence

    keys.ensure_keys()
    assert level(proof.keys) is OK
    (file,) = Path(settings.KEYS_DIR).glob("log-*.key")
    file.chmod(0o644)
    assert "open to others" in proof.keys().sentence
    file.chmod(0o600)
    content = file.read_bytes()
    (other,) = Path(settings.KEYS_DIR).glob("receipt-*.key")
    file.write_bytes(other.read_bytes())
    assert "not the one whose public half" in proof.keys().sentence
    file.write_bytes(content)
    file.unlink()
    assert "does not exist" in proof.keys().sentence


@pytest.mark.django_db
def test_a_keyring_that_lost_a_key_is_told(settings):
    sealed.a_key()
    assert level(proof.data_keys) is OK

    settings.KEYRING = "other:" + base64.b64encode(b"k" * 32).decode()
    assert "add that key to KEYRING again" in proof.data_keys().sentence


@pytest.mark.django_db(transaction=True)
def test_a_sequencer_that_fell_silent_is_told():
    assert level(proof.sequencer) is FAIL

    sealed.write()
    sequencer.seal_once()
    assert [level(proof.sequencer), level(proof.queue), level(proof.high_water)] == [OK, OK, OK]
    sealed.write()
    with time_machine.travel(now() + timedelta(minutes=12)):
        assert [level(proof.sequencer), level(proof.queue)] == [FAIL, FAIL]


@pytest.mark.django_db(transaction=True)
def test_a_decision_whose_evidence_is_late_is_told():
    world, ana = make_world(), make_person("ana", Role.ADJUSTER)
    item = make_item(world)
    sign(take(item, ana), ana)
    sequencer.seal_once()

    assert level(proof.evidence) is OK
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert level(proof.evidence) is FAIL
        evidencing.make(Decision.objects.get(item=item).pk)
        assert level(proof.evidence) is OK


@pytest.mark.django_db(transaction=True)
def test_an_older_copy_and_a_lost_mark_are_told():
    sealed.write()
    sequencer.seal_once()
    log = storage.current_log()
    path = highwater.default_path(log.pk)
    mark = highwater.read(path)

    highwater.replace(path, highwater.HighWater(mark.origin, mark.size + 1, mark.root, mark.signed_at))
    assert "older copy" in proof.high_water().sentence
    highwater.replace(path, highwater.HighWater(mark.origin, mark.size, bytes(32), mark.signed_at))
    assert "not the ones in this database" in proof.high_water().sentence
    highwater.replace(path, highwater.HighWater("elsewhere/log/1", mark.size, mark.root, mark.signed_at))
    assert "is of the log elsewhere/log/1" in proof.high_water().sentence
    path.write_text("{")
    assert "cannot be read" in checks.examine((proof.high_water,)).__next__().finding.sentence
    path.unlink()
    assert "is missing" in proof.high_water().sentence


# --- The whole --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_wrong_says_what_to_do_and_nothing_says_a_secret(settings):
    found = [examined.finding for _, examined in checks.everything()]
    said = " ".join(f"{finding.sentence} {finding.advice}" for finding in found)

    assert len(found) >= 25
    assert all(finding.advice for finding in found if finding.level is not OK)
    for secret in (settings.SECRET_KEY, settings.KEYRING.split(":")[1], settings.DATABASES["default"]["PASSWORD"]):
        assert secret not in said


def test_every_check_stands_in_one_group_under_a_name_of_its_own():
    names = [check.__name__ for group in checks.GROUPS.values() for check in group]

    assert len(set(names)) == len(names)
    assert all(check.__doc__ for group in checks.GROUPS.values() for check in group)
