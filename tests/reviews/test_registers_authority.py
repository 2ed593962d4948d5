"""The register of authority: what a row says, which rows are refused and why, and the one text that stands for it."""

import datetime
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.policies.nodes import hidden
from reviews.registers import authority, reading
from reviews.registers.faults import MAX_FAULTS, RegisterInvalid
from reviews.words import Effect

from .sheets import HEADINGS, PEOPLE, ROW, csv_with, workbook


def parsed(content: bytes, filename: str = "authority.csv") -> list[authority.Entitlement]:
    return authority.parse(reading.rows(content, filename), people=PEOPLE)


def faults(content: bytes, filename: str = "authority.csv") -> list[dict[str, str]]:
    with pytest.raises(RegisterInvalid) as invalid:
        parsed(content, filename)
    assert (invalid.value.name, invalid.value.status) == ("register_invalid", 422)
    return invalid.value.errors


WHOLE = authority.Entitlement(
    person="ana",
    effects=frozenset({"pay"}),
    line="auto",
    jurisdiction="US-TX",
    currency="USD",
    up_to=Decimal(10000),
    alone=Decimal(5000),
    per_subject=Decimal(20000),
    per_period=Decimal(100000),
    period_days=30,
    starts=date(2026, 1, 1),
    ends=date(2026, 12, 31),
)


def test_a_row_says_what_a_person_may_sign_for():
    assert parsed(csv_with()) == [WHOLE]


def test_a_spreadsheet_says_the_same():
    dates = [datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)]
    row = ["ana", "pay", "auto", "US-TX", "USD", 10000, 5000.0, 20000, 100000, 30, *dates]

    assert parsed(workbook(HEADINGS.split(","), row), "authority.xlsx") == [WHOLE]


def test_columns_stand_in_any_order_and_those_not_needed_may_be_missing():
    content = b"From;Alone;Up to;Currency;Jurisdiction;Line;Effects;Person\n2026-01-01;0;10;USD;*;*;*;ben\n"
    (entry,) = parsed(content)

    assert (entry.person, entry.effects, entry.line, entry.jurisdiction) == ("ben", frozenset("*"), "*", "*")
    assert (entry.alone, entry.per_subject, entry.per_period, entry.period_days, entry.ends) == (
        0,
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("effects", ["pay reserve", '"reserve, pay"', "pay|reserve", "reserve;pay;"])
def test_effects_are_words_however_they_are_separated(effects):
    assert parsed(csv_with(effects=effects))[0].effects == {"pay", "reserve"}


@pytest.mark.parametrize(
    ("column", "cell", "saying"),
    [
        ("person", "", "This is empty; write the person's sign-in name."),
        ("person", "cloe", "There is nobody with the sign-in name “cloe”. Did you mean “cleo”?"),
        ("effects", "", "This is empty; use pay, reserve"),
        ("effects", "payment pay", "“payment” is not right here; use pay, reserve"),
        ("effects", "relese", "Did you mean “release”?"),
        ("effects", "pay *", "There is * for all beside single ones"),
        ("line", "", "or * for every one"),
        ("line", "auto*", "* stands alone"),
        ("line", "x" * 101, "101 characters; 100 at most"),
        ("line", "au\u202eto", "RIGHT-TO-LEFT OVERRIDE"),
        ("jurisdiction", "Texas", "There is no jurisdiction “Texas”; use US-TX (Texas)."),
        ("jurisdiction", "US-XQ", "There is no jurisdiction “US-XQ”; use "),
        ("jurisdiction", "??", "write a code such as US or US-TX, or * for all."),
        ("currency", "usd", "“usd” is not right here; write three capitals"),
        ("up_to", "", "This is empty; write an amount such as 10000.00"),
        ("up_to", '"10,000.00"', "“10,000.00” is not right here; write an amount such as 10000.00"),
        ("up_to", "-5", "“-5” is not right here; write an amount"),
        ("up_to", "1e4", "“1e4” is not right here"),
        ("up_to", "1234567890123", "12 digits and 4 decimals at most"),
        ("up_to", "1.00001", "12 digits and 4 decimals at most"),
        ("up_to", "١٠", "write an amount"),
        ("alone", "10000.01", "10,000.01 is more than “up_to”, 10,000.00; write at most that."),
        ("per_subject", "9999", "9,999.00 is less than “up_to”, 10,000.00, for one item; write at least that."),
        ("per_period", "9999", "9,999.00 is less than “up_to”"),
        ("per_period", "", "“per_period” and “period_days” go together"),
        ("period_days", "", "“per_period” and “period_days” go together"),
        ("period_days", "0", "a whole number from 1 to 9999"),
        ("from", "", "This is empty; write year, month and day"),
        ("from", "01/02/2026", "“01/02/2026” is not right here; write year, month and day, such as 2026-12-31."),
        ("from", "2026-02-30", "2026-02-30 is no day of the calendar"),
        ("to", "2025-12-31", "2025-12-31 is before 2026-01-01, the day it starts"),
        ("line", '"=HYPERLINK(""http://x"")"', "looks like a formula; write a line of business"),
        ("line", "@SUM(A1)", "looks like a formula"),
        ("line", "+cmd|' /C calc'!A0", "looks like a formula"),
        ("line", "-auto", "looks like a formula"),
        ("line", "#REF!", "“#REF!” is the error of a formula"),
    ],
)
def test_a_wrong_cell_is_told_with_its_place_and_what_would_be_right(column, cell, saying):
    (fault,) = faults(csv_with(**{column: cell}))
    number = HEADINGS.split(",").index(column) + 1

    assert (fault["file"], fault["line"], fault["column"]) == ("authority.csv", "2", f"{number} “{column}”")
    assert fault["message"].startswith(f"authority.csv, line 2, column {number} “{column}”: ")
    assert saying in fault["message"]


def test_a_spreadsheets_columns_are_told_by_their_letters():
    (fault,) = faults(workbook(HEADINGS.split(","), ROW.replace("US-TX", "Texas").split(",")), "authority.xlsx")

    assert fault["message"].startswith("authority.xlsx, line 2, column D “jurisdiction”: ")


@pytest.mark.parametrize(
    ("headings", "saying"),
    [
        (HEADINGS.replace("jurisdiction", "juristiction"), "Did you mean “jurisdiction”?"),
        (HEADINGS.replace("jurisdiction", "juristiction"), "The column “jurisdiction” is missing."),
        (HEADINGS.replace("up_to,", ""), "The column “up_to” is missing."),
        (HEADINGS + ",Person", "This column stands here twice, in 1 too."),
        (HEADINGS + ",notes", "There is no such column. There are person, effects"),
    ],
)
def test_a_wrong_heading_is_told_and_no_row_is_read(headings, saying):
    found = faults(f"{headings}\n,,,\n".encode())

    assert any(saying in fault["message"] for fault in found)
    assert {fault["line"] for fault in found} == {"1"}


def test_a_value_under_no_heading_is_told():
    (fault,) = faults(csv_with() + f"{ROW.replace('ana', 'ben')},left over\n".encode())

    assert fault["message"].startswith("authority.csv, line 3, column 13: There is a value under no heading.")


def test_every_fault_is_told_at_once_and_nothing_is_half_read():
    found = faults(csv_with(person="dan", up_to="ten", to="never") + ROW.replace("USD", "$").encode())

    assert [(fault["line"], fault["column"]) for fault in found] == [
        ("2", "1 “person”"),
        ("2", "6 “up_to”"),
        ("2", "12 “to”"),
        ("3", "5 “currency”"),
    ]


def test_reading_stops_when_nobody_would_read_on():
    with pytest.raises(RegisterInvalid, match=r"199 more, and the rest of the file was not read") as invalid:
        parsed(csv_with(person="dan") + (ROW.replace("ana", "dan") + "\n").encode() * 15_000)

    assert len(invalid.value.errors) == MAX_FAULTS


@pytest.mark.parametrize(
    "second",
    [
        ROW,
        ROW.replace("2026-01-01,2026-12-31", "2026-12-31,"),
        ROW.replace("pay", "reserve pay"),
        ROW.replace("10000,5000", "20000,1"),
    ],
)
def test_two_rows_about_one_scope_at_one_time_are_refused(second):
    (fault,) = faults(csv_with() + second.encode())

    assert "line 3, column 11 “from”: Line 2 covers ana, pay, auto, Texas, USD, from 2026-01-01 to" in fault["message"]


@pytest.mark.parametrize(
    "second",
    [
        ROW.replace("2026-01-01,2026-12-31", "2027-01-01,"),
        ROW.replace("ana", "ben"),
        ROW.replace("pay", "reserve"),
        ROW.replace("pay", "*"),
        ROW.replace("auto", "*"),
        ROW.replace("US-TX", "US"),
        ROW.replace("USD", "EUR"),
    ],
)
def test_another_scope_or_a_later_time_is_no_overlap(second):
    assert len(parsed(csv_with() + second.encode())) == 2


def test_a_long_row_overlaps_what_starts_after_a_short_one():
    rows = [
        ROW.replace("2026-01-01,2026-12-31", period)
        for period in ("2026-01-01,", "2026-02-01,2026-02-02", "2026-03-01,")
    ]

    assert [fault["line"] for fault in faults("\n".join([HEADINGS, *rows]).encode())] == ["3", "4"]


def test_headings_alone_are_an_empty_register():
    assert parsed(HEADINGS.encode()) == []
    assert authority.text([]) == f"{HEADINGS}\n"


def test_the_stored_text_is_one_whatever_file_it_came_from():
    other = ROW.replace("ana", "ben").replace("10000,5000", "10000.00,5000.0000").replace("pay", "reserve;pay")
    first = parsed(csv_with() + other.encode())
    again = parsed(f"{HEADINGS.replace(',', ';')}\r\n".encode() + b"\r\n".join(
        row.replace(";", " ").replace(",", ";").encode() for row in (other, ROW)
    ))  # fmt: skip

    assert authority.text(first) == authority.text(again)
    assert authority.text(first) == (
        f"{HEADINGS}\n"
        "ana,pay,auto,US-TX,USD,10000.00,5000.00,20000.00,100000.00,30,2026-01-01,2026-12-31\n"
        "ben,pay reserve,auto,US-TX,USD,10000.00,5000.00,20000.00,100000.00,30,2026-01-01,2026-12-31\n"
    )


AMOUNTS = st.decimals(0, 10**12 - 1, places=4)
DATES = st.dates(date(2000, 1, 1), date(2200, 1, 1))
LINES = st.just("*") | st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=20
).map(str.strip).filter(lambda line: line and "*" not in line and line[0] not in "=+-@#" and not hidden(line))


@st.composite
def entitlements(draw: st.DrawFn) -> authority.Entitlement:
    """Give any entitlement that a register may hold."""
    alone, up_to, per_subject = sorted(draw(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS)))
    starts, ends = sorted(draw(st.tuples(DATES, DATES)))
    period = draw(st.booleans())
    return authority.Entitlement(
        person=draw(st.sampled_from(sorted(PEOPLE))),
        effects=draw(
            st.just(frozenset("*")) | st.frozensets(st.sampled_from([each.value for each in Effect]), min_size=1)
        ),
        line=draw(LINES),
        jurisdiction=draw(st.sampled_from(["*", "US", "US-TX", "DE-BY"])),
        currency=draw(st.sampled_from(["USD", "EUR"])),
        up_to=up_to,
        alone=alone,
        per_subject=draw(st.sampled_from([None, per_subject])),
        per_period=per_subject if period else None,
        period_days=draw(st.integers(1, 9999)) if period else None,
        starts=starts,
        ends=draw(st.sampled_from([None, ends])),
    )


@settings(deadline=None)
@given(
    st.lists(
        entitlements(),
        max_size=5,
        unique_by=lambda entry: (entry.person, entry.line, entry.jurisdiction, entry.currency),
    )
)
def test_what_is_stored_is_read_back_and_stored_alike(entries):
    text = authority.text(entries)
    again = parsed(text.encode())

    assert sorted(entries, key=authority.Entitlement.record) == again
    assert authority.text(again) == text
