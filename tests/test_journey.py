"""The journey: a few real items from flow to executor over real processes, and evidence that can be checked."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.mark.timeout(240)
def test_real_items_go_from_flow_to_executor_and_the_evidence_checks_out(tmp_path):
    """One long test, so that the processes are started once."""
    words = ["manage.py", "journey", "--claims=4", "--complaints=1", f"--folder={tmp_path}"]
    ended = subprocess.run(
        [sys.executable, *words], cwd=PROJECT, capture_output=True, text=True, timeout=220, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FAIL" not in ended.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["sound"]
    assert report["counts"]["items"] == "5: 4 approved, 1 rejected"
    assert report["timings_ms"]["202 after a post"]["n"] == 5
    assert json.loads((tmp_path / "ledger.json").read_text())["sound"]
    assert living_of(tmp_path) == []
    assert "4 receipts with their acts" in checked(tmp_path).stdout
    for pattern in ("items/*/act.json", "items/*/entries/*.json", "items/*/receipt.jws", "checkpoint", "log.vkey"):
        with one_byte_changed(next((tmp_path / "evidence").glob(pattern))):
            assert checked(tmp_path).stdout.startswith("WRONG"), pattern


def living_of(folder):
    """Find processes whose environment names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if str(folder).encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(path.parent.name)
    return found


def checked(folder):
    command = [sys.executable, "-I", str(folder / "evidence" / "check.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def one_byte_changed(path):
    kept = path.read_bytes()
    middle = len(kept) // 2
    path.write_bytes(kept[:middle] + bytes([kept[middle] ^ 1]) + kept[middle + 1 :])
    yield
    path.write_bytes(kept)
