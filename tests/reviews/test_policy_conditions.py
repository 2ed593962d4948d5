"""Conditions of rules: names that are known, and each fault told where it stands."""

import pytest

from reviews.policies.document import PolicyInvalid as Invalid
from reviews.policies.document import parse
from reviews.policies.parts import Known

from .test_policy_documents import HEAD, faults, rule


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
