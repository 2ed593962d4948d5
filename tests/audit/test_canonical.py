"""Canonical bytes: RFC 8785, NFC, no floats in what is signed."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit import canonical


def test_a_float_in_what_is_signed_is_refused_with_its_place():
    with pytest.raises(ValueError, match="/act/amount"):
        canonical.strict_bytes({"act": {"amount": 1.5}})


def test_text_is_normalised_before_it_is_hashed():
    composed, decomposed = "caf\u00e9", "cafe\u0301"

    assert canonical.strict_bytes([composed]) == canonical.strict_bytes([decomposed])


def test_names_beyond_the_basic_plane_are_sorted_by_utf_16():
    assert canonical.document_bytes({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("number", [2**53, -(2**53), float("nan"), float("inf")])
def test_numbers_that_two_readers_could_read_differently_are_refused(number):
    with pytest.raises(ValueError):  # noqa: PT011  rfc8785 has an error class a case
        canonical.document_bytes({"n": number})


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


@given(_VALUES)
def test_the_quick_way_writes_the_same_bytes_as_the_reference(value):
    assert canonical.document_bytes(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("number", [0.71, 1.0, -0.0, 1e-4, 9.99e-5, 1e-7, 123456789012345.6, 1e15, 1e16, 1e21, 5e-324])
def test_numbers_near_the_edges_are_written_as_the_reference_does(number):
    assert canonical.document_bytes([number]) == rfc8785.dumps([number])


@given(_VALUES)
def test_what_is_signed_is_the_reference_of_its_normal_form(value):
    try:
        canonical.refuse_floats(value)
    except ValueError:
        return

    assert canonical.strict_bytes(value) == rfc8785.dumps(canonical.normalised(value))


@pytest.mark.parametrize("text", ["e\u0301", "\u0301e", "a\n\u0303", '"\u0338', "\u1100\u1161", "caf\u00e9"])
def test_texts_that_compose_are_composed_wherever_they_stand(text):
    assert canonical.strict_bytes({"t": [text]}) == rfc8785.dumps(canonical.normalised({"t": [text]}))
