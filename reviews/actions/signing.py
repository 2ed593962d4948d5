"""Signing: an intent freezes what a person is about to sign; the ceremony turns it into a signature."""

import json
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import canonical, exhibits
from portal.accounts import access, ceremony
from portal.accounts.ceremony import PROFILES, Factors
from portal.accounts.models import User
from portal.kit.clock import now, stamp
from portal.kit.ids import ItemId, new_id
from portal.kit.problems import NotFound, Problem
from reviews import acts, documents, facts, guards, lifecycle, queries
from reviews.actions import deciding, taking
from reviews.models import Item, Lease, Revision, Signature, SignIntent, SignoffSlot
from reviews.words import Basis, State, Verdict

_INTENT_LIFE = timedelta(minutes=5)


class ReasonMissing(Problem):
    """A rejection says why."""

    code = "reason_missing"
    status = 422
    title = "A rejection needs a reason"


class IntentSpent(Problem):
    """The intent was used or is too old."""

    code = "intent_spent"
    status = 409
    title = "This signing attempt cannot be used any more"


class ContentChanged(Problem):
    """What is stored is not what the intent names."""

    code = "content_changed"
    status = 409
    title = "What you saw is not what would be signed"


@transaction.atomic
def prepare(
    item_id: ItemId, *, by: User, session_ref: str, seen: int, verdict: Verdict, reason: str = ""
) -> SignIntent:
    """Freeze what a person is about to sign: item, revision, act, what was shown, statement, role."""
    if verdict is Verdict.REJECT and not reason.strip():
        raise ReasonMissing("Say in a sentence why you reject it; the flow and the examiner read it.")
    item = lifecycle.lock(item_id, seen=seen)
    slot = _insist(by, item)
    key = lifecycle.subject_key(item)
    revision = queries.current_revision(item)
    act = acts.build(_document(revision), acts.salt(key, item.pk, item.revision))
    shown = _shown(item, revision, act)
    body = _body(item, slot, by, verdict, reason, act, shown)
    scope = exhibits.subject_scope(item.flow_id, item.subject or None, item.pk)
    return SignIntent.objects.create(
        user=by,
        session_ref=session_ref,
        item=item,
        item_version=item.version,
        item_rev=item.revision,
        slot=slot,
        action_sha256=acts.digest(act),
        shown_sha256=canonical.prefixed(canonical.SHOWN, shown),
        shown_id=exhibits.seal(shown, scope=scope).pk,
        body_id=exhibits.seal(canonical.strict_bytes(body), scope=scope).pk,
        verdict=verdict,
        meaning=slot.meaning,
        role=slot.role,
        challenge=canonical.prefixed(canonical.SIGN_INTENT, canonical.strict_bytes(body)),
        expires_at=now() + _INTENT_LIFE,
    )


def sign(intent_id: UUID, *, by: User, session_ref: str, factors: Factors) -> Signature:
    """Sign exactly what the intent froze, after a fresh ceremony; a refusal is kept as a note entry.

    Raises Refused, Stale, IntentSpent, ContentChanged, CeremonyFailed or SigningLocked.
    """
    intent = SignIntent.objects.filter(pk=intent_id, user=by, session_ref=session_ref).first()
    if intent is None:
        raise NotFound("There is no such signing attempt of yours in this session. Start again.")
    try:
        return _sign(intent, by, factors)
    except Problem as refusal:
        _note_refusal(intent, by, refusal)
        raise


@transaction.atomic
def _sign(intent: SignIntent, by: User, factors: Factors) -> Signature:
    _spend(intent)
    item = lifecycle.lock(ItemId(intent.item_id), seen=intent.item_version)
    slot = _insist(by, item)
    body = _insist_on_content(intent, item, slot)
    profile = PROFILES[item.queue.profile]
    proof = ceremony.prove(by, factors, session_ref=intent.session_ref, profile=profile)
    signature = _write(intent, slot, by, proof, reason=body["reason"])
    slot.signature, slot.signer = signature, by
    slot.save(update_fields=["signature", "signer"])
    following = queries.open_slot(item)
    fact = _fact(intent, signature, slot, by, body["reason"])
    lifecycle.move(item, State.IN_REVIEW, fact, by=by, awaiting=following.role if following else "")
    for lease in Lease.objects.filter(item_id=item.pk):
        taking.let_go(lease)
    if intent.verdict == Verdict.REJECT:
        deciding.finalise(item, State.REJECTED, Basis.SIGNATURES, by=by)
    elif following is None:
        deciding.finalise(item, State.APPROVED, Basis.SIGNATURES, by=by)
    return signature


def _spend(intent: SignIntent) -> None:
    """Use the intent up; of many submits at once the row lock lets one through."""
    moment = now()
    fresh = SignIntent.objects.filter(pk=intent.pk, used_at=None, expires_at__gt=moment)
    if not fresh.update(used_at=moment):
        raise IntentSpent("This signing attempt was used already or is older than five minutes. Start again.")


def _insist(by: User, item: Item) -> SignoffSlot:
    by = User.objects.get(pk=by.pk)
    granted = access.of(by)
    guards.insist(guards.why_not_see(granted, item))
    slot = queries.open_slot(item)
    lease = Lease.objects.filter(item_id=item.pk).first()
    guards.insist(guards.why_not_sign(by, granted, item, slot, lease))
    if slot is None:
        raise RuntimeError("the guards let an item without an open slot through")
    return slot


def _insist_on_content(intent: SignIntent, item: Item, slot: SignoffSlot) -> dict[str, Any]:
    """Make again what was frozen, from what is stored now; every part must come out the same."""
    key, revision = lifecycle.subject_key(item), queries.current_revision(item)
    act = acts.build(_document(revision), acts.salt(key, item.pk, item.revision))
    shown, body_bytes = _shown(item, revision, act), _opened(intent.body_id)
    body: dict[str, Any] = json.loads(body_bytes)
    _insist_same(
        acts.digest(act) == bytes(intent.action_sha256) == bytes(revision.action_sha256),
        _opened(intent.shown_id) == shown,
        canonical.prefixed(canonical.SHOWN, shown) == bytes(intent.shown_sha256),
        canonical.prefixed(canonical.SIGN_INTENT, body_bytes) == bytes(intent.challenge),
        body | _bound(item, slot, intent.user, Verdict(intent.verdict), act, shown) == body,
        (slot.pk, slot.meaning, slot.role) == (intent.slot_id, intent.meaning, intent.role),
    )
    return body


def _insist_same(*same: bool) -> None:
    if not all(same):
        raise ContentChanged("The stored content differs from what you saw. Tell your administrator.")


def _document(revision: Revision) -> dict[str, Any]:
    """Read the document of a revision, making sure that it is the one that was posted."""
    document: dict[str, Any] = json.loads(_opened(revision.exhibit_id))
    _insist_same(documents.digest(document) == bytes(revision.digest))
    return document


def _opened(exhibit_id: UUID) -> bytes:
    try:
        return exhibits.open(exhibit_id)
    except exhibits.Damaged:
        raise ContentChanged("The stored content is damaged. Tell your administrator.") from None


def _shown(item: Item, revision: Revision, act: dict[str, Any]) -> bytes:
    """Write down what is put before the signer; salted through the act."""
    return canonical.strict_bytes(
        {
            "item": str(item.pk),
            "revision": item.revision,
            "document": bytes(revision.digest).hex(),
            "act": act,
            "reasons": item.reasons,
            "rule": item.rule,
            "policy_version": str(item.policy_version_id),
        }
    )


def _body(
    item: Item, slot: SignoffSlot, by: User, verdict: Verdict, reason: str, act: dict[str, Any], shown: bytes
) -> dict[str, Any]:
    """Give the intent document whose hash is the challenge (EVIDENCE, R3)."""
    return _bound(item, slot, by, verdict, act, shown) | {
        "reason": reason.strip(),
        "nonce": canonical.b64url(secrets.token_bytes(16)),
        "exp": stamp(now() + _INTENT_LIFE),
    }


def _bound(
    item: Item, slot: SignoffSlot, by: User, verdict: Verdict, act: dict[str, Any], shown: bytes
) -> dict[str, Any]:
    """Give the part of the intent that follows from what is signed; at signing it must come out the same."""
    return {
        "v": 1,
        "typ": "countersign.sign-intent",
        "item": str(item.pk),
        "item_rev": item.revision,
        "action_sha256": acts.digest(act).hex(),
        "shown_sha256": canonical.prefixed(canonical.SHOWN, shown).hex(),
        "meaning": slot.meaning,
        "statement": _statement(item, verdict, act),
        "verdict": verdict.value,
        "signer": str(by.pk),
        "role": slot.role,
        "policy_ver": str(item.policy_version_id),
    }


def _statement(item: Item, verdict: Verdict, act: dict[str, Any]) -> str:
    amount = f" of {act['amount']} {act['currency']}" if act.get("amount") else ""
    about = f" on {item.subject}" if item.subject else ""
    return (
        f"I have reviewed revision {item.revision} of this item and I {verdict.value} it: "
        f"{act['type']} ({act['effect']}){amount}{about}."
    )


def _write(intent: SignIntent, slot: SignoffSlot, by: User, proof: ceremony.Proof, *, reason: str) -> Signature:
    scope = exhibits.subject_scope(intent.item.flow_id, intent.item.subject or None, intent.item_id)
    return Signature.objects.create(
        id=new_id(),
        item_id=intent.item_id,
        revision=intent.item_rev,
        signer=by,
        role=slot.role,
        meaning=slot.meaning,
        verdict=intent.verdict,
        reason_id=exhibits.seal(reason.encode(), scope=scope, media_type="text/plain").pk if reason else None,
        intent=intent,
        intent_sha256=intent.challenge,
        action_sha256=intent.action_sha256,
        shown_sha256=intent.shown_sha256,
        auth_method=proof.method,
        assurance=proof.assurance,
    )


def _fact(intent: SignIntent, signature: Signature, slot: SignoffSlot, by: User, reason: str) -> facts.Signed:
    return facts.Signed(
        signature=signature.pk,
        revision=intent.item_rev,
        verdict=intent.verdict,
        role=slot.role,
        meaning=slot.meaning,
        auth_method=signature.auth_method,
        assurance=signature.assurance,
        intent_sha256=bytes(intent.challenge),
        action_sha256=bytes(intent.action_sha256),
        shown_sha256=bytes(intent.shown_sha256),
        policy_version=intent.item.policy_version_id,
        stage=slot.stage,
        printed_name=by.printed_name,
        reason=reason or None,
    )


def _note_refusal(intent: SignIntent, by: User, refusal: Problem) -> None:
    """Keep the refusal where the rolled-back transaction cannot take it along."""
    if isinstance(refusal, ceremony.CeremonyFailed):
        ceremony.note_failure(by)
    with transaction.atomic():
        lifecycle.note(intent.item, facts.SignatureRefused(code=refusal.name, intent=intent.pk), by=by)
