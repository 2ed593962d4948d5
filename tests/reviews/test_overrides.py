"""Overrides: what a contract opens to a signer, what follows a change, and which annotations are refused."""

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples import items
from portal.kit import strict_json
from reviews import contracts, overriding
from reviews.actions.changing import combined
from reviews.policies.parts import Stage
from tests.factories import a_document
from tests.reviews.changing import CONTRACT, MONEY

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "contracts"
OPENED = contracts.compile(CONTRACT)


def a_claim(**output: Any) -> dict[str, Any]:
    lines = [{"id": "building", "amount": "500.00"}, {"id": "contents", "amount": "20.00"}]
    action = {"amount": "520.00", "amount_at_stake": "600.00", "lines": lines}
    given = {"total": "520.00", "building": "500.00", "contents": "20.00", "zone": "X", "reply": "We pay."} | output
    return a_document(action=action, snapshot={"output": given})


def changed(**texts: str) -> dict[str, Any]:
    return overriding.apply(a_claim(), OPENED, {f"/{name}": new for name, new in texts.items()})


def test_a_signer_is_offered_the_fields_the_contract_opens():
    offered = {each.pointer: each for each in overriding.fields(OPENED, a_claim())}

    assert list(offered) == ["/building", "/contents", "/zone", "/reply"]
    assert [each.kind for each in offered.values()] == ["money", "money", "choice", "text"]
    assert (offered["/building"].title, offered["/building"].text) == ("Building, USD", "500.00")
    assert (offered["/zone"].choices, offered["/zone"].nullable) == (("AE", "X"), True)


def test_a_missing_field_is_offered_empty():
    document = a_claim()
    del document["snapshot"]["output"]["zone"]

    assert next(each for each in overriding.fields(OPENED, document) if each.pointer == "/zone").text == ""


def test_without_a_contract_nothing_is_offered():
    assert overriding.fields(None, a_claim()) == []


def test_a_sum_and_the_amounts_follow():
    document = changed(building="450.00")

    assert document["snapshot"]["output"]["total"] == "470.00"
    assert document["action"]["amount"] == "470.00"
    assert [line["amount"] for line in document["action"]["lines"]] == ["450.00", "20.00"]


def test_an_amount_taken_out_counts_as_nothing():
    document = changed(contents="")

    assert document["snapshot"]["output"]["contents"] is None
    assert (document["action"]["amount"], document["action"]["lines"][1]["amount"]) == ("500.00", "0.00")


def test_a_line_that_was_not_there_is_added():
    document = a_claim()
    document["action"]["lines"].pop()
    made = overriding.apply(document, OPENED, {"/contents": "30.00"})

    assert made["action"]["lines"][1] == {"id": "contents", "label": "Contents, USD", "amount": "30.00"}


@pytest.mark.parametrize(("building", "stake"), [("100.00", "600.00"), ("700.00", "720.00")])
def test_what_is_at_stake_only_rises(building, stake):
    assert changed(building=building)["action"]["amount_at_stake"] == stake


def test_what_is_at_stake_stays_when_it_was_not_said():
    document = a_claim()
    del document["action"]["amount_at_stake"]

    assert overriding.apply(document, OPENED, {"/building": "1.00"})["action"]["amount_at_stake"] == "520.00"


def test_a_change_of_words_leaves_sums_and_amounts_as_they_were_posted():
    document = a_claim(total="999.00")
    made = overriding.apply(document, OPENED, {"/zone": "AE"})

    assert made["snapshot"]["output"]["total"] == "999.00"
    assert made["action"] == document["action"]


def test_the_posted_document_itself_stays():
    document = a_claim()
    kept = copy.deepcopy(document)
    overriding.apply(document, OPENED, {"/building": "1.00"})

    assert document == kept


def test_line_ends_of_a_browser_are_no_change():
    document = a_claim(reply="One\nTwo")

    with pytest.raises(overriding.NothingChanged):
        overriding.merged(document, OPENED, {}, {"/reply": "One\r\nTwo"})


def test_what_is_changed_back_drops_out():
    standing = {"/zone": "AE", "/building": "1.00"}

    assert overriding.merged(a_claim(), OPENED, standing, {"/zone": "X"}) == {"/building": "1.00"}


@pytest.mark.parametrize("amount", ["1e3", "NaN", "-5.00", "12", "1,000.00", "x"])
def test_an_amount_that_is_none_is_refused_at_its_field(amount):
    with pytest.raises(overriding.ChangeInvalid) as caught:
        changed(building=amount)

    assert [each["pointer"] for each in caught.value.errors] == ["/building"]


def annotated(name: str = "zone", **annotations: Any) -> dict[str, Any]:
    schema = copy.deepcopy(CONTRACT)
    schema["properties"]["output"]["properties"][name].update(annotations)
    return schema


BAD = {
    "an editable that is no yes or no": annotated(**{"x-countersign-editable": "yes"}),
    "a target that is no amount": annotated("building", **{"x-countersign-sets": "/action/title"}),
    "a target that is no text": annotated("building", **{"x-countersign-sets": 5}),
    "two members that set one amount": annotated("building", **{"x-countersign-sets": "/action/amount"}),
    "a sum that is changed by hand": annotated("total", **{"x-countersign-editable": True}),
    "a sum of nothing": annotated("total", **{"x-countersign-sum": []}),
    "a sum of what is not there": annotated("total", **{"x-countersign-sum": ["/roof"]}),
    "a sum of sums": annotated("total", **{"x-countersign-sum": ["/total"]}),
    "a number that is editable": annotated("rationale", type="number", **{"x-countersign-editable": True}),
    "a list that is editable": annotated("rationale", type=["string", "array"], **{"x-countersign-editable": True}),
    "an enum of numbers": annotated("rationale", enum=[1, 2], type="integer", **{"x-countersign-editable": True}),
    "an annotation of what the flow was given": {
        "properties": {"input": {"properties": {"a": {"type": "string", "x-countersign-editable": True}}}}
    },
    "an annotation of a list's elements": {
        "properties": {"output": {"properties": {"a": {"items": {"type": "string", "x-countersign-editable": True}}}}}
    },
}


@pytest.mark.parametrize("schema", BAD.values(), ids=BAD.keys())
def test_a_contract_does_not_have(schema):
    with pytest.raises(contracts.ContractInvalid):
        contracts.compile(schema)


def test_members_of_members_and_references_can_be_opened():
    money = {"type": "string", "pattern": MONEY, "x-countersign-editable": True}
    output = {"properties": {"paid": {"properties": {"roof": {"$ref": "#/$defs/money"}}}}}
    contract = contracts.compile({"properties": {"output": output}, "$defs": {"money": money}})
    document = a_claim(paid={"roof": "1.00"})

    assert overriding.apply(document, contract, {"/paid/roof": "2.00"})["snapshot"]["output"]["paid"]["roof"] == "2.00"
    assert overriding.fields(contract, a_claim()) == []


@pytest.mark.parametrize(
    ("name", "pointers"),
    [("claim", ["/building", "/contents", "/icc", "/flood_zone"]), ("complaint", ["/reply"])],
)
def test_the_examples_open(name, pointers):
    contract = contracts.compile(strict_json.loads((EXAMPLES / f"{name}.json").read_bytes()))

    assert [each.pointer for each in contract.fields if each.editable] == pointers


@pytest.mark.parametrize("decision", ["pay", "deny"])
def test_an_example_claim_is_changed_within_its_contract(decision):
    contract = contracts.compile(strict_json.loads((EXAMPLES / "claim.json").read_bytes()))
    document = next(each for each in items.claims(99) if each["snapshot"]["output"]["decision"] == decision)
    posted = document["snapshot"]["output"]

    if decision == "deny":
        with pytest.raises(overriding.ChangeInvalid) as caught:
            overriding.apply(document, contract, {"/building": "5.00"})
        assert [each["pointer"] for each in caught.value.errors] == ["/building"]
        return
    made = overriding.apply(document, contract, {"/building": "5.00", "/flood_zone": "AE"})
    rest = sum(Decimal(posted[name] or 0) for name in ("contents", "icc"))
    assert Decimal(made["action"]["amount"]) == Decimal(made["snapshot"]["output"]["total"]) == rest + 5
    assert made["action"]["lines"][0]["amount"] == "5.00"


ADJUSTER, SENIOR = Stage("adjuster", 1, "Review"), Stage("senior-adjuster", 1, "Approval")
TWICE = Stage("adjuster", 2, "Reviews")
PLANS = {
    "the same plan stays": ((ADJUSTER, SENIOR), (ADJUSTER, SENIOR), "adjuster", (ADJUSTER, SENIOR)),
    "the changer signs first": ((ADJUSTER, SENIOR), (ADJUSTER, SENIOR), "senior-adjuster", (SENIOR, ADJUSTER)),
    "more is asked": ((ADJUSTER,), (ADJUSTER, SENIOR), "adjuster", (ADJUSTER, SENIOR)),
    "less is asked": ((ADJUSTER, SENIOR), (ADJUSTER,), "adjuster", (ADJUSTER, SENIOR)),
    "nobody is asked": ((ADJUSTER, SENIOR), (), "adjuster", (ADJUSTER, SENIOR)),
    "others are asked": ((ADJUSTER,), (SENIOR,), "adjuster", (ADJUSTER, SENIOR)),
    "one of two is asked": ((TWICE,), (ADJUSTER,), "adjuster", (ADJUSTER, Stage("adjuster", 1, "Reviews"))),
    "two of one are asked": ((ADJUSTER,), (TWICE,), "adjuster", (TWICE,)),
}


@pytest.mark.parametrize(("standing", "asked", "first", "plan"), PLANS.values(), ids=PLANS.keys())
def test_the_larger_plan_when(standing, asked, first, plan):
    assert combined(standing, asked, first=first) == plan
