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
GAPS = ["posted", "routed", "decided", "sealed", "delivered", "decision read", "started"]


@dataclass
class Life:
    """One item's life on a bed, in which the same services are struck in every gap."""

    bed: Bed
    world: World
    executor: Paying
    struck: tuple[str, ...]
    gaps: list[str] = field(default_factory=list)

    def strike(self, gap: str) -> None:
        """Kill and start again after a step, before anybody does the next; once a gap."""
        if gap in GAPS and gap not in self.gaps:
            self.gaps.append(gap)
            self.bed.strike(*self.struck)

    def lead(self) -> ItemId:
        """Lead one item through all of it."""
        item_id = self._arrive()
        self.gaps.append("routed")
        ben = make_person("ben", Role.SENIOR_ADJUSTER)
        item = Item.objects.get(pk=item_id)
        with self.bed.without(*self.struck):
            people_work(item, make_person("ana", Role.ADJUSTER))
            take(item, ben)
        with self.bed.held("worker"):
            with self.bed.held("sequencer"):
                sign(item, ben)
                self.strike("decided")
            wait_until(lambda: self._decision() == 200, "sealed")
            self.strike("sealed")
        wait_until(lambda: self.executor.told_of(str(item_id)), "delivered")
        self.strike("delivered")
        return item_id
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
