"""What the tests of simulation share: a draft of rules, and running it to its end."""

from reviews.actions import simulating
from reviews.models import Simulation
from tests.factories import POLICY

RULES = """
rules:
  - name: sanctioned
    when: action.type == "claim.sanctioned"
    reason: Refused.
    refuse: true
  - name: fails
    when: action.type == "claim.fails" && snapshot.output.nothing == 1
    reason: It fails.
    queue: payouts
    plan: [{role: adjuster, meaning: Approval}]
  - name: denials
    when: action.effect in ["deny", "partial"]
    reason: Denials are always signed twice.
    queue: payouts
    plan:
      - {role: adjuster, meaning: Review}
      - {role: senior-adjuster, meaning: Approval}
  - name: small
    when: action.effect == "pay" && action.amount_at_stake <= 1000.0
    reason: A thousand needs nobody.
    queue: payouts
    auto_approve: true
    effects: [pay]
  - name: middle
    when: action.effect == "pay" && action.amount_at_stake <= 20000.0
    reason: One is enough now.
    queue: payouts
    plan: [{role: adjuster, meaning: Approval}]
  - name: large
    when: action.effect == "pay"
    reason: Somewhere else.
    queue: exceptions
    plan:
      - {role: adjuster, meaning: Review}
      - {role: senior-adjuster, meaning: Approval}
"""


def draft_of(world, text=None):
    """Give the factory's policy with other rules, under the names of a world."""
    number = world.queue.slug.rpartition("-")[2]
    text = text or POLICY[: POLICY.index("rules:")] + RULES.lstrip()
    for name in ("policy: payouts", "queue: payouts", "queue: exceptions"):
        text = text.replace(name, f"{name}-{number}")
    return text


def pays(amount, **action):
    """Give what is special of a payout of this amount."""
    return {"action": {"amount": amount, "amount_at_stake": amount} | action}


def run(text, wanted=1000, by=None):
    """Try a draft and give what came of it."""
    simulation = simulating.start(text, wanted, by=by)
    simulating.run(simulation.pk)
    return Simulation.objects.get(pk=simulation.pk)


def of_rule(simulation, name):
    """Give what was found of one rule."""
    return next(each for each in simulation.result["rules"] if each["rule"] == name)
