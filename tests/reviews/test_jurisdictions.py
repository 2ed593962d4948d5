"""Jurisdictions: which codes count, what they are called, and what a wrong one probably meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.policies import jurisdictions


def test_every_country_and_every_part_of_the_united_states_is_in_the_file():
    countries = {code for code in jurisdictions.CODES if "-" not in code}
    parts = jurisdictions.CODES - countries

    assert len(countries) == 249
    assert len(parts) == 50 + 1 + 6  # states, the District of Columbia, territories
    assert all(code.startswith("US-") for code in parts)


@pytest.mark.parametrize("code", ["US", "US-TX", "US-DC", "US-PR", "DE", "DE-BY", "CA-QC", "FR-2A", "GB-ENG"])
def test_real_codes_are_known(code):
    assert jurisdictions.is_known(code)


@pytest.mark.parametrize(
    "code",
    ["", "TX", "us-tx", "US-XX", "US-TXA", "US-", "ZZ", "ZZ-1", "DE-ABCD", "DE-", "DE-B Y", "US-TX\n", "Texas", "*"],
)
def test_anything_else_is_not_known(code):
    assert not jurisdictions.is_known(code)


def test_a_code_has_a_name():
    assert jurisdictions.name("US-TX") == "Texas"
    assert jurisdictions.name("TR") == "Türkiye"
    assert jurisdictions.name("DE-BY") == "DE-BY in Germany"
    assert jurisdictions.name("US-XX") == "US-XX"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("Texas", ["US-TX"]),
        ("  new   YORK ", ["US-NY"]),
        ("TX", ["US-TX"]),
        ("us-tx", ["US-TX"]),
        ("US_TX", ["US-TX"]),
        ("USA-TX", ["US-TX"]),
        ("USTX", ["US-TX"]),
        ("US-Texas", ["US-TX"]),
        ("Tennesee", ["US-TN"]),
        ("Georgia", ["GE", "US-GA"]),
        ("CA", ["CA", "US-CA"]),
        ("UK", ["GB"]),
        ("U.S.", ["US"]),
        ("United States of America", ["US"]),
        ("de-by", ["DE-BY"]),
        ("", []),
        ("?", []),
    ],
)
def test_a_wrong_code_names_the_ones_that_were_probably_meant(wrong, meant):
    assert jurisdictions.nearest(wrong) == meant


def test_a_typing_error_is_answered_with_codes_that_look_alike():
    assert "US-TX" in jurisdictions.nearest("US-TXX")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_at_most_three_codes_are_offered_and_each_can_be_used(wrong):
    offered = jurisdictions.nearest(wrong)

    assert len(offered) <= 3
    assert all(jurisdictions.is_known(code) for code in offered)


@pytest.mark.parametrize("code", sorted(jurisdictions.CODES))
def test_every_name_leads_back_to_its_code(code):
    assert code in jurisdictions.nearest(jurisdictions.name(code))
    assert code in jurisdictions.nearest(code.lower())
