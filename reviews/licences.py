"""Licences: which kinds an item's rule asks of a signer, and the numbers the signer holds them under today."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import Refusal
from reviews import coverage
from reviews.models import Item
from reviews.policies import jurisdictions

_LICENSED = f"""
SELECT asked.item, asked.person
  FROM unnest(%(items)s::uuid[], %(people)s::uuid[]) AS asked(item, person) JOIN reviews_item i ON i.id = asked.item
 WHERE NOT EXISTS (
   SELECT FROM jsonb_array_elements_text(i.licences) AS wanted(kind) WHERE NOT EXISTS (
     SELECT FROM reviews_licence e
      WHERE e.register_id = {coverage.LICENCES} AND e.person_id = asked.person AND e.kind = wanted.kind
        AND {coverage.LICENSED}))
"""  # noqa: S608  texts of our own
_HELD = f"""
SELECT e.kind, e.number, e.ends, {coverage.VALID}
  FROM (SELECT %(jurisdiction)s::text AS jurisdiction, %(line)s::text AS line) i, reviews_licence e
 WHERE e.register_id = {coverage.LICENCES} AND e.person_id = %(person)s::uuid AND e.kind = ANY (%(kinds)s::text[])
   AND {coverage.PLACED}
 ORDER BY {coverage.NARROWEST_LICENCE}
"""  # noqa: S608  texts of our own


@dataclass(frozen=True, slots=True)
class _Row:
    """One licence of a person; they come the narrowest first."""

    kind: str
    number: str
    ends: date | None
    is_valid: bool


def held(person: User, item: Item, kinds: Sequence[str] | None = None) -> str | Refusal:
    """Give the licences under which a person would sign, as evidence prints them, or why one is lacking.

    `kinds` are those that changes lead to, the item's own otherwise. Several are joined by `; `; none is an empty text.
    """
    asked = item.licences if kinds is None else kinds
    if not asked:
        return ""
    rows = _rows(person, item, asked)
    numbers = []
    for kind in asked:
        of_kind = [row for row in rows if row.kind == kind]
        valid = next((row for row in of_kind if row.is_valid), None)
        if valid is None:
            return _lacking(kind, item, of_kind)
        numbers.append(f"{kind} {valid.number}")
    return "; ".join(numbers)


def why_not(person: User, item: Item) -> Refusal | None:
    """Tell which licence a person lacks to sign an item."""
    found = held(person, item)
    return found if isinstance(found, Refusal) else None


def licensed(asked: Collection[tuple[UUID, UUID]]) -> frozenset[tuple[UUID, UUID]]:
    """Give of these items with a person those whose every licence the person holds."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "items": [item for item, _ in asked],
            "people": [person for _, person in asked],
            "today": _today(),
        }
        cursor.execute(_LICENSED, given)
        return frozenset(cursor.fetchall())


def _rows(person: User, item: Item, kinds: Sequence[str]) -> list[_Row]:
    """Read a person's licences of the kinds asked for that cover the item's place and line, of whatever dates."""
    given: dict[str, Any] = {
        "person": person.pk, "kinds": list(kinds), "today": _today(),
        "jurisdiction": item.jurisdiction, "line": item.line,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HELD, given)
        return [_Row(*row) for row in cursor.fetchall()]


def _today() -> date:
    return now().astimezone(UTC).date()


def _lacking(kind: str, item: Item, rows: Sequence[_Row]) -> Refusal:
    place = f" for {jurisdictions.name(item.jurisdiction)}" if item.jurisdiction else ""
    of_line = f", {item.line}" if item.line else ""
    ended = [row.ends for row in rows if row.ends is not None and row.ends < _today()]
    renew = "Have the register of licences brought up to date, or leave the item to somebody who holds one."
    if ended:
        last = max(ended)
        day = f"{last.day} {last:%b %Y}"
        return Refusal("licence_expired", f"Your licence {kind}{place}{of_line} ended on {day}. {renew}")
    return Refusal("licence_missing", f"Signing this asks for a licence {kind}{place}{of_line}, valid today. {renew}")
