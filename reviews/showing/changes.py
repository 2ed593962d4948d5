"""Changes of configuration as people see them: which wait and for whom, what one changes, who may sign it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse

from audit import exhibits, stories
from audit.sealing import places
from audit.sealing.places import Place
from portal.accounts import passkeys
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound, Problem, Refusal
from reviews import facts
from reviews.actions import proposal_intents, proposing, readable
from reviews.actions.proposing import Pending
from reviews.models import Flow, Policy, Proposal
from reviews.proposals import deciding, kinds
from reviews.showing import contents, rulesets
from reviews.showing.contents import Content
from reviews.showing.telling import method, role_title
from reviews.showing.texts import visible
from reviews.words import ProposalState

PAGE = 50
_STATES = {
    ProposalState.OPEN: ("clock", "info", "Waits for a signature"),
    ProposalState.IN_FORCE: ("check", "ok", "In force"),
    ProposalState.REFUSED: ("x", "bad", "Refused"),
    ProposalState.WITHDRAWN: ("up", "", "Withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One proposal in a list; `waits` names who may sign it, where it is open."""

    proposal: Proposal
    kind: str
    title: str
    state: tuple[str, str, str]
    waits: list[User]

    @property
    def first(self) -> list[User]:
        """Give the first of those who may sign."""
        return self.waits[:2]

    @property
    def others(self) -> int:
        """Count the rest of them."""
        return len(self.waits[2:])


@dataclass(frozen=True, slots=True)
class Page:
    """Some proposals, the newest first, and where the next page begins."""

    rows: list[Row]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """Everything the page of one proposal shows."""

    row: Row
    reason: str
    about: Any
    differences: list[str]
    content: Content | None
    problem: Problem | None
    no_sign: Refusal | None
    no_refuse: Refusal | None
    may_withdraw: bool
    may_simulate: bool
    draft: str
    refusal: str
    place: Place | None

    @property
    def proposal(self) -> Proposal:
        """Give the proposal itself."""
        return self.row.proposal

    @property
    def signed_as(self) -> str:
        """Give the role it was signed in."""
        return role_title(self.proposal.signature.role)

    @property
    def proved_by(self) -> str:
        """Say how the signer proved who they are."""
        return method(self.proposal.signature.auth_method)

    @property
    def is_open(self) -> bool:
        """Tell whether it waits."""
        return self.proposal.state == ProposalState.OPEN

    @property
    def is_in_force(self) -> bool:
        """Tell whether it was signed."""
        return self.proposal.state == ProposalState.IN_FORCE


@dataclass(frozen=True, slots=True)
class Signing:
    """Everything somebody sees before they put a change in force."""

    pending: Pending
    statement: str
    differences: list[str]
    content: Content
    role: str
    rp_id: str
    at: datetime


def why_not_open(granted: Access) -> Refusal | None:
    """Tell why a person may not open the list of changes at all: they read no configuration."""
    no = rulesets.why_not_open(granted)
    return Refusal(no.code, readable.UNSEEN) if no else None


def page(granted: Access, by: User, *, is_open: bool, before: UUID | None = None) -> Page:
    """Give a page of the proposals a person may read, the newest first."""
    rows = readable.proposals(granted, by).select_related("proposed_by", "decided_by").order_by("-pk")
    rows = rows.filter(state=ProposalState.OPEN) if is_open else rows.exclude(state=ProposalState.OPEN)
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    return Page(_rows(found[:PAGE]), found[PAGE - 1].pk if len(found) > PAGE else None)


def found(proposal_id: UUID, *, by: User, granted: Access) -> Proposal:
    """Give a proposal somebody may read. Raises NotFound."""
    people = ("proposed_by", "decided_by", "signature__signer")
    proposal = readable.proposals(granted, by).select_related(*people).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(readable.UNSEEN)
    return proposal


def rules_of(proposal_id: UUID, *, by: User, granted: Access) -> str:
    """Give the text of proposed routing rules to somebody who may read it. Raises NotFound."""
    proposal = found(proposal_id, by=by, granted=granted)
    if proposal.kind != "policy":
        raise NotFound("This change is none of routing rules; there is nothing to simulate.")
    return exhibits.open(proposal.content_id).decode()


def change(proposal_id: UUID, *, by: User, granted: Access) -> Change:
    """Give everything about one proposal to somebody who may read it. Raises NotFound."""
    proposal = found(proposal_id, by=by, granted=granted)
    is_open = proposal.state == ProposalState.OPEN
    text, differences, problem = _opened(proposal)
    return Change(
        row=_rows([proposal])[0],
        reason=visible(proposal.reason),
        about=_about(proposal),
        differences=differences,
        content=contents.shown(proposal, text) if text is not None else None,
        problem=problem,
        no_sign=deciding.why_not_sign(by, granted, proposal),
        no_refuse=deciding.why_not_refuse(by, granted, proposal),
        may_withdraw=deciding.why_not_withdraw(by, proposal) is None,
        may_simulate=proposal.kind == "policy" and is_open,
        draft=_draft(proposal, granted),
        refusal=_refusal(proposal),
        place=None if is_open else places.place_of(_last_entry(proposal)),
    )


def signing(proposal_id: UUID, intent_id: UUID, *, by: User, session_ref: str) -> Signing:
    """Give somebody's own attempt of this session to sign. Raises NotFound, IntentSpent or what stands against it."""
    pending = proposing.pending(intent_id, by=by, session_ref=session_ref)
    if pending.proposal.pk != proposal_id:
        raise NotFound("There is no such signing attempt of this change. Start again from the change.")
    return Signing(
        pending=pending,
        statement=visible(pending.statement),
        differences=[visible(each) for each in pending.differences],
        content=contents.shown(pending.proposal, pending.text),
        role=role_title(pending.role),
        rp_id=passkeys.rp_id(),
        at=now(),
    )


def title_of(proposal: Proposal) -> str:
    """Give a proposal's title as pages show it."""
    return visible(proposal.title)


def _rows(proposals: Sequence[Proposal]) -> list[Row]:
    able = deciding.signers() if any(each.state == ProposalState.OPEN for each in proposals) else []
    return [_row(each, able) for each in proposals]


def _row(proposal: Proposal, able: Sequence[User]) -> Row:
    is_open = proposal.state == ProposalState.OPEN
    kind = kinds.KINDS[proposal.kind].name if proposal.kind in kinds.KINDS else proposal.kind
    waits = _waits(proposal, able) if is_open else []
    state = _STATES[ProposalState(proposal.state)]
    return Row(proposal, kind[:1].upper() + kind[1:], title_of(proposal), state, waits)


def _waits(proposal: Proposal, able: Sequence[User]) -> list[User]:
    """Give who may sign it; a register in which their rows cannot be read any more is signed by nobody."""
    try:
        return deciding.signers_of(proposal, able)
    except (Problem, exhibits.Damaged):
        return []


def _opened(proposal: Proposal) -> tuple[str | None, list[str], Problem | None]:
    """Give a proposal's text, what it changes, and why it cannot be signed as it stands."""
    try:
        text = exhibits.open(proposal.content_id).decode()
    except exhibits.Damaged:
        return None, [], proposing.ContentChanged("The stored change is damaged. Tell your administrator.")
    if proposal.state != ProposalState.OPEN:
        return text, contents.sentences(proposal, text), None
    try:
        summary = proposal_intents.content(proposal, "").summary
    except Problem as problem:
        return text, contents.sentences(proposal, text), problem
    return text, [visible(each) for each in summary.differences], None


def _about(proposal: Proposal) -> Any:
    """Give the flow, the rules or the person a proposal is about, where there is one."""
    if proposal.target is None:
        return None
    if proposal.kind == "policy":
        return Policy.objects.filter(pk=proposal.target, in_force__isnull=False).first()
    if proposal.kind == "contract":
        return Flow.objects.filter(pk=proposal.target).first()
    return contents.person(proposal)


def _draft(proposal: Proposal, granted: Access) -> str:
    """Give where its text can be drafted further by somebody who may propose that."""
    if proposal.kind != "policy":
        return ""
    rules = Policy.objects.filter(pk=proposal.target).first() if proposal.target else None
    if rulesets.why_not_draft(granted, rules) is not None:
        return ""
    return reverse("desk:rules-draft", args=[rules.name]) if rules else reverse("desk:rules-new")


def _refusal(proposal: Proposal) -> str:
    """Give the reason a proposal was refused with."""
    if proposal.state != ProposalState.REFUSED:
        return ""
    told = next(each for each in stories.story(proposal.pk) if each.kind == facts.ProposalRefused.kind)
    return visible(str(told.personal.get("reason") or ""))


def _last_entry(proposal: Proposal) -> UUID:
    """Give the entry of the decision."""
    statement = (
        "SELECT eid FROM audit_entry WHERE stream = %s::uuid AND version IS NOT NULL ORDER BY version DESC LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [proposal.pk])
        (eid,) = cursor.fetchone()
    return UUID(str(eid))
