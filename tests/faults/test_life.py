"""One item's life with services killed between any two of its steps: it arrives all the same, once."""

from dataclasses import dataclass, field

import pytest

from audit import ledger
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from reviews.models import Decision, Delivery, ExecutionReport, IntakeQueue, Item, Submission
from tests.factories import World, a_document, make_person, sign, take
from tests.faults.bed import Bed, wait_until
from tests.faults.paying import Paying
from tests.faults.wire import as_bytes

LARGE = {"amount": "18250.00", "amount_at_stake": "18250.00"}
TOGETHER = ("web", "worker", "sequencer")
GAPS = ["posted", "routed", "decided", "sealed", "delivered", "decision read", "started"]
STORY = [
    (1, "item.received"), (None, "item.taken"), (2, "signature.executed"), (None, "item.taken"),
    (3, "signature.executed"), (4, "decision.finalised"), (5, "execution.reported"), (6, "execution.reported"),
]  # fmt: skip
NOTES = ((None, "delivery.ended"), (None, "evidence.made"))


@dataclass
class Life:
    """One item's life, in which the same services are struck in each gap."""

    bed: Bed
    world: World
    executor: Paying
    struck: tuple[str, ...]
    gaps: list[str] = field(default_factory=list)

    def lead(self) -> ItemId:
        """Lead one item through all of it; what comes next is held back until the gap was struck."""
        with self.bed.held("worker"):
            answers = self.bed.insist(self.world, str(new_id()), as_bytes(a_document(action=LARGE)))
            item_id = ItemId(answers[-1].body["id"])
            self.strike("posted")
        wait_until(lambda: Item.objects.filter(pk=item_id).exists(), "routed")
        # People need none of these services: they stay dead from before the first taking to after the second.
        with self.bed.without(*self.struck):
            self.gaps.append("routed")
            self._let_people_sign(Item.objects.get(pk=item_id))
        self._decide(Item.objects.get(pk=item_id))
        wait_until(lambda: self.executor.told_of(item_id), "delivered")
        self.strike("delivered")
        self.executor.after = self.strike
        assert self.executor.settle(item_id) == "executed"
        return item_id

    def strike(self, gap: str) -> None:
        """Kill and start again, once a gap."""
        if gap in GAPS and gap not in self.gaps:
            self.gaps.append(gap)
            self.bed.strike(*self.struck)

    def _let_people_sign(self, item: Item) -> None:
        ana, self.ben = make_person("ana", Role.ADJUSTER), make_person("ben", Role.SENIOR_ADJUSTER)
        sign(take(item, ana), ana)
        take(item, self.ben)

    def _decide(self, item: Item) -> None:
        path = f"/api/v1/items/{item.pk}/decision"
        with self.bed.held("worker"):
            with self.bed.held("sequencer"):
                sign(item, self.ben)
                self.strike("decided")
            wait_until(lambda: self.bed.get(self.world, path).status == 200, "sealed")
            self.strike("sealed")


@pytest.mark.parametrize("struck", [*zip(TOGETHER), TOGETHER], ids="+".join)
def test_an_item_arrives_once_whatever_is_killed_between_its_steps(
    bed: Bed, world: World, executor: Paying, struck: tuple[str, ...]
) -> None:
    life = Life(bed, world, executor, struck)

    item_id = life.lead()
    let_the_hold_pass(item_id)

    assert life.gaps == GAPS
    assert executor.payments(item_id) == 1
    assert_arrived_once(item_id)
    assert bed.findings() == ()


def let_the_hold_pass(item_id: ItemId) -> None:
    """Spare us the minute for which a worker that died in an attempt holds its delivery."""
    Delivery.objects.filter(item=item_id, delivered_at=None).update(due_at=now())
    wait_until(lambda: Delivery.objects.get(item=item_id).delivered_at, "the delivery noted")


def assert_arrived_once(item_id: ItemId) -> None:
    """Insist on one row of everything and on the whole story, its versions without a gap."""
    told = [(entry.version, entry.kind) for entry in ledger.story(item_id)]
    reports = ExecutionReport.objects.filter(decision__item=item_id).order_by("at")
    assert [step for step in told if step not in NOTES] == STORY
    assert told.count((None, "delivery.ended")) == 1
    assert told.count((None, "evidence.made")) <= 1
    assert Decision.objects.get(item=item_id).outcome == Item.objects.get(pk=item_id).state == "approved"
    assert Submission.objects.filter(pk=item_id).count() == 1
    assert not IntakeQueue.objects.filter(pk=item_id).exists()
    assert [report.status for report in reports] == ["started", "succeeded"]
