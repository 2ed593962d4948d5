"""Evidence: the processor time and memory of printing a real decision, a few times and very often."""

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from uuid import UUID

from tests.benchmarks import children, staging
from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure

_MIB = 1 << 20
_PAGES = 3


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Print the real record of an example in a process of its own, cold once, then warm."""
    bed.fresh("evidence")
    file = _record(bed)
    with children.running("prints", 1) as [printer]:
        before = printer.ask("memory")
        cold = printer.ask("render", record=str(file), count=1)
        assert cold["pages"] >= _PAGES, f"the record has {cold['pages']} pages, the aim is for {_PAGES} at least"
        warm = [printer.ask("render", record=str(file), count=2) for _ in range(effort.rounds)]
        often = printer.ask("render", record=str(file), count=effort.amount(200, 4))
    seconds = [each["seconds"] for each in warm]
    print(f"cold {cold['seconds']:.2f} s, warm {', '.join(f'{each:.2f}' for each in seconds)} s", file=sys.stderr)
    yield Figure("evidence_pages", cold["pages"], "pages")
    yield Figure("evidence_cpu", median(seconds), "s", most=0.6)
    yield Figure("evidence_memory", (warm[-1]["bytes"] - before) / _MIB, "MiB", most=120)
    yield Figure("evidence_growth", max(0.0, (often["bytes"] - warm[-1]["bytes"]) / _MIB), "MiB", most=50)


def _record(bed: Bed) -> Path:
    """Have an item with four files decided, seal what happened, and write its record down."""
    with staging.cheap_passwords():
        item = staging.decided(staging.world())
    file = bed.folder / "record.json"
    file.write_bytes(_written(item))
    return file


def _written(item: UUID) -> bytes:
    from audit.sealing import sequencer
    from reviews import evidence
    from reviews.models import Decision

    while sequencer.seal_once():
        pass
    return evidence.as_bytes(evidence.record(Decision.objects.select_related("item").get(item=item)))
