"""What a policy decides about one item; what it cannot judge goes to the fallback, never to a yes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal

from .asking import Asking, Undecided
from .parts import ALL_VERDICTS, HARM, Due, Policy, Reading, Rule, Stage
from .variables import mapping, priority, variables

_SHOWN = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item came where it came: a stable code and one sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the policy decided; `stages` is empty only when `basis` is "auto" or "refuse".

    `sampled` is the share of the rule when it samples; the basis says whether this item was drawn. The queue of a
    refusal is the fallback's, where the item is shown; a wall is the matching rule's, or that of the rule that failed.
    """

    rule: str | None
    queue: str
    stages: tuple[Stage, ...]
    priority: str
    due: Due | None
    basis: Literal["plan", "auto", "refuse"]
    reasons: tuple[Reason, ...]
    fallback: bool
    reading: tuple[Reading, ...] = ()
    verdicts: frozenset[str] = ALL_VERDICTS
    wall: str = ""
    licences: tuple[str, ...] = ()
    sampled: Decimal | None = None


def evaluate(
    policy: Policy,
    document: Mapping[str, Any],
    *,
    flow: str,
    counters: Mapping[str, float],
    draw: Decimal | None = None,
    earlier: bool = False,
) -> Outcome:
    """Give the outcome of the first rule that matches, or the fallback with its reason.

    `draw`, from 0 to below 1, decides about samples; without one an item of a rule that samples goes to people.
    `earlier` says that it is the draw of an earlier item on the subject, which still stands.
    """
    if draw is not None and not 0 <= draw < 1:
        raise ValueError("A draw is a number from 0 to below 1.")
    asking = Asking(variables(document, flow=flow, counters=counters))
    for rule in policy.rules:
        try:
            if asking.holds(rule.condition):
                return _matched(policy, rule, document, draw, earlier)
        except Undecided as fault:
            sentence = f"Rule “{rule.name}” could not be decided: {fault}."
            return _fallback(policy, document, Reason(fault.code, sentence), wall=rule.wall)
    return _fallback(policy, document, Reason("no_rule_matched", "No routing rule matches this item."))


def fallback_outcome(policy: Policy, document: Mapping[str, Any], reason: Reason) -> Outcome:
    """Send an item to the fallback queue for a reason that is no rule's."""
    return _fallback(policy, document, reason)


def _matched(policy: Policy, rule: Rule, document: Mapping[str, Any], draw: Decimal | None, earlier: bool) -> Outcome:
    effect = str(mapping(document.get("action")).get("effect"))
    if rule.auto_approve and (effect in HARM or effect not in rule.effects):
        sentence = f"Rule “{rule.name}” may not approve this effect automatically; a person decides."
        return _fallback(policy, document, Reason("automatic_approval_not_allowed", sentence), wall=rule.wall)
    basis = _basis(rule, draw)
    return Outcome(
        rule=rule.name,
        queue=rule.queue or policy.fallback.queue,
        stages=rule.plan if basis == "plan" else (),
        priority=rule.priority or priority(document),
        due=rule.due,
        basis=basis,
        reasons=(Reason("rule_matched", rule.reason), *_sampling(rule, draw, earlier)),
        fallback=False,
        reading=rule.reading,
        verdicts=rule.verdicts,
        wall=rule.wall,
        licences=rule.licences,
        sampled=rule.sample,
    )


def _basis(rule: Rule, draw: Decimal | None) -> Literal["plan", "auto", "refuse"]:
    if rule.refuse:
        return "refuse"
    if not rule.auto_approve:
        return "plan"
    return "auto" if rule.sample is None or (draw is not None and draw >= rule.sample) else "plan"


def _sampling(rule: Rule, draw: Decimal | None, earlier: bool) -> tuple[Reason, ...]:
    """Say whether the item was drawn for people, so that anybody can work it out again."""
    if rule.sample is None:
        return ()
    share = f"{(rule.sample * 100).normalize():f}%"
    if draw is None:
        return (Reason("sample_open", f"Of these items {share} go to people; the item's id decides which."),)
    # Cut, not rounded: a share has at most four decimals, so what is shown stands on the same side of it.
    whose = "the draw of an earlier item on the subject, which nobody decided, stands: it" if earlier else "its draw"
    shown = f"{whose} is {draw.quantize(_SHOWN, ROUND_DOWN)}, the share is {rule.sample.normalize():f}"
    if draw < rule.sample:
        return (Reason("sampled", f"Drawn for review: {share} of these items go to people; {shown}."),)
    return (Reason("not_sampled", f"Not drawn for review: {share} of these items go to people; {shown}."),)


def _fallback(policy: Policy, document: Mapping[str, Any], reason: Reason, *, wall: str = "") -> Outcome:
    return Outcome(
        rule=None,
        queue=policy.fallback.queue,
        stages=policy.fallback.plan,
        priority=policy.fallback.priority or priority(document),
        due=policy.fallback.due,
        basis="plan",
        reasons=(reason,),
        fallback=True,
        wall=wall,
    )
