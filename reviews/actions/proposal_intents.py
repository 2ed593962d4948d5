"""Intents of proposals: the change a person is about to put in force, frozen; made again at signing."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import canonical, exhibits
from portal.accounts import access, ceremony, passkeys
from portal.accounts.models import User
from portal.kit.clock import now, stamp
from portal.kit.ids import new_id
from portal.kit.problems import NotFound, Problem
from reviews import guards
from reviews.actions.intents import LIFE, ContentChanged, spent
from reviews.actions.versioning import SCOPE
from reviews.models import Proposal, ProposalIntent
from reviews.proposals import deciding, kinds
from reviews.proposals.summaries import NothingChanges, Summary

MEANING = "Putting a change in force"
PROFILE = ceremony.PROFILES["claims"]


class ProposalStale(Problem):
    """Something else was put in force since the change was written."""

    code = "proposal_stale"
    status = 409
    title = "What is in force has changed"


@dataclass(frozen=True, slots=True)
class Content:
    """What is signed: a proposal's sealed text and what it comes to now, in one role."""

    proposal: Proposal
    text: str
    summary: Summary
    role: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What a page shows of an intent that waits for its ceremony."""

    id: UUID
    proposal: Proposal
    statement: str
    differences: list[str]
    text: str
    meaning: str
    role: str
    printed_name: str
    content_sha256: str
    intent_sha256: str
    challenge: bytes
    credentials: list[str]
    expires_at: datetime
    needs_code: bool


def content(proposal: Proposal, role: str) -> Content:
    """Read what a proposal changes now. Raises ProposalStale, ContentChanged, or what its kind finds wrong."""
    try:
        sealed = exhibits.open(proposal.content_id)
    except exhibits.Damaged:
        raise ContentChanged("The stored change is damaged. Tell your administrator.") from None
    if canonical.sha256(sealed) != bytes(proposal.digest):
        raise ContentChanged("The stored change differs from what was proposed. Tell your administrator.")
    text = sealed.decode()
    try:
        summary = kinds.of(proposal.kind).check(text, target=proposal.target)
    except NothingChanges as already:
        raise ProposalStale(f"{already.detail} There is nothing left to sign; refuse or withdraw it.") from None
    if (summary.base, summary.target) != (proposal.base, proposal.target):
        raise ProposalStale(
            "Something else was put in force since this was proposed. Propose it again on what is in force now."
        )
    if summary.content != text:
        raise ContentChanged("The stored change reads differently now. Propose it again.")
    return Content(proposal, text, summary, role)


def freeze(what: Content, *, by: User, session_ref: str) -> ProposalIntent:
    """Write an intent for exactly this change."""
    body = _bound(what, by) | {"nonce": canonical.b64url(secrets.token_bytes(16)), "exp": stamp(now() + LIFE)}
    sealed = canonical.strict_bytes(body)
    return ProposalIntent.objects.create(
        id=new_id(),
        user=by,
        session_ref=session_ref,
        proposal=what.proposal,
        content_sha256=what.proposal.digest,
        body_id=exhibits.seal(sealed, scope=SCOPE).pk,
        role=what.role,
        meaning=MEANING,
        challenge=canonical.prefixed(canonical.SIGN_INTENT, sealed),
        expires_at=now() + LIFE,
    )


def made_again(intent: ProposalIntent, proposal: Proposal, role: str) -> Content:
    """Make again what was frozen, from what is stored and in force now.

    Raises ContentChanged unless every part comes out the same, ProposalStale where something else is in force.
    """
    what = content(proposal, role)
    try:
        sealed = exhibits.open(intent.body_id)
    except exhibits.Damaged:
        raise ContentChanged("The stored signing attempt is damaged. Tell your administrator.") from None
    body: dict[str, Any] = json.loads(sealed)
    same = (
        canonical.prefixed(canonical.SIGN_INTENT, sealed) == bytes(intent.challenge),
        body | canonical.normalised(_bound(what, intent.user)) == body,
        bytes(intent.content_sha256) == bytes(proposal.digest),
        (intent.role, intent.meaning, intent.proposal_id) == (role, MEANING, proposal.pk),
    )
    if not all(same):
        raise ContentChanged("What you would sign differs from what you saw. Start again.")
    return what


def mine(intent_id: UUID, *, by: User, session_ref: str) -> ProposalIntent:
    """Find an intent of this person in this session, or raise NotFound."""
    found = ProposalIntent.objects.select_related("proposal", "user")
    intent = found.filter(pk=intent_id, user=by, session_ref=session_ref).first()
    if intent is None:
        raise NotFound("There is no such signing attempt of yours in this session. Start again.")
    return intent


def pending(intent_id: UUID, *, by: User, session_ref: str) -> Pending:
    """Give what a page shows of an intent. Raises NotFound, Refused, IntentSpent, ProposalStale or ContentChanged."""
    intent = mine(intent_id, by=by, session_ref=session_ref)
    if intent.used_at is not None or intent.expires_at <= now():
        raise spent()
    guards.insist(deciding.why_not_sign(by, access.of(by), intent.proposal))
    what = made_again(intent, intent.proposal, intent.role)
    return Pending(
        id=intent.pk,
        proposal=intent.proposal,
        statement=_statement(what.summary),
        differences=what.summary.differences,
        text=what.text,
        meaning=intent.meaning,
        role=intent.role,
        printed_name=by.printed_name,
        content_sha256=bytes(intent.content_sha256).hex(),
        intent_sha256=bytes(intent.challenge).hex(),
        challenge=bytes(intent.challenge),
        credentials=passkeys.credential_ids(by),
        expires_at=intent.expires_at,
        needs_code=ceremony.needs_code(by, session_ref=session_ref, profile=PROFILE),
    )


def _bound(what: Content, by: User) -> dict[str, Any]:
    """Give the part of the intent that follows from what is signed; its hash is the challenge."""
    proposal, shown = what.proposal, canonical.strict_bytes({"differences": what.summary.differences})
    return {
        "v": 1,
        "typ": "countersign.proposal-intent",
        "proposal": str(proposal.pk),
        "kind": proposal.kind,
        "target": str(proposal.target) if proposal.target else "",
        "base": proposal.base,
        "content_sha256": bytes(proposal.digest).hex(),
        "shown_sha256": canonical.prefixed(canonical.SHOWN, shown).hex(),
        "title": proposal.title,
        "reason": proposal.reason,
        "meaning": MEANING,
        "statement": _statement(what.summary),
        "proposed_by": str(proposal.proposed_by_id),
        "signer": str(by.pk),
        "role": what.role,
    }


def _statement(summary: Summary) -> str:
    """Say in one sentence what the signature means: by what the change does, never by a title somebody chose."""
    return f"I have read the change “{summary.told}” and put it in force."
