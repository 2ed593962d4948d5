"""Proposing: one person writes a change of configuration, another signs it with a ceremony, and it is in force."""

from uuid import UUID

from django.db import connection, transaction

from audit import canonical, exhibits, ledger
from audit.exhibits import DataKey
from portal.accounts import access, ceremony
from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit import reasons
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import NotFound, Problem
from reviews import facts, guards
from reviews.actions import enforcing, proposal_intents, readable
from reviews.actions.intents import ContentChanged as ContentChanged
from reviews.actions.intents import IntentSpent as IntentSpent
from reviews.actions.intents import spent
from reviews.actions.proposal_intents import Content
from reviews.actions.proposal_intents import Pending as Pending
from reviews.actions.proposal_intents import ProposalStale as ProposalStale
from reviews.actions.proposal_intents import pending as pending
from reviews.actions.versioning import SCOPE
from reviews.models import Proposal, ProposalIntent, ProposalSignature
from reviews.policies import nodes
from reviews.proposals import deciding, kinds
from reviews.proposals.summaries import ProposalInvalid, Summary
from reviews.words import ProposalState

_MEDIA_TYPES = {"policy": "application/yaml", "calendar": "application/yaml", "contract": "application/json"}
_WHY = "Say in a sentence why; who signs it reads it."
_WHY_OF = {"access-review": "Say in a sentence what you looked at; who signs it reads this."}
_LOCK = 0x636F6E66


class AlreadyProposed(Problem):
    """The same change waits for its signature."""

    code = "already_proposed"
    status = 409
    title = "This change is proposed already"


def preview(kind: str, content: str, *, by: User, target: UUID | None = None) -> Summary:
    """Check a change and say what it would do, for who may propose it; writes nothing."""
    granted = access.of(by)
    guards.insist(deciding.why_not_propose(granted, kind))
    _insist_on_text(content=content)
    summary = kinds.of(kind).check(content, target=target)
    guards.insist(deciding.why_not_of(granted, kind, summary.target))
    return summary


@transaction.atomic
def propose(kind: str, content: str, *, by: User, reason: str, title: str = "", target: UUID | None = None) -> Proposal:
    """Propose a change of configuration, on what is in force now; it changes nothing until another person signs.

    Raises ReasonMissing, Refused, AlreadyProposed, NothingChanges, or what its kind finds wrong with file, line and
    column.
    """
    _insist_on_text(title=title, reason=reason)
    reason = reasons.given(reason, _WHY_OF.get(kind, _WHY))
    summary = preview(kind, content, by=by, target=target)
    sealed = summary.content.encode()
    digest = canonical.sha256(sealed)
    _one_at_a_time()
    _insist_on_new(kind, summary.target, digest, by)
    media_type = _MEDIA_TYPES.get(kind, "text/plain")
    proposal = Proposal.objects.create(
        id=new_id(),
        kind=kind,
        target=summary.target,
        title=title.strip()[:300] or summary.title[:300],
        content_id=exhibits.seal(sealed, scope=SCOPE, media_type=media_type).pk,
        digest=digest,
        base=summary.base,
        reason=reason,
        proposed_by=by,
    )
    fact = facts.Proposed(of=kind, target=proposal.target, content_sha256=digest, base=proposal.base)
    ledger.append_next(fact, stream=_stream(proposal), by=by, rows=[proposal])
    return proposal


@transaction.atomic
def prepare(proposal_id: UUID, *, by: User, session_ref: str) -> ProposalIntent:
    """Freeze the change a person is about to put in force.

    Raises NotFound, Refused, ProposalStale, ContentChanged, or what its kind finds wrong by now.
    """
    proposal = _locked(proposal_id, by)
    role = _insist_on_signer(by, proposal)
    return proposal_intents.freeze(proposal_intents.content(proposal, role), by=by, session_ref=session_ref)


def sign(intent_id: UUID, *, by: User, session_ref: str, factors: Factors) -> ProposalSignature:
    """Sign exactly the change that was frozen, after a fresh ceremony, and put it in force in the same transaction.

    A refusal is kept as a note. Raises Refused, IntentSpent, ProposalStale, ContentChanged, CeremonyFailed or
    SigningLocked.
    """
    intent = proposal_intents.mine(intent_id, by=by, session_ref=session_ref)
    try:
        return _sign(intent, by, factors)
    except Problem as refusal:
        _note_refusal(intent, by, refusal)
        raise


@transaction.atomic
def refuse(proposal_id: UUID, *, by: User, reason: str) -> Proposal:
    """Refuse a proposal, for good and with a reason that who proposed it reads.

    Raises Refused, ReasonMissing or ReasonTooLong.
    """
    proposal = _locked(proposal_id, by)
    guards.insist(deciding.why_not_refuse(by, access.of(by), proposal))
    reason = reasons.given(reason, "Say in a sentence why you refuse it; who proposed it reads it.", most=1000)
    _insist_on_text(reason=reason)
    _decide(proposal, ProposalState.REFUSED, facts.ProposalRefused(reason=reason), by=by)
    return proposal


@transaction.atomic
def withdraw(proposal_id: UUID, *, by: User) -> Proposal:
    """Take back what one proposed oneself. Raises Refused."""
    proposal = _locked(proposal_id, by)
    guards.insist(deciding.why_not_withdraw(by, proposal))
    _decide(proposal, ProposalState.WITHDRAWN, facts.ProposalWithdrawn(), by=by)
    return proposal


@transaction.atomic
def _sign(intent: ProposalIntent, by: User, factors: Factors) -> ProposalSignature:
    _one_at_a_time()
    _spend(intent)
    proposal = _locked(intent.proposal_id, by)
    role = _insist_on_signer(by, proposal)
    what = proposal_intents.made_again(intent, proposal, role)
    proof = ceremony.prove(
        by, factors, session_ref=intent.session_ref, profile=proposal_intents.PROFILE,
        challenge=bytes(intent.challenge),
    )  # fmt: skip
    signature = _write(intent, what, by, proof)
    _decide(proposal, ProposalState.IN_FORCE, _fact(signature, by), by=by)
    enforcing.enforce(proposal, what.summary, by=by)
    return signature


def _one_at_a_time() -> None:
    """Let one change be written or put in force at a time: the next sees what this one left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _spend(intent: ProposalIntent) -> None:
    """Use the intent up; of many submits at once the row lock lets one through."""
    moment = now()
    fresh = ProposalIntent.objects.filter(pk=intent.pk, used_at=None, expires_at__gt=moment)
    if not fresh.update(used_at=moment):
        raise spent()


def _write(intent: ProposalIntent, what: Content, by: User, proof: ceremony.Proof) -> ProposalSignature:
    assertion = None
    if proof.assertion is not None:
        assertion = exhibits.seal(canonical.document_bytes(proof.assertion), scope=SCOPE).pk
    return ProposalSignature.objects.create(
        id=new_id(),
        proposal=what.proposal,
        signer=by,
        role=intent.role,
        meaning=intent.meaning,
        intent=intent,
        intent_sha256=intent.challenge,
        content_sha256=what.proposal.digest,
        auth_method=proof.method,
        assurance=proof.assurance,
        assertion_id=assertion,
    )


def _fact(signature: ProposalSignature, by: User) -> facts.ProposalSigned:
    return facts.ProposalSigned(
        signature=signature.pk,
        role=signature.role,
        meaning=signature.meaning,
        auth_method=signature.auth_method,
        assurance=signature.assurance,
        intent_sha256=bytes(signature.intent_sha256),
        content_sha256=bytes(signature.content_sha256),
        printed_name=by.printed_name,
        signed_at=signature.signed_at,
    )


def _decide(
    proposal: Proposal,
    state: ProposalState,
    fact: facts.ProposalSigned | facts.ProposalRefused | facts.ProposalWithdrawn,
    *,
    by: User,
) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, now()
    proposal.save(update_fields=["state", "decided_by", "decided_at"])
    ledger.append_next(
        fact, stream=_stream(proposal), by=by, rows=[proposal], key=_key(by) if fact.personal() else None
    )


def _note_refusal(intent: ProposalIntent, by: User, refusal: Problem) -> None:
    """Keep the refusal where the rolled-back transaction cannot take it along."""
    if isinstance(refusal, ceremony.CeremonyFailed):
        ceremony.note_failure(by)
    with transaction.atomic():
        fact = facts.SignatureRefused(code=refusal.name, intent=intent.pk)
        ledger.append(fact, stream=_stream(intent.proposal), by=by)


def _locked(proposal_id: UUID, by: User) -> Proposal:
    """Lock a proposal the person may read, or raise NotFound."""
    proposal = readable.proposals(access.of(by), by).select_for_update().filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(readable.UNSEEN)
    return proposal


def _insist_on_signer(by: User, proposal: Proposal) -> Role:
    by, granted = User.objects.get(pk=by.pk), access.of(by)
    guards.insist(deciding.why_not_sign(by, granted, proposal))
    role = deciding.signing_role(granted)
    if role is None:
        raise RuntimeError("the guards let through somebody who puts nothing in force")
    return role


def _insist_on_new(kind: str, target: UUID | None, digest: bytes, by: User) -> None:
    """Refuse what waits for its signature already; which it is, is told to who may read it."""
    same = Proposal.objects.filter(kind=kind, target=target, digest=digest, state=ProposalState.OPEN).first()
    if same is None:
        return
    if not readable.proposals(access.of(by), by).filter(pk=same.pk).exists():
        raise AlreadyProposed("Somebody proposed the same; it waits for its signature. Wait for the decision.")
    raise AlreadyProposed(f"“{same.title}” says the same and waits for its signature ({same.pk}).")


def _insist_on_text(**texts: str) -> None:
    """Refuse what cannot be stored, and reasons and titles that hide what they say."""
    for name, text in texts.items():
        most = {"title": 300, "reason": 1000}.get(name)
        if most is not None and len(text) > most:
            raise ProposalInvalid(f"The {name} is longer than {most} characters. Shorten it.")
        if most is not None and (sign := nodes.hidden(text)):
            raise ProposalInvalid(nodes.hidden_message(sign))
        try:
            text.encode()
        except UnicodeEncodeError as error:
            line = text.count("\n", 0, error.start) + 1
            raise ProposalInvalid(f"Line {line} of the {name} holds what is no text. Save it as UTF-8.") from None


def _stream(proposal: Proposal) -> ledger.Stream:
    return ledger.Stream("proposal", proposal.pk)


def _key(by: User) -> DataKey:
    return exhibits.key_for(f"person:{by.pk}")
