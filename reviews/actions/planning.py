"""Planning: what routing decides about submissions, and the rows that say so; nothing is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import canonical, exhibits, ledger
from audit.actors import SystemJob
from portal.accounts.models import User
from portal.kit.clock import now
from reviews import acts, documents, facts, lifecycle, plans
from reviews.actions import ruling
from reviews.actions.ruling import Case, Ruling
from reviews.models import Item, PolicyVersion, Queue, Revision, SignoffSlot, Submission
from reviews.policies.evaluation import Outcome, Reason
from reviews.words import Basis, State, Wall


@dataclass(frozen=True, slots=True)
class Opened:
    """A submission that was read, and the version of the rules it is routed by."""

    submission: Submission
    document: dict[str, Any]
    content: bytes
    version: PolicyVersion

    @property
    def case(self) -> Case:
        """Give what the rules are asked about."""
        submission, rules = self.submission, ruling.rules(self.version)
        return Case(rules, submission.flow.slug, self.document, submission.received_at, submission.pk)

    @property
    def counted(self) -> str:
        """Give the subject whose other items the rules look at; nothing when they look at none."""
        return self.case.subject if ruling.looks_beside(self.version) else ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything routing decided about one submission, ready to be written."""

    submission: Submission
    document: dict[str, Any]
    content: bytes
    version: PolicyVersion
    ruling: Ruling
    queue_id: UUID
    requester_id: UUID | None

    @property
    def outcome(self) -> Outcome:
        """Give what the rules decided."""
        return self.ruling.outcome

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


def opened(submissions: Sequence[Submission]) -> list[Opened]:
    """Read submissions that came with flow, exhibit and key."""
    versions = ruling.in_force({submission.flow.policy_id for submission in submissions})
    return [Opened(each, *_read(each), versions[each.flow.policy_id]) for each in submissions]


def parts(read: Sequence[Opened]) -> list[list[Opened]]:
    """Split a batch so that of items counted on one subject each is decided after those before it are written."""
    split: list[list[Opened]] = []
    seen: dict[str, int] = {}
    for each in read:
        subject = each.counted
        place = seen.get(subject, 0)
        if subject:
            seen[subject] = place + 1
        if place == len(split):
            split.append([])
        split[place].append(each)
    return split


def planned(read: Sequence[Opened], *, fallback: Reason | None = None) -> list[Plan]:
    """Decide about submissions; with `fallback`, send them there for that reason."""
    decided = ruling.decide([each.case for each in read], fallback=fallback)
    slugs = {each.outcome.queue for each in decided}
    queues = dict(Queue.objects.filter(slug__in=slugs).values_list("slug", "id"))
    people = _people(each.document.get("requested_by") for each in read)
    return [
        Plan(
            each.submission, each.document, each.content, each.version, made, queues[made.outcome.queue],
            people.get(each.document.get("requested_by")),
        )
        for each, made in zip(read, decided, strict=True)
    ]  # fmt: skip


def rows(plan: Plan, key: exhibits.DataKey, exhibit_id: UUID, sealed_sha256: bytes) -> Rows:
    """Give the rows of a plan whose content was sealed as the exhibit with this digest."""
    act = acts.build(plan.document, acts.salt(key, plan.submission.pk, 1))
    action_sha256 = acts.digest(act)
    slots = plans.slots(plan.submission.pk, 1, plan.outcome.stages)
    item = _item(plan, slots)
    step = ledger.Step(
        _fact(plan, item, action_sha256, sealed_sha256), lifecycle.stream(item.pk), SystemJob.ROUTER, version=1,
        state=State.IN_REVIEW, key=key, rows=[item],
    )  # fmt: skip
    return Rows(item, _revision(plan, exhibit_id, action_sha256), slots, step)


def put_behind(item: Item, wall: str) -> None:
    """Put a locked open item behind the wall its rule asks for; one that stands behind a wall stays there."""
    if wall in ("", Wall.ORDINARY) or item.wall != Wall.ORDINARY:
        return
    lifecycle.move(item, State(item.state), facts.Walled(wall=wall), by=SystemJob.ROUTER, wall=wall)


def _read(submission: Submission) -> tuple[dict[str, Any], bytes]:
    raw = exhibits.opened(submission.exhibit)
    document = documents.read(raw, documents.media_type(submission.exhibit.media_type)).document
    return document, canonical.document_bytes(document)


def _people(names: Iterable[str | None]) -> dict[str | None, UUID]:
    wanted = {name for name in names if name}
    return dict(User.objects.filter(username__in=wanted).values_list("username", "id")) if wanted else {}


def _item(plan: Plan, slots: Sequence[SignoffSlot]) -> Item:
    submission, outcome = plan.submission, plan.outcome
    return Item(
        id=submission.pk,
        version=1,
        state=State.IN_REVIEW,
        flow_id=submission.flow_id,
        requested_by_id=plan.requester_id,
        queue_id=plan.queue_id,
        awaiting=plans.awaiting(slots),
        policy_version=plan.version,
        rule=plan.ruling.rule,
        reasons=plan.ruling.reasons,
        wall=outcome.wall or Wall.ORDINARY,
        basis=Basis.POLICY if outcome.basis == "auto" else Basis.SIGNATURES,
        received_at=submission.received_at,
        routed_at=now(),
        **told(plan.document),
        **plan.ruling.ranks,
        **plan.ruling.asks,
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
        "effective_amount": effective(action),
        "line": line(document),
        "currency": action.get("currency") or "",
        "jurisdiction": action.get("jurisdiction") or "",
        "tenant": document.get("tenant") or "",
        "environment": document.get("environment") or "",
        "correlation_id": document.get("correlation_id") or "",
        "expires_at": time_of(document.get("expires_at")),
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


def _fact(plan: Plan, item: Item, action_sha256: bytes, sealed_sha256: bytes) -> facts.Received:
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
        plan=plans.told(plan.outcome.stages),
        effect=item.effect,
        basis=item.basis,
        contract=submission.contract_id,
        document_sha256=bytes(submission.digest),
        body_sha256=bytes(submission.body_sha256),
        sealed_sha256=sealed_sha256,
    )


def effective(action: dict[str, Any]) -> Decimal | None:
    """Give the amount that signing the action answers for: what is paid or what is at stake, the larger."""
    return largest(*(money(action.get(name)) for name in ("amount", "amount_at_stake")))


def largest(*amounts: Decimal | None) -> Decimal | None:
    """Give the largest amount there is; a payment back counts by its size."""
    return max((abs(each) for each in amounts if each is not None), default=None)


def line(document: dict[str, Any]) -> str:
    """Give the line of business a document names in its metadata; nothing if it names none."""
    named = (document.get("metadata") or {}).get("line_of_business")
    return named[:100] if isinstance(named, str) else ""


def money(text: str | None) -> Decimal | None:
    """Read an amount of a document that was checked."""
    return None if text is None else Decimal(text)


def time_of(text: str | None) -> datetime | None:
    """Read a time of a document that was checked."""
    return None if text is None else datetime.fromisoformat(text)
