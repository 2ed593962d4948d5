"""One item's life with services killed between any two of its steps: it arrives all the same, once."""

from collections.abc import Callable

import pytest

from audit import ledger
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from reviews.models import Decision, Delivery, ExecutionReport, IntakeQueue, Item, Submission
from tests.factories import Person, World, a_document, make_person, sign, story, take
from tests.faults.bed import ALL, Bed, wait_until
from tests.faults.paying import Paying
from tests.faults.wire import as_bytes

LARGE = {"amount": "18250.00", "amount_at_stake": "18250.00"}
LIFE = [
    "item.received", "item.taken", "signature.executed", "item.taken", "signature.executed", "decision.finalised",
    "delivery.ended", "execution.reported", "execution.reported",
]  # fmt: skip
GAPS = [
    "posted", "routed", "taken", "signed once", "taken again", "decided", "sealed", "delivered", "decision read",
    "started", "succeeded",
]  # fmt: skip


def live(bed: Bed, world: World, executor: Paying, gap: Callable[[str], None]) -> ItemId:
    """Lead one item through its life; `gap` is called after each step, before anybody does the next."""
    people = make_person("ana", Role.ADJUSTER), make_person("ben", Role.SENIOR_ADJUSTER)
    webhook_id, raw = str(new_id()), as_bytes(a_document(action=LARGE))
    with bed.held("worker"):
        item_id = ItemId(bed.insist(world, webhook_id, raw)[-1].body["id"])
        gap("posted")
    wait_until(lambda: Item.objects.filter(pk=item_id).exists(), "routed")
    gap("routed")
    item = Item.objects.get(pk=item_id)
    _take_and_sign(item, people[0], gap, "taken", "signed once")
    take(item, people[1])
    gap("taken again")
    with bed.held("worker"):
        with bed.held("sequencer"):
            sign(item, people[1])
            gap("decided")
        wait_until(lambda: bed.get(world, f"/api/v1/items/{item_id}/decision").status == 200, "sealed")
        gap("sealed")
    wait_until(lambda: executor.told_of(str(item_id)), "delivered")
    gap("delivered")
    executor.between = gap
    assert executor.settle(str(item_id)) == "executed"
    return item_id


def _take_and_sign(item: Item, person: Person, gap: Callable[[str], None], taken: str, signed: str) -> None:
    take(item, person)
    gap(taken)
    sign(item, person)
    gap(signed)


@pytest.mark.parametrize("struck", [("web",), ("worker",), ("sequencer",), ALL], ids="+".join)
def test_an_item_arrives_once_whatever_is_killed_between_its_steps(
    bed: Bed, world: World, executor: Paying, struck: tuple[str, ...]
) -> None:
    gaps: list[str] = []

    def strike(gap: str) -> None:
        if gap not in gaps:
            gaps.append(gap)
            bed.strike(*struck)

    item_id = live(bed, world, executor, strike)

    assert gaps == GAPS
    assert executor.payments(str(item_id)) == 1
    assert_arrived_once(item_id)
    assert bed.findings() == ()


def let_the_hold_pass(item_id: ItemId) -> None:
    """Spare us the minute for which a worker that died in an attempt holds its delivery."""
    Delivery.objects.filter(item=item_id, delivered_at=None).update(due_at=now())


def assert_arrived_once(item_id: ItemId) -> None:
    """Insist on one row of everything, on the whole story, and on versions without a gap."""
    let_the_hold_pass(item_id)
    wait_until(lambda: Delivery.objects.get(item=item_id).delivered_at, "the delivery noted")
    told = ledger.story(item_id)
    assert Item.objects.get(pk=item_id).state == Decision.objects.get(item=item_id).outcome == "approved"
    assert Submission.objects.filter(pk=item_id).count() == 1
    assert not IntakeQueue.objects.filter(pk=item_id).exists()
    assert sorted(story(item_id)) == sorted(LIFE)
    assert [each.version for each in told if each.version] == [1, 2, 3, 4, 5, 6]
    reports = ExecutionReport.objects.filter(decision__item=item_id).order_by("at")
    assert [report.status for report in reports] == ["started", "succeeded"]
