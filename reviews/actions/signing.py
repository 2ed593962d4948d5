"""Signing: an intent freezes what a person is about to sign; the ceremony turns it into a signature."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from audit import canonical, exhibits
from portal.accounts import access, ceremony
from portal.accounts.ceremony import PROFILES, Factors
from portal.accounts.models import User
from portal.kit import reasons
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from portal.kit.problems import Problem, Refusal
from reviews import authority, facts, guards, impasses, lifecycle, plans, queries, sighting
from reviews.actions import changing, deciding, intents, returning, signable
from reviews.actions.intents import ContentChanged as ContentChanged
from reviews.actions.intents import IntentSpent as IntentSpent
from reviews.actions.signable import Content
from reviews.models import Item, Lease, Signature, SignIntent, SignoffSlot
from reviews.turns import Turn
from reviews.words import Basis, State, Verdict


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
    Raises Refused, Stale, ReasonMissing, ReasonTooLong, ChangesRefused, ChangeInvalid, NothingChanged or
    ContentChanged.
    """
    if verdict is Verdict.REJECT:
        reasons.given(reason, "Say in a sentence why you reject it; the flow and the examiner read it.")
    reasons.bounded(reason)
    if verdict is Verdict.REJECT and changes:
        raise ChangesRefused("Undo your changes to reject it as it is, or approve it with them.")
    item, _ = sighting.locked(item_id, by=by, seen=seen)
    turn = _insist(by, item)
    guards.insist(guards.why_not_say(item, verdict.value if changes is None else "change"))
    try:
        overrides = None if changes is None else changing.merged(queries.current_revision(item), changes)
        what = signable.content(item, turn, overrides, by=by)
    except exhibits.Damaged:
        raise ContentChanged("The stored content is damaged. Tell your administrator.") from None
    _insist_on_rule(what, verdict, by)
    _insist_on_authority(what, verdict, by)
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
    turn = _insist(by, item)
    slot = turn.slot
    what, body = intents.made_again(intent, item, turn)
    authority.hold(by, item, on_behalf_of=turn.on_behalf_of)
    _insist_on_authority(what, Verdict(intent.verdict), by)
    _insist_on_rule(what, Verdict(intent.verdict), by)
    proof = ceremony.prove(
        by, factors, session_ref=intent.session_ref, profile=PROFILES[item.queue.profile],
        challenge=bytes(intent.challenge), allowed=ceremony.sufficient(what.factors),
    )  # fmt: skip
    if what.change is not None and intent.changes_id is not None:
        slot = changing.write(what.change, intent.changes_id, by=by)
    signature = _write(intent, slot, by, proof, reason=body["reason"])
    slot.signature, slot.signer = signature, by
    slot.save(update_fields=["signature", "signer"])
    slots = plans.of(item)
    fact = _fact(intent, signature, slot, by, body["reason"], turn)
    lifecycle.move(item, State.IN_REVIEW, fact, by=by, awaiting=plans.awaiting(slots))
    returning.let_go(item)
    _follow(item, slot, signature, slots, by=by)
    impasses.look(item)
    return signature


def _follow(item: Item, slot: SignoffSlot, signature: Signature, slots: list[SignoffSlot], *, by: User) -> None:
    """Do what the signature leads to: nothing yet, the decision, or another round of an earlier stage."""
    reached = plans.outcome(slots)
    if reached is not None:
        deciding.finalise(item, reached, Basis.SIGNATURES, by=by)
    elif signature.verdict == Verdict.REJECT and slot.back_to is not None and not plans.is_ended(slots):
        returning.to_stage(item, slots, signature, slot.back_to, by=by)


def _spend(intent: SignIntent) -> None:
    """Use the intent up; of many submits at once the row lock lets one through."""
    moment = now()
    fresh = SignIntent.objects.filter(pk=intent.pk, used_at=None, expires_at__gt=moment)
    if not fresh.update(used_at=moment):
        raise intents.spent()


def _insist(by: User, item: Item) -> Turn:
    by = User.objects.get(pk=by.pk)
    granted = access.of(by)
    guards.insist(guards.why_not_see(granted, item))
    slots = plans.of(item)
    lease = Lease.objects.filter(item_id=item.pk).first()
    turn = guards.turn_to_sign(by, granted, item, slots, lease)
    if isinstance(turn, Refusal):
        raise guards.problem(turn)
    return turn


def _insist_on_authority(what: Content, verdict: Verdict, by: User) -> None:
    """Refuse an approval beyond the authority of whose name it is signed in; a rejection needs none."""
    if verdict is Verdict.APPROVE:
        guards.insist(guards.why_not_approve(by, what.turn, what.item, what.signatures, what.amount))


def _insist_on_rule(what: Content, verdict: Verdict, by: User) -> None:
    """Refuse a verdict the rule does not allow, factors the person lacks, and changes beyond whom they stand in for."""
    guards.insist(guards.why_not_say(what.item, "change" if what.change else verdict.value))
    if what.change:
        guards.insist(guards.why_not_leave(plans.of(what.item)))
    guards.insist(guards.why_not_prove(by, what.factors))
    queue_id = what.change.queue_id if what.change else what.item.queue_id
    guards.insist(guards.why_not_stand_in(what.turn, queue_id, what.amount, what.item.currency))


def _write(intent: SignIntent, slot: SignoffSlot, by: User, proof: ceremony.Proof, *, reason: str) -> Signature:
    return Signature.objects.create(
        id=new_id(),
        item_id=intent.item_id,
        revision=intent.item_rev,
        signer=by,
        on_behalf_of_id=intent.on_behalf_of_id,
        break_glass_id=intent.break_glass_id,
        licence=intent.licence,
        role=intent.role,
        meaning=slot.meaning,
        verdict=intent.verdict,
        reason=lifecycle.sealed(intent.item, reason) if reason else None,
        intent=intent,
        intent_sha256=intent.challenge,
        action_sha256=intent.action_sha256,
        shown_sha256=intent.shown_sha256,
        auth_method=proof.method,
        assurance=proof.assurance,
        assertion_id=_kept(proof.assertion, lifecycle.scope(intent.item)),
    )


def _kept(assertion: dict[str, object] | None, scope: str) -> UUID | None:
    """Seal a passkey's answer: the examiner checks it against the intent's challenge."""
    if assertion is None:
        return None
    return exhibits.seal(canonical.document_bytes(assertion), scope=scope).pk


def _fact(
    intent: SignIntent, signature: Signature, slot: SignoffSlot, by: User, reason: str, turn: Turn
) -> facts.Signed:
    return facts.Signed(
        signature=signature.pk,
        revision=intent.item_rev,
        verdict=intent.verdict,
        role=signature.role,
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
        on_behalf_of=signature.on_behalf_of_id,
        break_glass=signature.break_glass_id,
        round=slot.round if slot.round > 1 else None,
        licence=signature.licence or None,
        duties_waived=list(turn.waived) or None,
        signed_at=signature.signed_at,
        sealed_sha256=exhibits.sealed_sha256(signature.reason),
        for_name=signature.on_behalf_of.printed_name if signature.on_behalf_of else None,
    )


def _note_refusal(intent: SignIntent, by: User, refusal: Problem) -> None:
    """Keep the refusal where the rolled-back transaction cannot take it along."""
    if isinstance(refusal, ceremony.CeremonyFailed):
        ceremony.note_failure(by)
    with transaction.atomic():
        lifecycle.note(intent.item, facts.SignatureRefused(code=refusal.name, intent=intent.pk), by=by)
