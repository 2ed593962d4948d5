"""The demonstration: one command that starts everything, says how to get in, and leaves nothing behind."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from django.urls import reverse

from portal import casting
from portal.accounts import codes
from portal.demo.stage import StageTaken, insist_on_port
from portal.kit.clock import now
from portal.supervisor import free_port

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(120)
def test_it_starts_says_how_to_get_in_posts_items_with_files_and_leaves_nothing(tmp_path):
    """One long test, so that the processes are started once."""
    port = free_port()
    with started(port, tmp_path) as demo:
        told = wait_for(lambda: access(tmp_path), demo)

        assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
        assert told["base_url"] == f"http://localhost:{port}"
        assert {user["username"]: user["roles"] for user in told["users"]} == {
            name: [role.value] for name, role in casting.roles().items()
        }
        assert ask(port, "/healthz")
        flows = {flow["slug"]: flow["api_key"] for flow in told["flows"]}
        listed = wait_for(lambda: items(port, flows, at_least=4), demo)
        assert any(attachments(port, *each) for each in listed)
        assert f"PORT={port + 1} make demo" in started_again(port, tmp_path)
        family = living_of(tmp_path)
        assert len(family) > 7

        demo.send_signal(signal.SIGINT)
        said, _ = demo.communicate(timeout=30)

    assert demo.returncode == 0, said
    assert all(user["password"] in said for user in told["users"])
    assert living_of(tmp_path) == []
    assert not (tmp_path / "demo.json").exists()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(told["database_url"])


def test_a_taken_port_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StageTaken, match=rf"Port {port} is taken.*PORT={port + 1} make demo"):
            insist_on_port(port)

    insist_on_port(port)


@pytest.mark.django_db
def test_the_banner_shows_the_code_that_counts_to_whoever_gave_the_right_password(client, settings):
    settings.DEMO = True
    member = casting.seed({}).people["maya.okafor"]
    assert "printed where you started it" in client.get(reverse("demo_code")).content.decode()

    client.post(reverse("account_login"), {"login": "maya.okafor", "password": member.password})

    code, _ = codes.upcoming(member.user, now())
    assert f'Maya Okafor: <b class="mono">{code}</b>' in client.get(reverse("demo_code")).content.decode()


@pytest.mark.django_db
def test_a_used_code_is_never_shown_again(client, settings):
    settings.DEMO = True
    member = casting.seed({}).people["maya.okafor"]
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    moment = now()
    code, _ = codes.upcoming(member.user, moment)
    codes.spend(member.user, code, moment)

    shown = client.get(reverse("demo_code")).content.decode()

    assert "one-time code was used" in shown
    assert code not in shown


@pytest.mark.django_db
def test_outside_a_demonstration_nobody_learns_a_code(client, settings):
    settings.DEMO = False
    client.force_login(casting.seed({}).people["maya.okafor"].user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(reverse("demo_code")).status_code == 404
    assert "Demonstration" not in client.get(reverse("account_login")).content.decode()


def command(port, folder):
    words = ["manage.py", "demo", f"--port={port}", f"--folder={folder}", "--first=4", "--every=60"]
    return [sys.executable, *words]


def started(port, folder):
    return subprocess.Popen(
        command(port, folder), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def started_again(port, folder):
    ended = subprocess.run(command(port, folder), cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    return ended.stderr


def access(folder):
    path = folder / "demo.json"
    return json.loads(path.read_text()) if path.exists() else None


def items(port, flows, at_least):
    """Find the flows' routed items, once there are enough."""
    found = [
        (key, each["id"])
        for slug, key in flows.items()
        for each in json.loads(ask(port, f"/api/v1/items?flow={slug}&state=in_review", key))["items"]
    ]
    return found if len(found) >= at_least else None


def attachments(port, key, item):
    return json.loads(ask(port, f"/api/v1/items/{item}", key)).get("attachments")


def ask(port, path, key=""):
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    try:
        connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()
    finally:
        connection.close()


def wait_for(found, demo):
    end = time.monotonic() + 60
    while not (answer := found()):
        assert demo.poll() is None, demo.communicate()[0]
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.1)
    return answer


def living_of(folder):
    """Find processes whose environment names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if str(folder).encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(path.parent.name)
    return found
