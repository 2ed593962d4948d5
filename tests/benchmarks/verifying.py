"""Verification: entries a second of the whole check, against SHA-256 over the same leaves."""

import hashlib
import sys
import time
from collections.abc import Iterator, Sequence

from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure, middle, ratio

_BATCH = 1000


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Alternate verify_ledger and plain hashing over one sealed log."""
    from audit.sealing.verification import verify_ledger

    bed.fresh("verifying")
    _write(effort.amount(50_000, 2_000))
    leaves = _leaves()
    verified, hashed = [], []
    for _ in range(effort.rounds):
        began = time.perf_counter()
        report = verify_ledger()
        verified.append(report.size / (time.perf_counter() - began))
        assert not report.findings, report.findings[:3]
        assert report.size == len(leaves)
        hashed.append(_hash(leaves))
        print(f"verified {verified[-1]:.0f}/s, hashed {hashed[-1]:.0f}/s", file=sys.stderr)
    yield Figure("verify", middle(verified), "entries/s")
    yield Figure("verify_ratio", ratio(verified, hashed), "ratio", least=0.2)


def _write(count: int) -> None:
    """Write and seal notes, a checkpoint for each batch."""
    from django.db import transaction

    from audit import ledger
    from audit.actors import SystemJob
    from audit.sealing import sequencer
    from portal.kit.clock import now
    from portal.kit.ids import new_id
    from reviews import facts

    for _ in range(count // _BATCH):
        with transaction.atomic():
            ledger.append_all(
                [
                    ledger.Step(facts.Taken(now()), ledger.Stream("review_item", new_id()), SystemJob.SEEDER)
                    for _ in range(_BATCH)
                ]
            )
        assert sequencer.seal_once()


def _leaves() -> list[bytes]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT leaf_bytes FROM audit_entry")
        return [bytes(row[0]) for row in cursor.fetchall()]


def _hash(leaves: Sequence[bytes]) -> float:
    began = time.perf_counter()
    for leaf in leaves:
        hashlib.sha256(b"\0" + leaf).digest()
    return len(leaves) / (time.perf_counter() - began)
