"""Approving with changes: the revision a signer's changes make, and the sign-off plan they need."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import canonical, exhibits
from portal.accounts import ceremony
from portal.accounts.models import User
from reviews import acts, facts, lifecycle, overriding, plans, revisions
from reviews.actions import planning, ruling
from reviews.actions.ruling import Ruling
from reviews.models import Item, PolicyVersion, Queue, Revision, SignoffSlot
from reviews.policies.parts import Stage
from reviews.words import Basis, State

_REASON = {"code": "changed_by_signer", "sentence": "A signer changed the proposal, so it is planned anew."}
_LONG = 200
# Keeps the steps of several plans apart where they are combined: a plan has at most ten.
_APART = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """What a signer's changes make of an item: the next revision with its act, its steps in words and its plan."""

    item: Item
    current: Revision
    number: int
    overrides: dict[str, str]
    steps: list[overriding.Step]
    document: dict[str, Any]
    act: dict[str, Any]
    direction: str
    stages: tuple[Stage, ...]
    queue_id: UUID
    rule: str
    reasons: list[dict[str, str]]
    asks: dict[str, Any]

    @property
    def effective_amount(self) -> Decimal | None:
        """Give the largest amount this is about: proposed, signed before, or signed now."""
        return planning.largest(self.item.effective_amount, planning.effective(self.document["action"]))

    @property
    def told(self) -> str:
        """Say the signer's steps in words; of long texts only that they changed."""
        return "; ".join(_said(each, self.item.currency) for each in self.steps)

    @property
    def plan(self) -> list[str]:
        """Give the plan as entries tell it."""
        return plans.told(self.stages)


def merged(current: Revision, changes: Mapping[str, str]) -> dict[str, str]:
    """Give all overrides once a signer's changes are made. Raises ChangeInvalid or NothingChanged."""
    posted, contract = revisions.posted(current), revisions.contract(current)
    return overriding.merged(posted, contract, revisions.overrides(current), changes)


def of(item: Item, current: Revision, slot: SignoffSlot, overrides: dict[str, str]) -> Change:
    """Work out everything that follows when the signer of a slot lays these overrides over the posted document."""
    posted, contract, number = revisions.posted(current), revisions.contract(current), item.revision + 1
    document = overriding.apply(posted, contract, overrides)
    standing = standing_stages(item)
    asked = ask(item, item.policy_version, posted, document)
    larger = next((each for each in asked if is_larger(each.outcome.stages, standing)), None)
    return Change(
        item=item,
        current=current,
        number=number,
        overrides=overrides,
        steps=overriding.steps(contract, revisions.document(current), document),
        document=document,
        act=acts.build(document, acts.salt(lifecycle.subject_key(item), item.pk, number)),
        direction=_direction(posted, document, overrides),
        stages=combined(standing, *(each.outcome.stages for each in asked), first=slot.role),
        queue_id=Queue.objects.get(slug=larger.outcome.queue).pk if larger else item.queue_id,
        rule=larger.rule if larger else item.rule,
        reasons=_reasons(item, larger),
        asks=_insist_on_change(item, ruling.stricter(item, asked)),
    )


def write(change: Change, overrides_id: UUID, *, by: User) -> SignoffSlot:
    """Write the revision, its plan and the step that leads the locked item there; give the changer's slot."""
    item, digest = change.item, acts.digest(change.act)
    changed = {"overrides_id": overrides_id, "changed": sorted(change.overrides), "changed_by_id": by.pk}
    revisions.after(change.current, change.number, digest, **changed).save(force_insert=True)
    action = change.document["action"]
    amount = planning.money(action.get("amount"))
    slots = plans.slots(item.pk, change.number, change.stages)
    lifecycle.move(
        item, State.IN_REVIEW, _fact(change, digest, exhibits.sealed_sha256_of(overrides_id)), by=by,
        revision=change.number, override=change.direction, queue_id=change.queue_id, rule=change.rule,
        reasons=change.reasons, awaiting=plans.awaiting(slots), amount=amount,
        amount_at_stake=planning.money(action.get("amount_at_stake")) if "amount_at_stake" in action else amount,
        effective_amount=change.effective_amount, **change.asks,
    )  # fmt: skip
    plans.write(slots)
    return slots[0]


def combined(standing: Sequence[Stage], *asked: Sequence[Stage], first: str) -> tuple[Stage, ...]:
    """Give the largest of the plans: what is asked now, then what stood beyond it; the changer's role signs first."""
    stages = together(*asked, standing)
    own = next(place for place, stage in enumerate(stages) if stage.role == first)
    return (replace(stages[own], step=0, blind=False), *stages[:own], *stages[own + 1 :])


def together(*asked: Sequence[Stage]) -> tuple[Stage, ...]:
    """Give the first of the plans, then what each later one asks for beyond those before it."""
    stages: list[Stage] = []
    for number, plan in enumerate(asked, start=1):
        missing = _roles(plan) - _roles(stages)
        for stage in plan:
            signatures = min(missing[stage.role], stage.signatures)
            if signatures > 0:
                stages.append(_part(stage, signatures, number))
                missing[stage.role] -= signatures
    for plan in asked:
        stages = _no_weaker(stages, plan)
    return tuple(stages)


def _no_weaker(stages: Sequence[Stage], plan: Sequence[Stage]) -> list[Stage]:
    """Give stages with the factors that a plan asks of the same ones: the first of a role is that role's first."""
    named: dict[str, list[tuple[str, ...]]] = {}
    for stage in plan:
        named.setdefault(stage.role, []).append(stage.factors)
    return [
        replace(stage, factors=_both(stage.factors, left.pop(0))) if (left := named.get(stage.role)) else stage
        for stage in stages
    ]


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Name the factors that suffice for both stages; a passkey where none does."""
    if not one or not other or set(one) == set(other):
        return one or other
    return tuple(sorted(ceremony.sufficient(one) & ceremony.sufficient(other))) or ("passkey",)


def _part(stage: Stage, signatures: int, plan: int) -> Stage:
    """Give a stage as part of a combined plan: beside its neighbours of the same plan; its rejection ends the whole."""
    step = stage.step and plan * _APART + stage.step
    return replace(stage, signatures=signatures, step=step, back_to=None)


def standing_stages(item: Item) -> tuple[Stage, ...]:
    """Give the stages of the plan an item's current revision has."""
    return plans.stages(plans.of(item))


def _said(step: overriding.Step, currency: str) -> str:
    title = step.title.removesuffix(f", {currency}")
    if step.long and len(step.before + step.after) > _LONG:
        return f"{title} rewritten"
    return f"{title} from {step.before or 'empty'} to {step.after or 'empty'}"


def _roles(stages: Sequence[Stage]) -> "Counter[str]":
    asked: Counter[str] = Counter()
    for stage in stages:
        asked[stage.role] += stage.signatures
    return asked


def is_larger(asked: Sequence[Stage], standing: Sequence[Stage]) -> bool:
    """Tell whether one plan asks for signatures beyond another."""
    return bool(_roles(asked) - _roles(standing))


def ask(
    item: Item,
    version: PolicyVersion,
    posted: dict[str, Any],
    document: dict[str, Any],
    since: datetime | None = None,
) -> list[Ruling]:
    """Ask the rules about it at its largest, and as it is signed: who pays next to nothing may need more."""
    made = ruling.again(item, version, _at_its_largest(posted, document), document, since=since)
    return [ruling.by_people(each, version) for each in made]


def _insist_on_change(item: Item, asks: dict[str, Any]) -> dict[str, Any]:
    """Refuse changes that their own rule forbids, or that ask for reading nobody was shown."""
    if "change" not in ruling.verdicts(asks["verdicts"]):
        raise overriding.ChangeInvalid(
            "The routing rule these changes lead to allows no approval with changes. Undo them, or send the item back."
        )
    if unseen := [title for title in asks["reading"] if title not in item.reading]:
        raise overriding.ChangeInvalid(
            f"The routing rule these changes lead to requires reading first: {'; '.join(unseen)}."
            " Undo them, or send the item back with what should be different."
        )
    return asks


def _at_its_largest(posted: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Give the document with the larger of the amounts proposed and signed, so that lowering opens no smaller plan."""
    action = dict(document["action"])
    for name in ("amount", "amount_at_stake"):
        written = [each for each in (posted["action"].get(name), action.get(name)) if each is not None]
        if written:
            action[name] = max(written, key=Decimal)
    return document | {"action": action}


def _direction(posted: dict[str, Any], document: dict[str, Any], overrides: dict[str, str]) -> str:
    if not overrides:
        return "none"
    proposed, signed = (overriding.money(each["action"].get("amount")) or Decimal(0) for each in (posted, document))
    return "other" if proposed == signed else "upward" if signed > proposed else "downward"


def _reasons(item: Item, larger: Ruling | None) -> list[dict[str, str]]:
    told = [each for each in item.reasons if each != _REASON]
    return [*told, *(larger.reasons if larger else ()), _REASON]


def _fact(change: Change, action_sha256: bytes, overrides_sha256: bytes) -> facts.Overridden:
    version = change.item.policy_version
    return facts.Overridden(
        revision=change.number,
        action_sha256=action_sha256,
        queue=change.queue_id,
        policy=version.policy_id,
        policy_version=version.version,
        rule=change.rule,
        reasons=[each["code"] for each in change.reasons],
        plan=change.plan,
        effect=change.item.effect,
        basis=Basis.SIGNATURES,
        changed=[each.pointer for each in change.steps if not each.follows],
        direction=change.direction,
        changes=change.told,
        overrides_sha256=overrides_sha256,
    )


def sealed(overrides: dict[str, str], item: Item) -> UUID:
    """Seal overrides under the subject's key; intent and revision name the same exhibit."""
    return exhibits.seal(canonical.document_bytes(overrides), scope=lifecycle.scope(item)).pk


def opened(exhibit_id: UUID) -> dict[str, str]:
    """Open sealed overrides."""
    found: dict[str, str] = json.loads(exhibits.open(exhibit_id))
    return found
