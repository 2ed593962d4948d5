"""Licences: which kinds an item's rule asks of a signer, and the numbers the signer holds them under today."""

from collections.abc import Collection, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import Refusal
from reviews import coverage
from reviews.models import Item, Licence, Register
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
        valid = [row for row in of_kind if _is_valid(row)]
        if not valid:
            return _lacking(kind, item, of_kind)
        numbers.append(f"{kind} {min(valid, key=lambda row: _width(row, item)).number}")
    return "; ".join(numbers)


def why_not(person: User, item: Item) -> Refusal | None:
    """Tell which licence a person lacks to sign an item."""
    found = held(person, item)
    return found if isinstance(found, Refusal) else None


def licensed(asked: Collection[tuple[UUID, UUID]]) -> frozenset[tuple[UUID, UUID]]:
    """Give of these items with a person those whose every licence the person holds."""
    today = now().astimezone(UTC).date()
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "items": [item for item, _ in asked],
            "people": [person for _, person in asked],
            "today": today,
        }
        cursor.execute(_LICENSED, given)
        return frozenset(cursor.fetchall())


def _rows(person: User, item: Item, kinds: Sequence[str]) -> list[Licence]:
    """Read a person's licences of the kinds asked for that cover the item's place and line, of whatever dates."""
    newest = Register.objects.filter(kind="licences").order_by("-version").values("pk")[:1]
    found = Licence.objects.filter(register=newest, person=person, kind__in=kinds).order_by("pk")
    return [row for row in found if _covers(row, item)]


def _covers(row: Licence, item: Item) -> bool:
    is_there = row.jurisdiction in ("*", item.jurisdiction) or item.jurisdiction.startswith(f"{row.jurisdiction}-")
    return is_there and row.line in ("*", item.line)


def _is_valid(row: Licence) -> bool:
    today = now().astimezone(UTC).date()
    return row.starts <= today and (row.ends is None or today <= row.ends)


def _width(row: Licence, item: Item) -> tuple[bool, int, int]:
    """Sort the narrowest first, as coverage.NARROWEST does."""
    place = {item.jurisdiction: 0, "*": 2}.get(row.jurisdiction, 1)
    return row.line == "*", place, row.pk


def _lacking(kind: str, item: Item, rows: Sequence[Licence]) -> Refusal:
    place = f" for {jurisdictions.name(item.jurisdiction)}" if item.jurisdiction else ""
    of_line = f", {item.line}" if item.line else ""
    ended = [row.ends for row in rows if row.ends is not None and row.ends < now().astimezone(UTC).date()]
    renew = "Have the register of licences brought up to date, or leave the item to somebody who holds one."
    if ended:
        last = max(ended)
        day = f"{last.day} {last:%b %Y}"
        return Refusal("licence_expired", f"Your licence {kind}{place}{of_line} ended on {day}. {renew}")
    return Refusal("licence_missing", f"Signing this asks for a licence {kind}{place}{of_line}, valid today. {renew}")
