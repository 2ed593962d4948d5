"""Signable: what the person whose turn it is would sign now: one act, in one role, under their licences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from portal.accounts.models import User
from portal.kit.problems import Refusal, Refused
from reviews import licences, plans, queries, revisions
from reviews.actions import changing
from reviews.actions.changing import Change
from reviews.models import Item
from reviews.turns import Turn


@dataclass(frozen=True, slots=True)
class Content:
    """What is signed: one revision's act, in one role and meaning; with a change, of the revision that it will make."""

    item: Item
    revision: int
    digest: bytes
    title: str
    act: dict[str, Any]
    role: str
    meaning: str
    slot_id: int | None
    change: Change | None
    turn: Turn

    @property
    def amount(self) -> Decimal | None:
        """Give the amount a signature answers for: with changes the larger of proposed and signed."""
        return self.change.effective_amount if self.change else self.item.effective_amount

    @property
    def factors(self) -> tuple[str, ...]:
        """Name the factors of which one suffices for this signature; none named means that any does."""
        return self.change.stages[0].factors if self.change else tuple(self.turn.slot.factors.split())

    @property
    def signatures(self) -> int:
        """Count the signatures that the plan asks for in all."""
        if self.change:
            return sum(stage.signatures for stage in self.change.stages)
        return len(plans.standing(plans.of(self.item)))


def content(item: Item, turn: Turn, overrides: dict[str, str] | None, *, by: User) -> Content:
    """Give what the person whose turn it is would sign now; with overrides, the change they make of it.

    Raises Refused where they lack a licence that it asks for.
    """
    current = queries.current_revision(item)
    document = revisions.document(current)
    title, digest = document["action"]["title"], bytes(current.digest)
    if overrides is None:
        act = revisions.built(item, current, document)
        slot, turn = turn.slot, _licensed(turn, by, item, item.licences)
        return Content(item, item.revision, digest, title, act, turn.role, slot.meaning, slot.pk, None, turn)
    change = changing.of(item, current, turn.slot, overrides)
    first, turn = change.stages[0], _licensed(turn, by, item, change.asks["licences"])
    return Content(item, change.number, digest, title, change.act, turn.role, first.meaning, None, change, turn)


def _licensed(turn: Turn, by: User, item: Item, kinds: Sequence[str]) -> Turn:
    """Give the turn with the licences under which the person signs."""
    held = licences.held(by, item, kinds)
    if isinstance(held, Refusal):
        raise Refused(held)
    return replace(turn, licence=held)
