"""Why not: who may propose a change of configuration, and who may put it in force."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.accounts.roles import PUTS_IN_FORCE, Role
from portal.kit.problems import Refusal
from reviews.models import Flow, Proposal
from reviews.proposals import lists
from reviews.words import ProposalState

OWNED: Final = frozenset({"policy", "contract"})
_ASK: Final = "Ask a compliance officer or an administrator"


def why_not_propose(access: Access, kind: str) -> Refusal | None:
    """Tell why a person may propose no change of this kind at all."""
    if access.is_auditor:
        return Refusal("only_reads", f"An auditor reads and changes nothing. {_ASK} to propose it.")
    if any(role in access.roles for role in PUTS_IN_FORCE):
        return None
    if Role.FLOW_OWNER not in access.roles or kind not in OWNED:
        return Refusal("may_not_propose", f"You may not propose this. {_ASK} to propose it.")
    return None


def why_not_simulate(access: Access) -> Refusal | None:
    """Tell why a person may try no rules on items: who reads rules, or proposes them, may."""
    reads = access.is_auditor or Role.QUEUE_MANAGER in access.roles or access.where("manage_in_queue", "queue")
    if reads or why_not_propose(access, "policy") is None:
        return None
    return Refusal("may_not_simulate", f"You may try no routing rules on items. {_ASK} to try them.")


def why_not_of(access: Access, kind: str, target: UUID | None) -> Refusal | None:
    """Tell why a person may not propose a change of this one thing: a flow's owner proposes for that flow."""
    if any(role in access.roles for role in PUTS_IN_FORCE):
        return None
    owned = access.where("own_flow", "flow")
    if kind == "policy":
        theirs = target is not None and Flow.objects.filter(pk__in=owned, policy_id=target).exists()
    else:
        theirs = target in owned
    if not theirs:
        return Refusal("not_your_flow", f"You propose changes for flows you own, and this is none. {_ASK}.")
    return None


def why_not_refuse(person: User, access: Access, proposal: Proposal) -> Refusal | None:
    """Tell why a person may not decide about the proposal, the signature itself apart."""
    if proposal.state != ProposalState.OPEN:
        return Refusal("proposal_decided", "This proposal is decided. Open the list to see which ones wait.")
    if access.is_auditor:
        return Refusal("only_reads", f"An auditor reads and changes nothing. {_ASK} to decide about it.")
    if signing_role(access) is None:
        return Refusal("may_not_sign", f"Your roles put nothing in force. {_ASK} to decide about it.")
    if proposal.proposed_by_id == person.pk:
        return Refusal("own_proposal", "Somebody else must decide about what you proposed. Ask them, or withdraw it.")
    return None


def why_not_sign(person: User, access: Access, proposal: Proposal) -> Refusal | None:
    """Tell why a person may not put the proposal in force."""
    refusal = why_not_refuse(person, access, proposal)
    if refusal is not None:
        return refusal
    if proposal.target == person.pk:
        return Refusal("own_gain", "Somebody else must sign what gives a role to you. Ask them.")
    if proposal.kind in lists.FILES and lists.gaining(proposal, {person.username}):
        return Refusal("own_gain", "This says what you yourself may sign for. Ask somebody else to sign it.")
    if person.identity_verified_at is None:
        return Refusal("identity_unverified", "An administrator must verify your identity before you sign.")
    return None


def why_not_withdraw(person: User, proposal: Proposal) -> Refusal | None:
    """Tell why a person may not take the proposal back."""
    if proposal.state != ProposalState.OPEN:
        return Refusal("proposal_decided", "This proposal is decided; it cannot be withdrawn any more.")
    if proposal.proposed_by_id != person.pk:
        return Refusal("not_your_proposal", "Only who proposed it may withdraw it. Refuse it instead, with a reason.")
    return None


def signing_role(access: Access) -> Role | None:
    """Give the role in which somebody would put a change in force."""
    return next((role for role in PUTS_IN_FORCE if role in access.roles), None)


def signers() -> list[User]:
    """Give everybody who may put changes in force now."""
    able = User.objects.filter(is_active=True, identity_verified_at__isnull=False, signing_locked_at=None)
    able = able.filter(groups__name__in=[role.value for role in PUTS_IN_FORCE]).exclude(groups__name=Role.AUDITOR.value)
    return list(able.order_by("username").distinct())


def signers_of(proposal: Proposal, among: Sequence[User] | None = None) -> list[User]:
    """Give everybody who may put this one in force now: not who proposed it and not who gains by it."""
    able = signers() if among is None else among
    named = {each.username for each in able}
    gaining = lists.gaining(proposal, named) if proposal.kind in lists.FILES else frozenset()
    barred = (proposal.proposed_by_id, proposal.target)
    return [each for each in able if each.pk not in barred and each.username not in gaining]
