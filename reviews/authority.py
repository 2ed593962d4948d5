"""Authority: what a person may approve for by the register in force, and what is left of it on an item."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts.access import WALL
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import Refusal
from portal.kit.wording import counted, money
from reviews import counters, coverage
from reviews.models import Item
from reviews.words import MOVES_MONEY

# One statement for a person and an item: the row that counts, what is approved or being signed on the subject beside
# this item by anybody, and what was signed in the person's name within the row's period; of both also the part that
# who looks may see. An open item counts whatever was signed on it: what is left must not tell a veiled verdict.
# No row: no register, nothing is asked.
_SEEN = f"""o.wall = 'ordinary' OR EXISTS (
  SELECT FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id
   WHERE m.user_id = %(viewer)s::uuid AND g.name = '{WALL}' || o.wall)"""  # noqa: S608  texts of our own
_SUMS = f"""coalesce(sum(o.effective_amount), 0) AS whole,
           coalesce(sum(o.effective_amount) FILTER (WHERE {_SEEN}), 0) AS seen"""
_STANDING = f"""
WITH register AS (SELECT {coverage.AUTHORITY} AS id),
i AS (SELECT id, subject, effect, line, jurisdiction, currency, %(amount)s::numeric AS effective_amount
        FROM reviews_item WHERE id = %(item)s::uuid),
mine AS (SELECT e.* FROM i, reviews_entitlement e
          WHERE e.register_id = (SELECT id FROM register) AND e.person_id = %(person)s::uuid
            AND {coverage.ENTITLED}
          ORDER BY {coverage.NARROWEST} LIMIT 1),
signed AS (
  SELECT g.item_id, g.revision, g.signed_at, g.verdict FROM reviews_signature g
   WHERE g.signer_id = %(person)s::uuid AND g.on_behalf_of_id IS NULL
   UNION ALL
  SELECT g.item_id, g.revision, g.signed_at, g.verdict FROM reviews_signature g
   WHERE g.on_behalf_of_id = %(person)s::uuid)
SELECT mine.up_to, mine.alone, mine.per_subject, mine.per_period, mine.period_days,
       on_subject.whole, on_subject.seen, in_period.whole, in_period.seen
  FROM register LEFT JOIN mine ON true,
  LATERAL (
    SELECT {_SUMS}
      FROM i, reviews_item o
     WHERE mine.per_subject IS NOT NULL AND o.subject <> '' AND (o.subject, o.currency) = (i.subject, i.currency)
       AND o.id <> i.id AND (o.state = 'approved' OR o.state = 'in_review' AND EXISTS (
         SELECT FROM reviews_signature g WHERE (g.item_id, g.revision) = (o.id, o.revision)))) on_subject,
  LATERAL (
    SELECT {_SUMS}
      FROM (SELECT DISTINCT o.id, o.effective_amount, o.wall FROM i, signed JOIN reviews_item o
                ON (o.id, o.revision) = (signed.item_id, signed.revision)
             WHERE mine.per_period IS NOT NULL AND signed.verdict = 'approve' AND o.id <> i.id
               AND signed.signed_at > %(now)s::timestamptz - mine.period_days * interval '1 day'
               AND o.currency = i.currency AND o.state IN ('in_review', 'changes_requested', 'approved')) o) in_period
 WHERE register.id IS NOT NULL
"""  # noqa: S608  texts of our own
_ENTITLED = f"""
WITH asked AS (SELECT * FROM unnest(%(items)s::uuid[], %(people)s::uuid[]) AS a(item, person))
SELECT covered.item, covered.person FROM (
  SELECT DISTINCT ON (i.id, e.person_id) i.id AS item, e.person_id AS person, e.up_to, i.effective_amount
    FROM asked a JOIN reviews_item i ON i.id = a.item
    JOIN reviews_entitlement e ON e.register_id = {coverage.AUTHORITY} AND e.person_id = a.person
   WHERE {coverage.ENTITLED}
   ORDER BY i.id, e.person_id, {coverage.NARROWEST}
) covered WHERE coalesce(covered.up_to >= covered.effective_amount, true)
UNION
SELECT item, person FROM asked WHERE {coverage.AUTHORITY} IS NULL
"""  # noqa: S608  texts of our own
_THING = re.compile(r"[a-z][a-z -]{0,30}")
_FOR_AMOUNT = "Send it back to its flow for the amount, or reject it."
_INSTEAD = "Leave it to somebody who may sign for more; you may still reject it or send it back."


@dataclass(frozen=True, slots=True)
class Bounds:
    """The row of the register that counts: for one item, alone, on one subject, and within a period."""

    up_to: Decimal
    alone: Decimal
    per_subject: Decimal | None
    per_period: Decimal | None
    period_days: int | None

    @property
    def period(self) -> str:
        """Say which period is looked at, where there is one: “in 30 days”."""
        return f"in {counted(self.period_days or 0, 'day')}"


@dataclass(frozen=True, slots=True)
class Total:
    """What comes to a bound beside an item: the whole, which is compared, and what who looks may see of it."""

    whole: Decimal
    seen: Decimal


@dataclass(frozen=True, slots=True)
class Left:
    """What a person may still approve on an item; `whose` names somebody else in whose name it would be signed."""

    item: Item
    amount: Decimal | None
    bounds: Bounds | None
    on_subject: Total
    in_period: Total
    whose: str = ""

    @property
    def sentence(self) -> str:
        """Say what is left beside this item, on its subject or in the period: “$6,350.00 of your $50,000.00 left …”."""
        if self.bounds is None or self.amount is None:
            return ""
        told = []
        if self._on_subject is not None:
            told.append(self._of(self._on_subject, self.on_subject, f"on this {self._thing}"))
        if self.bounds.per_period is not None:
            told.append(self._of(self.bounds.per_period, self.in_period, self.bounds.period))
        return "; ".join(told)

    @property
    def bound(self) -> str:
        """Say what one item may come to: “Up to $25,000.00 an item, $10,000.00 alone”."""
        if self.bounds is None or self.amount is None:
            return ""
        alone = f", {self._money(self.bounds.alone)} alone" if self.bounds.alone < self.bounds.up_to else ""
        return f"Up to {self._money(self.bounds.up_to)} an item{alone}"

    def why_not(self, signatures: int) -> Refusal | None:
        """Tell why approving is beyond the authority, where the plan asks for so many signatures in all."""
        if self.amount is None and self.item.effect in MOVES_MONEY:
            told = f"It names no amount that {self._your} authority could be compared with."
            return Refusal("amount_missing", f"{told} {_FOR_AMOUNT}")
        if self.bounds is None:
            told = f"The register of authority gives {self._you} nothing for {self._scope}."
            return Refusal("no_authority", f"{told} {_INSTEAD}")
        if self.amount is None:
            return None
        return self._too_large(self.amount, self.bounds, signatures) or self._too_much(self.amount, self.bounds)

    def _too_large(self, amount: Decimal, bounds: Bounds, signatures: int) -> Refusal | None:
        """Compare the item by itself."""
        if amount > bounds.up_to:
            most = f"the {self._money(bounds.up_to)} that {self._you} may sign for"
            return Refusal("over_authority", f"{self._money(amount)} is more than {most}. {_INSTEAD}")
        if signatures == 1 and amount > bounds.alone:
            most = f"the {self._money(bounds.alone)} that {self._you} may sign for alone, and nobody else signs"
            return Refusal("over_alone", f"{self._money(amount)} is more than {most}. {_INSTEAD}")
        return None

    def _too_much(self, amount: Decimal, bounds: Bounds) -> Refusal | None:
        """Compare what it comes to in all, on the subject and in the period."""
        if self._on_subject is not None and self.on_subject.whole + amount > self._on_subject:
            return self._total("over_subject", self._on_subject, self.on_subject, f"on this {self._thing}")
        if bounds.per_period is not None and self.in_period.whole + amount > bounds.per_period:
            return self._total("over_period", bounds.per_period, self.in_period, bounds.period)
        return None

    def _total(self, code: str, bound: Decimal, used: Total, where: str) -> Refusal:
        """Refuse with what is left, unless part of what is used lies behind a wall: then no figure tells how much."""
        hidden = f"is left of {self._your} {self._money(bound)} {where}"
        left = f"the {self._of(bound, used, where)}" if used.whole == used.seen else hidden
        return Refusal(code, f"This item's {self._money(self.amount or Decimal(0))} is more than {left}. {_INSTEAD}")

    def _of(self, bound: Decimal, used: Total, where: str) -> str:
        left = max(bound - used.seen, Decimal(0))
        return f"{self._money(left)} of {self._your} {self._money(bound)} left {where}"

    @property
    def _on_subject(self) -> Decimal | None:
        return self.bounds.per_subject if self.bounds and self.item.subject else None

    @property
    def _thing(self) -> str:
        """Give what the subject is, by the first part of its name: a claim, a patient."""
        first, slash, _ = self.item.subject.partition("/")
        word = first.replace("_", " ").replace("-", " ")
        return word if slash and _THING.fullmatch(word) else "subject"

    @property
    def _scope(self) -> str:
        item = self.item
        named = (item.effect, item.line, item.jurisdiction, item.currency if self.amount is not None else "")
        return ", ".join(each for each in named if each)

    @property
    def _you(self) -> str:
        return self.whose or "you"

    @property
    def _your(self) -> str:
        return f"{self.whose}'s" if self.whose else "your"

    def _money(self, amount: Decimal) -> str:
        return money(amount, self.item.currency)


def left(person: User, item: Item, amount: Decimal | None = None, *, on_behalf_of: User | None = None) -> Left | None:
    """Give what approving an item may come to for a person; None where no register of authority is in force.

    `amount` is what it would come to with changes, the item's own otherwise. Who stands in uses the other's authority.
    """
    holder = on_behalf_of or person
    amount = item.effective_amount if amount is None else amount
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, _given(amount=amount, item=item.pk, person=holder.pk, viewer=person.pk))
        found = cursor.fetchone()
    if found is None:
        return None
    up_to, alone, *rest, on_subject, seen_on_subject, in_period, seen_in_period = found
    bounds = None if up_to is None else Bounds(up_to, alone, *rest)
    totals = Total(on_subject, seen_on_subject), Total(in_period, seen_in_period)
    return Left(item, amount, bounds, *totals, holder.printed_name if on_behalf_of else "")


def why_not(
    person: User, item: Item, amount: Decimal | None, signatures: int, *, on_behalf_of: User | None = None
) -> Refusal | None:
    """Tell why a person may not approve an item for an amount, under a plan of so many signatures in all."""
    found = left(person, item, amount, on_behalf_of=on_behalf_of)
    return found.why_not(signatures) if found else None


def hold(person: User, item: Item, *, on_behalf_of: User | None = None) -> None:
    """Lock what is added up until the transaction ends: the subject's total, then the person's; the item is locked.

    Everybody takes them in this order, and nobody locks another item while holding them. The subject's lock is the one
    that rules count under, so what they approve by themselves and what people sign follow each other.
    """
    holder = on_behalf_of or person
    counters.hold([item.subject])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"authority:{holder.pk}"])


def entitled(asked: Collection[tuple[UUID, UUID]]) -> frozenset[tuple[UUID, UUID]]:
    """Give of these items with a person those the person may approve by amount, totals apart; all without register."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTITLED, _given(items=[item for item, _ in asked], people=[person for _, person in asked]))
        return frozenset(cursor.fetchall())


def _given(**named: Any) -> dict[str, Any]:
    moment = now()
    return named | {"now": moment, "today": moment.astimezone(UTC).date()}
