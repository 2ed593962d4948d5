"""What `docs/operating.md`, `compose.yaml` and the Dockerfile say is what the code has."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from audit import grants
from portal import databases, prerequisites, services
from tests.portal import scratch

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/operating.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PORTAL = [name for name, service in SERVICES.items() if "build" in service]
LOGINS = {
    "countersign_setup": "countersign_owner, countersign_app, countersign_sequencer",
    "countersign_web": "countersign_app",
    "countersign_seal": "countersign_sequencer",
}


def variables(text: str) -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))


SAMPLE = variables((ROOT / ".env.sample").read_text())
PASSWORDS = set(re.findall(r"\$\{(DATABASE_PASSWORD\w*)", (ROOT / "compose.yaml").read_text()))


def options(command: str) -> set[str]:
    """Give the long options a management command takes."""
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    return {word for action in parser._actions for word in action.option_strings}


def test_every_command_in_the_guide_exists():
    named = set(re.findall(r"manage\.py ([a-z_]+)", GUIDE))

    assert {"setup", "doctor", "migrate", "verify_ledger", "harden_ledger", "sequencer"} <= named
    assert named <= set(get_commands())


@pytest.mark.parametrize("command", ["setup", "doctor", "verify_ledger"])
def test_every_option_in_the_guide_is_taken(command):
    named = set(re.findall(rf"{command} (--[a-z-]+)", GUIDE))

    assert named
    assert named <= options(command)


def test_the_options_of_setup_are_the_ones_the_guide_tells():
    told = set(re.findall(r"`(--[a-z-]+)`", GUIDE))

    assert told == {word for word in options("setup") if word in told}
    assert {"--organisation", "--administrator", "--second-administrator", "--totp-file"} <= told


def test_every_variable_in_the_guide_is_one_that_is_read():
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+|KEYRING)[`=]", GUIDE)) | variables(re.sub("(?m)^ +", "", GUIDE))

    assert named - {"SETUP_URL"} <= SAMPLE | PASSWORDS


def test_the_guide_makes_every_password_that_compose_asks_for():
    assert set(re.search(r"for name in ([A-Z_ ]+);", GUIDE).group(1).split()) == PASSWORDS


def test_every_file_the_guide_names_is_there():
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|yaml|txt)|\.env\.sample)`", GUIDE))

    assert "compose.yaml" in named
    assert all((ROOT / path).exists() for path in named)


@pytest.mark.parametrize("text", [GUIDE, COMPOSE["configs"]["logins"]["content"]], ids=["guide", "compose"])
def test_roles_and_logins_are_the_ones_the_code_knows(text):
    made = set(re.findall(r"CREATE ROLE (\w+) NOLOGIN", text))
    granted = dict(reversed(pair) for pair in re.findall(r"GRANT (countersign[\w, ]+) TO (\w+);", text))

    assert made == set(databases.ROLES) == {grants.OWNER, *grants.ROLES}
    assert granted == LOGINS


def test_compose_starts_each_process_by_the_supervisors_words():
    elsewhere = {"127.0.0.1": "0.0.0.0"}  # noqa: S104
    ours = services.of_portal(Path("/tmp"), 8000, 8, {})
    told = {service.name: ["python", *(elsewhere.get(word, word) for word in service.command[1:])] for service in ours}

    assert {name: SERVICES[name]["command"] for name in told} == told


def test_the_image_starts_the_web_when_nothing_is_said():
    (words,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)

    assert json.loads(words) == SERVICES["web"]["command"]


def test_only_setup_comes_in_as_the_owner_and_each_process_under_its_role():
    logins = {name: re.search(r"//(\w+):", SERVICES[name]["environment"]["DATABASE_URL"]).group(1) for name in PORTAL}
    roles = {name: SERVICES[name]["environment"]["DATABASE_ROLE"] for name in PORTAL}

    assert [name for name, login in logins.items() if login == "countersign_setup"] == ["setup"]
    assert all(roles[name] in LOGINS[login] for name, login in logins.items())
    assert roles["sequencer"] == grants.SEQUENCER


def test_the_keys_are_mounted_where_they_are_needed_and_nowhere_else():
    mounted = {name: [place for place in SERVICES[name].get("volumes", []) if "keys" in place] for name in PORTAL}

    assert {name for name, places in mounted.items() if places} == {"setup", "web", "sequencer"}
    assert mounted["web"] == ["keys:/var/lib/countersign/keys:ro"]


def test_no_container_of_ours_is_root_writable_or_reachable_past_the_proxy():
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    for name in PORTAL:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert {name: each["ports"] for name, each in SERVICES.items() if "ports" in each} == {
        "web": ["127.0.0.1:8000:8000"]
    }
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_every_service_that_runs_on_is_watched():
    unwatched = {name for name, each in SERVICES.items() if each.get("healthcheck", {}).get("disable")}

    assert unwatched == {"setup", "beat"}


def test_the_image_takes_hashes_the_libraries_we_check_and_files_that_are_there():
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    copied = {word for line in lines for word in shlex.split(line)[:-1]}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    libraries = re.findall(r"(lib[\w.-]+)", prerequisites._INSTALL)

    assert "--require-hashes -r /tmp/requirements.txt" in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE
    assert all(library in DOCKERFILE for library in libraries)
    assert all((ROOT / path).exists() for path in copied)
    assert {f"!{path.rstrip('/')}" for path in copied} == {line for line in ignored if line.startswith("!")}


def test_behind_a_proxy_forms_come_from_the_https_address_and_from_nowhere_else():
    asked = "from django.conf import settings as s; print(s.CSRF_TRUSTED_ORIGINS, s.SECURE_PROXY_SSL_HEADER)"
    words = {"PORTAL_URL": "https://portal.example.com", "ALLOWED_HOSTS": "portal.example.com"}

    behind = scratch.manage("shell", "-v0", "-c", asked, **words, TRUSTED_PROXIES="1").stdout.strip()
    alone = scratch.manage("shell", "-v0", "-c", asked, **words, TRUSTED_PROXIES="0").stdout.strip()

    assert behind == "['https://portal.example.com'] ('HTTP_X_FORWARDED_PROTO', 'https')"
    assert alone == "['https://portal.example.com'] None"
