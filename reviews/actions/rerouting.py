"""Rerouting: a queue's manager routes open items anew by the rules in force, unchanged, as their next revision."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from portal.accounts import access
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem, Refusal
from reviews import acts, facts, guards, lifecycle, plans, queries, revisions, sighting
from reviews.actions import changing, planning, returning, ruling
from reviews.actions.ruling import Ruling
from reviews.models import Item, Policy, PolicyVersion, Queue, Revision, RevisionPost
from reviews.policies.parts import Stage
from reviews.words import Basis, State

_MANAGES = "manage_in_queue"
_ASK = "Say in a sentence why it is routed anew; those who decide it and the examiner read it."


@dataclass(frozen=True, slots=True)
class Left:
    """An item that was not routed anew, and why."""

    item_id: UUID
    code: str
    sentence: str


@dataclass(slots=True)
class Tally:
    """What came of routing many items anew; `more` says whether some were not looked at, `last` after which."""

    done: list[UUID] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    more: bool = False
    last: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    """Where the rules in force send an item that people are reviewing."""

    version: PolicyVersion
    ruling: Ruling
    stages: tuple[Stage, ...]
    queue_id: UUID
    reasons: list[dict[str, str]]
    asks: dict[str, Any]


@transaction.atomic
def reroute(item_id: ItemId, *, by: User, seen: int, reason: str) -> Item:
    """Route an open item anew by the rules in force; signatures before stay on record for their revision.

    Raises ReasonMissing, ReasonTooLong, Stale, NotFound or Refused.
    """
    reason = reasons.given(reason, _ASK)
    item, granted = sighting.locked(item_id, by=by, seen=seen)
    version = ruling.in_force({item.flow.policy_id})[item.flow.policy_id]
    guards.insist(why_not_reroute(granted, item, version) or _why_not_yet(item))
    route = _routed(item, version)
    _write(item, route, by=by, reason=reason)
    planning.put_behind(item, route.ruling.outcome.wall)
    returning.let_go(item)
    return item


def reroute_all(policy: Policy, *, by: User, reason: str, after: UUID | None = None, limit: int = 200) -> Tally:
    """Route the open items of a policy anew that a queue's manager may, each by itself; tell every refusal.

    `after` is the last item looked at before, since what is refused stays where it is. Raises ReasonMissing or
    ReasonTooLong.
    """
    reason = reasons.given(reason, _ASK)
    granted = access.of(by)
    queues = granted.where(_MANAGES, "queue")
    waiting = Item.objects.filter(queue_id__in=queues, state=State.IN_REVIEW, flow__policy=policy)
    waiting = waiting.filter(wall__in=granted.walls)
    waiting = waiting.exclude(policy_version__in=Policy.objects.filter(pk=policy.pk).values("in_force"))
    if after is not None:
        waiting = waiting.filter(pk__gt=after)
    found = list(waiting.order_by("pk").values_list("pk", "version")[: limit + 1])
    tally = Tally(more=len(found) > limit)
    for item_id, version in found[:limit]:
        tally.last = item_id
        try:
            reroute(ItemId(item_id), by=by, seen=version, reason=reason)
        except NotFound:
            continue  # not for this person's eyes any more: not even its refusal is told
        except Problem as refusal:
            tally.left.append(Left(item_id, refusal.name, refusal.detail))
        else:
            tally.done.append(item_id)
    return tally


def why_not_reroute(granted: Access, item: Item, version: PolicyVersion) -> Refusal | None:
    """Tell why a person who sees the item may not route it anew by this version of the rules."""
    if not granted.may(_MANAGES, "queue", item.queue_id):
        return Refusal("no_permission", "Only who manages the queue routes its items anew. Ask the queue's manager.")
    if item.state != State.IN_REVIEW:
        state = item.state.replace("_", " ")
        return Refusal("not_open", f"The item is {state}; only what is in review is routed anew.")
    if item.policy_version_id == version.pk:
        return Refusal("same_rules", "The item was routed by the rules in force; there is nothing to route anew.")
    return None


def _why_not_yet(item: Item) -> Refusal | None:
    """Tell that what was signed stays under its rules while a blind signature is missing, whatever was said."""
    if not plans.is_veiled(plans.of(item)):
        return None
    return Refusal("not_open", "Its last signatures are being given under the rules it came by; wait for the decision.")


def _routed(item: Item, version: PolicyVersion) -> _Route:
    """Ask the rules in force about what is proposed and about what signers made of it; people stay asked."""
    current = queries.current_revision(item)
    posted, document = revisions.posted(current), revisions.document(current)
    largest, signed = changing.ask(item, version, posted, document, since=_since(current, item))
    made = signed if changing.is_larger(signed.outcome.stages, largest.outcome.stages) else largest
    other = largest if made is signed else signed
    asks = ruling.stricter(None, (made, other))
    standing = changing.standing_stages(item)
    if made.outcome.basis == "auto":
        asks = ruling.kept(item, (made, other))
        return _Route(version, made, standing, item.queue_id, [*made.reasons, ruling.PLAN_KEPT], asks)
    stages = _with(made.outcome.stages, other.outcome.stages)
    if ruling.REFUSED in made.outcome.reasons:  # what the rules would refuse becomes no easier to approve
        stages, asks = _with(stages, standing), ruling.kept(item, (made, other))
    queue_id = Queue.objects.get(slug=made.outcome.queue).pk
    return _Route(version, made, stages, queue_id, made.reasons, asks)


def _with(stages: tuple[Stage, ...], more: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Give a plan as it stands, or with what another asks for beyond it."""
    return changing.together(stages, more) if changing.is_larger(more, stages) else stages


def _since(current: Revision, item: Item) -> datetime:
    """Give when what is proposed came in: routing anew gives nobody more time."""
    posts = RevisionPost.objects.filter(item_id=item.pk, revision=current.posted_as)
    return posts.values_list("received_at", flat=True).first() or item.received_at


def _write(item: Item, route: _Route, *, by: User, reason: str) -> None:
    """Write the revision, its plan and the step that leads the locked item there."""
    current, before = queries.current_revision(item), item.policy_version.version
    number = item.revision + 1
    act = acts.build(revisions.document(current), acts.salt(lifecycle.subject_key(item), item.pk, number))
    revisions.after(current, number, acts.digest(act), rerouted_by_id=by.pk).save(force_insert=True)
    slots = plans.slots(item.pk, number, route.stages)
    fact = facts.Rerouted(
        revision=number, action_sha256=acts.digest(act), queue=route.queue_id, policy=route.version.policy_id,
        policy_version=route.version.version, before=before, rule=route.ruling.rule,
        reasons=[each["code"] for each in route.reasons], plan=plans.told(route.stages), effect=item.effect,
        basis=Basis.SIGNATURES, reason=reason,
    )  # fmt: skip
    lifecycle.move(
        item, State.IN_REVIEW, fact, by=by, revision=number, queue_id=route.queue_id, awaiting=plans.awaiting(slots),
        policy_version=route.version, rule=route.ruling.rule, reasons=route.reasons, basis=Basis.SIGNATURES,
        routed_at=now(), **route.ruling.ranks, **route.asks,
    )  # fmt: skip
    plans.write(slots)
