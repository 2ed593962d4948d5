"""Receiving: a post becomes a durable submission in one statement; nothing else happens on this path."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from audit import exhibits
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from portal.kit.wording import counted
from reviews import documents
from reviews.actions import admitting, attaching, braking
from reviews.actions.admitting import Accepted, Caller
from reviews.models import Quarantine, Submission

_STORE = """
WITH gate AS (
    SELECT id FROM reviews_flow
     WHERE id = %(flow)s::uuid AND config_version = %(config)s AND suspended_at IS NULL
), submission AS (
    INSERT INTO reviews_submission (id, flow_id, idempotency_id, body_sha256, digest, exhibit_id, headers,
                                    api_key_id, contract_id, traceparent, request_id, received_at)
    SELECT %(id)s::uuid, gate.id, %(key)s, %(body_sha256)s, %(digest)s, %(exhibit)s::uuid, %(headers)s::jsonb,
           %(api_key)s::uuid, %(contract)s::uuid, %(traceparent)s, %(request_id)s, %(at)s
      FROM gate
    ON CONFLICT (flow_id, idempotency_id) DO NOTHING
    RETURNING id
), exhibit AS (
    INSERT INTO audit_exhibit (id, ciphertext, dek_id, digest, size, media_type, created_at)
    SELECT %(exhibit)s::uuid, %(ciphertext)s, %(dek)s::uuid, %(body_sha256)s, %(size)s, %(media_type)s, %(at)s
      FROM submission
), waiting AS (
    INSERT INTO reviews_intake_queue (submission_id, tries) SELECT id, 0 FROM submission
)
"""
_WITH_FILES = f", attachment AS ({attaching.INSERT} FROM submission, {attaching.ROWS})"
_STORED = " SELECT id FROM submission"
_KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length",
                 "content-digest", "content-encoding", "idempotency-key", "traceparent")  # fmt: skip


class IdempotencyConflict(Problem):
    """The id was used for another body."""

    code = "idempotency_conflict"
    status = 409
    title = "This id was used for another body"


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to store: the exact bytes, how they came, and the item document in them."""

    idempotency_id: str
    raw: bytes
    kind: str
    document: dict[str, Any]
    headers: dict[str, str]
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a 202 or 200 tells: the item's id and digest, and whether it was there already."""

    id: UUID
    digest: bytes
    replayed: bool


def receive(caller: Caller, post: Post) -> Receipt:
    """Store one post, or find that it was stored before; a refused authentic item is kept in quarantine.

    Raises what `store` raises.
    """
    try:
        return store(caller, post)
    except documents.ContractViolation as refusal:
        keep(caller, post, refusal)
        raise


def store(caller: Caller, post: Post) -> Receipt:
    """Store one post, or find that it was stored before, and keep nothing of what is refused.

    Raises IdempotencyConflict, FlowSuspended, FlowRateLimited, FlowCapped or ContractViolation, and what
    `admitting.admit` raises. The order is DATA.md's: a replay is never refused, and no refusal is given by a gate
    that is out of date.
    """
    for attempt in range(3):
        try:
            braking.insist(caller.gate, posts=0 if attempt else 1)
            contract, refusal = check(caller, post.document), None
        except Problem as problem:
            contract, refusal = None, problem
        stored = None if refusal else _insert(caller, post, contract)
        if stored is not None:
            return stored
        # A second statement: the first may have lost a race it cannot see.
        current = admitting.readmit(caller)
        before = stored_before(current, post)
        if before is not None:
            return before
        if refusal is not None and current is caller:
            raise refusal
        caller = current
    raise braking.FlowSuspended("The flow is being reconfigured. Post again in a moment.", retry_after=1)


def check(caller: Caller, document: dict[str, Any], *, own: Accepted | None = None) -> UUID | None:
    """Give the newest version of the contract that the document keeps; none where the flow has no contract.

    `own` is one more version that will do: that of the item which the document revises. Raises ContractViolation when
    the document matches none of them or breaks the envelope, with what the newest asks for, or names files it may not.
    """
    candidates = caller.gate.accepted()
    if own is not None and own.id not in {each.id for each in candidates}:
        candidates.append(own)
    contract, errors = _fitting(document, candidates or [None])
    if errors:
        raise documents.ContractViolation(
            f"{counted(len(errors), 'thing')} in the item must be put right; see `errors`.",
            errors=errors,
        )
    attaching.insist(caller.gate.flow_id, document)
    return contract.id if contract else None


def stored_before(caller: Caller, post: Post) -> Receipt | None:
    """Find the accepted submission of this id. Raises IdempotencyConflict when its body was another."""
    found = (
        Submission.objects.filter(flow_id=caller.gate.flow_id, idempotency_id=post.idempotency_id)
        .values_list("id", "digest", "body_sha256")
        .first()
    )
    if found is None:
        return None
    if bytes(found[2]) != hashlib.sha256(post.raw).digest():
        raise IdempotencyConflict("This id was accepted with another body. Use a new id for a new item.")
    return Receipt(found[0], bytes(found[1]), replayed=True)


def refuse(caller: Caller, post: Post, refusal: documents.ContractViolation) -> NoReturn:
    """Refuse a post in which no item was found, in the order and with the quarantine of every other."""
    braking.insist(caller.gate, posts=1)
    keep(caller, post, refusal)
    raise refusal


def keep(caller: Caller, post: Post, refusal: Problem, *, revises: UUID | None = None) -> None:
    """Keep an authentic post that was refused, with its reasons, for the flow's owner."""
    exhibit = exhibits.seal(post.raw, scope=f"quarantine:{caller.gate.flow_id}", media_type=post.kind)
    Quarantine.objects.create(
        flow_id=caller.gate.flow_id,
        idempotency_id=post.idempotency_id,
        exhibit_id=exhibit.pk,
        headers=kept(post.headers),
        code=refusal.name,
        errors=refusal.errors,
        api_key_id=caller.key_id,
        revises_id=revises,
    )


def _fitting(
    document: dict[str, Any], candidates: Sequence[Accepted | None]
) -> tuple[Accepted | None, list[dict[str, str]]]:
    """Find the first version that a document keeps; otherwise give what the first of them, the newest, asks for."""
    told: list[dict[str, str]] = []
    for each in candidates:
        errors = documents.faults(document, each.contract if each else None)
        if not errors:
            return each, []
        told = told or errors
    return None, told


def _insert(caller: Caller, post: Post, contract: UUID | None) -> Receipt | None:
    digest = documents.digest(post.document)
    sealed = exhibits.seal_for_intake(post.raw, media_type=post.kind)
    row = {
        "flow": caller.gate.flow_id, "config": caller.gate.config_version, "id": new_id(),
        "key": post.idempotency_id, "body_sha256": sealed.digest, "digest": digest, "exhibit": sealed.id,
        "headers": json.dumps(kept(post.headers)), "api_key": caller.key_id,
        "contract": contract, "traceparent": post.headers.get("traceparent", "")[:100],
        "request_id": post.request_id, "at": now(), "ciphertext": sealed.ciphertext, "dek": sealed.dek_id,
        "size": sealed.size, "media_type": sealed.media_type,
    }  # fmt: skip
    named = attaching.named(post.document)
    found = _with_files(row | attaching.columns(named)) if named else _executed(_STORE + _STORED, row)
    return Receipt(found, digest, replayed=False) if found else None


def _with_files(row: dict[str, Any]) -> UUID | None:
    """Insert a submission and what it attaches; nothing when a file it names was removed a moment ago."""
    try:
        with transaction.atomic():
            return _executed(_STORE + _WITH_FILES + _STORED, row)
    except IntegrityError as error:
        if attaching.is_gone(error):
            return None  # asked again, the check finds what is missing and says so
        raise


def _executed(statement: str, row: dict[str, Any]) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, row)
        found = cursor.fetchone()
    return found[0] if found else None


def kept(headers: dict[str, str]) -> dict[str, str]:
    """Keep the headers on the allow-list; never `Authorization`."""
    return {name: value for name, value in headers.items() if name in _KEPT_HEADERS or name.startswith("ce-")}
