"""What the tests of four eyes share: two who decide, a policy in force, and a change signed from end to end."""

import json
from typing import Any

from portal.accounts.roles import Role
from reviews.actions import configuring, proposing
from reviews.models import Proposal, ProposalIntent, ProposalSignature
from tests.factories import SEEDER, Person, make_person

RULES = """policy: letters
fallback:
  queue: desk
  plan:
    - role: adjuster
      meaning: Decision
rules:
  - name: all
    when: action.effect == "letter"
    reason: A person reads every letter.
    queue: desk
    plan:
      - role: adjuster
        meaning: Approval
  - name: small
    when: action.effect == "pay" && action.amount_at_stake <= 10.0
    reason: Small ones need one.
    queue: desk
    plan:
      - role: adjuster
        meaning: Approval
"""
CHANGED = RULES.replace("<= 10.0", "<= 20.0")
HOURS = 'calendar: plain\ntime_zone: America/Chicago\nhours: {mon: "08:00-12:00"}\n'


def tom() -> Person:
    """Add an administrator."""
    return make_person("tom", Role.ADMINISTRATOR)


def helen() -> Person:
    """Add a compliance officer."""
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def rules_in_force(text: str = RULES) -> Any:
    """Open the desk and put the rules in force as setup does."""
    configuring.open_queue("desk", "Desk", by=SEEDER)
    return configuring.apply_policy(text, by=SEEDER)


def propose(kind: str, content: str | dict[str, Any], by: Person, **given: Any) -> Proposal:
    """Propose a change; a small one may be given as its members."""
    text = content if isinstance(content, str) else json.dumps(content)
    return proposing.propose(kind, text, by=by.user, **({"reason": "As agreed."} | given))


def prepare(proposal: Proposal, by: Person) -> ProposalIntent:
    """Freeze what a person is about to put in force."""
    return proposing.prepare(proposal.pk, by=by.user, session_ref=by.session)


def sign(proposal: Proposal, by: Person, **given: Any) -> ProposalSignature:
    """Put a proposal in force with a whole ceremony."""
    intent = prepare(proposal, by)
    return submit(intent, by, **given)


def submit(intent: ProposalIntent, by: Person, **given: Any) -> ProposalSignature:
    """Sign what was frozen."""
    factors = given.get("factors") or by.factors()
    return proposing.sign(intent.pk, by=by.user, session_ref=by.session, factors=factors)
