"""What the journey tells: progress lines with seconds, a table of timings, verdicts, and the same as JSON."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Say = Callable[[str], None]


@dataclass(slots=True)
class Account:
    """Everything that was counted, timed and judged."""

    counts: dict[str, str] = field(default_factory=dict)
    timings: dict[str, list[float]] = field(default_factory=dict)
    verdicts: list[tuple[str, bool]] = field(default_factory=list)

    def judge(self, sentence: str, true: bool) -> None:
        """Add one verdict."""
        self.verdicts.append((sentence, bool(true)))

    @property
    def holds(self) -> bool:
        """Say whether every verdict is good and there is one."""
        return bool(self.verdicts) and all(true for _, true in self.verdicts)


class Progress:
    """Says what is being done, with the seconds since the start."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = time.monotonic()

    def __call__(self, sentence: str) -> None:
        self._say(f"{time.monotonic() - self._began:6.1f} s  {sentence}")


def lines(account: Account) -> list[str]:
    """Give the account as people read it."""
    told = ["", *_counts(account.counts), "", *_timings(account.timings), ""]
    told += [f"  {'ok  ' if true else 'FAIL'}  {sentence}" for sentence, true in account.verdicts]
    return told


def write(path: Path, account: Account) -> None:
    """Keep the account as JSON."""
    document = {
        "sound": account.holds,
        "counts": account.counts,
        "timings_ms": {name: _figures(values) for name, values in account.timings.items()},
        "verdicts": [{"sentence": sentence, "true": true} for sentence, true in account.verdicts],
    }
    path.write_text(json.dumps(document, indent=1))


def _counts(counts: dict[str, str]) -> Iterable[str]:
    width = max(map(len, counts), default=0)
    return [f"  {name:<{width}}  {value}" for name, value in counts.items()]


def _timings(timings: dict[str, list[float]]) -> Iterable[str]:
    width = max(map(len, timings), default=0)
    yield f"  {'milliseconds':<{width}}  {'n':>4}  {'p50':>7}  {'p95':>7}  {'longest':>7}"
    for name, values in timings.items():
        figures = _figures(values)
        told = "  ".join(f"{figures[key]:>7.0f}" for key in ("p50", "p95", "longest"))
        yield f"  {name:<{width}}  {len(values):>4}  {told}"


def _figures(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"n": 0, "p50": 0.0, "p95": 0.0, "longest": 0.0}
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    found = {"p50": cuts[9], "p95": cuts[18], "longest": max(values)}
    return {"n": len(values)} | {name: round(seconds * 1000, 1) for name, seconds in found.items()}
