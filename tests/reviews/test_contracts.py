"""Contracts: compiled once, self-contained, and clear about what an item lacks."""

import json

import pytest

from reviews import contracts

CONTRACT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["input", "output"],
    "x-countersign-requires": ["/action/amount", "/snapshot/model/version"],
    "x-countersign-business-key": ["/action/subject", "/snapshot/output/zone"],
    "properties": {
        "input": {"properties": {"insured": {"$ref": "#/$defs/person"}}},
        "output": {
            "type": "object",
            "required": ["zone"],
            "additionalProperties": False,
            "properties": {
                "zone": {"enum": ["A", "X"]},
                "loss": {"type": "string", "format": "date"},
                "heirs": {"type": "array", "items": {"$ref": "#/$defs/person"}},
                "iban/bic": {"type": "string", "x-countersign-personal": True},
            },
        },
    },
    "$defs": {"person": {"properties": {"name": {"type": "string", "x-countersign-personal": True}}}},
}


def item(**output):
    snapshot = {"input": {}, "output": {"zone": "X"} | output, "model": {"version": "1"}}
    return {"action": {"amount": "1.00", "subject": "claim/1"}, "snapshot": snapshot}


def checked(document, schema=CONTRACT):
    return {error["pointer"]: error["message"] for error in contracts.compile(schema).check(document)}


def refusal(schema):
    with pytest.raises(contracts.ContractInvalid) as refused:
        contracts.compile(schema)
    assert (refused.value.name, refused.value.status) == ("contract_invalid", 422)
    return refused.value.errors[0]


def test_an_item_that_keeps_the_contract_has_no_errors():
    assert checked(item(loss="2019-09-19", heirs=[{"name": "Ana"}])) == {}


def test_violations_point_into_the_posted_document():
    document = item(zone="B", loss="2019-02-30", heirs=[{"name": 5}], more=1)
    del document["snapshot"]["input"]

    assert set(checked(document)) == {
        "/snapshot/input",
        "/snapshot/output/zone",
        "/snapshot/output/loss",
        "/snapshot/output/heirs/0/name",
        "/snapshot/output/more",
    }


def test_the_contract_may_require_any_other_part_of_the_item():
    document = item()
    del document["action"]["amount"]
    document["snapshot"]["model"]["version"] = None

    assert set(checked(document)) == {"/action/amount", "/snapshot/model/version"}


def test_no_message_repeats_what_was_posted():
    told = checked(item(zone="Erika Mustermann", loss="Erika Mustermann", heirs="Erika Mustermann"))

    assert "Mustermann" not in json.dumps(told)


def test_at_most_fifty_errors_of_two_hundred_characters_are_told():
    schema = {"properties": {"output": {"additionalProperties": {"enum": ["x" * 500]}}}}
    errors = contracts.compile(schema).check(item(**{f"field{number}": 1 for number in range(99)}))

    assert len(errors) == 50
    assert max(len(error["message"]) for error in errors) <= 200


def test_a_document_without_a_snapshot_is_an_error_and_not_a_crash():
    assert "/snapshot" in checked({})
    assert "/snapshot" in checked({"snapshot": [1]})


def test_business_key_and_personal_data_are_pointers_into_the_item():
    contract = contracts.compile(CONTRACT)

    assert contract.business_key == ("/action/subject", "/snapshot/output/zone")
    assert contract.personal == (
        "/snapshot/input/insured/name",
        "/snapshot/output/heirs/*/name",
        "/snapshot/output/iban~1bic",
    )


@pytest.mark.parametrize(
    "wrapped",
    [
        {"allOf": [{"properties": {"a": {"x-countersign-personal": True}}}]},
        {"if": {}, "else": {"properties": {"a": {"x-countersign-personal": True}}}},
        {"dependentSchemas": {"b": {"properties": {"a": {"x-countersign-personal": True}}}}},
        {"oneOf": [True, {"anyOf": [{"properties": {"a": {"x-countersign-personal": True}}}]}]},
    ],
)
def test_personal_data_is_found_in_every_branch(wrapped):
    assert contracts.compile({"properties": {"output": wrapped}}).personal == ("/snapshot/output/a",)


@pytest.mark.parametrize(
    "reference",
    ["https://example.com/s", "http://127.0.0.1:9/s", "file:///etc/passwd", "other.json", "#name",
     "#/$defs/a%20b", "https://json-schema.org/draft/2020-12/schema"],
)  # fmt: skip
@pytest.mark.parametrize("inside", [lambda ref: ref, lambda ref: {"anyOf": [ref]}])
def test_a_contract_that_refers_elsewhere_is_refused(reference, inside):
    error = refusal({"properties": {"output": inside({"$ref": reference})}})

    assert error["pointer"].endswith("/$ref")


def test_nothing_is_ever_fetched():
    with pytest.raises(contracts.ContractInvalid, match="is not fetched"):
        contracts.build({"$ref": "http://127.0.0.1:9/s"})


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "objekt"}, "/type"),
        ({"type": "array"}, "/type"),
        ({"properties": {"output": {"type": "objekt"}}}, "/properties/output/type"),
        ({"properties": {"output": {"pattern": "(a"}}}, "/properties/output/pattern"),
        ({"properties": {"output": {"pattern": "^(?=a)"}}}, "/properties/output/pattern"),
        ({"properties": {"amount": {}}}, "/properties/amount"),
        ({"properties": {"output": {"$ref": "#/$defs/none"}}}, ""),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema"),
        ({"properties": {"output": {"$id": "https://example.com/x"}}}, "/properties/output/$id"),
        ({"properties": {"output": {"$dynamicRef": "#x"}}}, "/properties/output/$dynamicRef"),
        ({"x-countersign-requires": "/a"}, "/x-countersign-requires"),
        ({"x-countersign-requires": ["action"]}, "/x-countersign-requires/0"),
        ({"x-countersign-business-key": ["/a", 1]}, "/x-countersign-business-key/1"),
        ({"$comment": "x" * 262_144}, ""),
        ({"const": float("nan")}, ""),
        ([], ""),
    ],
)
def test_a_schema_that_cannot_serve_is_refused_with_its_place(schema, pointer):
    assert refusal(schema)["pointer"] == pointer


def test_a_very_deep_schema_is_refused():
    schema = {}
    for _ in range(600):
        schema = {"not": schema}

    assert "nested" in refusal({"properties": {"output": schema}})["message"]


def test_references_that_multiply_are_refused():
    steps = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(26)} | {"d26": {}}

    assert "multiply" in refusal({"$ref": "#/$defs/d0", "$defs": steps})["message"]


def test_a_contract_may_be_recursive_as_long_as_no_personal_data_hides_in_the_circle():
    tree = {"properties": {"parts": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
    schema = {"properties": {"output": {"$ref": "#/$defs/tree"}}, "$defs": {"tree": tree}}

    assert contracts.compile(schema).personal == ()
    tree["properties"]["name"] = {"x-countersign-personal": True}
    assert "circle" in refusal(schema)["message"]


def test_changing_the_schema_afterwards_changes_no_compiled_contract():
    schema = json.loads(json.dumps(CONTRACT))
    contract = contracts.compile(schema)
    schema["properties"]["output"]["properties"]["zone"]["enum"].append("B")

    assert contract.schema == CONTRACT
    assert len(contract.check(item(zone="B"))) == 1


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/a~1b/~0/1", 2),
        ("/a~1b/~0/2", None),
        ("/a~1b/~0/-", None),
        ("/a~1b/~0/٢", None),
        ("/none/x", None),
        ("", None),
    ],
)
def test_a_pointer_names_a_value_or_nothing(pointer, value):
    document = {"a/b": {"~": [1, 2]}}

    assert contracts.at(document, pointer) == (value if pointer else document)
