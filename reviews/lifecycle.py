"""How an item moves: the table of moves, the lock, and the only function that changes an item's state."""

from typing import Any
from uuid import UUID

from django.db import connection

from audit import exhibits, ledger
from audit.actors import HasActor
from audit.facts import Fact
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem
from reviews import facts
from reviews.models import Item
from reviews.words import State

MOVES: dict[type[Fact], dict[State, frozenset[State]]] = {
    facts.Signed: {State.IN_REVIEW: frozenset({State.IN_REVIEW})},
    facts.Finalised: {State.IN_REVIEW: frozenset({State.APPROVED, State.REJECTED})},
    facts.Overridden: {State.IN_REVIEW: frozenset({State.IN_REVIEW})},
    facts.ChangesRequested: {State.IN_REVIEW: frozenset({State.CHANGES_REQUESTED})},
    facts.Revised: {
        State.IN_REVIEW: frozenset({State.IN_REVIEW}),
        State.CHANGES_REQUESTED: frozenset({State.IN_REVIEW}),
    },
    facts.Cancelled: {
        State.IN_REVIEW: frozenset({State.CANCELLED}),
        State.CHANGES_REQUESTED: frozenset({State.CANCELLED}),
    },
    facts.Expired: {
        State.IN_REVIEW: frozenset({State.EXPIRED}),
        State.CHANGES_REQUESTED: frozenset({State.EXPIRED}),
    },
    facts.Rerouted: {State.IN_REVIEW: frozenset({State.IN_REVIEW})},
    facts.Returned: {State.IN_REVIEW: frozenset({State.IN_REVIEW})},
    facts.Invalidated: {State.IN_REVIEW: frozenset({State.INVALIDATED})},
    facts.Walled: {
        State.IN_REVIEW: frozenset({State.IN_REVIEW}),
        State.CHANGES_REQUESTED: frozenset({State.CHANGES_REQUESTED}),
    },
    facts.Executed: {State.APPROVED: frozenset({State.APPROVED})},
}
"""Which fact may move an item from where to where; docs/architecture.md draws this table."""


class Stale(Problem):
    """The item changed since the caller looked."""

    code = "stale"
    status = 409
    title = "This changed while you were looking at it"


class NotPossible(Problem):
    """The item's state does not allow this."""

    code = "state_conflict"
    status = 409
    title = "The item's state does not allow this"


def lock(item_id: ItemId, *, seen: int | None = None) -> Item:
    """Lock the item's row until the transaction ends; with `seen`, refuse if its version moved on."""
    item = row(item_id)
    if item is None:
        raise NotFound("There is no such item, or you may not see it.")
    insist_on_version(item, seen)
    return item


def row(item_id: ItemId) -> Item | None:
    """Lock the item's row until the transaction ends; None where there is no such item."""
    return Item.objects.select_for_update(of=("self",)).filter(pk=item_id).first()


def insist_on_version(item: Item, seen: int | None) -> None:
    """Refuse if the item's version moved on since somebody looked."""
    if seen is not None and item.version != seen:
        raise Stale("The item changed while you were looking at it. Load it again and look at what changed.")


def subject_key(item: Item) -> exhibits.DataKey:
    """Give the data key that seals everything personal about this item's subject."""
    return exhibits.key_for(scope(item))


def scope(item: Item) -> str:
    """Give the scope in which everything personal about this item's subject is sealed."""
    return exhibits.subject_scope(item.flow_id, item.subject or None, item.pk)


def sealed(item: Item, text: str) -> exhibits.Exhibit:
    """Seal a text about an item."""
    return exhibits.seal(text.encode(), scope=scope(item), media_type="text/plain")


def move(item: Item, to: State, fact: Fact, *, by: HasActor, **changes: Any) -> ledger.Written:
    """Write one step of a locked item: its row at version + 1 and the entry, in this transaction.

    Raises NotPossible when MOVES does not allow the fact to lead there.
    """
    if to not in MOVES.get(type(fact), {}).get(State(item.state), frozenset()):
        raise NotPossible(f"An item that is {item.state.replace('_', ' ')} cannot become {to.replace('_', ' ')}.")
    prev = _last_hash(item)
    item.version += 1
    item.state = to
    for name, value in changes.items():
        setattr(item, name, value)
    item.save(update_fields=["version", "state", *changes], force_update=True)
    return ledger.append(
        fact,
        stream=stream(item.pk),
        by=by,
        version=item.version,
        state=to,
        prev=prev,
        key=subject_key(item) if fact.personal() else None,
        rows=[item],
    )


def note(item: Item, fact: Fact, *, by: HasActor) -> ledger.Written:
    """Write a note about an item: an entry without a version, which moves and locks nothing."""
    return ledger.append(fact, stream=stream(item.pk), by=by, key=subject_key(item) if fact.personal() else None)


def stream(item_id: Any) -> ledger.Stream:
    """Give the stream of an item's entries."""
    return ledger.Stream("review_item", item_id)


def entry_at(item: Item) -> UUID:
    """Give the entry of the version the item stands at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT eid FROM audit_entry WHERE stream = %s::uuid AND version = %s", [item.pk, item.version])
        (eid,) = cursor.fetchone()
    return UUID(str(eid))


def _last_hash(item: Item) -> bytes:
    """Read the hash of the item's last entry, in a statement after the one that locked the row.

    As one statement (FOR UPDATE with a subselect) it reads a stale hash under contention.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT leaf_hash FROM audit_entry WHERE stream = %s::uuid AND version = %s", [item.pk, item.version]
        )
        (leaf_hash,) = cursor.fetchone()
    return bytes(leaf_hash)
