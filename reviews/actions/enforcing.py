"""Enforcing: what a signed proposal does, kind by kind, each with its own entry by the signer."""

import json
from collections.abc import Callable
from typing import Any, Final

from django.apps import apps

from portal.accounts import actions as accounts
from portal.accounts import pairs
from portal.accounts.models import ForbiddenPair, User
from portal.accounts.roles import Role
from portal.kit import strict_json
from reviews.actions import versioning
from reviews.models import Flow, Proposal
from reviews.proposals.summaries import Summary

_Enforcement = Callable[[Proposal, Summary, User], Any]


def enforce(proposal: Proposal, change: Summary, *, by: User) -> None:
    """Do what the proposal says, as it was read; it was checked again just before, and the signature is written."""
    _ENFORCED[proposal.kind](proposal, change, by)


def _policy(proposal: Proposal, change: Summary, by: User) -> None:
    versioning.apply_policy(change.content, by=by, proposal=proposal)


def _contract(proposal: Proposal, change: Summary, by: User) -> None:
    schema = strict_json.loads(change.content.encode())
    flow = Flow.objects.filter(pk__in=[proposal.target]).get()
    versioning.apply_contract(flow, schema, by=by, proposal=proposal)


def _calendar(proposal: Proposal, change: Summary, by: User) -> None:
    versioning.apply_calendar(change.content, by=by, proposal=proposal)


def _register(proposal: Proposal, change: Summary, by: User) -> None:
    versioning.apply_register(proposal.kind, change.entries, by=by, proposal=proposal)


def _role(proposal: Proposal, change: Summary, by: User) -> None:
    asked = json.loads(change.content)
    accounts.grant_role(User.objects.get(pk=asked["person"]), asked["role"], by=by, proposal=proposal.pk)


def _access(proposal: Proposal, change: Summary, by: User) -> None:
    asked = json.loads(change.content)
    thing = apps.get_model("reviews", asked["target"])._default_manager.get(pk=asked["target_id"])
    accounts.grant_access(Role(asked["role"]), asked["permission"], thing, by=by, proposal=proposal.pk)


def _pair(proposal: Proposal, change: Summary, by: User) -> None:
    asked = json.loads(change.content)
    first, second = asked["first"], asked["second"]
    if asked["forbidden"]:
        reason = proposal.reason[:300] or "Decided by two people."
        pairs.forbid(first, second, reason, by=by, proposal=proposal.pk)
    else:
        pair = ForbiddenPair.objects.get(first=first, second=second, ended_at=None)
        pairs.allow(pair, by=by, proposal=proposal.pk)


def _nothing(proposal: Proposal, change: Summary, by: User) -> None:
    """An access review is its signature."""


_ENFORCED: Final[dict[str, _Enforcement]] = {
    "policy": _policy,
    "contract": _contract,
    "calendar": _calendar,
    "authority": _register,
    "licences": _register,
    "role": _role,
    "access": _access,
    "role-pair": _pair,
    "access-review": _nothing,
}
