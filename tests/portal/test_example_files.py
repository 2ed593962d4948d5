"""The example files are made of the items' own facts, are real files, and are the same each time."""

import hashlib
import io
import json
from email import message_from_bytes, policy
from itertools import islice
from pathlib import Path

import jsonschema_rs
import pikepdf
import pytest
from PIL import Image

from examples import cases, items
from reviews import envelope

MIX = tuple(islice(cases.mix(), 60))
CLAIMS = tuple(case for case in MIX if case.flow == cases.CLAIMS)
FILES = tuple(file for case in MIX for file in case.files)
CONTRACTS = {cases.CLAIMS: "claim.json", cases.LETTERS: "complaint.json"}


def contents(case, name):
    return next((file.content for file in case.files if file.name == name), None)


def extraction(case, path):
    return next(each for each in case.document["snapshot"]["extractions"] if each["path"] == path)


@pytest.mark.parametrize("flow", CONTRACTS)
def test_every_case_fits_the_envelope_and_its_contract(flow):
    schema = json.loads((Path(items.__file__).parent / "contracts" / CONTRACTS[flow]).read_text())
    check = jsonschema_rs.validator_for(schema)

    for case in (each for each in MIX if each.flow == flow):
        for document in (case.document, cases.corrected(case.document)):
            assert envelope.check(document) == []
            assert [str(error) for error in check.iter_errors(document["snapshot"])] == []


def test_the_words_a_fact_was_read_from_stand_where_the_extraction_says():
    spans = {
        (extraction["path"], source["chars"][0], contents(case, source["attachment"]).decode()[slice(*source["chars"])])
        for case in CLAIMS
        for extraction in case.document["snapshot"]["extractions"]
        for source in extraction["sources"]
        if "chars" in source
    }
    words = {path: [text for each, _, text in spans if each == path] for path, _, _ in spans}

    assert set(words) == {
        "/input/cause_of_damage", "/input/date_of_loss", "/input/water_depth", "/input/building_damage",
        "/output/flood_zone",
    }  # fmt: skip
    assert all(text.endswith(" dollars") for text in words["/input/building_damage"])
    assert all(text.split()[2].isdecimal() for text in words["/input/date_of_loss"])
    assert all(text.startswith(("zone ", "not in a high-risk")) for text in words["/output/flood_zone"])


def test_sources_name_only_files_that_come_with_the_item():
    for case in CLAIMS:
        names = {file.name for file in case.files}
        named = {
            source["attachment"] for each in case.document["snapshot"]["extractions"] for source in each["sources"]
        }

        assert named <= names


def test_what_the_flow_read_agrees_with_some_records_and_differs_from_others():
    snapshots = [case.document["snapshot"] for case in CLAIMS[:20]]
    agrees = [each["output"]["flood_zone"] == each["current"]["flood_zone"] for each in snapshots]

    assert agrees.count(False) >= 2
    assert agrees.count(True) >= 10


def test_the_first_items_show_every_kind():
    first = MIX[:24]
    effects = {case.document["action"]["effect"] for case in first}
    subjects = [case.document["action"]["subject"] for case in first]
    lines = [line for case in first for line in case.document["action"].get("lines", [])]

    assert effects == {"pay", "deny", "letter", "reserve"}
    assert len(subjects) - len(set(subjects)) >= 2
    assert any(line["current"] != "0.00" for line in lines)
    assert {len(case.files) for case in first} >= {0, 1, 3, 4}
    assert len({case.document["external_id"] for case in MIX}) == len(MIX)


def test_files_are_what_their_types_say():
    for file in FILES:
        if file.media_type == "application/pdf":
            with pikepdf.open(io.BytesIO(file.content)) as document:
                assert document.check_pdf_syntax() == []
                assert len(document.pages) in (1, 2)
        elif file.media_type == "image/png":
            Image.open(io.BytesIO(file.content)).verify()
        elif file.media_type == "message/rfc822":
            letter = message_from_bytes(file.content, policy=policy.default)
            assert letter.defects == []
            assert letter.get_content().strip()
        else:
            assert file.content.decode().startswith("NOTICE OF LOSS")


def test_a_letter_carries_the_complaint_and_no_real_company():
    case = next(each for each in MIX if each.flow == cases.LETTERS)
    letter = message_from_bytes(case.files[0].content, policy=policy.default)

    said, told = letter.get_content(), case.document["snapshot"]["input"]["narrative"]
    assert " ".join(said.split()) == " ".join(told.split())
    assert letter["To"].addresses[0].display_name == case.document["snapshot"]["input"]["company"]


def test_what_is_invented_is_marked():
    notices = [contents(case, "notice-of-loss.txt") for case in CLAIMS]

    assert all(b"invented for demonstration" in text for text in notices if text)
    assert all(b"Drawn for demonstration" in file.content for file in FILES if file.name.endswith(".png"))


def test_the_files_are_the_same_each_time():
    again = [file for case in islice(cases.mix(), 60) for file in case.files]

    assert [hashlib.sha256(file.content).digest() for file in again] == [
        hashlib.sha256(file.content).digest() for file in FILES
    ]


def test_a_corrected_item_takes_the_records_zone_and_keeps_the_posted_one_as_it_was():
    case = next(
        each
        for each in CLAIMS
        if each.document["snapshot"]["output"]["flood_zone"] != each.document["snapshot"]["current"]["flood_zone"]
    )
    before = json.dumps(case.document)

    snapshot = cases.corrected(case.document)["snapshot"]

    assert snapshot["output"]["flood_zone"] == snapshot["current"]["flood_zone"]
    assert json.dumps(case.document) == before
