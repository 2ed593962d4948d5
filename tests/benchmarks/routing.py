"""Routing by a hundred rules: the time an item takes, batches against intake, and a draft tried on the items."""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.benchmarks import children, intake
from tests.benchmarks.bed import ROOT, Bed
from tests.benchmarks.figures import Effort, Figure, middle, ratio

RULES, DRAFT = 100, 20
_HEAD = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
"""
# Each reads what real rules read, and none of them holds: every item is asked all hundred.
_CONDITIONS = (
    'action.effect == "pay" && action.amount_at_stake > {n}000000.0',
    'action.jurisdiction in ["US-AK", "US-HI"] && snapshot.output.size() > {n}',
    'environment == "test-{n}" || action.type.startsWith("other-{n}.")',
    'has(snapshot.input.cause) && snapshot.input.cause == "meteor-{n}"',
)
_RULE = """
  - name: rule-{n}
    when: '{when}'
    reason: Rule {n} asks for one adjuster.
    queue: payouts
    plan: [{{role: adjuster, meaning: Approval}}]
"""
_LAST = """
  - name: last
    when: action.type != "none"
    reason: Everything else is signed {how}.
    queue: payouts
    due: 1d
    plan: [{{role: adjuster, meaning: Approval, signatures: {signatures}}}]
"""


def measure(bed: Bed, effort: Effort) -> Iterator[Figure]:
    """Alternate posting, draining by two processes, and routing in this one; then try a draft on all of it."""
    bed.fresh("routing")
    world = _world()
    flow, posted, drained, alone = intake.posting(world), [], [], []
    with (
        intake._web() as (port, _),
        children.running("posts", 1) as [poster],
        children.running("drains", 2) as workers,
    ):
        poster.ask("connect", port=port, count=intake.CLIENTS)
        intake._post(poster, flow, 2 * intake.CLIENTS)
        children.ask_all(workers, "warm")
        for _ in range(effort.rounds):
            posted.append(intake._post(poster, flow, effort.amount(1200, 60)))
            drained.append(intake._drain(workers))
            intake._post(poster, flow, effort.amount(400, 40))
            alone.append(_route())
            said = f"posted {posted[-1]:.0f}/s, drained {drained[-1]:.0f}/s, {alone[-1]:.2f} ms an item"
            print(said, file=sys.stderr)
    yield Figure("rules_item", middle(alone), "ms", most=3)
    yield Figure("rules_drain_ratio", ratio(drained, posted), "ratio", least=0.5)
    yield _simulated(world)


def rules(count: int = RULES, *, how: str = "once", signatures: int = 1) -> str:
    """Write a policy of so many rules, of which the last holds."""
    many = (_RULE.format(n=n, when=_CONDITIONS[n % len(_CONDITIONS)].format(n=n)) for n in range(1, count))
    return _HEAD + "".join(many) + _LAST.format(how=how, signatures=signatures)


def _world() -> Any:
    from tests.factories import make_world

    contract = json.loads((ROOT / "examples" / "contracts" / "claim.json").read_text())
    return make_world(policy=rules(), contract=contract, posts_per_minute=10**9, posts_per_day=10**9)


def _route() -> float:
    """Route everything waiting in this process; gives milliseconds per item, evaluation and rows."""
    from reviews.actions import routing

    began, count = time.perf_counter(), 0
    while routed := routing.drain():
        count += routed
    return (time.perf_counter() - began) * 1000 / count


def _simulated(world: Any) -> Figure:
    """Try a draft that differs in its last rule; gives the seconds ten thousand items would take."""
    from reviews.actions import simulating

    number = world.queue.slug.rpartition("-")[2]
    draft = rules(DRAFT, how="twice", signatures=2)
    for name in ("policy: payouts", "queue: payouts", "queue: exceptions"):
        draft = draft.replace(name, f"{name}-{number}")
    simulation = simulating.start(draft, 10_000, by=None)
    began = time.perf_counter()
    ended = simulating.run(simulation.pk)
    seconds = time.perf_counter() - began
    assert ended is not None
    assert ended.state == "finished", ended.error
    assert ended.result["groups"]["other_plan"] == ended.done > 0
    print(f"{ended.done} items simulated in {seconds:.1f} s", file=sys.stderr)
    return Figure("simulation_10k", seconds * 10_000 / ended.done, "s", most=10)
