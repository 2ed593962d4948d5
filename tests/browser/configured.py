"""Routing rules and changes of every kind a page has to bear, proposed and signed once for all pictures and checks."""

import json
from dataclasses import dataclass

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import configuring, proposing, simulating
from reviews.models import Flow, Item, Policy, Proposal, Simulation
from tests.browser.bed import PATIENCE, Bed
from tests.browser.gallery import ENDLESS, HOSTILE
from tests.factories import SEEDER, Person, World, a_document, make_person, make_world
from tests.faults.bed import wait_until
from tests.reviews.four_eyes import sign

NAME = "a-very-long-name-of-routing-rules-that-nobody-would-choose-0123"
_RULE = """  - name: rule-{number}
    when: action.amount_at_stake <= {number}.0 && action.title != "{hostile}"
    reason: Rule {number} {hostile} {endless}
    queue: {queue}
    plan: [{{role: adjuster, meaning: Approval}}]
"""
_WHOLE = """policy: {name}
fallback: {{queue: {exceptions}, plan: [{{role: senior-adjuster, meaning: Decision}}]}}
rules:
  - name: everything-a-rule-can-say
    when: action.effect == "pay" && action.amount_at_stake <= 1.0
    reason: Everything at once.
    queue: {queue}
    priority: high
    due: 2d
    auto_approve: true
    effects: [letter, pay]
    sample: 12.5%
    reading: [{{title: The guide, text: "{endless}"}}]
    verdicts: [approve, reject]
    wall: counsel
    licences: [claims-adjuster]
    plan:
      - {{name: review, role: adjuster, meaning: Review, factors: [passkey, password+totp]}}
      - parallel:
          - {{role: senior-adjuster, meaning: Approval, blind: true, reject_to: review}}
          - {{roles: [adjuster, release-approver], meaning: Second look, signatures: 2}}
  - name: never
    when: action.effect == "other"
    reason: Nobody ever does this.
    refuse: true
"""


@dataclass
class Configured:
    """The people, rules and changes that pages are looked at with."""

    tom: Person
    helen: Person
    mona: Person
    olga: Person
    world: World
    policy: Policy
    open: Proposal
    stale: Proposal
    signed: Proposal
    refused: Proposal
    role: Proposal
    simulation: Simulation


def configure(bed: Bed) -> Configured:
    """Put long rules in force, propose and decide changes, and let a draft be simulated."""
    world = make_world()
    tom, helen = make_person("tom", Role.ADMINISTRATOR), make_person("helen", Role.COMPLIANCE_OFFICER)
    mona, olga = make_person("mona", Role.QUEUE_MANAGER), make_person("olga", Role.FLOW_OWNER)
    for permission in ("manage_in_queue", "see_queue"):
        accounts.grant_access(Role.QUEUE_MANAGER, permission, world.queue, by=SEEDER)
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    accounts.grant_access(Role.ADMINISTRATOR, "see_queue", world.queue, by=SEEDER)
    bed.post(bed.flow(world), a_document())
    policy = Policy.objects.get(pk=world.flow.policy_id)
    text = _text(policy)
    configuring.apply_policy(text.replace("Small payouts need one", HOSTILE + "payouts need one"), by=SEEDER)
    configuring.apply_policy(_long(world), by=SEEDER)
    text = _text(policy)
    stale = _proposed("policy", text.replace("Denials are", "All denials are"), tom, title=HOSTILE + ENDLESS)
    signed = _proposed("policy", text.replace("A dollar needs nobody", "A dollar needs no hand"), tom)
    sign(signed, helen)
    wide = _text(policy)
    refused = _proposed("contract", json.dumps({"type": "object", "title": ENDLESS}), tom, target=world.flow.pk)
    proposing.refuse(refused.pk, by=helen.user, reason=HOSTILE + ENDLESS)
    role = _proposed("role", json.dumps({"person": olga.user.username, "role": "queue-manager"}), tom)
    draft = wide.replace("action.amount_at_stake <= 1.0", "action.amount_at_stake <= 1000.0")
    simulation = simulating.start(draft, 100, by=tom.user)
    _wait(simulation)
    return Configured(
        tom, helen, mona, olga, world, policy,
        open=_proposed("policy", draft, tom, title=HOSTILE + ENDLESS[:150], reason=HOSTILE + ENDLESS),
        stale=stale, signed=signed, refused=refused, role=role, simulation=simulation,
    )  # fmt: skip


def long_rules(world: World, count: int) -> Policy:
    """Put so many rules in force under a name that does not end; the first says everything a rule can."""
    name = f"{NAME[:-4]}-{count}"
    head = _WHOLE.format(name=name, queue=world.queue.slug, exceptions=world.exceptions.slug, endless=ENDLESS)
    rules = [
        _RULE.format(number=each, hostile=HOSTILE.replace('"', "'"), endless=ENDLESS[:120], queue=world.queue.slug)
        for each in range(1, count - 1)
    ]
    return configuring.apply_policy(head + "".join(rules), by=SEEDER).policy


def _text(policy: Policy) -> str:
    """Give the text in force now."""
    version = Policy.objects.get(pk=policy.pk).in_force
    return version.text if version else ""


def _long(world: World) -> str:
    text = _text(Flow.objects.get(pk=world.flow.pk).policy)
    return text.replace("Large payouts need two.", f"Large payouts need two, {ENDLESS}.")


def _proposed(kind: str, text: str, by: Person, **given: object) -> Proposal:
    return proposing.propose(kind, text, by=by.user, **({"reason": "It reads better."} | given))  # type: ignore[arg-type]


def _wait(simulation: Simulation) -> None:
    def over() -> bool:
        return Simulation.objects.filter(pk=simulation.pk, state="finished").exists()

    wait_until(over, "the simulation is over", PATIENCE)
    assert Item.objects.exists()
