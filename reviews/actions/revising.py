"""Revising: a flow posts its item anew, after it was asked to or before anybody signed; it is routed again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import canonical, exhibits
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem
from reviews import acts, documents, facts, guards, lifecycle, plans, queries, revisions
from reviews.actions import (
    admitting,
    attaching,
    braking,
    changing,
    planning,
    receiving,
    refusing,
    returning,
    routing,
    ruling,
)
from reviews.actions.admitting import Accepted, Caller
from reviews.actions.receiving import IdempotencyConflict, Post, Receipt
from reviews.actions.ruling import Ruling
from reviews.models import ApiKey, Item, PolicyVersion, Queue, Revision, RevisionPost, Signature, Submission
from reviews.policies.parts import Stage
from reviews.words import Basis, State

_KEPT = ("external_id", "requested_by")


class RevisionMismatch(Problem):
    """A revision of another matter than its item."""

    code = "revision_mismatch"
    status = 422
    title = "The revision is not about the same thing"


@dataclass(frozen=True, slots=True)
class _Routed:
    """What the rules in force now made of a new revision."""

    version: PolicyVersion
    ruling: Ruling
    stages: tuple[Stage, ...]
    queue_id: UUID
    rule: str
    reasons: list[dict[str, str]]
    asks: dict[str, Any]


def flow_of(item_id: ItemId, *, by: ApiKey) -> str:
    """Give the name of the flow an item belongs to, if it is the key's own. Raises NotFound."""
    found = Submission.objects.select_related("flow").filter(pk=item_id, flow_id=by.flow_id).first()
    if found is None:
        raise NotFound("There is no such item of this flow.")
    return str(found.flow.slug)


def revise(item_id: ItemId, caller: Caller, post: Post) -> tuple[int, Receipt]:
    """Store a new revision as `store` does; a refused authentic one is kept in quarantine."""
    try:
        return store(item_id, caller, post)
    except documents.ContractViolation as refusal:
        receiving.keep(caller, post, refusal, revises=item_id)
        raise


def store(item_id: ItemId, caller: Caller, post: Post) -> tuple[int, Receipt]:
    """Store a new revision and route it, or find that it was stored before; give its number and what to answer.

    Raises IdempotencyConflict, Refused (`revision_refused`), RevisionMismatch, ContractViolation, and what posting an
    item raises of a flow that is suspended or posts too fast. Nothing is kept of what is refused.
    """
    caller = admitting.readmit(caller)
    before = _stored_before(item_id, post)
    if before is not None:
        return before
    braking.insist(caller.gate, posts=1)
    contract = receiving.check(caller, post.document, own=_own(item_id))
    routing.route_now(item_id)
    return _revise(item_id, caller, post, contract)


def _own(item_id: ItemId) -> Accepted | None:
    """Give the contract an item keeps, that of its newest revision; one posted without a contract keeps none."""
    newest = Revision.objects.filter(item_id=item_id).order_by("-revision").first()
    compiled = revisions.contract(newest) if newest else None
    return Accepted(newest.contract_id, compiled) if newest and newest.contract_id and compiled else None


@transaction.atomic
def _revise(item_id: ItemId, caller: Caller, post: Post, contract: UUID | None) -> tuple[int, Receipt]:
    item = lifecycle.lock(item_id)
    if item.flow_id != caller.gate.flow_id:
        raise NotFound("There is no such item of this flow.")
    before = _stored_before(item_id, post)  # of two at once the lock let the other through
    if before is not None:
        return before
    signed = Signature.objects.filter(item_id=item.pk, revision=item.revision).exists()
    guards.insist(guards.why_not_revise(item, signed=signed))
    _insist_on_same(item, post.document)
    made = _write(item, caller, post, contract, received_at=now())
    returning.let_go(item)
    return made.revision, Receipt(item.pk, bytes(made.digest), replayed=False)


def _stored_before(item_id: ItemId, post: Post) -> tuple[int, Receipt] | None:
    found = RevisionPost.objects.filter(item_id=item_id, idempotency_id=post.idempotency_id).first()
    if found is None:
        return None
    if bytes(found.body_sha256) != hashlib.sha256(post.raw).digest():
        raise IdempotencyConflict("This id was accepted with another body. Use a new id for a new revision.")
    return found.revision, Receipt(item_id, bytes(found.digest), replayed=True)


def _insist_on_same(item: Item, document: dict[str, Any]) -> None:
    """Refuse a revision that is about something else: another subject, another name, asked for by somebody else."""
    first = revisions.posted(queries.current_revision(item))
    same = {"/action/subject": (document["action"].get("subject"), first["action"].get("subject"))}
    same |= {f"/{name}": (document.get(name), first.get(name)) for name in _KEPT}
    errors = [
        {"pointer": pointer, "message": "This stays as it was first posted; post a new item for another matter."}
        for pointer, (given, posted) in same.items()
        if (given or None) != (posted or None)
    ]
    if errors:
        raise RevisionMismatch("A revision keeps subject, external_id and requested_by of its item.", errors=errors)


def _write(item: Item, caller: Caller, post: Post, contract: UUID | None, *, received_at: datetime) -> RevisionPost:
    """Write the envelope, the revision, its files, its plan and the step that leads there."""
    number, key = item.revision + 1, lifecycle.subject_key(item)
    routed = _routed(item, post.document, received_at)
    act = acts.build(post.document, acts.salt(key, item.pk, number))
    made = _envelope(item, number, caller, post, contract, key, received_at)
    content = exhibits.seal_all([(canonical.document_bytes(post.document), key)])[0]
    Revision.objects.create(
        item=item, revision=number, posted_as=number, exhibit_id=content.pk, digest=made.digest,
        action_sha256=acts.digest(act), contract_id=made.contract_id, authored_with_id=caller.key_id,
        **planning.made_with(post.document),
    )  # fmt: skip
    attaching.attach(item.pk, number, item.flow_id, post.document)
    slots = plans.slots(item.pk, number, routed.stages)
    lifecycle.move(
        item, State.IN_REVIEW, _fact(post.document, made, routed, acts.digest(act), exhibits.sealed_sha256(content)),
        by=ApiKey.objects.get(pk=caller.key_id), revision=number, queue_id=routed.queue_id,
        awaiting=plans.awaiting(slots), policy_version=routed.version, rule=routed.rule, reasons=routed.reasons,
        basis=Basis.SIGNATURES, override="none", routed_at=now(),
        **planning.told(post.document), **routed.ruling.ranks, **routed.asks,
    )  # fmt: skip
    plans.write(slots)
    planning.put_behind(item, routed.ruling.outcome.wall)
    if routed.ruling.outcome.basis == "refuse":
        refusing.invalidate(item)
    return made


def _routed(item: Item, document: dict[str, Any], received_at: datetime) -> _Routed:
    """Ask the rules in force now; what a person asked about is never approved by a rule alone."""
    version = ruling.in_force({item.flow.policy_id})[item.flow.policy_id]
    made = ruling.again(item, version, document, since=received_at)[0]
    if made.outcome.basis == "auto":
        reasons = [*made.reasons, ruling.PLAN_KEPT]
        stages, asks = changing.standing_stages(item), ruling.kept(item, (made,))
        return _Routed(version, made, stages, item.queue_id, made.rule, reasons, asks)
    queue_id = Queue.objects.get(slug=made.outcome.queue).pk
    return _Routed(version, made, made.outcome.stages, queue_id, made.rule, made.reasons, made.asks)


def _envelope(
    item: Item,
    number: int,
    caller: Caller,
    post: Post,
    contract: UUID | None,
    key: exhibits.DataKey,
    received_at: datetime,
) -> RevisionPost:
    """Keep the body's bytes and the headers as they came."""
    return RevisionPost.objects.create(
        item=item,
        revision=number,
        idempotency_id=post.idempotency_id,
        body_sha256=hashlib.sha256(post.raw).digest(),
        digest=documents.digest(post.document),
        exhibit_id=exhibits.seal_all([(post.raw, key)], media_type=post.kind)[0].pk,
        headers=receiving.kept(post.headers),
        api_key_id=caller.key_id,
        contract_id=contract,
        request_id=post.request_id,
        received_at=received_at,
    )


def _fact(
    document: dict[str, Any], made: RevisionPost, routed: _Routed, action_sha256: bytes, sealed_sha256: bytes
) -> facts.Revised:
    return facts.Revised(
        received_at=made.received_at,
        revision=made.revision,
        action_sha256=action_sha256,
        queue=routed.queue_id,
        policy=routed.version.policy_id,
        policy_version=routed.version.version,
        rule=routed.rule,
        reasons=[each["code"] for each in routed.reasons],
        plan=plans.told(routed.stages),
        effect=document["action"]["effect"],
        basis=Basis.SIGNATURES,
        contract=made.contract_id,
        document_sha256=bytes(made.digest),
        body_sha256=bytes(made.body_sha256),
        sealed_sha256=sealed_sha256,
    )
