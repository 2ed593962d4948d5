"""Executors that are slow, die or are told twice: what was approved is paid once, or a person must look."""

import pytest

from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.actions import delivering
from reviews.models import Attempt, Delivery, ExecutionReport, Item
from tests.factories import World, a_document, make_person, sign, take
from tests.faults.bed import Bed, wait_until
from tests.faults.paying import Paying
from tests.faults.wire import as_bytes


class Crash(Exception):
    """The executor dies here."""


@pytest.fixture
def approved(bed: Bed, world: World, executor: Paying) -> str:
    """An item that a person approved."""
    ana = make_person("ana", Role.ADJUSTER)
    item_id = bed.insist(world, str(new_id()), as_bytes(a_document()))[-1].body["id"]
    wait_until(lambda: Item.objects.filter(pk=item_id).exists(), "routed")
    sign(take(Item.objects.get(pk=item_id), ana), ana)
    return str(item_id)


def reports(item_id: str) -> list[str]:
    found = ExecutionReport.objects.filter(decision__item=item_id).order_by("at")
    return list(found.values_list("status", flat=True))


def test_an_executor_that_dies_between_start_and_end_pays_once(bed: Bed, executor: Paying, approved: str) -> None:
    for step in ("decision read", "started"):
        executor.between = crash_after(step)
        with pytest.raises(Crash):
            executor.settle(approved)
        bed.strike("web")
        executor.restart()
    executor.between = lambda asked: None

    outcome = executor.settle(approved)

    # It was told `started` but died before it wrote that down: whether it was paid, nobody can know.
    assert outcome == "unknown: a person must look"
    assert reports(approved) == ["started", "unknown"]
    assert executor.payments(approved) == 0


def crash_after(step: str):  # type: ignore[no-untyped-def]
    def between(asked: str) -> None:
        if asked == step:
            raise Crash

    return between
