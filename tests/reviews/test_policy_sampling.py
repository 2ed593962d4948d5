"""Automatic approval, its sample and refusals: people get what is drawn, and harm is never decided by a rule."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.policies.document import PolicyInvalid, parse
from reviews.policies.evaluation import Outcome, evaluate
from reviews.policies.parts import ALL_VERDICTS, HARM, Reading

from .test_policy_documents import HEAD, faults, first, rule
from .test_policy_evaluation import item

PLAN = "[{role: adjuster, meaning: Approval}]"


def sampled(share: str, draw: str | None, **action: Any) -> Outcome:
    """Route an item by a rule that approves letters automatically and draws a share of them."""
    text = HEAD + rule("true", auto_approve="true", effects="[letter]", sample=share, plan=PLAN)
    at = None if draw is None else Decimal(draw)
    return evaluate(parse(text), item(**{"effect": "letter"} | action), flow="claims", counters={}, draw=at)


@pytest.mark.parametrize(
    ("share", "draw", "basis"),
    [
        ("5%", "0", "plan"),
        ("5%", "0.049999999999999999999", "plan"),
        ("5%", "0.05", "auto"),
        ("5%", "0.999999999999", "auto"),
        ("0.01%", "0.0000999", "plan"),
        ("0.01%", "0.0001", "auto"),
        ("100%", "0.99999999999999999999", "plan"),
    ],
)
def test_an_item_is_drawn_when_its_draw_is_below_the_share(share: str, draw: str, basis: str) -> None:
    outcome = sampled(share, draw)

    assert outcome.basis == basis
    assert [stage.role for stage in outcome.stages] == (["adjuster"] if basis == "plan" else [])
    assert outcome.sampled == Decimal(share.rstrip("%")) / 100


def test_the_reasons_tell_the_draw_and_the_share() -> None:
    drawn, left = sampled("2.5%", "0.01"), sampled("2.5%", "0.0250004999")

    assert [reason.code for reason in drawn.reasons] == ["rule_matched", "sampled"]
    assert drawn.reasons[1].sentence == (
        "Drawn for review: 2.5% of these items go to people; its draw is 0.010000, the share is 0.025."
    )
    assert left.reasons[1].code == "not_sampled"
    assert "0.025000, the share is 0.025" in left.reasons[1].sentence


def test_without_a_draw_the_item_goes_to_people_and_the_reason_says_what_decides() -> None:
    outcome = sampled("100.0%", None)

    assert (outcome.basis, outcome.reasons[1].code) == ("plan", "sample_open")
    assert "100% go to people; the item's id decides" in outcome.reasons[1].sentence


@pytest.mark.parametrize("draw", ["-0.1", "1", "1.5"])
def test_a_draw_that_is_none_is_refused(draw: str) -> None:
    with pytest.raises(ValueError, match="from 0 to below 1"):
        sampled("5%", draw)


@pytest.mark.parametrize("draw", ["0", "0.5", None])
@pytest.mark.parametrize("effect", sorted(HARM))
def test_harm_goes_to_the_fallback_whether_it_was_drawn_or_not(effect: str, draw: str | None) -> None:
    outcome = sampled("5%", draw, effect=effect)

    assert (outcome.basis, outcome.queue, outcome.fallback) == ("plan", "exceptions", True)
    assert outcome.reasons[0].code == "automatic_approval_not_allowed"


@pytest.mark.parametrize("share", ["0%", "0.00%", "00%", "0.001%", "100.01%", "101%", "5", "5 %", "-5%", "٥%", "1e1%"])
def test_a_share_is_a_percentage_from_a_hundredth_to_all(share: str) -> None:
    text = HEAD + rule(auto_approve="true", effects="[letter]", sample=f'"{share}"', plan=PLAN)

    assert "from 0.01% to 100%" in first(text)


@pytest.mark.parametrize(
    ("members", "pointer", "wanted"),
    [
        ({"auto_approve": "true", "effects": "[pay]", "sample": "5%"}, "sample", "needs “plan”"),
        ({"plan": PLAN, "sample": "5%"}, "sample", "is for “auto_approve: true”"),
        ({"plan": PLAN, "verdicts": "[change, send_back]"}, "verdicts", "add “approve” or “reject”"),
        ({"plan": PLAN, "verdicts": "[aprove]"}, "verdicts/0", "Did you mean “approve”?"),
        ({"plan": PLAN, "verdicts": "[reject, reject]"}, "verdicts/1", "twice"),
        ({"plan": PLAN, "wall": "counsel-only"}, "wall", "Did you mean “counsel”?"),
        ({"plan": PLAN, "licences": "[Adjuster]"}, "licences/0", "lower-case"),
        ({"plan": PLAN, "licences": "[a, a]"}, "licences/1", "twice"),
        ({"plan": PLAN, "reading": "[{title: Guide}]"}, "reading/0", "“text” is missing"),
        ({"plan": PLAN, "reading": "[{title: Guide, text: ' '}]"}, "reading/0/text", "has 0 characters"),
        ({"plan": PLAN, "reading": "[{title: a, text: b}, {title: a, text: c}]"}, "reading/1", "“a” stands here twice"),
        ({"plan": PLAN, "priority": "urgnt"}, "priority", "Did you mean “urgent”?"),
        ({"auto_approve": "true", "effects": "[pay, pay]"}, "effects/1", "twice"),
    ],
)
def test_what_follows_from_a_rule_is_read_strictly(members: dict[str, str], pointer: str, wanted: str) -> None:
    found = faults(HEAD + rule(**members))

    assert [each["pointer"] for each in found] == [f"/rules/0/{pointer}"]
    assert wanted in found[0]["message"]


def test_a_refusal_invalidates_and_asks_nobody() -> None:
    text = HEAD + "  - {name: sanctioned, when: 'true', reason: Never., refuse: true, wall: counsel}\n"

    outcome = evaluate(parse(text), item(), flow="claims", counters={})

    assert (outcome.basis, outcome.stages, outcome.queue, outcome.wall) == ("refuse", (), "exceptions", "counsel")
    assert [reason.sentence for reason in outcome.reasons] == ["Never."]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("queue", "q"),
        ("plan", PLAN),
        ("auto_approve", "true"),
        ("sample", "5%"),
        ("priority", "low"),
        ("due", "4h"),
        ("reading", "[{title: a, text: b}]"),
        ("verdicts", "[reject]"),
        ("licences", "[adjuster]"),
    ],
)
def test_a_rule_that_refuses_says_nothing_about_people(member: str, value: str) -> None:
    text = HEAD + f"  - {{name: a, when: 'true', reason: r, refuse: true, {member}: {value}}}\n"

    assert [(each["pointer"], "asks nobody" in each["message"]) for each in faults(text)] == [
        (f"/rules/0/{member}", True)
    ]


def test_an_outcome_carries_what_signers_must_read_hold_and_may_say() -> None:
    text = HEAD + rule(
        "true",
        plan=PLAN,
        reading="[{title: Denials guide, text: Section four.}]",
        verdicts="[approve, reject]",
        wall="special-investigations",
        licences="[claims-adjuster, all-lines]",
    )

    outcome = evaluate(parse(text), item(), flow="claims", counters={})

    assert outcome.reading == (Reading("Denials guide", "Section four."),)
    assert outcome.verdicts == {"approve", "reject"}
    assert (outcome.wall, outcome.licences) == ("special-investigations", ("claims-adjuster", "all-lines"))


def test_a_rule_that_says_nothing_allows_every_verdict_and_builds_no_wall() -> None:
    outcome = evaluate(parse(HEAD + rule("true")), item(), flow="claims", counters={})

    assert (outcome.verdicts, outcome.wall, outcome.licences, outcome.reading) == (ALL_VERDICTS, "", (), ())


@pytest.mark.parametrize(
    ("when", "members"),
    [
        ("snapshot.output.missing == 1", {"plan": PLAN}),
        ("true", {"auto_approve": "true", "effects": "[letter]"}),
    ],
)
def test_an_item_a_walled_rule_leaves_to_the_fallback_stays_behind_its_wall(when: str, members: dict[str, str]) -> None:
    outcome = evaluate(parse(HEAD + rule(when, wall="counsel", **members)), item(), flow="claims", counters={})

    assert (outcome.fallback, outcome.wall) == (True, "counsel")


_VALUES = {
    "auto_approve": ["true", "false", "'true'"],
    "refuse": ["true", "false"],
    "sample": ["5%", "100%", "0.01%", "0%"],
    "plan": [PLAN, "[]"],
    "effects": [
        "[pay]",
        "[pay, reserve, letter, other]",
        "[deny]",
        "[partial, pay]",
        "[release]",
        "['deny ']",
        "[DENY]",
    ],
    "verdicts": ["[approve]", "[reject, change]"],
    "queue": ["payouts"],
}
_CONDITIONS = [
    "true",
    "action.effect == 'deny'",
    "action.effect in ['deny', 'partial', 'release']",
    "has(action.amount)",
]


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """Write documents of rules with any members: most are refused, some may be used."""
    rules = []
    for number in range(draw(st.integers(1, 3))):
        members = {name: draw(st.sampled_from(values)) for name, values in _VALUES.items() if draw(st.booleans())}
        when = draw(st.sampled_from(_CONDITIONS))
        head = f'  - name: rule-{number}\n    when: "{when}"\n    reason: Because.\n'
        rules.append(head + "".join(f"    {name}: {value}\n" for name, value in members.items()))
    return HEAD + "".join(rules)


@settings(max_examples=300, deadline=None)
@given(
    text=_documents(),
    effect=st.sampled_from([*sorted(HARM), "Deny", "deny ", "", None]),
    draw=st.none() | st.decimals(0, Decimal("0.999999"), places=6),
)
def test_no_document_makes_a_harmful_effect_automatic(text: str, effect: Any, draw: Decimal | None) -> None:
    try:
        policy = parse(text)
    except PolicyInvalid:
        return

    outcome = evaluate(policy, item(effect=effect), flow="claims", counters={}, draw=draw)

    assert outcome.basis != "auto"
    assert outcome.basis == "refuse" or sum(stage.signatures for stage in outcome.stages) >= 1
