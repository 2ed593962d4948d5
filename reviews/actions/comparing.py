"""Comparing: what a draft of routing rules would do with items as they came in, against what was done with them."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from audit import exhibits
from reviews import plans
from reviews.actions import ruling
from reviews.actions.ruling import Case, Ruling
from reviews.models import Item, PolicyVersion, Queue, Revision
from reviews.policies.parts import Policy as Rules
from reviews.words import Basis

EXAMPLES = 50
_SEALED = ("exhibit__ciphertext", "exhibit__digest", "exhibit__dek__wrapped")
_RECORDED = (
    "SELECT stream, convert_from(leaf_bytes, 'UTF8')::json -> 'pub' FROM audit_entry"
    " WHERE stream = ANY (%s::uuid[]) AND version = 1"
)


class Group(StrEnum):
    """What a draft would do differently with an item; an item is counted in the first that fits."""

    REFUSED = "newly_refused"
    AUTOMATIC = "newly_automatic"
    FALLBACK = "newly_fallback"
    STOPPED = "newly_stopped"
    ELSEWHERE = "routed_elsewhere"
    PLAN = "other_plan"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Routed:
    """What one version of the rules made of an item."""

    rule: str
    queue: str
    basis: Literal["plan", "auto", "refuse"]
    plan: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """What a draft would change, by rule and group, with some of the items of each."""

    counts: "Counter[tuple[str, Group]]" = field(default_factory=Counter)
    items: dict[tuple[str, Group], list[str]] = field(default_factory=lambda: defaultdict(list))
    asked: int = 0
    erased: int = 0
    unreadable: int = 0

    def add(self, item_id: UUID, draft: Routed, before: Routed) -> None:
        """Count one item."""
        place = (draft.rule, compared(draft, before))
        self.counts[place] += 1
        if place[1] is not Group.SAME and len(self.items[place]) < EXAMPLES:
            self.items[place].append(str(item_id))

    def told(self, rules: Rules) -> dict[str, Any]:
        """Give the result as a simulation keeps it: each rule in its order, the fallback (no name) last."""
        return {
            "asked": self.asked,
            "erased": self.erased,
            "unreadable": self.unreadable,
            "groups": {group.value: sum(self._of(group)) for group in Group},
            "rules": [self._rule(name) for name in (*(rule.name for rule in rules.rules), "")],
        }

    def _of(self, group: Group) -> list[int]:
        return [count for (_, each), count in self.counts.items() if each is group]

    def _rule(self, name: str) -> dict[str, Any]:
        counted = {group.value: self.counts[name, group] for group in Group if self.counts[name, group]}
        kept = {group.value: self.items[name, group] for group in Group if self.items.get((name, group))}
        return {"rule": name, "counts": counted, "items": kept}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A draft, and the version in force it is compared with where an item was not routed by that one."""

    draft: Rules
    in_force: PolicyVersion | None

    def add(self, items: Sequence[Item], tally: Tally) -> None:
        """Ask the draft about items read with their flow, in a handful of statements, and count what it changes."""
        documents = _documents(items, tally)
        tally.asked += len(items)
        readable = [item for item in items if item.pk in documents]
        recorded = _recorded([item.pk for item in readable])
        queues = dict(Queue.objects.values_list("id", "slug"))
        drafts = self._decided(self.draft, readable, documents)
        anew = self._anew([item for item in readable if self._is_older(recorded[item.pk])], documents)
        for item, made in zip(readable, drafts, strict=True):
            before = anew[item.pk] if item.pk in anew else _was(recorded[item.pk], queues)
            tally.add(item.pk, _routed(made), before)

    def _is_older(self, recorded: dict[str, Any]) -> bool:
        """Tell whether other rules than those in force routed an item."""
        current = self.in_force
        told = (recorded["policy"], recorded["policy_version"])
        return current is not None and told != (str(current.policy_id), current.version)

    def _anew(self, older: Sequence[Item], documents: Mapping[UUID, dict[str, Any]]) -> dict[UUID, Routed]:
        """Give what the rules in force would do with items that others routed."""
        if self.in_force is None or not older:
            return {}
        made = self._decided(ruling.rules(self.in_force), older, documents)
        return {item.pk: _routed(each) for item, each in zip(older, made, strict=True)}

    def _decided(self, rules: Rules, items: Sequence[Item], documents: Mapping[UUID, dict[str, Any]]) -> list[Ruling]:
        cases = [Case(rules, item.flow.slug, documents[item.pk], item.received_at, item.pk) for item in items]
        return ruling.decide(cases, looking_back=True)


def compared(draft: Routed, before: Routed) -> Group:
    """Say what a draft would do differently."""
    new, old = draft.basis, before.basis
    fits = {
        Group.REFUSED: new == "refuse" and old != "refuse",
        Group.AUTOMATIC: new == "auto" and old != "auto",
        Group.FALLBACK: not draft.rule and bool(before.rule),
        Group.STOPPED: new == "plan" and old == "auto",
        Group.ELSEWHERE: draft.queue != before.queue and new != "refuse",
        Group.PLAN: draft.plan != before.plan,
    }
    return next((group for group, fit in fits.items() if fit), Group.SAME)


def _documents(items: Sequence[Item], tally: Tally) -> dict[UUID, dict[str, Any]]:
    """Open the documents of items as they came in, in one statement; count those nobody can read any more."""
    opened: dict[UUID, dict[str, Any]] = {}
    rows = Revision.objects.filter(item_id__in=[item.pk for item in items], revision=1)
    for row in rows.select_related("exhibit__dek").only("item_id", *_SEALED):
        try:
            opened[row.item_id] = json.loads(exhibits.opened(row.exhibit))
        except exhibits.Erased:
            tally.erased += 1
        except exhibits.Damaged:
            tally.unreadable += 1
    return opened


def _recorded(item_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Give what the first entry of each item says of its routing."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDED, [list(item_ids)])
        return {item_id: json.loads(told) if isinstance(told, str) else told for item_id, told in cursor.fetchall()}


def _was(recorded: Mapping[str, Any], queues: Mapping[UUID, str]) -> Routed:
    plan = tuple(recorded["plan"])
    by_people: Literal["plan", "refuse"] = "plan" if plan else "refuse"
    basis = "auto" if recorded["basis"] == Basis.POLICY else by_people
    return Routed(recorded["rule"], queues[UUID(recorded["queue"])], basis, plan)


def _routed(made: Ruling) -> Routed:
    outcome = made.outcome
    return Routed(made.rule, outcome.queue, outcome.basis, tuple(plans.told(outcome.stages)))
