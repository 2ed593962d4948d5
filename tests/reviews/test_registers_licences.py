"""The register of licences: what a row says, which rows are refused and why, and the one text that stands for it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.registers import licences, reading
from reviews.registers.faults import RegisterInvalid

from .sheets import PEOPLE

HEADINGS = "person,kind,number,jurisdiction,line,from,to"
ROW = "ana,claims-adjuster,TX-0012345,US-TX,auto,2026-01-01,2027-12-31"
WHOLE = licences.Licence("ana", "claims-adjuster", "TX-0012345", "US-TX", "auto", date(2026, 1, 1), date(2027, 12, 31))


def parsed(*rows: str) -> list[licences.Licence]:
    lines = reading.rows("\n".join([HEADINGS, *rows]).encode(), "licences.csv")
    return licences.parse(lines, people=PEOPLE)


def faults(*rows: str) -> list[str]:
    with pytest.raises(RegisterInvalid) as invalid:
        parsed(*rows)
    return [fault["message"] for fault in invalid.value.errors]


def test_a_row_says_which_licence_a_person_holds():
    assert parsed(ROW) == [WHOLE]


@pytest.mark.parametrize(
    ("right", "wrong", "saying"),
    [
        ("ana", "anna", "column 1 “person”: There is nobody with the sign-in name “anna”. Did you mean “ana”?"),
        ("claims-adjuster", "Claims Adjuster", "column 2 “kind”: “Claims Adjuster” is not right here; use lower-case"),
        ("TX-0012345", "", "column 3 “number”: This is empty; write the number as it is printed."),
        ("TX-0012345", "=1+1", "column 3 “number”: “=1+1” looks like a formula"),
        ("US-TX", "TX", "column 4 “jurisdiction”: There is no jurisdiction “TX”; use US-TX (Texas)."),
        ("auto", "", "column 5 “line”: This is empty"),
        ("2027-12-31", "2025-12-31", "column 7 “to”: 2025-12-31 is before 2026-01-01"),
    ],
)
def test_a_wrong_cell_is_told_with_its_place_and_what_would_be_right(right, wrong, saying):
    (message,) = faults(ROW.replace(right, wrong))

    assert message.startswith(f"licences.csv, line 2, {saying}")


def test_one_number_is_printed_at_any_time():
    (message,) = faults(ROW, ROW.replace("TX-0012345", "TX-9").replace("2026-01-01", "2027-12-31"))

    assert "Line 2 covers ana, claims-adjuster, auto, Texas, from 2026-01-01 to 2027-12-31 already." in message


def test_a_renewal_and_another_state_are_no_overlap():
    renewed = ROW.replace("2026-01-01,2027-12-31", "2028-01-01,")

    assert len(parsed(ROW, renewed, ROW.replace("US-TX", "US-LA"))) == 3


DATES = st.dates(date(2000, 1, 1), date(2200, 1, 1))
NUMBERS = (
    st.text(st.sampled_from("ABC019-/ .,;\"'"), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda number: number and number[0] not in "=+-@")
)


@st.composite
def held(draw: st.DrawFn) -> licences.Licence:
    """Give any licence that a register may hold."""
    starts, ends = sorted(draw(st.tuples(DATES, DATES)))
    return licences.Licence(
        person=draw(st.sampled_from(sorted(PEOPLE))),
        kind=draw(st.sampled_from(["claims-adjuster", "fair-claims-training"])),
        number=draw(NUMBERS),
        jurisdiction=draw(st.sampled_from(["*", "US-TX", "US-LA"])),
        line=draw(st.sampled_from(["*", "auto", "Homeowners (HO-3)"])),
        starts=starts,
        ends=draw(st.sampled_from([None, ends])),
    )


@settings(deadline=None)
@given(st.lists(held(), max_size=6, unique_by=licences.Licence.scope))
def test_what_is_stored_is_read_back_and_stored_alike(entries):
    text = licences.text(entries)
    again = licences.parse(reading.rows(text.encode(), "stored.csv"), people=PEOPLE)

    assert sorted(entries, key=licences.Licence.record) == again
    assert licences.text(again) == text
