"""The sequencer killed without warning, again and again, while entries keep coming: the log stays whole."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from audit.models import Checkpoint
from audit.sealing import highwater, sequencer
from audit.sealing.verification import verify_ledger
from tests.audit.sealed import indexes, query, tamper, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6


@pytest.fixture
def mark(tmp_path, settings):
    settings.KEYS_DIR = tmp_path / "keys"
    return tmp_path / "mark"


@pytest.fixture
def start(mark, settings):
    """Start real sequencers on this test's database; whatever still lives at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "sequencer", "--high-water", str(mark)]
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
            "KEYRING": settings.KEYRING,
            "KEYS_DIR": str(settings.KEYS_DIR),
            "LOG_ORIGIN": settings.LOG_ORIGIN,
            "SECRET_KEY": settings.SECRET_KEY,
            "SEQUENCER_INTERVAL_MS": "10",
        }
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def load():
    """Two writers that commit a few entries at a time until they are told to stop."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.01):
                write(random.randint(1, 5))
        finally:
            connection.close()

    writers = [threading.Thread(target=work, daemon=True) for _ in range(2)]

    def end() -> None:
        stop.set()
        for writer in writers:
            writer.join(20)

    for writer in writers:
        writer.start()
    yield end
    end()


def database_url() -> str:
    at = connection.settings_dict
    return f"postgresql://{at['USER']}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def wait_for_checkpoint(beyond: int) -> int:
    until = time.monotonic() + 30
    while (newest := query("SELECT coalesce(max(cp_id), 0) FROM audit_checkpoint")[0][0]) <= beyond:
        assert time.monotonic() < until, "no new checkpoint"
        time.sleep(0.01)
    return newest


def test_killed_at_any_moment_it_goes_on_where_it_was(mark, start, load):
    signed = 0
    for _ in range(KILLS):
        process = start()
        signed = wait_for_checkpoint(signed)
        time.sleep(random.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        signed = query("SELECT max(cp_id) FROM audit_checkpoint")[0][0]
    load()
    sequencer.seal_once(mark)

    assert indexes() == list(range(query("SELECT count(*) FROM audit_entry")[0][0]))
    assert query("SELECT count(*) FROM audit_entry_queue") == [(0,)]
    assert verify_ledger(high_water=mark).findings == ()
    assert highwater.read(mark).size == Checkpoint.objects.order_by("-cp_id")[0].size


def test_it_stops_cleanly_when_asked(mark, start):
    write()
    process = start()
    wait_for_checkpoint(0)

    process.terminate()

    assert process.wait(20) == 0


def test_it_ends_with_1_and_says_why_when_signing_would_harm_the_log(mark, start):
    write(2)
    sequencer.seal_once(mark)
    tamper("DELETE FROM audit_leaf")
    tamper("DELETE FROM audit_checkpoint")

    process = start()
    _, said = process.communicate(timeout=30)

    assert process.returncode == 1
    assert b"Refused to sign: The database ends at 0 leaves, but 2 were signed" in said


def test_two_processes_under_load_sign_one_history(mark, start, load):
    first, second = start(), start()
    wait_for_checkpoint(5)
    time.sleep(1)
    load()
    for process in (first, second):
        process.terminate()
        assert process.wait(20) == 0
    sequencer.seal_once(mark)

    assert verify_ledger(high_water=mark).findings == ()
