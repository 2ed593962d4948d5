"""`make bench --quick` still works and tells its figures in the promised form."""

import os
import re
import subprocess
import sys

import pytest

from tests.benchmarks.bed import ROOT, TEMPLATE
from tests.benchmarks.figures import Figure
from tests.conftest import template

_LINE = re.compile(r"BENCH [a-z_0-9]+ [0-9.]+ [A-Za-z/]+ aim (-|[<>]=[0-9.]+) (ok|short)")


_MEASURED = {
    "moving verifying": ["moves", "moves_ratio", "verify", "verify_ratio"],
    "routing": ["rules_item", "rules_drain_ratio", "simulation_10k"],
    "pages": [
        f"{page}_{figure}"
        for page in ("queue_page", "queue_deep_page", "queue_for_me", "queue_poll", "inbox_page", "review_page")
        for figure in ("p95", "queries")
    ],
    "signing evidence": [
        "password_check", "sign_0_files_p50", "sign_0_files_p95", "sign_4_files_p50", "sign_4_files_p95",
        "evidence_pages", "evidence_cpu", "evidence_memory", "evidence_growth",
    ],
    "visible memory": [
        "visible_p50", "visible_p95", "memory_web", "memory_worker", "memory_evidence", "memory_beat",
        "memory_sequencer", "memory_all",
    ],
}  # fmt: skip


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("groups", "figures"), _MEASURED.items(), ids=list(_MEASURED))
def test_the_quick_mode_measures_and_prints_a_line_for_each_figure(groups: str, figures: list[str]) -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", *groups.split()]

    environment = os.environ | {TEMPLATE: template()}
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, env=environment)

    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert all(_LINE.fullmatch(line) for line in lines), lines
    assert [line.split()[1] for line in lines] == figures


@pytest.mark.parametrize(("value", "verdict"), [(0.5, "short"), (0.6, "ok")])
def test_a_figure_below_what_is_aimed_at_is_called_short(value: float, verdict: str) -> None:
    assert Figure("moves_ratio", value, "ratio", least=0.6).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(151, "short"), (150, "ok")])
def test_a_figure_above_what_is_aimed_at_is_called_short(value: float, verdict: str) -> None:
    assert Figure("web_memory", value, "MiB", most=150).verdict == verdict
