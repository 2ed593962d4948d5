"""Turns: which place of an item's plan a person may fill now, and in whose name and role."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.accounts import roles
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.problems import Refusal
from reviews import capacities, plans
from reviews.capacities import Capacity
from reviews.models import Item, SignoffSlot

_SIGNED = Refusal("already_signed", "You signed this already. The next signature must be another person's.")
_DELEGATE = Refusal(
    "signed_by_delegate",
    "A person and their substitute are one signer, and one of the two signed this. Leave it to somebody else.",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A place of the plan that is this person's to fill: as which role, for whom, under which licence.

    `waived` names the duties that are not kept apart here, because nobody else could sign.
    """

    slot: SignoffSlot
    role: str
    on_behalf_of: User | None = None
    licence: str = ""
    capacity: Capacity = Capacity(frozenset())
    waived: tuple[str, ...] = ()


def turn(person: User, granted: Access, item: Item, slots: Sequence[SignoffSlot]) -> Turn | Refusal:
    """Give the plainest turn of somebody with this access, or why there is none; conflicts of duty apart."""
    found = turns(person, capacities.of(granted).on(item.queue_id), item, slots)
    return found if isinstance(found, Refusal) else found[0]


def turns(person: User, there: Sequence[Capacity], item: Item, slots: Sequence[SignoffSlot]) -> list[Turn] | Refusal:
    """Give the turns of somebody who may act as this on the item's queue, the plainest first, or why there is none."""
    waiting = plans.open_slots(slots)
    if not waiting:
        return Refusal("nothing_to_sign", "No signature is missing here.")
    found: list[Turn] = []
    refusals: list[Refusal] = []
    for capacity in there:
        for slot in waiting:
            role = next((role for role in slot.roles if role in capacity.roles), None)
            if role is None:
                continue
            refusal = why_not_fill(person.pk, capacity.absent, slot, slots) or capacity.why_not_cover(
                item.queue_id, item.effective_amount, item.currency
            )
            if refusal is None:
                found.append(Turn(slot, role, capacity.on_behalf_of, capacity=capacity))
            else:
                refusals.append(refusal)
    if found:
        return found
    return refusals[0] if refusals else _missing(waiting)


def why_not_fill(person: UUID, absent: UUID | None, slot: SignoffSlot, slots: Sequence[SignoffSlot]) -> Refusal | None:
    """Tell whose signature beside this place stands in the way; nobody signs twice, nor with their substitute.

    A signature of an earlier round of the same stage does not count any more.
    """
    beside = [each for each in slots if each.signature is not None and not _is_superseded(each, slot)]
    if any(each.signer_id == person for each in beside):
        return _SIGNED
    stood_for = {each.signature.on_behalf_of_id for each in beside if each.signature} - {None}
    if person in stood_for or (absent is not None and (absent in stood_for or absent in _signers(beside))):
        return _DELEGATE
    return None


def _is_superseded(signed: SignoffSlot, slot: SignoffSlot) -> bool:
    return signed.stage == slot.stage and signed.round < slot.round


def _signers(slots: Sequence[SignoffSlot]) -> set[UUID | None]:
    return {each.signer_id for each in slots}


def _missing(waiting: Sequence[SignoffSlot]) -> Refusal:
    return Refusal("role_missing", f"The next signature is for {_named(waiting)}, which you do not hold.")


def _named(waiting: Sequence[SignoffSlot]) -> str:
    named = sorted({roles.title(role) for slot in waiting for role in slot.roles})
    return f"the role {named[0]}" if len(named) == 1 else f"one of the roles {', '.join(named)}"
