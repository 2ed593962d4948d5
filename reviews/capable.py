"""Who there is: the people who could give the signatures that an item still lacks, and who could not, and why."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection

from portal.accounts.access import WALL
from portal.accounts.roles import NEVER_SIGN
from portal.kit.clock import now
from reviews import authority, licences, plans, turns
from reviews.models import Item, SignoffSlot

CHANGED_WITHIN_DAYS = 30
CHANGED_RULE = """EXISTS (
      SELECT FROM reviews_policy_version r JOIN reviews_policy_version v USING (policy_id)
        JOIN reviews_proposal o ON o.id = v.proposal_id
       WHERE r.id = i.policy_version_id AND v.version <= r.version AND v.changed_rules ? i.rule
         AND v.applied_at > %(now)s::timestamptz - %(days)s * interval '1 day'
         AND ARRAY[o.proposed_by_id, o.decided_by_id] && ARRAY[{}])"""
"""Whether one of some people changed an item `i`'s rule lately, by a version it was routed by or one before it."""

# Somebody may act in a role of their own, in that of who is away, or in one taken in an emergency.
_CAPABLE = f"""
WITH i AS (SELECT t.*, t.queue_id::text AS queue FROM reviews_item t WHERE t.id = ANY (%(items)s::uuid[])),
held AS (SELECT m.user_id AS person, g.name AS role FROM portal_user_groups m JOIN auth_group g ON g.id = m.group_id),
reviewer AS (
  SELECT m.user_id AS person, o.object_pk AS queue FROM guardian_groupobjectpermission o
    JOIN auth_permission p ON p.id = o.permission_id AND p.codename = 'review_in_queue'
    JOIN portal_user_groups m ON m.group_id = o.group_id WHERE o.object_pk IN (SELECT queue FROM i)
   UNION
  SELECT o.user_id, o.object_pk FROM guardian_userobjectpermission o
    JOIN auth_permission p ON p.id = o.permission_id AND p.codename = 'review_in_queue'
   WHERE o.object_pk IN (SELECT queue FROM i)),
capacity AS (
  SELECT r.queue, r.person, NULL::uuid AS absent, NULL::numeric AS up_to, '' AS currency, h.role
    FROM reviewer r JOIN held h USING (person)
   UNION ALL
  SELECT r.queue, s.substitute_id, s.absent_id, s.up_to, s.currency, h.role
    FROM reviews_substitution s JOIN portal_user a ON a.id = s.absent_id AND a.is_active
    JOIN reviewer r ON r.person = s.absent_id AND (s.queues = '[]'::jsonb OR s.queues ? r.queue)
    JOIN held h ON h.person = s.absent_id
   WHERE s.ended_at IS NULL AND s.starts_at <= %(now)s AND s.ends_at > %(now)s
   UNION ALL
  SELECT b.queue_id::text, b.person_id, NULL, NULL, '', b.role FROM reviews_break_glass b
   WHERE b.ended_at IS NULL AND b.starts_at <= %(now)s AND b.ends_at > %(now)s)
SELECT i.id, c.person, c.absent, array_agg(DISTINCT c.role::text), CASE
    WHEN EXISTS (SELECT FROM held h WHERE h.person IN (c.person, c.absent) AND h.role = ANY (%(never)s::text[]))
      THEN 'never_signs'
    WHEN u.identity_verified_at IS NULL THEN 'identity_unverified'
    WHEN u.signing_locked_at IS NOT NULL THEN 'signing_locked'
    WHEN i.wall <> 'ordinary' AND NOT EXISTS (
      SELECT FROM held h WHERE h.person = c.person AND h.role = %(wall)s || i.wall) THEN 'outside_wall'
    WHEN EXISTS (SELECT FROM reviews_recusal x WHERE x.item_id = i.id AND x.person_id IN (c.person, c.absent))
      THEN 'recused'
    WHEN reviews_submitted(c.person, i.id) OR reviews_submitted(c.absent, i.id) THEN 'own_work'
    WHEN c.up_to IS NOT NULL AND i.effective_amount IS NOT NULL
      AND (i.effective_amount > c.up_to OR i.currency <> c.currency) THEN 'stand_in_limit'
    WHEN EXISTS (SELECT FROM portal_forbidden_pair f JOIN held one ON (one.person, one.role) = (c.person, f.first)
                   JOIN held two ON (two.person, two.role) = (c.person, f.second) WHERE f.ended_at IS NULL)
      THEN 'forbidden_pair'
    ELSE '' END,
    {CHANGED_RULE.format("c.person, c.absent")}
  FROM i JOIN capacity c USING (queue) JOIN portal_user u ON u.id = c.person AND u.is_active
 WHERE c.role = ANY (%(roles)s::text[])
 GROUP BY i.id, c.person, c.absent, c.up_to, c.currency, u.id, i.wall, i.effective_amount, i.currency,
          i.policy_version_id, i.rule
 ORDER BY i.id, c.absent NULLS FIRST, c.person
"""  # noqa: S608  texts of our own


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who holds a role that is asked for on an item's queue; `why` is empty where they could sign."""

    person: UUID
    absent: UUID | None
    roles: frozenset[str]
    why: str
    changed_rule: bool


@dataclass(frozen=True, slots=True)
class Ability:
    """How many of the missing signatures can be given; `role` names the one of which there are too few."""

    asked: int
    able: int
    role: str
    why: tuple[dict[str, Any], ...]

    @property
    def is_enough(self) -> bool:
        """Tell whether the plan can be completed."""
        return self.able >= self.asked


def missing(slots: Sequence[SignoffSlot]) -> list[SignoffSlot]:
    """Give every place of a plan that still asks for a signature, of this step and of those after it."""
    return [slot for slot in plans.standing(slots) if slot.signature_id is None]


def candidates(items: Sequence[Item], roles: Iterable[str]) -> dict[UUID, list[Candidate]]:
    """Ask once who holds any of these roles on the items' queues, and what stands in their way, registers included."""
    given: dict[str, Any] = {
        "items": [item.pk for item in items], "roles": sorted(set(roles)), "now": now(), "wall": WALL,
        "never": sorted(NEVER_SIGN), "days": CHANGED_WITHIN_DAYS,
    }  # fmt: skip
    found: dict[UUID, list[Candidate]] = {item.pk: [] for item in items}
    with connection.cursor() as cursor:
        cursor.execute(_CAPABLE, given)
        for item_id, person, absent, held, why, changed in cursor.fetchall():
            found[item_id].append(Candidate(person, absent, frozenset(held), why, changed))
    return _entitled(items, found)


def able(item: Item, slots: Sequence[SignoffSlot], known: Sequence[Candidate] | None = None) -> Ability:
    """Tell how many of the missing signatures of an item the people there are could give."""
    empty = missing(slots)
    if known is None:
        known = candidates([item], (role for slot in empty for role in slot.roles))[item.pk]
    found = known
    filled = matched(found, empty, slots)
    lacking = next((slot for slot in empty if slot.pk not in filled), None)
    if lacking is None:
        return Ability(len(empty), len(empty), "", ())
    alike = [slot for slot in empty if slot.role == lacking.role]
    counted = Counter(each.why or _beside(each, lacking, slots) for each in found if each.roles & set(lacking.roles))
    why = tuple({"code": code, "people": people} for code, people in sorted(counted.items()))
    return Ability(len(alike), sum(slot.pk in filled for slot in alike), lacking.role, why)


def is_needed(item: Item, slots: Sequence[SignoffSlot]) -> bool:
    """Tell whether fewer signatures can be given without those who changed the item's rule than with them."""
    empty = missing(slots)
    found = candidates([item], (role for slot in empty for role in slot.roles))[item.pk]
    others = [each for each in found if not each.changed_rule]
    return len(matched(others, empty, slots)) < len(matched(found, empty, slots))


def matched(found: Sequence[Candidate], empty: Sequence[SignoffSlot], slots: Sequence[SignoffSlot]) -> set[int]:
    """Give the places that can be filled at once, each by a person of its own."""
    able_ones = _one_a_name([each for each in found if not each.why])
    who: dict[tuple[int, int, str], list[UUID]] = {}  # the places of a stage and round are filled by the same people
    fits: dict[int, list[UUID]] = {}
    given: dict[UUID, int] = {}
    full: set[tuple[int, int, str]] = set()
    for slot in empty:
        alike = (slot.stage, slot.round, slot.role)
        if alike not in who:
            who[alike] = _who_fits(able_ones, slot, slots)
        fits[slot.pk] = who[alike]
        if alike not in full and not _fill(slot.pk, fits, given, set()):
            full.add(alike)
    return set(given.values())


def _who_fits(able_ones: Sequence[Candidate], slot: SignoffSlot, slots: Sequence[SignoffSlot]) -> list[UUID]:
    return [
        each.person
        for each in able_ones
        if each.roles & set(slot.roles) and turns.why_not_fill(each.person, each.absent, slot, slots) is None
    ]


def _fill(place: int, fits: dict[int, list[UUID]], given: dict[UUID, int], tried: set[UUID]) -> bool:
    """Give a place to somebody, moving those who hold another place on to a third where that helps."""
    for person in fits[place]:
        if person in tried:
            continue
        tried.add(person)
        if person not in given or _fill(given[person], fits, given, tried):
            given[person] = place
            return True
    return False


def _one_a_name(found: Sequence[Candidate]) -> list[Candidate]:
    """Leave out substitutes of who could sign in person, and all but one substitute of anybody else."""
    kept: list[Candidate] = []
    named = {each.person for each in found if each.absent is None}
    for each in sorted(found, key=lambda each: (each.absent is not None, each.person in named)):
        if each.absent is not None and each.absent in named:
            continue
        named.add(each.absent or each.person)
        kept.append(each)
    return kept


def _entitled(items: Sequence[Item], found: Mapping[UUID, list[Candidate]]) -> dict[UUID, list[Candidate]]:
    """Mark those whom the registers of licences and of authority leave out, asking each register once."""
    free = [(item, each) for item in items for each in found[item.pk] if not each.why]
    special = {(item.pk, each.person) for item, each in free if item.licences}
    holders = {(item.pk, each.absent or each.person) for item, each in free}
    unlicensed = special - licences.licensed(special) if special else special
    uncovered = holders - authority.entitled(holders) if holders else holders
    return {
        item_id: [each if each.why else _marked(each, item_id, unlicensed, uncovered) for each in known]
        for item_id, known in found.items()
    }


def _marked(
    each: Candidate, item_id: UUID, unlicensed: Container[tuple[UUID, UUID]], uncovered: Container[tuple[UUID, UUID]]
) -> Candidate:
    if (item_id, each.person) in unlicensed:
        return replace(each, why="licence_missing")
    return replace(each, why="over_authority") if (item_id, each.absent or each.person) in uncovered else each


def _beside(each: Candidate, slot: SignoffSlot, slots: Sequence[SignoffSlot]) -> str:
    refusal = turns.why_not_fill(each.person, each.absent, slot, slots)
    return refusal.code if refusal else "asked_elsewhere"
