"""Refusing: what a rule refuses is over at once; nothing is decided, nothing happens, and the flow is told why."""

from audit.actors import SystemJob
from reviews import facts, lifecycle, outbox
from reviews.models import Item
from reviews.words import State

EVENT = "countersign.item.invalidated.v1"
CODE = "refused_by_rule"


def invalidate(item: Item) -> None:
    """Move a locked item that its rule refuses out of review and queue the event; the caller's transaction."""
    fact = facts.Invalidated(rule=item.rule, code=CODE)
    written = lifecycle.move(item, State.INVALIDATED, fact, by=SystemJob.ROUTER, awaiting="")
    told = {"item": str(item.pk), "outcome": item.state, "external_id": item.external_id or None, "reason": why(item)}
    outbox.enqueue(item, EVENT, told, written=written)


def why(item: Item) -> str:
    """Give the sentence of the rule that refused an item."""
    return str(item.reasons[0]["sentence"]) if item.reasons else ""
