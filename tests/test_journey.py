"""The journey: a few real items from flow to executor over real processes, and evidence that can be checked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def journey(tmp_path_factory):
    """Make one small journey; give its folder and what it said."""
    folder = tmp_path_factory.mktemp("journey")
    words = ["manage.py", "journey", "--claims=4", "--complaints=1", f"--folder={folder}"]
    ended = subprocess.run(
        [sys.executable, *words], cwd=PROJECT, env=os.environ.copy(), capture_output=True, text=True, timeout=150,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder, ended.stdout


def checked(folder):
    command = [sys.executable, "-I", str(folder / "evidence" / "check.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(180)
def test_every_verdict_is_good_and_figures_are_told(journey):
    folder, said = journey

    report = json.loads((folder / "report.json").read_text())

    assert report["sound"]
    assert "FAIL" not in said
    assert report["counts"]["items"] == "5: 4 approved, 1 rejected"
    assert report["timings_ms"]["202 after a post"]["n"] == 5
    assert json.loads((folder / "ledger.json").read_text())["sound"]


@pytest.mark.timeout(180)
def test_no_process_and_no_database_is_left(journey):
    folder, _ = journey
    words = str(folder).encode()

    living = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/environ")
        if path.parent.name != str(os.getpid()) and words in _bytes(path)
    ]

    assert living == []


@pytest.mark.timeout(180)
def test_the_evidence_is_checked_without_the_portal(journey):
    folder, _ = journey

    ended = checked(folder)

    assert ended.returncode == 0, ended.stdout
    assert "4 receipts with their acts" in ended.stdout


@pytest.mark.timeout(180)
@pytest.mark.parametrize("pattern", ["items/*/act.json", "items/*/entries/*.json", "items/*/receipt.jws", "checkpoint"])
def test_one_changed_byte_is_found(journey, pattern):
    folder, _ = journey
    victim = next((folder / "evidence").glob(pattern))
    kept = victim.read_bytes()
    middle = len(kept) // 2

    victim.write_bytes(kept[:middle] + bytes([kept[middle] ^ 1]) + kept[middle + 1 :])
    ended = checked(folder)
    victim.write_bytes(kept)

    assert ended.returncode == 1
    assert ended.stdout.startswith("WRONG")


def _bytes(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""
