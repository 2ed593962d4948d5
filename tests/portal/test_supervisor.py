"""The supervisor: services start, are killed and started again, and nothing of them is left."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portal.services import Service
from portal.supervisor import NotReady, alive, supervising

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = f"supervisor-test-{os.getpid()}"
ENVIRONMENT = {"CACHE_PREFIX": PREFIX, "BROKER_PREFIX": f"{PREFIX}:"}

# A process that starts a child, which starts another, and none of which ends by SIGTERM.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(2):
    if os.fork():
        break
open(sys.argv[1], "a").write("here\\n")
time.sleep(600)
"""

OUTER = """
import sys, time
from pathlib import Path
from portal.supervisor import Service, supervising
with supervising(Path(sys.argv[1]), names=()) as services:
    services.add(Service("sleeper", (sys.executable, "-c", "import time; time.sleep(600)")))
    services.start("sleeper")
    print(services.pid("sleeper"), flush=True)
    time.sleep(600)
"""


def status(services, path):
    connection = http.client.HTTPConnection("127.0.0.1", services.port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_all_four_get_ready_survive_a_kill_and_leave_nothing(tmp_path):
    with supervising(tmp_path, ENVIRONMENT) as services:
        assert status(services, "/readyz") == 200
        family = services.left()
        assert len(family) >= 4

        services.kill("worker")
        assert not services.is_alive("worker")
        services.start("worker")
        services.kill("web")
        services.start("web")
        services.wait_ready()

        family += services.left()

    assert alive(family) == []


def test_a_subset_starts_alone_with_an_environment_of_its_own(tmp_path):
    extra = {"web": {"LOG_LEVEL": "ERROR"}}

    with supervising(tmp_path, ENVIRONMENT, names=["web"], extra=extra) as services:
        assert status(services, "/healthz") == 200
        assert not services.is_alive("worker")
        web = Path(f"/proc/{services.pid('web')}/environ").read_bytes()

    assert b"LOG_LEVEL=ERROR" in web
    assert f"PORTAL_URL={services.base_url}".encode() in web


def test_a_service_that_dies_is_named_with_what_it_said_last(tmp_path):
    with (
        pytest.raises(NotReady, match=r"(?s)web ended with code 1\..*SECRET_KEY is not set"),
        supervising(tmp_path, ENVIRONMENT | {"SECRET_KEY": ""}, names=["web", "beat"]),
    ):
        pytest.fail("it cannot have become ready")


def test_children_of_children_end_too_however_stubborn(tmp_path, monkeypatch):
    monkeypatch.setattr("portal.supervisor.GRACE", 0.5)
    said = tmp_path / "said"

    with supervising(tmp_path, names=()) as services:
        services.add(Service("stubborn", (sys.executable, "-c", STUBBORN, str(said))))
        services.start("stubborn")
        wait_for(lambda: said.exists() and said.read_text().count("here") == 3)
        family = services.left()

    assert len(family) == 3
    assert alive(family) == []


def test_children_of_a_leader_that_died_first_end_too(tmp_path):
    said = tmp_path / "said"

    with supervising(tmp_path, names=()) as services:
        services.add(Service("stubborn", (sys.executable, "-c", STUBBORN, str(said))))
        services.start("stubborn")
        wait_for(lambda: said.exists() and said.read_text().count("here") == 3)
        family = services.left()
        os.kill(services.pid("stubborn"), signal.SIGKILL)
        wait_for(lambda: not services.is_alive("stubborn"))
        with pytest.raises(NotReady, match="stubborn ended with code -9"):
            services.insist_alive()

    assert alive(family) == []


def test_an_exception_in_the_block_ends_everything(tmp_path):
    family = []

    def trouble():
        with supervising(tmp_path, names=()) as services:
            services.add(Service("sleeper", ("sleep", "600")))
            services.start("sleeper")
            family.extend(services.left())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trouble()
    assert len(family) == 1
    assert alive(family) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 1), (signal.SIGHUP, 129)], ids=str)
def test_a_signal_ends_everything(tmp_path, number, code):
    outer = subprocess.Popen(
        [sys.executable, "-c", OUTER, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    sleeper = int(outer.stdout.readline())
    assert alive([sleeper])

    outer.send_signal(number)

    assert outer.wait(timeout=20) in (code, -number)
    assert alive([sleeper]) == []


def wait_for(true):
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
