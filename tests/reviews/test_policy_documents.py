"""Routing policies are read strictly: each fault names its place and what would be right."""

import hashlib
from datetime import timedelta

import pytest

from reviews.policies.document import PolicyInvalid, parse
from reviews.policies.parts import Policy

HEAD = "policy: claims\nfallback: {queue: exceptions, plan: [{role: senior, meaning: Decision}]}\nrules:\n"

PLAN = "[{role: a, meaning: b}]"


def rule(when: str = "action.effect == 'pay'", *, name: str = "payouts", **members: str) -> str:
    """Write one rule; further members replace the plan."""
    rest = members or {"plan": "[{role: adjuster, meaning: Approval}]"}
    lines = [
        f"  - name: {name}",
        "    when: >-",
        f"      {when}",
        "    reason: Because.",
        "    queue: payouts",
    ]
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in rest.items())]) + "\n"


def faults(text: str) -> list[dict[str, str]]:
    """Give the faults of a document that must not be usable."""
    with pytest.raises(PolicyInvalid) as refused:
        parse(text)
    return refused.value.errors


def first(text: str) -> str:
    return faults(text)[0]["message"]


def test_a_policy_keeps_its_name_its_rules_and_the_digest_of_its_bytes() -> None:
    text = HEAD + rule(due="4h", priority="high", plan="[{role: adjuster, meaning: é, signatures: 2}]")

    policy = parse(text)

    assert isinstance(policy, Policy)
    assert policy.digest == hashlib.sha256(text.encode()).hexdigest()
    assert (policy.rules[0].priority, policy.rules[0].plan[0].signatures) == ("high", 2)
    assert policy.rules[0].due is not None
    assert policy.rules[0].due.elapsed == timedelta(hours=4)


def test_each_fault_names_its_line_and_column() -> None:
    found = faults(HEAD + rule(priority="soon", due="never", plan="[{role: a, meaning: b}]"))

    assert [(each["line"], each["pointer"]) for each in found] == [
        ("9", "/rules/0/priority"),
        ("10", "/rules/0/due"),
    ]
    assert found[0]["message"].startswith("Line 9, column 15: ")
    assert "low, normal, high, urgent" in found[0]["message"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD + rule(plan="[{role: a, meaning: b}]", colour="red"), "no member “colour”"),
        (HEAD + rule(priority="3", plan="[{role: a, meaning: b}]"), "a number; a text is expected"),
        (HEAD + rule() + rule(), "“payouts” is used twice"),
        (HEAD.replace("rules:", "policy: b\nrules:") + rule(), "“policy” stands here twice"),
        (
            "".join([HEAD, *(rule(name=each, plan=PLAN, reading=f"[{{title: A, text: {each}}}]") for each in "bc")]),
            "“A” stands for another text above",
        ),
        (HEAD[:-1] + " []\n", "holds 0 entries"),
        (HEAD + "  - {name: a, reason: r, queue: q, plan: [{role: a, meaning: b}]}\n", "“when” is missing"),
        (HEAD.replace("[{role: senior, meaning: Decision}]", "[]") + rule(), "holds 0 entries"),
        (HEAD + rule(plan="[{role: a, meaning: b, signatures: 0}]"), "from 1 to 9"),
        (HEAD + rule(priority="low"), "“plan” is missing"),
        ("- a\n", "a list; a mapping"),
        ("", "empty"),
        ("policy: 'a\n", "not YAML"),
        ("policy: a\x07\n", "Line 1, column 10"),
        ("policy: !!python/name:os.system ''\n", "tag"),
    ],
)
def test_a_document_says_what_is_wrong_with_it(text: str, wanted: str) -> None:
    assert wanted in first(text)


def test_anchors_and_aliases_are_refused_where_they_stand() -> None:
    text = HEAD.replace("claims", "&a claims") + rule()

    assert first(text).startswith("Line 1, column 9: Anchors")
    assert "Anchors" in first("policy: *a\n")


def test_depth_and_size_are_bounded() -> None:
    assert "nested more than" in first("policy: " + "[" * 5000)
    assert "256 KiB" in first("#" * (256 * 1024) + "é")


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("action.effect ==", "not a CEL expression: at character 17"),
        ("claim.amount > 1.0", "no variable `claim`"),
        ("action.efect == 'pay'", "no member `efect`"),
        ("action.title.matches('a+')", "`matches` is not allowed"),
        ("now() > timestamp(dates.loss)", "no function `now`"),
        ("action.lines.map(a, action.lines.map(b, b)) == []", "stands inside another macro"),
        ("action.lines . exists  (a, a.x . all (b, b))", "stands inside another macro"),
        ("action.lines.exists(a, action.lines == [])", "read once per element"),
        ("action.lines.map(a, a + a) == []", "`+` inside a macro"),
        ("[1].map(action, true) == []", "is taken"),
        ("[1].map((a), true) == []", "plain name"),
        ("[1].map(a, a).map(b, b) == []", "at most 1"),
        (f"[1].map(a, [{'a,' * 90}a]) == []", "at most 120 words"),
        ("(" * 17 + "true" + ")" * 17, "nested more than 16"),
        ("!" * 201 + "true", "at most 200"),
        ("1+" * 11 + "1 == 1", "at most 10"),
        ("true || " * 250 + "true", "at most 2000"),
    ],
)
def test_a_condition_that_is_wrong_or_too_costly_is_refused_with_its_rule(when: str, wanted: str) -> None:
    messages = [each["message"] for each in faults(HEAD + rule(when))]

    assert any(wanted in message for message in messages), messages
    assert all("rule “payouts”" in message for message in messages)


@pytest.mark.parametrize(
    "when",
    [
        "action.title == 'a.map(b, c.map(d, e))'",
        'action.title == "it\'s // no comment.map(" // but.map(this.map(is',
        r"action.title == r'\' || action.title == '\''",
        "action.lines.exists(line, line.amount > counters.paid_on_subject_30d)",
        "action.title == 'Überweisung 支払い'",
        "has(action.amount) && snapshot.output.total == '1.00'",
    ],
)
def test_texts_and_comments_are_not_mistaken_for_macros(when: str) -> None:
    assert parse(HEAD + rule(when)).rules[0].when == when


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({"auto_approve": "true"}, "needs “effects”"),
        ({"auto_approve": "true", "effects": "[deny]"}, "always need a person"),
        ({"auto_approve": "true", "effects": "[pay, release]"}, "always need a person"),
        ({"auto_approve": "true", "effects": "[pay]", "plan": "[{role: a, meaning: b}]"}, "keep one"),
        ({"effects": "[pay]", "plan": "[{role: a, meaning: b}]"}, "is for “auto_approve: true”"),
        ({"auto_approve": '"true"', "effects": "[pay]"}, "true or false"),
    ],
)
def test_automatic_approval_must_state_harmless_effects(members: dict[str, str], wanted: str) -> None:
    assert any(wanted in each["message"] for each in faults(HEAD + rule(**members)))


def test_five_hundred_rules_are_read_and_one_more_is_refused() -> None:
    rules = [rule(name=f"rule-{number}") for number in range(501)]

    assert len(parse(HEAD + "".join(rules[:500])).rules) == 500
    assert "1 to 500" in first(HEAD + "".join(rules))
