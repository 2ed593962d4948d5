"""Counters: what is already paid, denied, open and received on a subject, counted for many items at once."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from reviews.policies.parts import Policy
from reviews.words import OPEN, Effect, State

_VARIABLE = "counters"
_LOCKED = "countersign subject "
# Only a decision that stands counts. A payment back makes no room for another, so amounts below zero count as none;
# one without an amount, or in another currency than the item's, leaves the sum unknown.
_PAID = (
    "i.state = %(approved)s AND i.effect = ANY (%(pays)s) AND i.decided_at > s.at - interval '{days} days' {{until}}"
)
_SUM = "sum(i.amount) FILTER (WHERE {paid} AND i.amount > 0 AND i.currency = s.currency)"
_UNKNOWN = "bool_or(i.amount IS NULL OR i.currency <> s.currency) FILTER (WHERE {paid})"
_COUNTS = f"""
SELECT s.n, {_SUM.format(paid=_PAID.format(days=30))}, {_UNKNOWN.format(paid=_PAID.format(days=30))},
       {_SUM.format(paid=_PAID.format(days=365))}, {_UNKNOWN.format(paid=_PAID.format(days=365))},
       count(i.id) FILTER (WHERE i.received_at > s.at - interval '30 days' {{came}}),
       count(i.id) FILTER (WHERE i.state = %(approved)s AND i.effect = ANY (%(denies)s)
                             AND i.decided_at > s.at - interval '365 days' {{until}}),
       count(i.id) FILTER (WHERE (i.state = ANY (%(open)s) {{later}}) {{came}})
  FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(currencies)s::text[], %(moments)s::timestamptz[])
       WITH ORDINALITY AS s (id, name, currency, at, n)
  LEFT JOIN reviews_item i ON i.subject = s.name AND i.subject <> '' AND i.id IS DISTINCT FROM s.id
 GROUP BY s.n ORDER BY s.n
"""  # noqa: S608  texts of this module
# Now, everything that is committed counts, whatever clock wrote it; looking back, what came later does not.
_NOW = {"until": "", "came": "", "later": ""}
_THEN = {
    "until": "AND i.decided_at <= s.at",
    "came": "AND i.received_at <= s.at",
    "later": "OR i.decided_at > s.at",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What one item is about, for counting: its subject, its currency and the moment; `id` is the item itself."""

    id: UUID | None
    name: str
    currency: str
    at: datetime


def are_read_by(rules: Policy) -> bool:
    """Tell whether any rule of a policy reads counters."""
    return any(_VARIABLE in rule.condition.variables for rule in rules.rules)


def of(subjects: Sequence[Subject], *, looking_back: bool = False) -> list[dict[str, float]]:
    """Count for each of the subjects in one statement; what cannot be worked out is absent.

    An item counts not itself, and one without a subject has no counters. `looking_back` counts as it stood then.
    """
    if not any(each.name for each in subjects):
        return [{} for _ in subjects]
    given: dict[str, Any] = {
        "ids": [each.id for each in subjects],
        "names": [each.name for each in subjects],
        "currencies": [each.currency for each in subjects],
        "moments": [each.at for each in subjects],
        "approved": State.APPROVED.value,
        "open": [state.value for state in OPEN],
        "pays": [Effect.PAY.value, Effect.PARTIAL.value],
        "denies": [Effect.DENY.value, Effect.PARTIAL.value],
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.format(**(_THEN if looking_back else _NOW)), given)
        rows = cursor.fetchall()
    return [_told(row) if each.name else {} for each, row in zip(subjects, rows, strict=True)]


def hold(names: Iterable[str]) -> None:
    """Keep everybody else from counting on these subjects until the transaction ends; in an order all share."""
    keys = sorted({_lock(name) for name in names if name})
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def _lock(name: str) -> int:
    digest = hashlib.sha256(f"{_LOCKED}{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _told(row: tuple[int, Decimal | None, bool | None, Decimal | None, bool | None, int, int, int]) -> dict[str, float]:
    _, month, month_unknown, year, year_unknown, received, denied, open_ = row
    sums = {"paid_on_subject_30d": (month, month_unknown), "paid_on_subject_365d": (year, year_unknown)}
    counted = {name: float(amount or 0) for name, (amount, unknown) in sums.items() if not unknown}
    return counted | {
        "items_on_subject_30d": float(received),
        "denied_on_subject_365d": float(denied),
        "open_on_subject": float(open_),
    }
