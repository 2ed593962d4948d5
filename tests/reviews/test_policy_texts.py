"""Texts of policies nobody can be fooled by: plain names, every script, and nothing that hides or reorders."""

import pytest

from reviews.policies.document import parse
from reviews.policies.evaluation import evaluate

from .test_policy_documents import HEAD, faults, rule
from .test_policy_evaluation import code, item, route


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
