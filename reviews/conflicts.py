"""Conflicts of duty over the whole item: whose turn it would be, were they not on the other side of it as well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts import roles
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import Refusal
from reviews import authority, capable, capacities, plans, turns
from reviews.capacities import Capacity
from reviews.models import Item, SignoffSlot
from reviews.turns import Turn

CHANGED_RULE = "changed_rule"
_KNOWN = f"""
SELECT p.id, reviews_submitted(p.id, i.id),
       EXISTS (SELECT FROM reviews_recusal x WHERE (x.item_id, x.person_id) = (i.id, p.id)),
       {capable.CHANGED_RULE.format("p.id")},
       (SELECT array_agg(f.first || ' ' || f.second) FROM portal_forbidden_pair f WHERE f.ended_at IS NULL
           AND (f.first = ANY (%(roles)s::text[]) OR f.second = ANY (%(roles)s::text[])))
  FROM reviews_item i, unnest(%(people)s::uuid[]) AS p(id)
 WHERE i.id = %(item)s::uuid
"""  # noqa: S608  texts of our own


@dataclass(frozen=True, slots=True)
class _Known:
    """Who of a person and those they stand in for submitted the item, stepped aside from it, or changed its rule."""

    submitted: frozenset[UUID]
    recused: frozenset[UUID]
    changed: frozenset[UUID]
    pairs: tuple[tuple[str, ...], ...]


def turn(person: User, granted: Access, item: Item, slots: Sequence[SignoffSlot]) -> Turn | Refusal:
    """Give a person's turn on an item, or why it is not theirs; the duties of everybody in it are kept apart."""
    there = capacities.of(granted).on(item.queue_id)
    found = turns.turns(person, there, item, slots)
    if isinstance(found, Refusal) and found.code not in ("already_signed", "signed_by_delegate"):
        return found
    known = _known(person, granted, there, item)
    refusal = _of_person(person, granted, known)
    if refusal is not None:
        return refusal
    if isinstance(found, Refusal):
        return found
    answers = [_kept_apart(each, person, granted, known, item, slots) for each in found]
    free = [each for each in answers if isinstance(each, Turn)]
    return _within_authority(free, person, item, slots) if free else answers[0]


def turn_told(person: User, granted: Access, item: Item, slots: Sequence[SignoffSlot]) -> Turn | Refusal:
    """Give the turn of somebody whose conflicts are told already; with nothing lent there is one, so none is chosen."""
    return (turn if granted.lent else turns.turn)(person, granted, item, slots)


def _within_authority(free: Sequence[Turn], person: User, item: Item, slots: Sequence[SignoffSlot]) -> Turn:
    """Give the plainest turn whose authority covers the item: one's own before that of somebody who is away."""
    if len({each.capacity.absent for each in free}) == 1:
        return free[0]
    asked = len(plans.standing(slots))
    beyond = (authority.why_not(person, item, None, asked, on_behalf_of=each.on_behalf_of) for each in free)
    return next((each for each, refusal in zip(free, beyond, strict=True) if refusal is None), free[0])


def has_recused(person: User, item: Item) -> bool:
    """Tell whether a person stepped aside from an item."""
    return item.recusals.filter(person=person).exists()


def _of_person(person: User, granted: Access, known: _Known) -> Refusal | None:
    """Tell what stands in a person's way in whatever capacity."""
    if person.pk in known.submitted:
        return Refusal("own_work", "Someone else must sign work you submitted.")
    if person.pk in known.recused:
        return Refusal("recused", "You stepped aside from this item. Leave it to the others.")
    return _forbidden(granted.roles, known)


def _kept_apart(
    mine: Turn, person: User, granted: Access, known: _Known, item: Item, slots: Sequence[SignoffSlot]
) -> Turn | Refusal:
    """Tell what stands in the way of this one turn; give it back, with the duties waived, where nothing does."""
    absent = mine.capacity.absent
    if absent in known.submitted:
        return Refusal("absent_own_work", f"{mine.on_behalf_of} submitted this, so nobody signs it in their name.")
    if absent in known.recused:
        return Refusal("absent_recused", f"{mine.on_behalf_of} stepped aside, so nobody signs it in their name.")
    refusal = _forbidden(granted.roles | {mine.role}, known)
    if refusal is not None:
        return refusal
    if not known.changed & {person.pk, absent}:
        return mine
    if capable.is_needed(item, slots):
        return replace(mine, waived=(CHANGED_RULE,))
    who = "You" if person.pk in known.changed else str(mine.on_behalf_of)
    sentence = f"{who} changed the routing rule of this item within the last {capable.CHANGED_WITHIN_DAYS} days."
    return Refusal(CHANGED_RULE, f"{sentence} Leave it to somebody else.")


def _forbidden(held: frozenset[str], known: _Known) -> Refusal | None:
    pair = next((pair for pair in known.pairs if held.issuperset(pair)), None)
    if pair is None:
        return None
    both = " and ".join(map(roles.title, pair))
    return Refusal("forbidden_pair", f"Nobody here signs as both {both}. Have one of the roles taken from you first.")


def _known(person: User, granted: Access, there: Sequence[Capacity], item: Item) -> _Known:
    people = {person.pk} | {each.absent for each in there if each.absent is not None}
    held = granted.roles.union(*(each.roles for each in there))
    given: dict[str, Any] = {
        "item": item.pk, "people": sorted(people), "roles": sorted(held), "now": now(),
        "days": capable.CHANGED_WITHIN_DAYS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, given)
        rows = cursor.fetchall()
    pairs = {pair for row in rows for pair in row[4] or ()}
    submitted, recused, changed = (frozenset(row[0] for row in rows if row[place]) for place in (1, 2, 3))
    return _Known(submitted, recused, changed, tuple(tuple(pair.split(" ")) for pair in sorted(pairs)))
