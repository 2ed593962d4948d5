"""What the tests of the pages of rules share: rules, their addresses and a draft of them, and who owns a flow."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.models import Policy
from tests.factories import SEEDER, make_person


@pytest.fixture
def mona(world):
    """Manages and reviews the queue of small payouts."""
    person = make_person("mona", Role.QUEUE_MANAGER)
    for permission in ("manage_in_queue", "see_queue"):
        accounts.grant_access(Role.QUEUE_MANAGER, permission, world.queue, by=SEEDER)
    return person


def owner(flow):
    """Add somebody who owns this flow."""
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", flow, by=SEEDER)
    return make_person("olga", Role.FLOW_OWNER)


def at(policy, rest=""):
    """Give an address of rules."""
    return f"/rules/{policy.name}/{rest}"


def text_of(policy):
    """Give the rules in force."""
    return Policy.objects.get(pk=policy.pk).in_force.text


def changed(policy):
    """Give the rules with one more adjuster for small payouts, and a name that hides nothing."""
    return text_of(policy).replace("reason: Small payouts need one adjuster.", "reason: Small payouts need one.")
