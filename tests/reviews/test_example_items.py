"""The example items are real records as a flow would post them; they fit contracts and take their routes."""

import json
import re
from collections import Counter
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from examples import companies, items
from reviews.policies.document import parse
from reviews.policies.evaluation import Outcome, evaluate

CLAIMS = tuple(items.claims(9999))
REPLIES = tuple(items.complaint_replies(9999))
EXAMPLES = Path(items.__file__).parent


def routed(policy: str, document: dict[str, Any]) -> Outcome:
    """Route one item by an example policy."""
    text = (EXAMPLES / "policies" / f"{policy}.yaml").read_text(encoding="utf-8")
    return evaluate(parse(text), document, flow=policy, counters={})


def roles(outcome: Outcome) -> list[str]:
    return [stage.role for stage in outcome.stages]


@pytest.mark.parametrize(("contract", "made"), [("claim", CLAIMS), ("complaint", REPLIES)])
def test_every_item_fits_its_contract(contract: str, made: Any) -> None:
    schema = json.loads((EXAMPLES / "contracts" / f"{contract}.json").read_text(encoding="utf-8"))
    check = jsonschema_rs.validator_for(schema)
    jsonschema_rs.meta.validate(schema)

    for each in made:
        parts = {name: each["snapshot"][name] for name in ("input", "current", "output")}
        assert [str(error) for error in check.iter_errors(parts)] == []


def test_items_are_the_same_each_time_and_have_their_own_ids() -> None:
    made = [*CLAIMS, *REPLIES]

    assert made[:600] == [*items.claims(9999)]
    assert made[600:620] == [*items.complaint_replies(20)]
    assert len({each["external_id"] for each in made}) == len(made) == 918


def test_the_first_claims_show_every_route() -> None:
    made = Counter(
        (each["action"]["effect"], Decimal(each["action"]["amount_at_stake"]) > 10_000) for each in items.claims(25)
    )

    assert min(made["pay", False], made["pay", True]) >= 5
    assert made["deny", False] + made["deny", True] >= 3


def test_amounts_are_decimal_texts_that_add_up() -> None:
    for each in CLAIMS:
        action = each["action"]
        amounts = [line["amount"] for line in action["lines"]]

        assert all(re.fullmatch(r"\d+\.\d\d", text) for text in (*amounts, action["amount_at_stake"]))
        assert sum(map(Decimal, amounts)) == Decimal(action["amount"])
        assert each["snapshot"]["output"]["total"] == action["amount"]
        assert each["snapshot"]["input"]["narrative_is_invented"] is True


def test_no_action_holds_a_float() -> None:
    for each in chain(CLAIMS, REPLIES):
        assert "." not in re.sub(r'"[^"]*"', "", json.dumps(each["action"]))


def test_claims_go_where_their_amount_and_effect_send_them() -> None:
    for each in CLAIMS:
        outcome, action = routed_claim(each), each["action"]
        twice = action["effect"] == "deny" or Decimal(action["amount_at_stake"]) > 10_000

        assert outcome.queue == ("claim-denials" if action["effect"] == "deny" else "claim-payouts")
        assert roles(outcome) == (["adjuster", "senior-adjuster"] if twice else ["adjuster"])


_CLAIMS = parse((EXAMPLES / "policies" / "claims.yaml").read_text(encoding="utf-8"))


def routed_claim(document: dict[str, Any]) -> Outcome:
    """Route a claim, with the policy read once."""
    return evaluate(_CLAIMS, document, flow="claims", counters={})


def test_another_currency_goes_to_the_fallback() -> None:
    document = next(items.claims(1))
    document["action"]["currency"] = "EUR"

    assert routed_claim(document).reasons[0].code == "no_rule_matched"


def test_every_letter_is_read_by_a_reviewer() -> None:
    outcome = routed("complaints", next(items.complaint_replies(1)))

    assert (outcome.queue, roles(outcome)) == ("complaint-replies", ["correspondence-reviewer"])


def test_no_real_company_name_is_left() -> None:
    shown = "\n".join(json.dumps(each, ensure_ascii=False) for each in REPLIES)
    names = {row["Company"] for row in items._rows("cfpb_complaints.csv")}
    stems = {companies.stem(name) for name in names}
    telling = {each for each in stems if each.lower() not in companies.EVERYDAY | companies.EMPTY}

    left = [name for name in names | telling if re.search(rf"\b{re.escape(name)}", shown, re.IGNORECASE)]

    assert left == []
    assert "wells fargo" not in shown.lower()
    assert "moneylion" not in shown.lower()
    assert not re.search(r"\bacima", shown, re.IGNORECASE)


def test_a_company_has_one_invented_name_of_its_own() -> None:
    names = sorted({row["Company"] for row in items._rows("cfpb_complaints.csv")})
    disguise = companies.Disguise(names)

    assert len({disguise.name(name) for name in names}) == len(names)
    assert (
        disguise.text("I called WELLS FARGO.", about=names[0]) == f"I called {disguise.name('WELLS FARGO & COMPANY')}."
    )


def test_everyday_words_that_begin_like_a_name_stay_as_they_are() -> None:
    disguise = companies.Disguise(sorted({row["Company"] for row in items._rows("cfpb_complaints.csv")}))
    text = "I connected after payment, earning what was possible at a local or national social security office."

    assert disguise.text(text, about="Possible Financial Inc") == text
