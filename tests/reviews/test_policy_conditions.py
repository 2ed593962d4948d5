"""Conditions of rules: every operator there is, names that are known, and texts nobody can be fooled by."""

import time
from typing import Any

import pytest

from reviews.policies.document import PolicyInvalid as Invalid
from reviews.policies.document import parse
from reviews.policies.evaluation import evaluate
from reviews.policies.parts import Known
from reviews.policies.scopes import FIELDS, FUNCTIONS, MACROS

from .test_policy_documents import HEAD, faults, rule
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


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("counters.paid_on_subjct_30d > 1", "Did you mean “paid_on_subject_30d”"),
        ("counters['paid_on_claim'] > 1", "no member `paid_on_claim`"),
        ("acton.effect == 'pay'", "did you mean “action”"),
        ("action.amont > 1.0", "did you mean “amount”"),
        ("action['amont'] > 1.0", "did you mean “amount”"),
        ("action.title.startWith('a')", "did you mean “startswith”"),
        ("action.effect == 'dney'", "did you mean “deny”"),
        ("action.effect in ['pay', 'leter']", "did you mean “letter”"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_one_that_was_meant(when: str, wanted: str) -> None:
    messages = [each["message"] for each in faults(HEAD + rule(when))]

    assert any(wanted.lower() in message.lower() for message in messages), messages


@pytest.mark.parametrize(
    "when",
    [
        "action.jurisdiction == 'TX'",
        "action.jurisdiction != 'Texas'",
        "'US-XX' == action.jurisdiction",
        "('US-XX') != (action.jurisdiction)",
        "((action.jurisdiction)) == ('US-XX')",
        "action['jurisdiction'] == 'US-XX'",
        "action.jurisdiction in ['US-CA', 'US-XX', 'US-NY']",
        "!(action.jurisdiction in ['us-tx'])",
        r"action.jurisdiction == 'US-\u0058X'",
        "action.jurisdiction == r'US-XX'",
        "action.jurisdiction == 'UЅ-TX'",
        "action.jurisdiction == 'US-TX '",
        "action.jurisdiction == ''",
        "flow == 'claims' ? action.jurisdiction == 'UK' : false",
    ],
)
def test_a_jurisdiction_nobody_has_is_refused_when_the_policy_is_written(when: str) -> None:
    messages = [each["message"] for each in faults(HEAD + rule(when))]

    assert len(messages) == 1
    assert "there is no jurisdiction" in messages[0]


def test_a_wrong_jurisdiction_is_told_where_it_stands_and_which_was_meant() -> None:
    text = (
        HEAD
        + '  - name: a\n    when: |\n      action.effect == "pay" &&\n      action.jurisdiction in ["US-CA", "Texas"]\n'
    )
    text += "    reason: r\n    queue: q\n    plan: [{role: a, meaning: b}]\n"

    found = faults(text)[0]

    assert (found["line"], found["column"]) == ("5", "11")
    assert "see line 7, column 40: " in found["message"]
    assert "did you mean US-TX" in found["message"]


@pytest.mark.parametrize(
    "when",
    [
        "action.jurisdiction in ['US-TX', 'US-PR', 'GB', 'DE']",
        "action.jurisdiction == 'US-TX' && action.subject == 'Texas'",
        "action.jurisdiction.startsWith('US-')",
        "action.jurisdiction == 'US-' + 'TX'",
        "has(action.jurisdiction) && 'US' != 'XX'",
        "metadata.jurisdiction == 'anywhere'",
        "snapshot.output.action.jurisdiction == 'anywhere'",
    ],
)
def test_texts_that_are_no_codes_of_jurisdictions_are_left_alone(when: str) -> None:
    assert parse(HEAD + rule(when)).rules[0].when == when


@pytest.mark.parametrize(
    ("scalar", "place"),
    [
        ("action.effect == 'pay' && claim.x", ("5", "37")),
        ("\"action.effect == 'pay' && claim.x\"", ("5", "38")),
        ("'action.effect == ''pay'' && claim.x'", ("5", "40")),
        ("action.effect == 'pay'\n      && claim.x", ("6", "10")),
        (">-\n\n        action.effect == 'pay'\n        && claim.x", ("8", "12")),
        ("|  # of the claim\n      action.effect == 'pay' &&\n\n      claim.x", ("8", "7")),
        ('"action.title == \\"a\\" && claim.x"', ("5", "11")),
    ],
)
def test_a_fault_in_a_condition_names_the_line_and_column_it_stands_at(scalar: str, place: tuple[str, str]) -> None:
    text = HEAD + f"  - name: a\n    when: {scalar}\n    reason: r\n    queue: q\n    plan: [{{role: a, meaning: b}}]\n"

    found = faults(text)[0]

    assert "no variable `claim`" in found["message"]
    assert (found["line"], found["column"]) == ("5", "11")
    assert f"see line {place[0]}, column {place[1]}: " in found["message"]


def test_a_syntax_error_names_the_line_and_column_it_stands_at() -> None:
    text = HEAD + "  - name: a\n    when: |\n      true &&\n      action.effect ==\n"

    found = faults(text + "    reason: r\n    queue: q\n    plan: [{role: a, meaning: b}]\n")[0]

    assert "not a CEL expression" in found["message"]
    assert "see line 7, column 23: " in found["message"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("policy: clаims\n", "lower-case letters"),
        ("policy: ＣＬＡＩＭＳ\n", "lower-case letters"),
        ("policy: مطالبات\n", "lower-case letters"),
        ("pоlicy: claims\n", "Did you mean “policy”?"),
    ],
)
def test_names_are_plain_letters_so_that_no_two_look_alike(text: str, wanted: str) -> None:
    messages = [each["message"] for each in faults(text + HEAD.partition("\n")[2] + rule())]

    assert any(wanted in message for message in messages), messages


def test_a_letter_that_looks_like_another_is_named_in_a_condition() -> None:
    message = faults(HEAD + rule("аction.effect == 'pay'"))[0]["message"]

    assert "character 1, “а” (U+0430 CYRILLIC SMALL LETTER A), starts nothing" in message


def test_a_literal_that_looks_like_another_does_not_match_it() -> None:
    assert code(route("action.title == 'Pаy'", item(title="Pay"))) == "no_rule_matched"
    assert code(route("action.title == 'Zoe\u0308'", item(title="Zo\u00eb"))) == "no_rule_matched"


@pytest.mark.parametrize("text", ["דחייה של תשלום", "مطالبة", "می‌خواهم", "支払い", "👩‍⚖️ Sign"])
def test_texts_of_every_script_are_read_and_compared(text: str) -> None:
    policy = parse(HEAD + rule(f"action.title == '{text}'", plan=f"[{{role: a, meaning: '{text}'}}]"))

    outcome = evaluate(policy, item(title=text), flow="claims", counters={})

    assert not outcome.fallback
    assert outcome.stages[0].meaning == text


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u2066", "\u200b", "\u200e", "\u061c", "\ufeff", "\u2028", "\u2029", "\x85", "\U000e0041"]
)
def test_characters_that_hide_or_reorder_text_are_refused_where_they_stand(sign: str) -> None:
    raw = faults(HEAD + f"  # a comment{sign}\n" + rule())
    escaped = faults(
        HEAD
        + rule(reason=f'"Because\\U{ord(sign):08x}."', plan="[{role: a, meaning: b}]").replace(
            "    reason: Because.\n", ""
        )
    )

    assert [(each["line"], each["column"]) for each in raw] == [("4", "14")]
    assert [each["pointer"] for each in escaped] == ["/rules/0/reason"]
    assert f"U+{ord(sign):04X}" in raw[0]["message"]
    assert f"U+{ord(sign):04X}" in escaped[0]["message"]


def test_a_byte_order_mark_at_the_start_is_no_fault() -> None:
    assert parse("\ufeff" + HEAD + rule()).name == "claims"


KNOWN = Known(
    queues=frozenset({"payouts", "exceptions"}),
    roles=frozenset({"adjuster", "senior"}),
    calendars=frozenset({"gulf-claims"}),
)


def unknown(text: str) -> list[tuple[str, str, str]]:
    """Give pointer, place and message of each name the installation does not have."""
    with pytest.raises(Invalid) as refused:
        parse(text, KNOWN)
    return [(each["pointer"], f"{each['line']}:{each['column']}", each["message"]) for each in refused.value.errors]


def test_a_policy_of_known_names_is_read() -> None:
    text = "calendar: gulf-claims\n" + HEAD + rule(plan="[{roles: [adjuster, senior], meaning: m}]", wall="counsel")

    assert parse(text, KNOWN).calendar == "gulf-claims"


@pytest.mark.parametrize(
    ("text", "pointer", "place", "meant"),
    [
        (HEAD.replace("exceptions", "exeptions") + rule(), "/fallback/queue", "2:19", "exceptions"),
        (HEAD.replace("senior", "senor") + rule(), "/fallback/plan/0/role", "2:45", "senior"),
        (HEAD + rule().replace("queue: payouts", "queue: payout"), "/rules/0/queue", "8:12", "payouts"),
        (
            HEAD + rule(plan="[{parallel: [{role: senior, meaning: m}, {roles: [senior, ajuster], meaning: m}]}]"),
            "/rules/0/plan/0/parallel/1/roles/1",
            "9:69",
            "adjuster",
        ),
        ("calendar: golf-claims\n" + HEAD + rule(), "/calendar", "1:11", "gulf-claims"),
    ],
)
def test_a_name_the_installation_does_not_have_is_told_where_it_stands(
    text: str, pointer: str, place: str, meant: str
) -> None:
    found = unknown(text)

    assert [each[:2] for each in found] == [(pointer, place)]
    assert f"Did you mean “{meant}”?" in found[0][2]
    assert "There are: " in found[0][2]


def test_without_the_installation_names_are_not_looked_up() -> None:
    assert parse(HEAD + rule(plan="[{role: nobody, meaning: m}]")).rules[0].plan[0].role == "nobody"


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
