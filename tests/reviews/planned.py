"""Items whose sign-off plan a test writes itself, and the people who can fill it."""

from typing import Any

import yaml

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.problems import Problem
from reviews import plans
from reviews.models import Item, SignoffSlot
from reviews.words import Verdict
from tests.factories import SEEDER, Person, World, make_item, make_person, make_world, sign, take

__all__ = ["WORDS", "Cast", "asked", "make_planned", "parallel", "stage"]

WORDS = {"a": Role.ADJUSTER, "s": Role.SENIOR_ADJUSTER, "c": Role.CORRESPONDENCE_REVIEWER, "r": Role.RELEASE_APPROVER}
"""Roles of the tests' plans by their first letter; everybody who holds one may review in both queues."""


def stage(roles: str, **more: Any) -> dict[str, Any]:
    """Give a stage of a plan; `as` means an adjuster or a senior adjuster."""
    named = [WORDS[letter].value for letter in roles]
    return ({"role": named[0]} if len(named) == 1 else {"roles": named}) | {"meaning": "Approval"} | more


def parallel(*stages: dict[str, Any]) -> dict[str, Any]:
    """Give stages that run at the same time."""
    return {"parallel": list(stages)}


def make_planned(*plan: dict[str, Any], contract: dict[str, Any] | None = None, **rule: Any) -> World:
    """Make a world whose only rule asks for this plan."""
    only = {"name": "planned", "when": "true", "reason": "As planned.", "queue": "payouts", "plan": list(plan)} | rule
    fallback = {"queue": "exceptions", "plan": [stage("s")]}
    policy = yaml.safe_dump({"policy": "payouts", "fallback": fallback, "rules": [only]}, sort_keys=False)
    world = make_world(policy=policy, contract=contract)
    for role in (Role.CORRESPONDENCE_REVIEWER, Role.RELEASE_APPROVER):
        for queue in (world.queue, world.exceptions):
            accounts.grant_access(role, "review_in_queue", queue, by=SEEDER)
    return world


class Cast:
    """An item of a plan, and people by name who are made when they are first named: `a1` is an adjuster."""

    def __init__(self, *plan: dict[str, Any], item: Item | None = None, world: World | None = None, **rule: Any):
        self.world = world or make_planned(*plan, **rule)
        self.item = item or make_item(self.world)
        self.people: dict[str, Person] = {}

    def __getitem__(self, name: str) -> Person:
        """Give a person; the letters of the name are the roles."""
        if name not in self.people:
            roles = [WORDS[letter] for letter in name if letter.isalpha()]
            self.people[name] = make_person(name, *roles)
        return self.people[name]

    def signs(self, name: str, verdict: str = "approve", reason: str = "Because.") -> str:
        """Let somebody take and sign the item; give the item's state, or why not."""
        try:
            take(self.item, self[name])
            sign(self.item, self[name], Verdict(verdict), reason)
        except Problem as problem:
            return problem.name
        return self.state

    @property
    def state(self) -> str:
        """Give where the item stands now."""
        self.item.refresh_from_db()
        return str(self.item.state)

    @property
    def awaits(self) -> str:
        """Give the roles whose signature is next, as lists know them."""
        self.item.refresh_from_db()
        return str(self.item.awaiting)


def asked(item: Item) -> list[tuple[int, int, str]]:
    """Give what is missing of an item's plan: stage, round and roles."""
    now = Item.objects.get(pk=item.pk)
    found: list[SignoffSlot] = [slot for slot in plans.standing(plans.of(now)) if slot.signature_id is None]
    return [(slot.stage, slot.round, slot.role) for slot in found]
