"""What a person's authority comes to on an item, as the decision panel says it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.accounts.models import User
from portal.kit.problems import Refusal
from reviews import authority, plans
from reviews.models import Item, SignoffSlot
from reviews.showing.texts import visible
from reviews.turns import Turn
from reviews.words import State


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What is left on the subject or in the period, what one item may come to, and why it may not be approved."""

    left: str
    bound: str
    refusal: Refusal | None


def entitlement(by: User, turn: Turn | None, item: Item, slots: Sequence[SignoffSlot]) -> Entitlement | None:
    """Give it to whose turn it is, for one query; None for others and where no register of authority is in force."""
    if turn is None or item.state != State.IN_REVIEW:
        return None
    found = authority.left(by, item, on_behalf_of=turn.on_behalf_of)
    if found is None:
        return None
    return Entitlement(visible(found.sentence), visible(found.bound), found.why_not(len(plans.standing(slots))))
