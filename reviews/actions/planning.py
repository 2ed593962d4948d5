"""Planning: what routing decides about submissions, and the rows that say so; nothing is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from audit import canonical, exhibits, ledger
from audit.actors import SystemJob
from portal.accounts.models import User
from portal.kit.clock import now
from reviews import acts, documents, facts, lifecycle
from reviews.models import Item, Policy, PolicyVersion, Queue, Revision, SignoffSlot, Submission
from reviews.policies.document import Policy as Rules
from reviews.policies.document import Stage, parse
from reviews.policies.evaluation import Outcome, Reason, evaluate, fallback_outcome
from reviews.words import Basis, Priority, State


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything routing decided about one submission, ready to be written."""

    submission: Submission
    document: dict[str, Any]
    content: bytes
    version: PolicyVersion
    outcome: Outcome
    queue_id: UUID
    requester_id: UUID | None

    @property
    def scope(self) -> str:
        """Name the key that seals this item's subject."""
        subject = self.document["action"].get("subject")
        return exhibits.subject_scope(self.submission.flow_id, subject, self.submission.pk)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one new item and the entry that tells it."""

    item: Item
    revision: Revision
    slots: list[SignoffSlot]
    step: ledger.Step


def plans(submissions: Sequence[Submission], *, fallback: Reason | None = None) -> list[Plan]:
    """Decide about submissions read with flow, exhibit and key; with `fallback`, send them there for that reason."""
    versions = _in_force({submission.flow.policy_id for submission in submissions})
    decided = []
    for submission in submissions:
        content, document = _read(submission)
        version = versions[submission.flow.policy_id]
        outcome = decide(version, document, submission.flow.slug, fallback=fallback)
        decided.append((submission, document, content, version, outcome))
    queues = dict(Queue.objects.filter(slug__in={d[4].queue for d in decided}).values_list("slug", "id"))
    people = _people(d[1].get("requested_by") for d in decided)
    return [Plan(*d, queues[d[4].queue], people.get(d[1].get("requested_by"))) for d in decided]


def decide(version: PolicyVersion, document: dict[str, Any], flow: str, *, fallback: Reason | None = None) -> Outcome:
    """Give what a policy version decides about a document."""
    rules = _parsed(version.pk, version.text)
    if fallback is not None:
        return fallback_outcome(rules, document, fallback)
    return evaluate(rules, document, flow=flow, counters={})


def in_force(policy_id: UUID) -> PolicyVersion:
    """Give the version of a policy that new items are routed by."""
    return _in_force({policy_id})[policy_id]


def rows(plan: Plan, key: exhibits.DataKey, exhibit_id: UUID) -> Rows:
    """Give the rows of a plan whose content was sealed as the exhibit."""
    act = acts.build(plan.document, acts.salt(key, plan.submission.pk, 1))
    action_sha256 = acts.digest(act)
    item = _item(plan)
    step = ledger.Step(
        _fact(plan, item, action_sha256), lifecycle.stream(item.pk), SystemJob.ROUTER, version=1,
        state=State.IN_REVIEW, key=key, rows=[item],
    )  # fmt: skip
    planned = slots(item.pk, 1, plan.outcome.stages)
    return Rows(item, _revision(plan, exhibit_id, action_sha256), planned, step)


def _in_force(policy_ids: set[UUID]) -> dict[UUID, PolicyVersion]:
    current = Policy.objects.filter(pk__in=policy_ids).values("in_force")
    return {version.policy_id: version for version in PolicyVersion.objects.filter(pk__in=current)}


@lru_cache(maxsize=64)
def _parsed(version_id: UUID, text: str) -> Rules:
    """Parse a policy version once per process; a version never changes."""
    return parse(text)


def _read(submission: Submission) -> tuple[bytes, dict[str, Any]]:
    raw = exhibits.opened(submission.exhibit)
    document = documents.read(raw, documents.media_type(submission.exhibit.media_type)).document
    return canonical.document_bytes(document), document


def _people(names: Iterable[str | None]) -> dict[str | None, UUID]:
    wanted = {name for name in names if name}
    return dict(User.objects.filter(username__in=wanted).values_list("username", "id")) if wanted else {}


def _item(plan: Plan) -> Item:
    submission, outcome = plan.submission, plan.outcome
    return Item(
        id=submission.pk,
        version=1,
        state=State.IN_REVIEW,
        flow_id=submission.flow_id,
        requested_by_id=plan.requester_id,
        queue_id=plan.queue_id,
        awaiting=outcome.stages[0].role if outcome.stages else "",
        policy_version=plan.version,
        rule=outcome.rule or "",
        reasons=[{"code": reason.code, "sentence": reason.sentence} for reason in outcome.reasons],
        basis=Basis.POLICY if outcome.basis == "auto" else Basis.SIGNATURES,
        received_at=submission.received_at,
        routed_at=now(),
        **told(plan.document),
        **ranked(outcome, submission.received_at),
    )


def told(document: dict[str, Any]) -> dict[str, Any]:
    """Give the columns of an item that repeat its document."""
    action = document["action"]
    amount = money(action.get("amount"))
    return {
        "external_id": document.get("external_id") or "",
        "action_type": action["type"],
        "effect": action["effect"],
        "subject": action.get("subject") or "",
        "amount": amount,
        "amount_at_stake": money(action.get("amount_at_stake")) if "amount_at_stake" in action else amount,
        "currency": action.get("currency") or "",
        "jurisdiction": action.get("jurisdiction") or "",
        "tenant": document.get("tenant") or "",
        "environment": document.get("environment") or "",
        "correlation_id": document.get("correlation_id") or "",
        "expires_at": time_of(document.get("expires_at")),
    }


def ranked(outcome: Outcome, received_at: datetime) -> dict[str, Any]:
    """Give the columns of an item that say how urgent it is."""
    return {
        "priority": Priority(outcome.priority).rank,
        "due_at": received_at + outcome.due if outcome.due else None,
    }


def _revision(plan: Plan, exhibit_id: UUID, action_sha256: bytes) -> Revision:
    return Revision(
        item_id=plan.submission.pk,
        revision=1,
        exhibit_id=exhibit_id,
        digest=plan.submission.digest,
        action_sha256=action_sha256,
        contract_id=plan.submission.contract_id,
        authored_with_id=plan.submission.api_key_id,
        **made_with(plan.document),
    )


def made_with(document: dict[str, Any]) -> dict[str, Any]:
    """Give the columns of a revision that say what made the document, and at what cost."""
    snapshot = document["snapshot"]
    prompt, model, usage = (snapshot.get(name) or {} for name in ("prompt", "model", "usage"))
    return {
        "prompt_name": prompt.get("name") or "",
        "prompt_version": prompt.get("version") or "",
        "model_provider": model.get("provider") or "",
        "model_name": model.get("name") or "",
        "model_version": model.get("version") or "",
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
        "cost": money(usage.get("cost")),
        "cost_currency": usage.get("currency") or "",
        "latency_ms": usage.get("latency_ms"),
    }


def slots(item_id: UUID, revision: int, stages: Sequence[Stage]) -> list[SignoffSlot]:
    """Give the slots of a plan, not yet written."""
    return [
        SignoffSlot(item_id=item_id, revision=revision, stage=number, n=n, role=stage.role, meaning=stage.meaning)
        for number, stage in enumerate(stages, start=1)
        for n in range(1, stage.signatures + 1)
    ]


def _fact(plan: Plan, item: Item, action_sha256: bytes) -> facts.Received:
    submission = plan.submission
    return facts.Received(
        flow=submission.flow_id,
        received_at=submission.received_at,
        revision=1,
        action_sha256=action_sha256,
        queue=plan.queue_id,
        policy=plan.version.policy_id,
        policy_version=plan.version.version,
        rule=item.rule,
        reasons=[reason.code for reason in plan.outcome.reasons],
        plan=[f"{stage.role} x {stage.signatures}" for stage in plan.outcome.stages],
        effect=item.effect,
        basis=item.basis,
        contract=submission.contract_id,
        document_sha256=bytes(submission.digest),
        body_sha256=bytes(submission.body_sha256),
    )


def money(text: str | None) -> Decimal | None:
    """Read an amount of a document that was checked."""
    return None if text is None else Decimal(text)


def time_of(text: str | None) -> datetime | None:
    """Read a time of a document that was checked."""
    return None if text is None else datetime.fromisoformat(text)
