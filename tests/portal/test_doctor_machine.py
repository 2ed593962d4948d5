"""`manage.py doctor` on the machine and its variables: break one thing at a time and read the sentence that says so."""

import http.server
import threading

import pytest

from portal.doctor import environment, machine
from tests.portal import scratch
from tests.portal.examining import FAIL, OK, WARN, level

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


def test_a_variable_that_is_not_set_is_named():
    said = scratch.manage("doctor", KEYRING="")

    assert said.returncode == 1
    assert "KEYRING is not set" in said.stderr
