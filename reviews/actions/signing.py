"""Signing: an intent freezes what a person is about to sign; the ceremony turns it into a signature."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from audit import canonical, exhibits
from portal.accounts import access, ceremony
from portal.accounts.ceremony import PROFILES, Factors
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from portal.kit.problems import Problem
from reviews import facts, guards, lifecycle, queries
from reviews.actions import changing, deciding, intents, taking
from reviews.actions.intents import ContentChanged as ContentChanged
from reviews.actions.intents import IntentSpent as IntentSpent
from reviews.models import Item, Lease, Signature, SignIntent, SignoffSlot
from reviews.words import Basis, State, Verdict


class ReasonMissing(Problem):
    """A rejection says why."""

    code = "reason_missing"
    status = 422
    title = "A rejection needs a reason"


class ChangesRefused(Problem):
    """Changes come only with an approval."""

    code = "changes_refused"
    status = 422
    title = "A rejection changes nothing"


@transaction.atomic
def prepare(
    item_id: ItemId,
    *,
    by: User,
    session_ref: str,
    seen: int,
    verdict: Verdict,
    reason: str = "",
    changes: Mapping[str, str] | None = None,
) -> SignIntent:
    """Freeze what a person is about to sign: item, revision, act, what was shown, statement, role.

    `changes` are new texts by pointer in the output; they make the next revision, with a plan of its own.
    Raises Refused, Stale, ReasonMissing, ChangesRefused, ChangeInvalid, NothingChanged or ContentChanged.
    """
    if verdict is Verdict.REJECT and not reason.strip():
        raise ReasonMissing("Say in a sentence why you reject it; the flow and the examiner read it.")
    if verdict is Verdict.REJECT and changes:
        raise ChangesRefused("Undo your changes to reject it as it is, or approve it with them.")
    item = lifecycle.lock(item_id, seen=seen)
    slot = _insist(by, item)
    try:
        overrides = None if changes is None else changing.merged(queries.current_revision(item), changes)
        what = intents.content(item, slot, overrides)
    except exhibits.Damaged:
        raise ContentChanged("The stored content is damaged. Tell your administrator.") from None
    return intents.freeze(what, by=by, session_ref=session_ref, verdict=verdict, reason=reason)


def sign(intent_id: UUID, *, by: User, session_ref: str, factors: Factors) -> Signature:
    """Sign exactly what the intent froze, after a fresh ceremony; a refusal is kept as a note entry.

    Raises Refused, Stale, IntentSpent, ContentChanged, CeremonyFailed or SigningLocked.
    """
    intent = intents.mine(intent_id, by=by, session_ref=session_ref)
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
    what, body = intents.made_again(intent, item, slot)
    proof = ceremony.prove(
        by, factors, session_ref=intent.session_ref, profile=PROFILES[item.queue.profile],
        challenge=bytes(intent.challenge),
    )  # fmt: skip
    if what.change is not None and intent.changes_id is not None:
        slot = changing.write(what.change, intent.changes_id, by=by)
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
        raise intents.spent()


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
        assertion_id=_kept(proof.assertion, scope),
    )


def _kept(assertion: dict[str, object] | None, scope: str) -> UUID | None:
    """Seal a passkey's answer: the examiner checks it against the intent's challenge."""
    if assertion is None:
        return None
    return exhibits.seal(canonical.document_bytes(assertion), scope=scope).pk


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
