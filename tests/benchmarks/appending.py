"""Appending: entries of eight writers against plain rows of the same bytes, and the time until they are sealed."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.benchmarks import children
from tests.benchmarks.bed import Bed
from tests.benchmarks.children import Child
from tests.benchmarks.figures import Effort, Figure, middle, percentile, ratio

WRITERS = 8


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Alternate entries and rows while one sequencer runs."""
    bed.fresh("appending")
    with bed.superuser() as login:
        login.execute("CREATE TABLE bench_leaf (id bigserial PRIMARY KEY, leaf bytea NOT NULL)")
        login.execute("GRANT INSERT ON bench_leaf TO countersign_app")
        login.execute("GRANT USAGE ON SEQUENCE bench_leaf_id_seq TO countersign_app")
    seconds = effort.amount(20, 5) / 10
    entries, rows = [], []
    with _seen(bed) as seals, children.program("manage.py", "sequencer"):
        with children.running("appends", WRITERS) as writers:
            _rate(writers, "entries", 0.2)
            size = _leaf_size()
            for _ in range(effort.rounds):
                entries.append(_rate(writers, "entries", seconds))
                _wait_until_sealed()
                rows.append(_rate(writers, "rows", seconds, size=size))
                print(f"entries {entries[-1]:.0f}/s, rows {rows[-1]:.0f}/s", file=sys.stderr)
            threading.Event().wait(0.1)  # for the last look
        delays = _delays(seals)
    yield Figure("append", middle(entries), "entries/s")
    yield Figure("append_ratio", ratio(entries, rows), "ratio", least=0.6)
    yield Figure("seal_p50", percentile(delays, 50), "ms")
    yield Figure("seal_p99", percentile(delays, 99), "ms", most=1000)


def _rate(writers: list[Child], word: str, seconds: float, **given: Any) -> float:
    return float(sum(children.ask_all(writers, word, seconds=seconds, **given)) / seconds)


@contextmanager
def _seen(bed: Bed) -> Iterator[list[tuple[int, float]]]:
    """Look for new checkpoints as somebody outside would; gives tree size and time of each."""
    seals: list[tuple[int, float]] = []
    stop = threading.Event()

    def look() -> None:
        with bed.superuser() as login:
            while not stop.wait(0.02):
                row = login.execute("SELECT max(size) FROM audit_checkpoint").fetchone()
                size = int(str(row[0])) if row and row[0] is not None else 0
                if size and (not seals or size > seals[-1][0]):
                    seals.append((size, time.time()))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seals
    finally:
        stop.set()
        thread.join(5)


def _leaf_size() -> int:
    return int(_value("SELECT avg(length(leaf_bytes)) FROM audit_entry"))


def _wait_until_sealed() -> None:
    pause = threading.Event()
    while _value("SELECT count(*) FROM audit_entry_queue"):
        pause.wait(0.1)


def _delays(seals: Sequence[tuple[int, float]]) -> list[float]:
    """Give for each entry the milliseconds from its append until its checkpoint could be read."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM e.at)::float8 FROM audit_leaf l JOIN audit_entry e ON e.eid = l.entry_id"
            " ORDER BY l.idx"
        )
        written = [row[0] for row in cursor.fetchall()]
    delays, first = [], 0
    for size, seen in seals:
        delays += [(seen - at) * 1000 for at in written[first:size]]
        first = size
    assert first == len(written), f"{len(written) - first} entries were not seen sealed"
    return delays


def _value(query: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
