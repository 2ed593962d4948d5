"""What the tests of rerouting share: rules before and after, who manages the queues, and routing anew."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import rerouting, versioning
from reviews.models import Item
from tests.factories import SEEDER, make_person, make_world
from tests.reviews.changing import CONTRACT

BEFORE = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: one
    when: action.effect == "pay"
    reason: One adjuster signs.
    queue: payouts
    due: 2d
    plan: [{role: adjuster, meaning: Approval}]
"""

AFTER = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: barred
    when: action.type == "claim.barred"
    reason: This is not decided here.
    refuse: true
  - name: tiny
    when: action.effect == "pay" && action.amount <= 10.0
    reason: Ten dollars need nobody.
    queue: exceptions
    auto_approve: true
    effects: [pay]
  - name: large
    when: action.effect == "pay" && action.amount > 1000.0
    reason: Large payouts are signed three times.
    queue: exceptions
    priority: urgent
    due: 1d
    verdicts: [approve, reject]
    licences: [claims-adjuster]
    reading: [{title: Guide, text: Read this.}]
    wall: counsel
    plan:
      - {role: adjuster, meaning: Review}
      - parallel:
          - {role: senior-adjuster, meaning: Approval, signatures: 2}
          - {role: release-approver, meaning: Release}
  - name: two
    when: action.effect == "pay"
    reason: Two sign.
    queue: exceptions
    due: 4h
    plan:
      - {role: adjuster, meaning: Review}
      - {role: senior-adjuster, meaning: Approval}
"""

REASON = "The new rules count for what is open."


@pytest.fixture
def world(db):
    """A world under the rules before."""
    return make_world(policy=BEFORE, contract=CONTRACT)


@pytest.fixture
def mia(world):
    """Somebody who manages both queues."""
    for queue in (world.queue, world.exceptions):
        for permission in ("see_queue", "manage_in_queue"):
            accounts.grant_access(Role.QUEUE_MANAGER, permission, queue, by=SEEDER)
    return make_person("mia", Role.QUEUE_MANAGER)


def put_in_force(world, text=AFTER):
    """Put other rules in force for the flow of a world."""
    name, number = world.flow.policy.name, world.queue.slug.rpartition("-")[2]
    text = text.replace("policy: payouts", f"policy: {name}").replace(
        "queue: exceptions", f"queue: exceptions-{number}"
    )
    return versioning.apply_policy(text.replace("queue: payouts", f"queue: payouts-{number}"), by=SEEDER)


def reroute(item, person, **given):
    """Route an item anew as somebody who has seen it."""
    seen = given.pop("seen", None) or Item.objects.get(pk=item.pk).version
    reason = given.pop("reason", REASON)
    return rerouting.reroute(ItemId(item.pk), by=person.user, seen=seen, reason=reason)
