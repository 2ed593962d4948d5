"""Taking: the next item out of a million open ones, against the next out of ten thousand."""

import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.benchmarks.bed import Bed
from tests.benchmarks.figures import Effort, Figure, middle, ratio

_ID = """(lpad(to_hex(1767225600000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
 || substr(md5(n::text), 4, 15))::uuid"""
_ITEMS = """INSERT INTO reviews_item (id, version, state, revision, external_id, action_type, effect, subject,
 currency, jurisdiction, tenant, environment, correlation_id, awaiting, priority, due_at, rule, reasons, basis,
 override, received_at, routed_at, flow_id, policy_version_id, queue_id, amount, amount_at_stake, effective_amount,
 line, wall, verdicts, licences, reading)
SELECT {id}, 1, 'in_review', 1, 'T-' || n, 'claim.payout', 'pay', 'claim/T-' || n, 'USD', '', '', '', '',
 CASE WHEN n %% 3 = 0 THEN 'senior-adjuster' ELSE 'adjuster' END, {priority},
 now() + make_interval(mins => {minutes}), 'small', '[]', 'signatures', 'none', now(), now(), %(flow)s,
 %(policy)s, CASE WHEN {elsewhere} THEN %(exceptions)s ELSE %(queue)s END, n %% 9000, n %% 9000,
 n %% 9000, '', 'ordinary', '', '[]', '[]'
FROM generate_series(1, %(count)s) n"""
_SLOTS = """INSERT INTO reviews_signoff_slot (item_id, revision, round, stage, step, n, role, meaning, name,
 factors, blind)
SELECT id, 1, 1, 1, 1, 1, awaiting, 'Approval', '', '', false FROM reviews_item WHERE external_id LIKE 'T-%%'"""


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Alternate between a small and a large database, a round of takes in each."""
    few = _filled(bed, effort.amount(10_000, 500))
    many = _filled(bed, effort.amount(1_000_000, 5_000))
    small: list[float] = []
    large: list[float] = []
    for _ in range(effort.rounds):
        for (name, person), times in ((few, small), (many, large)):
            bed.enter(name)
            times.append(_takes(person, effort.amount(100, 20)))
        print(f"takes {small[-1]:.2f} ms of few, {large[-1]:.2f} ms of many", file=sys.stderr)
    yield Figure("take_next", middle(large), "ms")
    yield Figure("take_next_ratio", ratio(large, small), "ratio", most=1.2)


def _filled(bed: Bed, count: int) -> tuple[str, Any]:
    """Give a database with so many open items, and an adjuster who may sign two thirds of them."""
    from portal.accounts.roles import Role
    from tests.factories import make_person, make_world

    name = bed.fresh(f"taking_{count}")
    world, person = make_world(), make_person("ana", Role.ADJUSTER)
    load(bed, world, count, priority="1 + n %% 4", minutes="n %% 10007", elsewhere="n %% 5 = 0")
    return name, person.user


def load(bed: Bed, world: Any, count: int, **told: str) -> None:
    """Load open items past the rules; in SQL is told how urgent each is, when due, and which go to the exceptions."""
    from django.db import connection

    from reviews.models import PolicyVersion

    given = {
        "flow": world.flow.pk,
        "policy": PolicyVersion.objects.values_list("pk", flat=True)[0],
        "queue": world.queue.pk,
        "exceptions": world.exceptions.pk,
        "count": count,
    }
    connection.close()
    with bed.superuser(checked=False) as login:
        login.execute(_ITEMS.format(id=_ID, **told), given)
        login.execute(_SLOTS, {})
        login.execute("VACUUM ANALYZE")


def _takes(person: Any, count: int) -> float:
    """Take the next item again and again, putting each back; gives the median milliseconds of a take."""
    from portal.kit.ids import ItemId
    from reviews.actions import taking

    times = []
    for number in range(count + 10):
        began = time.perf_counter()
        lease = taking.take_next(by=person)
        if number >= 10:  # the first ones of a connection prepare their statements
            times.append((time.perf_counter() - began) * 1000)
        taking.put_back(ItemId(lease.item_id), by=person)
    return median(times)
