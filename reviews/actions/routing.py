"""Routing: a submission becomes an item with a queue, a sign-off plan and its first entry, once."""

import logging
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from audit import canonical, exhibits, ledger
from audit.actors import SystemJob
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews import acts, documents, facts, lifecycle
from reviews.actions import deciding
from reviews.models import IntakeQueue, Item, Policy, PolicyVersion, Queue, Revision, SignoffSlot, Submission
from reviews.policies.document import Policy as Rules
from reviews.policies.document import parse
from reviews.policies.evaluation import Outcome, Reason, evaluate, fallback_outcome
from reviews.words import Basis, Priority, State

log = logging.getLogger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything routing decided about one submission, ready to be written."""

    submission: Submission
    document: dict[str, Any]
    content: bytes
    version: PolicyVersion
    outcome: Outcome


def drain(limit: int = BATCH) -> int:
    """Route up to `limit` waiting submissions; give how many were routed.

    One bad submission does not poison the batch: it is retried alone and then goes to the fallback queue.
    """
    with transaction.atomic():
        waiting = _waiting(limit)
        if not waiting:
            return 0
        try:
            with transaction.atomic():
                _route([_plan(each.submission) for each in waiting])
        except Exception:  # noqa: BLE001  whatever one submission breaks, the others must not wait for
            log.warning("a batch of %d could not be routed together; routing one by one", len(waiting), exc_info=True)
            return sum(_route_alone(each.submission) for each in waiting)
        return len(waiting)


def route_now(item_id: ItemId) -> None:
    """Route one submission if nobody has yet; doing it twice does nothing twice."""
    with transaction.atomic():
        waiting = IntakeQueue.objects.select_for_update().filter(pk=item_id).first()
        if waiting is not None:
            _route_alone(waiting.submission)


def preview(flow_slug: str, policy_id: UUID, document: dict[str, Any]) -> tuple[PolicyVersion, Outcome]:
    """Give what routing would decide about a document, storing nothing."""
    version = _in_force(policy_id)
    return version, _evaluate(version, document, flow_slug)


def _waiting(limit: int) -> list[IntakeQueue]:
    rows = IntakeQueue.objects.select_for_update(skip_locked=True, of=("self",))
    related = "submission__flow", "submission__exhibit__dek"
    return list(rows.select_related(*related).order_by("pk")[:limit])


def _route_alone(submission: Submission) -> bool:
    try:
        with transaction.atomic():
            _route([_plan(submission)])
    except Exception:  # noqa: BLE001  it goes to people with the reason instead
        log.exception("submission %s could not be routed by its policy", submission.pk)
        return _route_to_fallback(submission)
    return True


def _route_to_fallback(submission: Submission) -> bool:
    reason = Reason("routing_failed", "The item could not be routed by its rules; a person decides what to do.")
    try:
        with transaction.atomic():
            version = _in_force(submission.flow.policy_id)
            content, document = _read(submission)
            fallback = fallback_outcome(_parsed(version.pk, version.text), document, reason)
            _route([Plan(submission, document, content, version, fallback)])
    except (DatabaseError, ValueError, KeyError):
        log.exception("submission %s cannot even go to the fallback queue; it stays in the intake queue", submission.pk)
        IntakeQueue.objects.filter(pk=submission.pk).update(tries=1)
        return False
    return True


def _plan(submission: Submission) -> Plan:
    content, document = _read(submission)
    version = _in_force(submission.flow.policy_id)
    outcome = _evaluate(version, document, submission.flow.slug)
    return Plan(submission, document, content, version, outcome)


def _read(submission: Submission) -> tuple[bytes, dict[str, Any]]:
    raw = exhibits.open(submission.exhibit_id)
    document = documents.read(raw, documents.media_type(submission.exhibit.media_type)).document
    return canonical.document_bytes(document), document


def _in_force(policy_id: UUID) -> PolicyVersion:
    return PolicyVersion.objects.get(pk__in=Policy.objects.filter(pk=policy_id).values("in_force"))


def _evaluate(version: PolicyVersion, document: dict[str, Any], flow: str) -> Outcome:
    return evaluate(_parsed(version.pk, version.text), document, flow=flow, counters={})


@lru_cache(maxsize=64)
def _parsed(version_id: UUID, text: str) -> Rules:
    """Parse a policy version once per process; a version never changes."""
    return parse(text)


def _route(plans: list[Plan]) -> None:
    for plan in plans:
        _write(plan)
    IntakeQueue.objects.filter(pk__in=[plan.submission.pk for plan in plans]).delete()


def _write(plan: Plan) -> None:
    submission = plan.submission
    action = plan.document["action"]
    scope = exhibits.subject_scope(submission.flow_id, action.get("subject"), submission.pk)
    key = exhibits.key_for(scope)
    exhibit = exhibits.seal(plan.content, scope=scope)
    act = acts.build(plan.document, acts.salt(key, submission.pk, 1))
    item = _item(plan)
    item.save(force_insert=True)
    Revision.objects.bulk_create([_revision(plan, exhibit.pk, acts.digest(act))])
    SignoffSlot.objects.bulk_create(_slots(plan))
    fact = _fact(plan, item, acts.digest(act))
    ledger.append(
        fact, stream=lifecycle.stream(item.pk), by=SystemJob.ROUTER, version=1, state=State.IN_REVIEW, key=key,
        rows=[item],
    )  # fmt: skip
    if plan.outcome.basis == "auto":
        deciding.finalise(item, State.APPROVED, Basis.POLICY, by=SystemJob.ROUTER)


def _item(plan: Plan) -> Item:
    submission, document, outcome = plan.submission, plan.document, plan.outcome
    action = document["action"]
    amount = _money(action.get("amount"))
    return Item(
        id=submission.pk,
        version=1,
        state=State.IN_REVIEW,
        flow_id=submission.flow_id,
        external_id=document.get("external_id") or "",
        action_type=action["type"],
        effect=action["effect"],
        subject=action.get("subject") or "",
        amount=amount,
        amount_at_stake=_money(action.get("amount_at_stake")) if "amount_at_stake" in action else amount,
        currency=action.get("currency") or "",
        jurisdiction=action.get("jurisdiction") or "",
        tenant=document.get("tenant") or "",
        environment=document.get("environment") or "",
        requested_by=_requester(document.get("requested_by")),
        correlation_id=document.get("correlation_id") or "",
        queue_id=_queue(outcome.queue),
        awaiting=outcome.stages[0].role if outcome.stages else "",
        priority=Priority(outcome.priority).rank,
        due_at=submission.received_at + outcome.due if outcome.due else None,
        expires_at=_time(document.get("expires_at")),
        policy_version=plan.version,
        rule=outcome.rule or "",
        reasons=[{"code": reason.code, "sentence": reason.sentence} for reason in outcome.reasons],
        basis=Basis.POLICY if outcome.basis == "auto" else Basis.SIGNATURES,
        received_at=submission.received_at,
        routed_at=now(),
    )


def _revision(plan: Plan, exhibit_id: UUID, action_sha256: bytes) -> Revision:
    snapshot = plan.document["snapshot"]
    prompt, model, usage = (snapshot.get(name) or {} for name in ("prompt", "model", "usage"))
    return Revision(
        item_id=plan.submission.pk,
        revision=1,
        exhibit_id=exhibit_id,
        digest=plan.submission.digest,
        action_sha256=action_sha256,
        contract_id=plan.submission.contract_id,
        authored_with_id=plan.submission.api_key_id,
        prompt_name=prompt.get("name") or "",
        prompt_version=prompt.get("version") or "",
        model_provider=model.get("provider") or "",
        model_name=model.get("name") or "",
        model_version=model.get("version") or "",
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        cost=_money(usage.get("cost")),
        cost_currency=usage.get("currency") or "",
        latency_ms=usage.get("latency_ms"),
    )


def _slots(plan: Plan) -> list[SignoffSlot]:
    return [
        SignoffSlot(item_id=plan.submission.pk, revision=1, stage=stage_number, n=n, role=stage.role, meaning=stage.meaning)
        for stage_number, stage in enumerate(plan.outcome.stages, start=1)
        for n in range(1, stage.signatures + 1)
    ]


def _fact(plan: Plan, item: Item, action_sha256: bytes) -> facts.Received:
    submission = plan.submission
    return facts.Received(
        flow=submission.flow_id,
        received_at=submission.received_at,
        revision=1,
        action_sha256=action_sha256,
        queue=item.queue_id,
        policy=plan.version.policy_id,
        policy_version=plan.version.version,
        rule=item.rule,
        reasons=[reason.code for reason in plan.outcome.reasons],
        plan=[f"{stage.role}×{stage.signatures}" for stage in plan.outcome.stages],
        effect=item.effect,
        basis=item.basis,
        contract=submission.contract_id,
        document_sha256=bytes(submission.digest),
        body_sha256=bytes(submission.body_sha256),
    )


def _queue(slug: str) -> UUID:
    return Queue.objects.values_list("id", flat=True).get(slug=slug)


def _requester(name: str | None) -> User | None:
    return User.objects.filter(username=name).first() if name else None


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
