"""Evidence as a PDF: the same record gives the same file, anybody can read it, and nothing is hidden in it."""

import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from audit.evidence import pdf
from audit.evidence.pdf import NotPrintable
from tests.audit.records import a_record, a_signature, a_step, as_bytes, tool, with_snapshot

ROOT = Path(__file__).resolve().parents[2]
RENDER = (
    "import sys, hashlib, django; django.setup(); from audit.evidence import pdf;"
    "print(hashlib.sha256(pdf.render(open(sys.argv[1], 'rb').read()).content).hexdigest())"
)
PLEX = re.compile(r"\+Plex-(Sans|Mono)")


@pytest.fixture
def printed(tmp_path: Path) -> Any:
    """Print a record into a file."""

    def printing(record: dict[str, Any]) -> Path:
        (tmp_path / "record.json").write_bytes(as_bytes(record))
        file = tmp_path / "evidence.pdf"
        file.write_bytes(pdf.render(as_bytes(record)).content)
        return file

    return printing


def text_of(file: Path) -> str:
    return tool("pdftotext", "-layout", file, "-")


def flat(file: Path) -> str:
    """Give the text without its line breaks."""
    return " ".join(tool("pdftotext", "-raw", file, "-").split())


def test_two_processes_with_other_hash_seeds_print_the_same_bytes(printed, tmp_path):
    here = hashlib.sha256(printed(a_record()).read_bytes()).hexdigest()

    digests = []
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        words = [sys.executable, "-c", RENDER, str(tmp_path / "record.json")]
        digests.append(subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, check=True, text=True))

    assert [each.stdout.strip() for each in digests] == [here, here]


def test_public_tools_find_a_whole_tagged_file_with_title_and_language(printed):
    file = printed(a_record())

    tool("qpdf", "--check", file)
    said = tool("pdfinfo", file)

    assert re.search(r"Title: +Evidence: Approved: Pay contents damage\n", said)
    assert re.search(r"Author: +Harbour Mutual\n", said)
    assert re.search(r"Tagged: +yes", said)
    assert re.search(r"CreationDate: +Fri Nov 20 09:31:07 2026", said)
    with pikepdf.open(file) as opened:
        assert str(opened.Root.Lang) == "en"
        assert opened.Root.MarkInfo.Marked is True
        assert opened.Root.ViewerPreferences.DisplayDocTitle is True


def test_the_record_is_attached_byte_for_byte_and_named_once(printed, tmp_path):
    file = printed(a_record())

    tool("pdfdetach", "-save", "1", "-o", tmp_path / "out.json", file)

    assert (tmp_path / "out.json").read_bytes() == (tmp_path / "record.json").read_bytes()
    with pikepdf.open(file) as opened:
        assert [str(each.UF) for each in opened.Root.AF] == ["record.json"]
        assert [str(each.AFRelationship) for each in opened.Root.AF] == ["/Data"]


def test_the_metadata_says_what_it_is_and_which_record_it_prints(printed, tmp_path):
    record = a_record(organisation="Harbour & <Sons>")
    file = printed(record)
    digest = hashlib.sha256(as_bytes(record)).hexdigest()

    with pikepdf.open(file) as opened:
        packet = opened.Root.Metadata.read_bytes()
        identifier = bytes(opened.trailer.ID[0])
    described: dict[str, str] = {}
    parsed = ET.fromstring(packet)  # noqa: S314  our own file
    for each in parsed.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"):
        described |= each.attrib
    names = [each.text for each in parsed.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")]

    assert described["{http://www.aiim.org/pdfa/ns/id/}part"] == "3"
    assert described["{http://www.aiim.org/pdfa/ns/id/}conformance"] == "A"
    assert described["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
    assert described["{urn:countersign:evidence:1}recordDigest"] == digest
    assert "Harbour & <Sons>" in names
    assert identifier.hex() == digest[:32]


def test_decision_and_signatures_come_first_and_the_digests_last(printed):
    said = flat(printed(a_record()))
    order = ["Approved", "Ana Petrović", "Adjuster: Approval", "Why it stopped", "What was seen",
             "What signers changed",
             "What happened", "Digests and how to check"]  # fmt: skip

    assert sorted(order, key=said.index) == order
    assert "20 Nov 2026, 09:31:06 UTC" in said
    assert "password and one-time code" in said


def test_every_page_names_the_record_and_its_number(printed):
    record = a_record(story=[a_step(n, f"Step {n}.") for n in range(190)])
    file = printed(record)
    digest = hashlib.sha256(as_bytes(record)).hexdigest()

    with pikepdf.open(file) as opened:
        count = len(opened.pages)
    for number in range(1, count + 1):
        page = tool("pdftotext", "-f", str(number), "-l", str(number), file, "-")
        assert digest in page
        assert f"Page {number} of {count}" in page
    assert count > 3


def test_what_somebody_else_wrote_is_text_and_no_markup(printed):
    hostile = '<img src="file:///etc/passwd"><script>alert(1)</script> & "quotes" {{ settings }} </p>'
    record = with_snapshot(
        a_record(signatures=[a_signature(reason=hostile, printed_name=hostile)]), input={hostile: hostile}
    )
    record["decision"]["title"] = hostile

    said = flat(printed(record))

    assert said.count('<script>alert(1)</script> & "quotes" {{ settings }} </p>') >= 4
    assert "root:" not in said


def test_the_printer_fetches_nothing_but_our_own_files():
    for address in ("file:///etc/passwd", "http://127.0.0.1/", "data:text/plain,x",
                    (ROOT / "static/css/../../manage.py").as_uri()):  # fmt: skip
        with pytest.raises(ValueError, match="our own files"):
            pdf.OwnFiles().fetch(address)


def test_a_file_that_cannot_be_fetched_stops_the_printing_instead_of_changing_its_look():
    page = '<p>x</p><img src="file:///etc/passwd">'

    with pytest.raises(NotPrintable, match="our own files"):
        pdf._print(page, pdf.parts.parts(a_record(), "ab" * 32), b"{}")


def test_what_is_too_long_is_cut_and_says_where_the_whole_is(printed):
    record = with_snapshot(a_record(), input={"log": "word " * 5000, "tree": {"n": list(range(3000))}})

    said = flat(printed(record)).replace(" ", "")

    assert "Cutafter6,000of25,000characters." in said
    assert "record.jsonat/revisions/0/document/snapshot/input/log." in said
    assert "record.jsonat/revisions/0/document/snapshot/input/tree." in said


def test_a_long_story_prints_two_hundred_rows_and_counts_the_rest(printed):
    file = printed(a_record(story=[a_step(n, f"Step {n}.") for n in range(260)]))
    said = flat(file)

    assert "Step 199." in said
    assert "Step 200." not in said
    assert "60 more are in the attached record.json at /story." in said


def test_what_contradicts_the_record_is_said_in_words(printed):
    assert "Differs from the record" in text_of(printed(a_record()))
    agreeing = with_snapshot(a_record(), current={"pay": "500.00"})
    assert "Differs from the record" not in text_of(printed(agreeing))


def test_a_signers_changes_stand_before_and_after(printed):
    record = a_record()
    changed = record["revisions"][0] | {
        "revision": 2, "document": None, "titles": {}, "changed_by": "Ben Okafor",
        "changes": [{"pointer": "/pay", "title": "Pay", "before": "500.00", "after": "450.00"}],
    }  # fmt: skip
    record["revisions"].append(changed)
    record["decision"]["revision"] = 2
    record["signatures"] = [a_signature(), a_signature(printed_name="Ben Okafor", revision=2)]

    said = flat(printed(record))

    assert "Revision 2, changed by Ben Okafor" in said
    assert "Pay 500.00 450.00" in said
    assert said.index("Ben Okafor Approved") < said.index("which no longer count") < said.index("Ana Petrović Approved")


def test_erased_content_is_named_and_the_rest_still_prints(printed):
    record = a_record(signatures=[a_signature(printed_name="[erased]", reason="[erased]", statement="[erased]")])
    record["revisions"][0]["document"] = "[erased]"
    record["decision"] |= {"act": "[erased]", "title": "[erased]"}

    said = flat(printed(record))

    assert said.count("[erased]") >= 4
    assert "The content of this item was erased; its digests remain." in said


def test_empty_lists_and_an_automatic_decision_print(printed):
    record = with_snapshot(a_record(signatures=[], plan=[], story=[]), input={}, current={}, output={})
    record["decision"]["basis"] = "policy"

    assert "Nobody signed" in flat(printed(record))


def test_huge_amounts_and_long_names_stay_whole(printed):
    record = a_record(signatures=[a_signature(printed_name="Wolfeschlegelsteinhausenbergerdorff" * 8)])
    record["decision"]["act"]["amount"] = "123456789012345678901234567890.1234"

    said = flat(printed(record)).replace(" ", "")

    assert "$123,456,789,012,345,678,901,234,567,890.1234" in said
    assert "Wolfeschlegelsteinhausenbergerdorff" * 8 in said


def test_latin_greek_and_cyrillic_names_are_printed_in_typefaces_of_our_own(printed):
    file = printed(a_record(signatures=[a_signature(printed_name="Łukasz Ωμέγα Алексей")]))
    fonts = tool("pdffonts", file).splitlines()[2:]

    assert "Łukasz Ωμέγα Алексей" in flat(file)
    assert all(PLEX.search(font) for font in fonts)
    assert all(" yes yes yes " in font for font in fonts)


def test_a_character_no_typeface_has_is_printed_as_its_code_point(printed):
    file = printed(a_record(signatures=[a_signature(printed_name="Ana \U000130b8")]))

    assert "Ana [U+130B8]" in flat(file)


def test_characters_that_hide_or_turn_text_around_are_shown(printed):
    said = flat(printed(a_record(signatures=[a_signature(printed_name="Ana\u202egnihton \u200b\x07")])))

    assert "Ana[U+202E]gnihton [U+200B][U+0007]" in said
