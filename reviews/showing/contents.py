"""What a proposal holds, for people: its text beside the one it was written on, and what that changes in sentences."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.accounts import access
from portal.accounts.models import User
from portal.kit.problems import Problem
from reviews.models import CalendarVersion, Contract, PolicyVersion, Proposal, Register
from reviews.policies import calendars
from reviews.proposals import hours, lists, rules, schemas
from reviews.showing import linediff
from reviews.showing.linediff import Diff
from reviews.showing.telling import role_title
from reviews.showing.texts import pretty, visible

_WRITTEN = frozenset({"policy", "contract", "calendar", "authority", "licences"})
_REPORT = "access-review"


@dataclass(frozen=True, slots=True)
class Content:
    """A proposal's text as pages show it; small changes have no lines to compare, their sentences say all of it."""

    text: str
    diff: Diff | None
    is_small: bool


def shown(proposal: Proposal, text: str) -> Content:
    """Give a proposal's text for reading, beside what was in force when it was written."""
    if proposal.kind not in _WRITTEN:
        return Content(visible(text), None, proposal.kind != _REPORT)
    readable = _readable(proposal.kind, text)
    return Content(visible(readable), linediff.diff(_readable(proposal.kind, before(proposal)), readable), False)


def sentences(proposal: Proposal, text: str) -> list[str]:
    """Say what a decided proposal changed, against what was in force when it was written."""
    try:
        return [visible(each) for each in _sentences(proposal, text)]
    except Problem:
        return []  # an old text that today's reader refuses: its lines are shown all the same


def person(proposal: Proposal) -> User | None:
    """Give the person a role is proposed for."""
    if proposal.kind != "role" or proposal.target is None:
        return None
    return User.objects.filter(pk=proposal.target).first()


def before(proposal: Proposal) -> str:
    """Give the text that was in force when a proposal was written; nothing where there was none."""
    number = proposal.base.removeprefix("version ")
    if not number.isdigit():
        return ""
    return _version(proposal.kind, proposal.target, int(number))


def _version(kind: str, target: UUID | None, number: int) -> str:
    if kind in lists.FILES:
        register = Register.objects.filter(kind=kind, version=number).first()
        return lists.text_of(register) if register else ""
    if target is None:
        return ""
    if kind == "policy":
        return _text(PolicyVersion.objects.filter(policy_id=target, version=number))
    if kind == "calendar":
        return _text(CalendarVersion.objects.filter(calendar_id=target, version=number))
    contract = Contract.objects.filter(flow_id=target, version=number).first()
    return json.dumps(contract.schema) if contract else ""


def _text(rows: Any) -> str:
    return str(rows.values_list("text", flat=True).first() or "")


def _readable(kind: str, text: str) -> str:
    return pretty(json.loads(text)) if kind == "contract" and text else text


def _sentences(proposal: Proposal, text: str) -> list[str]:
    if proposal.kind == "policy":
        return rules.differences(before(proposal), text)
    if proposal.kind == "contract":
        return schemas.differences(json.loads(before(proposal) or "{}"), json.loads(text))
    if proposal.kind == "calendar":
        old = before(proposal)
        return hours.differences(calendars.parse(old) if old else None, calendars.parse(text))
    return [_role_given(proposal, text)] if proposal.kind == "role" else []


def _role_given(proposal: Proposal, text: str) -> str:
    role, who = str(json.loads(text)["role"]), person(proposal)
    name = str(who) if who else "somebody who is not there any more"
    if role.startswith(access.WALL):
        return f"{name}: a place behind the wall “{role.removeprefix(access.WALL)}”."
    return f"{name}: the role {role_title(role)}."
