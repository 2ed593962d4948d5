"""Executors that are slow, die or are told twice: what was approved is paid once, or a person must look."""

import time

import pytest

from audit.models import EntryQueue
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from reviews.models import Delivery, ExecutionReport, Item
from tests.factories import World, a_document, make_person, sign, take
from tests.faults.bed import Bed, wait_until
from tests.faults.paying import Crash, Paying
from tests.faults.wire import as_bytes


@pytest.fixture
def approved(bed: Bed, world: World, executor: Paying) -> ItemId:
    """An item that a person approved."""
    ana = make_person("ana", Role.ADJUSTER)
    item_id = ItemId(bed.insist(world, str(new_id()), as_bytes(a_document()))[-1].body["id"])
    wait_until(lambda: Item.objects.filter(pk=item_id).exists(), "routed")
    sign(take(Item.objects.get(pk=item_id), ana), ana)
    return item_id


def reports(item_id: ItemId) -> list[str]:
    found = ExecutionReport.objects.filter(decision__item=item_id).order_by("at")
    return list(found.values_list("status", flat=True))


def test_an_executor_that_dies_after_it_paid_reports_later_and_pays_nothing_more(
    bed: Bed, executor: Paying, approved: ItemId
) -> None:
    executor.dies_before("succeeded")
    with pytest.raises(Crash):
        executor.settle(approved)
    bed.strike("web")
    executor.restart()

    assert executor.settle(approved) == "executed"
    assert reports(approved) == ["started", "succeeded"]
    assert executor.payments(approved) == 1


def test_an_executor_that_dies_before_it_knows_that_it_may_start_leaves_it_to_a_person(
    bed: Bed, executor: Paying, approved: ItemId
) -> None:
    executor.dies_after("started")
    with pytest.raises(Crash):
        executor.settle(approved)
    bed.strike("web")
    executor.restart()

    assert executor.settle(approved) == "unknown: a person must look"
    assert reports(approved) == ["started", "unknown"]
    assert executor.payments(approved) == 0


def test_an_answer_the_worker_did_not_live_to_hear_is_asked_for_again_and_paid_once(
    bed: Bed, executor: Paying, approved: ItemId
) -> None:
    executor.slow = 2.0
    wait_until(lambda: executor.told_of(approved), "the first callback")
    bed.strike("worker")
    executor.slow = 0.0
    bed.send("deliver", "deliveries")
    wait_until(lambda: not bed.waiting("deliveries"), "the new worker at work")
    assert executor.settle(approved) == "executed"
    wait_until(lambda: not EntryQueue.objects.exists(), "all sealed, so that no nudge comes any more")
    time.sleep(0.5)

    # Spares us the minute of the dead worker's hold; only the sweep can find it now.
    Delivery.objects.filter(item=approved).update(due_at=now())
    wait_until(lambda: Delivery.objects.get(item=approved).delivered_at, "the second callback")

    assert executor.told_of(approved) == 2
    assert executor.settle(approved) == "executed"
    assert reports(approved) == ["started", "succeeded"]
    assert executor.payments(approved) == 1


def test_delivery_messages_that_come_twice_tell_the_executor_once(bed: Bed, executor: Paying, approved: ItemId) -> None:
    executor.slow = 1.0
    wait_until(lambda: executor.told_of(approved), "the callback")

    bed.send("deliver", "deliveries", times=4)
    wait_until(lambda: Delivery.objects.get(item=approved).delivered_at, "delivered")
    time.sleep(0.5)

    assert executor.told_of(approved) == 1
