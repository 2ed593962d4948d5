"""Operators and functions of conditions: each does what CEL says, and none turns a fault into a yes."""

import pytest

from reviews.policies.document import parse
from reviews.policies.evaluation import evaluate
from reviews.policies.scopes import FIELDS, FUNCTIONS, MACROS

from .test_policy_documents import HEAD, rule
from .test_policy_evaluation import code, item, route

DOCUMENT = item(
    amount="100.00",
    amount_at_stake="250.50",
    subject="CLM-1",
    jurisdiction="US-TX",
    payees=[{"name": "Zoë"}, {"name": "Ben"}],
    lines=[{"code": "a", "amount": "5.00"}, {"code": "b", "amount": "7.00"}],
) | {
    "snapshot": {"output": {"n": 7, "text": "abc", "list": [1, 2, 3], "at": "2026-03-01T10:20:30Z"}},
    "dates": {"loss": "2026-02-28T23:59:59Z"},
    "metadata": {"line": "auto"},
}

OPERATORS = {
    "==": "action.effect == 'pay' && !(action.effect == 'letter')",
    "!=": "action.effect != 'deny' && !(action.effect != 'pay')",
    "<": "snapshot.output.n < 8 && !(snapshot.output.n < 7)",
    "<=": "snapshot.output.n <= 7 && !(snapshot.output.n <= 6)",
    ">": "action.amount > 99.99 && !(action.amount > 100.0)",
    ">=": "action.amount >= 100.0 && !(action.amount >= 100.01)",
    "+": "snapshot.output.n + 1 == 8 && 'a' + 'b' == 'ab'",
    "-": "snapshot.output.n - 1 == 6 && -snapshot.output.n == -7",
    "*": "action.amount * 2.0 == 200.0",
    "/": "action.amount / 4.0 == 25.0",
    "%": "snapshot.output.n % 4 == 3",
    "&&": "true && !(true && false)",
    "||": "false || true",
    "!": "!false",
    "?:": "(snapshot.output.n == 7 ? 'x' : 'y') == 'x'",
    "in": "action.effect in ['pay', 'letter'] && !(3 in [1, 2]) && 'n' in snapshot.output",
    ".": "snapshot.output.text == 'abc'",
    "[]": "snapshot.output.list[0] == 1 && snapshot['output']['text'] == 'abc'",
    "list": "[1, 2] == [1, 2]",
    "map literal": "{'a': 1}.a == 1",
    "null": "tenant == null",
    "uint": "1u < 2u",
    "raw text": r"r'\d' == '\\d'",
    "bytes": "b'a' == b'a'",
    "comment": "true // && false",
}

CALLS = {
    "has": "has(action.amount) && !has(snapshot.output.nothing)",
    "size": "size(action.lines) == 2 && snapshot.output.text.size() == 3",
    "contains": "snapshot.output.text.contains('b')",
    "startsWith": "snapshot.output.text.startsWith('ab')",
    "endsWith": "snapshot.output.text.endsWith('bc')",
    "int": "int('4') == 4",
    "uint": "uint('4') == 4u",
    "double": "double('1.5') == 1.5",
    "string": "string(4) == '4'",
    "timestamp": "timestamp(dates.loss) < timestamp(snapshot.output.at)",
    "duration": "timestamp(snapshot.output.at) - timestamp(dates.loss) < duration('11h')",
    "getFullYear": "timestamp(dates.loss).getFullYear() == 2026",
    "getMonth": "timestamp(dates.loss).getMonth() == 1",
    "getDate": "timestamp(dates.loss).getDate() == 28",
    "getDayOfMonth": "timestamp(dates.loss).getDayOfMonth() == 27",
    "getDayOfWeek": "timestamp(dates.loss).getDayOfWeek() == 6",
    "getDayOfYear": "timestamp(dates.loss).getDayOfYear() == 58",
    "getHours": "timestamp(dates.loss).getHours() == 23",
    "getMinutes": "timestamp(dates.loss).getMinutes() == 59",
    "getSeconds": "timestamp(dates.loss).getSeconds() == 59",
    "map": "action.lines.map(x, x.code) == ['a', 'b']",
    "filter": "action.lines.filter(x, x.amount > 6.0).size() == 1",
    "all": "action.lines.all(x, x.amount > 4.0) && !action.lines.all(x, x.amount > 6.0)",
    "exists": "action.payees.exists(x, x.name == 'Zoë')",
    "exists_one": "action.lines.exists_one(x, x.code == 'a')",
    "existsOne": "action.lines.existsOne(x, x.code == 'a')",
}


@pytest.mark.parametrize("when", OPERATORS.values(), ids=OPERATORS.keys())
def test_every_operator_does_what_cel_says(when: str) -> None:
    outcome = route(when, DOCUMENT)

    assert not outcome.fallback, outcome.reasons


def test_every_function_and_macro_is_tried() -> None:
    assert set(CALLS) == FUNCTIONS | MACROS


@pytest.mark.parametrize("when", CALLS.values(), ids=CALLS.keys())
def test_every_function_does_what_cel_says(when: str) -> None:
    outcome = route(when, DOCUMENT)

    assert not outcome.fallback, outcome.reasons


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "+", "-", "*", "/", "%"])
@pytest.mark.parametrize("operand", ["'a'", "null", "true", "[1]", "snapshot.output.nothing"])
def test_no_operator_turns_a_wrong_kind_or_a_missing_field_into_a_yes(sign: str, operand: str) -> None:
    outcome = route(f"(1 {sign} {operand}) != 0 || true", DOCUMENT)
    alone = route(f"(1 {sign} {operand}) == 1", DOCUMENT)

    assert not outcome.fallback, "what CEL absorbs is decided by the other side"
    assert code(alone) == "rule_failed"


@pytest.mark.parametrize("counter", sorted(FIELDS["counters"]))
def test_every_counter_can_be_compared_with_whole_numbers_and_decimals(counter: str) -> None:
    def told(when: str) -> bool:
        return not evaluate(parse(HEAD + rule(when)), item(), flow="claims", counters={counter: 3}).fallback

    assert told(f"counters.{counter} > 2 && counters.{counter} <= 3.0")
    assert told(f"counters['{counter}'] == 3")


def test_a_counter_that_could_not_be_worked_out_fails_the_rule() -> None:
    assert code(route("counters.open_on_subject < 5")) == "rule_failed"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_counter_that_is_no_number_is_absent(value: float) -> None:
    assert code(route("!(counters.open_on_subject > 5)", open_on_subject=value)) == "rule_failed"
