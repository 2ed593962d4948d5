"""A policy routes an item by its first matching rule; what it cannot judge goes to people."""

import time
from datetime import timedelta
from typing import Any

import pytest

from reviews.policies.document import parse
from reviews.policies.evaluation import Outcome, evaluate
from reviews.policies.parts import Policy

from .test_policy_documents import HEAD, rule


def item(**action: Any) -> dict[str, Any]:
    """Make an item with this action."""
    known = {"type": "claim", "effect": "pay", "title": "Pay", "currency": "USD", "amount": "100.00"}
    return {"action": known | action, "snapshot": {"output": {"name": "Zoë"}}}


def route(when: str, document: dict[str, Any] | None = None, **counters: float) -> Outcome:
    """Route one item by a policy of one rule."""
    return evaluate(parse(HEAD + rule(when)), document or item(), flow="claims", counters=counters)


def code(outcome: Outcome) -> str:
    """Give the reason's code, having seen that the outcome asks a person."""
    assert outcome.basis == "plan"
    assert sum(stage.signatures for stage in outcome.stages) >= 1
    return outcome.reasons[0].code


def test_the_first_matching_rule_decides() -> None:
    text = HEAD + rule("false", name="none") + rule("true", name="first") + rule("true", name="second")

    outcome = evaluate(parse(text), item(), flow="claims", counters={})

    assert (outcome.rule, outcome.queue, outcome.fallback) == ("first", "payouts", False)
    assert outcome.reasons[0].sentence == "Because."


def test_a_rule_gives_priority_and_due_and_else_the_items_own_priority_counts() -> None:
    stated = parse(HEAD + rule("true", priority="urgent", due="2d", plan="[{role: a, meaning: b}]"))

    outcome = evaluate(stated, item() | {"priority": "low"}, flow="claims", counters={})

    assert outcome.due is not None
    assert (outcome.priority, outcome.due.elapsed) == ("urgent", timedelta(days=2))
    assert route("true", item() | {"priority": "low"}).priority == "low"
    assert route("true", item() | {"priority": "shout"}).priority == "normal"


def test_an_item_no_rule_matches_goes_to_the_fallback() -> None:
    outcome = route("false")

    assert code(outcome) == "no_rule_matched"
    assert (outcome.rule, outcome.queue, outcome.fallback) == (None, "exceptions", True)


@pytest.mark.parametrize(
    ("when", "named"),
    [
        ("snapshot.output.total == 1", "“total”"),
        ("action.jurisdiction == 'US-TX'", "“jurisdiction”"),
        ("action.lines.all(line, line.amount < 1.0)", "“lines”"),
        ("action.amount > 'x'", "different kinds"),
        ("1 / 0 == 1", "divides by zero"),
        ("9223372036854775807 + 1 > 0", "too large"),
        ("action.title", "other than true or false"),
        ("1", "other than true or false"),
        ("null", "other than true or false"),
    ],
)
def test_a_rule_without_a_clear_answer_stops_at_the_fallback(when: str, named: str) -> None:
    text = HEAD + rule(when, name="unclear") + rule("true", name="later")

    outcome = evaluate(parse(text), item(), flow="claims", counters={})

    assert code(outcome) == "rule_failed"
    assert "“unclear”" in outcome.reasons[0].sentence
    assert named in outcome.reasons[0].sentence


def test_a_failure_never_quotes_what_the_item_says() -> None:
    outcome = route("snapshot.output[snapshot.output.name] == 1")

    assert code(outcome) == "rule_failed"
    assert "Zoë" not in outcome.reasons[0].sentence


@pytest.mark.parametrize("amount", [None, "NaN", "1e5", "12,00", 12.5, "1" * 15, True])
def test_an_amount_that_is_none_is_absent_and_fails_the_rule(amount: Any) -> None:
    assert code(route("action.amount_at_stake < 5000.0", item(amount=amount))) == "rule_failed"


def test_amounts_are_compared_as_numbers_to_the_cent() -> None:
    assert not route("action.amount > 10000.0", item(amount="10000.01")).fallback
    assert route("action.amount > 10000.0", item(amount="10000.00")).fallback
    assert not route("action.amount < 999999999999.99", item(amount="999999999999.98")).fallback


def test_amount_at_stake_follows_amount_except_for_harm() -> None:
    assert not route("action.amount_at_stake == 100.0").fallback
    assert code(route("action.amount_at_stake == 100.0", item(effect="deny"))) == "rule_failed"


def test_conditions_read_lines_counters_flow_and_unicode() -> None:
    document = item(title="Überweisung 支払い", lines=[{"amount": "5.00", "current": "0.00"}])

    assert not route(
        "action.lines.exists(x, x.amount > counters.open_on_subject)", document, open_on_subject=4
    ).fallback
    assert not route("action.title.startsWith('Überweisung 支') && flow == 'claims'", document).fallback
    assert not route("tenant == null && environment == null", document).fallback


@pytest.mark.parametrize("effect", ["deny", "partial", "release", "unheard", None, ["pay"]])
def test_harm_is_never_approved_automatically(effect: Any) -> None:
    text = HEAD + rule("true", auto_approve="true", effects="[pay, reserve, letter, other]")

    outcome = evaluate(parse(text), item(effect=effect), flow="claims", counters={})

    assert code(outcome) == "automatic_approval_not_allowed"
    assert outcome.queue == "exceptions"


def test_automatic_approval_is_for_the_effects_the_rule_states() -> None:
    policy = parse(HEAD + rule("true", auto_approve="true", effects="[letter]"))

    approved = evaluate(policy, item(effect="letter"), flow="claims", counters={})
    other = evaluate(policy, item(effect="pay"), flow="claims", counters={})

    assert (approved.basis, approved.stages) == ("auto", ())
    assert code(other) == "automatic_approval_not_allowed"


@pytest.mark.parametrize(
    ("when", "output"),
    [
        ("snapshot.output.list.exists(x, x == 2)", {"list": [1] * 1001}),
        ("snapshot.output.list.map(x, [x, x, x]).size() > 1", {"list": [1] * 1000}),
        (" && ".join(["snapshot.output == snapshot.output"] * 50), {"list": [[1] * 100] * 900}),
        ("has(snapshot.output.text)", {"text": "x" * 200_000_000}),
    ],
)
def test_an_item_too_large_for_its_condition_goes_to_the_fallback_at_once(when: str, output: Any) -> None:
    document = item() | {"snapshot": {"output": output}}
    started = time.perf_counter()

    assert code(route(when, document)) == "expression_too_costly"
    assert time.perf_counter() - started < 1


def test_a_nesting_no_parser_would_give_does_not_end_the_process() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert code(route("has(snapshot.output)", item() | {"snapshot": {"output": deep}})) == "expression_too_costly"


def test_a_value_the_library_cannot_take_fails_the_rule_that_reads_it() -> None:
    document = item() | {"metadata": {"text": "\ud800"}}

    assert code(route("metadata.text == 'a'", document)) == "rule_failed"
    assert not route("action.effect == 'pay'", document).fallback


@pytest.mark.parametrize("document", [{}, {"action": None}, {"action": [], "snapshot": 3}])
def test_a_document_without_its_parts_goes_to_the_fallback(document: dict[str, Any]) -> None:
    policy = parse(HEAD + rule("action.effect == 'pay'"))

    assert code(evaluate(policy, document, flow="claims", counters={})) == "rule_failed"


def _policy_of(count: int) -> Policy:
    when = "action.effect == 'deny' && action.amount_at_stake > {}.0 && snapshot.output.name == 'x'"
    return parse(HEAD + "".join(rule(when.format(number), name=f"rule-{number}") for number in range(count)))


@pytest.mark.parametrize(("count", "seconds"), [(100, 0.003), (500, 0.015)])
def test_many_rules_are_evaluated_in_milliseconds(count: int, seconds: float) -> None:
    policy, times = _policy_of(count), []
    for _ in range(20):
        started = time.perf_counter()
        outcome = evaluate(policy, item(), flow="claims", counters={})
        times.append(time.perf_counter() - started)

    assert code(outcome) == "no_rule_matched"
    assert min(times) < seconds
