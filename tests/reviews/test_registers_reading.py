"""Reading a register's file: CSV and XLSX into the same lines, and what is refused before anybody opens it."""

import csv
import datetime
import io
import time
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.registers import reading, xlsx
from reviews.registers.faults import RegisterInvalid

from .sheets import saved, sheet, with_part, workbook


def cells(content: bytes, filename: str = "register.csv") -> list[tuple[str, ...]]:
    return [line.cells for line in reading.rows(content, filename)]


def refusal(content: bytes, filename: str = "register.csv") -> str:
    with pytest.raises(RegisterInvalid) as invalid:
        reading.rows(content, filename)
    assert invalid.value.errors[0]["message"] == invalid.value.detail
    return invalid.value.detail


def read_or_refused(content: bytes, filename: str = "register.xlsx") -> str:
    """Say that a file was read, or the first sentence of its refusal; anything else would be a fault of ours."""
    try:
        reading.rows(content, filename)
    except RegisterInvalid as invalid:
        return invalid.detail.partition(". ")[0] + "."
    return "read"


@pytest.mark.parametrize(
    "content",
    [
        b"person,line\nana,auto\n",
        b"\xef\xbb\xbfperson,line\r\nana,auto",
        b"person;line\nana;auto\n",
        b"person;line\rana;auto\r",
        b'"person","line"\n"ana"," auto "\n\n  \n,\n',
        workbook(["person", "line"], ["ana", "auto"]),
    ],
)
def test_every_usual_way_of_writing_gives_the_same_cells(content):
    assert cells(content) == [("person", "line"), ("ana", "auto")]


def test_the_headings_choose_the_separator_so_that_no_entry_can():
    assert cells(b"person,line\nana;x,a;b;c;d\n")[1] == ("ana;x", "a;b;c;d")
    assert cells(b'person;"line, of; business"\nana;a,b,c\n')[1] == ("ana", "a,b,c")


def test_quoted_line_feeds_belong_to_their_cell_and_lines_keep_their_numbers():
    lines = reading.rows(b'person,line\nana,"au\nto"\n\nben,"a ""b"""\n', "register.csv")

    assert [(line.number, line.cells) for line in lines] == [
        (1, ("person", "line")),
        (2, ("ana", "au\nto")),
        (5, ("ben", 'a "b"')),
    ]


def test_columns_are_named_as_the_program_shows_them():
    assert reading.rows(b"person,line\n", "register.csv")[0].column(1) == "2"
    assert reading.rows(workbook(["person", "line"]), "register.xlsx")[0].column(1) == "B"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10000, "10000"),
        (10000.5, "10000.5"),
        (0.1 + 0.2, "0.3"),
        (1234567.89, "1234567.89"),
        (1e15, "1000000000000000"),
        (0.00001, "0.00001"),
        (datetime.date(2026, 12, 31), "2026-12-31"),
        (datetime.datetime(2026, 12, 31), "2026-12-31"),  # noqa: DTZ001
        (datetime.datetime(2026, 12, 31, 8, 30), "2026-12-31 08:30:00"),  # noqa: DTZ001
        (True, "TRUE"),
        ("  auto ", "auto"),
        (None, ""),
    ],
)
def test_cells_of_a_spreadsheet_become_plain_texts(value, text):
    assert cells(workbook(["x", value]))[0][1:] == ((text,) if text else ())


def test_of_a_formula_only_its_last_result_is_read():
    content = sheet('<row r="1"><c r="A1"><f>WEBSERVICE("http://x")</f><v>7</v></c><c r="B1"><f>1+1</f></c></row>')

    assert [cell for cell in cells(content)[0] if cell] == ["7"]


def test_the_first_sheet_that_shows_is_read():
    book = openpyxl.Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Authority").append(["person"])
    book.create_sheet("Notes").append(["other"])

    assert cells(saved(book))[0] == ("person",)


def test_a_sheet_that_understates_its_size_is_read_whole():
    rows = "".join(f'<row r="{row}"><c r="C{row}" t="inlineStr"><is><t>x</t></is></c></row>' for row in range(1, 10))

    assert len(cells(sheet(rows, dimension="A1:B2"))) == 9


def test_a_sheet_that_overstates_its_size_costs_nothing():
    content = sheet('<row r="1"><c r="A1"><v>1</v></c></row>', dimension="A1:XFD1048576")
    begun = time.perf_counter()

    assert len(cells(content)) == 1
    assert time.perf_counter() - begun < 2


def test_a_cell_in_the_farthest_corner_is_refused_without_filling_the_space_between():
    content = sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="BZ1048576"><v>2</v></c></row>')

    assert "register.xlsx, line 1048576: There are more than 50 columns." in refusal(content, "register.xlsx")


def test_very_many_blank_rows_are_refused_soon():
    content = sheet('<row r="1"><c r="A1"><v>1</v></c></row>' + "<row><c/></row>" * 1_000_000)
    begun = time.perf_counter()

    assert "most of them blank" in refusal(content, "register.xlsx")
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize("inside", ['<row r="99999999999999"><c><v>1</v></c></row>', '<c r="ZZZZZZ1"><v>1</v></c>'])
def test_places_that_no_sheet_has_do_not_grow_it(inside):
    content = sheet(f'<row r="1"><c r="A1"><v>1</v></c></row>{inside}')

    begun = time.perf_counter()

    assert read_or_refused(content) in ("read", "register.xlsx: This is no workbook that can be read.")
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    ("content", "line", "saying"),
    [
        (b"", 0, "The file is empty"),
        (b"\n , \n", 0, "The file is empty"),
        (b"person,line\nana,M\xfcller\n", 2, "not UTF-8"),
        ("person\n".encode("utf-16"), 1, "CSV UTF-8"),
        (b"person,line\nana,a\0b\n", 2, "zero character"),
        (b'person,line\nana,"auto\nben,home\n', 2, "quotation mark"),
        (b'person,line\nana,"au"to\n', 2, "quotation mark"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "without a password"),
        (b"person\n" + b"x" * 1001, 2, "1,000 characters"),
        (b"person\n" + b"," * 60 + b"x", 2, "more than 50 columns"),
        (b"person\n" + b"ana\n" * 20_001, 20_002, "more than 20,000 rows"),
        (b"person\n" + b"ana\n" * 1_400_000, 0, "larger than 5 MiB"),
        (b'person\n"' + b"x" * 200_000 + b'"', 2, "field larger than field limit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_what_to_do(content, line, saying):
    told = refusal(content)

    assert told.startswith(f"register.csv, line {line}: " if line else "register.csv: ")
    assert saying in told


def test_twenty_thousand_rows_are_read():
    assert len(reading.rows(b"person\n" + b"ana\n" * 20_000, "register.csv")) == 20_001


def test_a_name_that_promises_a_workbook_is_kept_to_it():
    assert "is no XLSX" in refusal(b"person,line\n", "register.xlsx")


def test_a_path_in_the_file_name_is_not_repeated():
    assert refusal(b"", "C:\\Users\\ana\\..\\\x1bauthority.csv").startswith("authority.csv: ")


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
FETCH = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'


@pytest.mark.parametrize("declared", [BOMB, FETCH, BOMB.replace("<!DOCTYPE x", "<!DOCTYPE\n worksheet")])
def test_a_workbook_that_declares_entities_is_refused(declared):
    content = sheet('<row r="1"><c r="A1"><v>1</v></c></row>', before=declared)

    assert "declares a document type" in refusal(content, "register.xlsx")


def test_an_entity_in_another_encoding_is_refused_too():
    written = f"<?xml version='1.0' encoding='utf-16'?>{BOMB}<x>&c;</x>".encode("utf-16")
    content = with_part(workbook(["person"]), "xl/styles.xml", written)

    assert "declares a document type" in refusal(content, "register.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused_unopened():
    content = with_part(workbook(["person"]), "xl/media/image1.png", b"\0" * (xlsx.MAX_UNPACKED + 1))

    assert len(content) < 100_000
    assert "unpacks to far more" in refusal(content, "register.xlsx")


def test_a_workbook_of_very_many_parts_is_refused():
    out = workbook(["person"])
    for number in range(2):
        out = with_part(out, f"xl/{number}.xml", b"<x/>")
    assert cells(out)[0] == ("person",)

    many = zipfile_of({f"xl/{number}.xml": b"<x/>" for number in range(1_001)})

    assert "unpacks to far more" in refusal(many, "register.xlsx")


def zipfile_of(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, written in parts.items():
            archive.writestr(name, written)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\xff" * 500,
        zipfile_of({"a.txt": b"x"}),
        zipfile_of({"[Content_Types].xml": b"<x"}),
        with_part(workbook(["person"]), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"),
        sheet('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
        workbook(["person"])[:-300],
    ],
)
def test_a_broken_workbook_is_refused_kindly(content):
    assert "no workbook that can be read" in refusal(content, "register.xlsx")


WHOLE = workbook(["person", "line"], ["ana", "auto"], [1.5, datetime.date(2026, 1, 1)])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(place, damage, cut):
    content = WHOLE[:place] + damage + (b"" if cut else WHOLE[place + len(damage) :])

    assert read_or_refused(content, "register.xlsx")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(content):
    assert read_or_refused(content, "register.csv")


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", '"', ",", ";", "\n", "=1", "ü"]).map("".join), min_size=2, max_size=3)))
def test_what_is_written_as_csv_is_read_back(written):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["person", "line"])
    writer.writerows(written)

    read = [line.cells for line in reading.rows(out.getvalue().encode(), "register.csv")]
    padded = [row + ("",) * (3 - len(row)) for row in read[1:]]
    stripped = [tuple(cell.strip() for cell in row + [""] * (3 - len(row))) for row in written]
    assert padded == [row for row in stripped if any(row)]
