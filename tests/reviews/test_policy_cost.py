"""What conditions cost: a bomb is refused or ends at the fallback, and many rules stay quick."""

import time
from typing import Any

import pytest

from reviews.policies.document import parse
from reviews.policies.evaluation import evaluate

from .test_policy_documents import HEAD, faults, rule
from .test_policy_evaluation import code, item


@pytest.mark.parametrize("bomb", ["[[1,2],[3,4]].map(x, x.map(y, [y, y]))", "[1].map(x, [x]).map(y, [y]) == []"])
def test_a_cost_bomb_is_refused_when_it_is_written(bomb: str) -> None:
    assert faults(HEAD + rule(bomb))


def test_a_cost_bomb_of_many_cheap_rules_ends_at_the_fallback() -> None:
    rules = "".join(rule("snapshot.output.list == []", name=f"rule-{number}") for number in range(500))
    document = item() | {"snapshot": {"output": {"list": [1] * 999}}}

    outcome = evaluate(parse(HEAD + rules), document, flow="claims", counters={})

    assert code(outcome) == "expression_too_costly"


def _fastest(count: int, document: dict[str, Any]) -> float:
    when = "action.effect == 'deny' && action.amount_at_stake > {}.0"
    policy = parse(HEAD + "".join(rule(when.format(number), name=f"rule-{number}") for number in range(count)))
    times = []
    for _ in range(30):
        started = time.perf_counter()
        evaluate(policy, document, flow="claims", counters={})
        times.append(time.perf_counter() - started)
    return min(times)


def test_five_hundred_rules_take_no_more_than_their_share_of_the_time_fifty_take() -> None:
    document = item()

    assert _fastest(500, document) < 20 * _fastest(50, document)
