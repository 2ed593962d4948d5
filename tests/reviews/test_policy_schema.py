"""The published schema of routing policies and the parser know the same language."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from reviews.policies import members
from reviews.policies.document import PolicyInvalid, parse
from reviews.policies.schema import SCHEMA

from .test_policy_documents import HEAD, rule

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)
PLAN = "[{role: a, meaning: b}]"

GOOD = {
    "everything": """
policy: claims-payout
calendar: gulf-claims
fallback: {queue: exceptions, priority: high, due: 2wd, plan: [{role: senior, meaning: Decision}]}
rules:
  - name: small-letters
    when: action.effect == "letter"
    reason: Small letters go out at once.
    queue: letters
    priority: low
    due: 8wh
    auto_approve: true
    sample: 0.01%
    effects: [letter, other]
    wall: ordinary
    plan: [{role: adjuster, meaning: Review}]
  - name: sanctioned
    when: |
      action.subject == "none"
    reason: Nobody pays these.
    refuse: true
    wall: restricted-person
  - name: denials
    when: action.effect == "deny"
    reason: Denials are signed twice.
    queue: denials
    plan:
      - {name: review, roles: [adjuster, senior-adjuster], signatures: 2, meaning: Review}
      - parallel:
          - {role: senior-adjuster, meaning: Approval, blind: true, reject_to: review}
          - {role: release-approver, meaning: Release, factors: [passkey, password+totp, password]}
    reading: [{title: Denials guide, text: Section four.}]
    verdicts: [approve, reject, change, send_back]
    licences: [claims-adjuster]
""",
    "a rule that says no twice": HEAD + rule(auto_approve="false", refuse="false", plan=PLAN),
    "all of them": HEAD + rule(auto_approve="true", effects="[pay]", sample="100.00%", plan=PLAN),
}
GOOD |= {str(each.relative_to(ROOT)): each.read_text() for each in (ROOT / "examples" / "policies").glob("*.yaml")}

_RULE_MEMBERS: dict[str, list[str]] = {
    "name": ["A", "a b", "''", "a-", "3", "[a]", "' a'", f"{'a' * 64}"],
    "when": ["''", "' '", "true", "null", "[a]"],
    "reason": ["''", "3", f"{'a' * 301}"],
    "queue": ["A", "[]", "a_b"],
    "priority": ["3", "Low", "[low]", "null"],
    "due": ["0h", "4", "4w", "04h", "12345h", "1.5h", "4 h", "-1h", "8WH"],
    "plan": [
        "[]",
        "a",
        "[a]",
        "[{role: a}]",
        "[{meaning: b}]",
        "[{role: a, roles: [b], meaning: c}]",
        "[{roles: [], meaning: c}]",
        "[{roles: [a, a], meaning: c}]",
        "[{roles: [a, b, c, d, e], meaning: c}]",
        "[{role: a, meaning: b, signatures: 0}]",
        "[{role: a, meaning: b, signatures: 10}]",
        "[{role: a, meaning: b, signatures: '2'}]",
        "[{role: a, meaning: b, name: B}]",
        "[{role: a, meaning: b, blind: perhaps}]",
        "[{role: a, meaning: b, factors: []}]",
        "[{role: a, meaning: b, factors: [sms]}]",
        "[{role: a, meaning: b, factors: [passkey, passkey]}]",
        "[{role: a, meaning: b, reject_to: 1}]",
        "[{role: a, meaning: b, colour: red}]",
        "[{parallel: []}]",
        "[{parallel: [{role: a, meaning: b}]}]",
        "[{parallel: [{role: a, meaning: b}, {parallel: [{role: a, meaning: b}, {role: a, meaning: b}]}]}]",
        "[{parallel: [{role: a, meaning: b}, {role: a, meaning: b}], name: c}]",
        f"[{', '.join(['{role: a, meaning: b}'] * 11)}]",
    ],
    "auto_approve": ["'true'", "1", "null"],
    "sample": ["5%", "0%", "00%", "0.00%", "0.001%", "101%", "5", "100.01%", "5.%"],
    "effects": ["[pay]", "[]", "[deny]", "[partial]", "[release]"],
    "refuse": ["true", "'true'", "1"],
    "reading": ["[]", "[{title: a}]", "[{title: a, text: ''}]", "[{title: a, text: b, url: c}]", "a"],
    "verdicts": ["[]", "[change]", "[send_back, change]", "[yes]", "[approve, approve]", "approve"],
    "wall": ["ordinry", "''", "[counsel]"],
    "licences": ["[]", "[A]", "[a, a]", "a"],
    "colour": ["red"],
}


def _broken() -> Iterator[tuple[str, str]]:
    """Give documents each of which is wrong in one way."""
    base = {"name": "a", "when": "'true'", "reason": "r", "queue": "q", "plan": PLAN}
    for member, values in _RULE_MEMBERS.items():
        for value in values:
            yield f"{member}: {value[:40]}", HEAD + _written(base | {member: value})
    for member in base:
        yield f"no {member}", HEAD + _written({name: each for name, each in base.items() if name != member})
    automatic = {name: each for name, each in base.items() if name != "plan"} | {"auto_approve": "true"}
    for label, more in {
        "no effects": {},
        "harm": {"effects": "[pay, deny]"},
        "plan without sample": {"effects": "[pay]", "plan": PLAN},
        "sample without plan": {"effects": "[pay]", "sample": "5%"},
        "refused too": {"effects": "[pay]", "refuse": "true"},
    }.items():
        yield f"automatic, {label}", HEAD + _written(automatic | more)
    refusing = {"name": "a", "when": "'true'", "reason": "r", "refuse": "true"}
    for member in members.NOT_WHEN_REFUSED:
        yield f"refused, {member}", HEAD + _written(refusing | {member: _FITTING[member]})
    yield "no rules", HEAD
    yield "rules empty", HEAD[:-1] + " []\n"
    yield "too many rules", HEAD + "".join(rule(name=f"r-{number}") for number in range(501))
    yield "a list", "- a\n"
    for member in ("policy", "fallback"):
        yield f"no {member}", "".join(line for line in HEAD.splitlines(True) if not line.startswith(member)) + rule()
    yield "calendar", "calendar: A\n" + HEAD + rule()
    yield "more", "colour: red\n" + HEAD + rule()
    yield "fallback", HEAD.replace("queue: exceptions, ", "") + rule()
    yield "fallback refuses", HEAD.replace("queue: exceptions", "queue: exceptions, refuse: true") + rule()


_FITTING = {
    "queue": "q",
    "plan": PLAN,
    "auto_approve": "true",
    "sample": "5%",
    "effects": "[pay]",
    "priority": "low",
    "due": "4h",
    "reading": "[{title: a, text: b}]",
    "verdicts": "[approve]",
    "licences": "[adjuster]",
}


def _written(parts: dict[str, str]) -> str:
    return "  - {" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}\n"


BROKEN = list(_broken())


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_what_the_parser_reads_the_schema_allows(text: str) -> None:
    parse(text)

    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", [text for _, text in BROKEN], ids=[label for label, _ in BROKEN])
def test_what_the_schema_refuses_the_parser_refuses(text: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(text))

    with pytest.raises(PolicyInvalid):
        parse(text)


def test_the_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


@pytest.mark.parametrize(
    ("schema", "known"),
    [
        (SCHEMA, members.POLICY),
        (SCHEMA["$defs"]["fallback"], members.FALLBACK),
        (SCHEMA["$defs"]["rule"], members.RULE),
        (SCHEMA["$defs"]["stage"], members.STAGE),
        (SCHEMA["$defs"]["parallel"], members.PARALLEL),
        (SCHEMA["$defs"]["reading"], members.READING),
    ],
    ids=["policy", "fallback", "rule", "stage", "parallel", "reading"],
)
def test_schema_and_parser_know_the_same_members(schema: dict[str, Any], known: members.Members) -> None:
    assert set(schema["properties"]) == set(known.all)
    assert set(schema["required"]) == set(known.required)
    assert schema["additionalProperties"] is False


def test_every_mapping_of_the_schema_is_one_the_parser_knows() -> None:
    mappings = {name for name, each in SCHEMA["$defs"].items() if each.get("type") == "object"}

    assert mappings == {"fallback", "rule", "stage", "parallel", "reading"}


def test_schema_and_parser_agree_on_what_a_refusal_leaves_out() -> None:
    left_out = SCHEMA["$defs"]["rule"]["allOf"][0]["then"]["properties"]

    assert left_out == dict.fromkeys(members.NOT_WHEN_REFUSED, False)


def test_the_worked_example_of_the_reference_is_a_policy() -> None:
    text = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]

    policy = parse(text)

    VALIDATOR.validate(yaml.safe_load(text))
    assert [each.name for each in policy.rules] == ["sanctioned-payees", "denials", "small-letters", "large-payouts"]


@pytest.mark.parametrize("known", [members.POLICY, members.FALLBACK, members.RULE, members.STAGE, members.PARALLEL])
def test_the_reference_names_every_member(known: members.Members) -> None:
    reference = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")

    assert [name for name in known.all if f"`{name}`" not in reference] == []
