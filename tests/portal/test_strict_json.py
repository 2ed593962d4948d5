"""Bodies from outside have one meaning or are refused with a pointer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import strict_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab/~é😀"), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def fault(raw, **options):
    with pytest.raises(strict_json.JsonInvalid) as refused:
        strict_json.loads(raw, **options)
    assert (refused.value.name, refused.value.status) == ("json_invalid", 400)
    return refused.value.errors[0]


@given(st.dictionaries(st.text("abc"), PLAIN, max_size=4), st.booleans())
def test_every_clean_document_reads_as_the_standard_parser_reads_it(document, ascii_only):
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()

    assert strict_json.loads(raw) == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a": {"b/c": 1, "b/c": 2}}', "/a/b~1c"),
        (b'{"a": 1, "\\u0061": 2}', "/a"),
        (b'{"a": [0, NaN]}', "/a/1"),
        (b'{"a": Infinity}', "/a"),
        (b'{"a": -Infinity}', "/a"),
        (b'{"a": {"~": 1e999}}', "/a/~0"),
        (b'{"a": [9007199254740992]}', "/a/0"),
        (b'{"a": -9007199254740992}', "/a"),
        (b'{"a": ' + b"9" * 5000 + b"}", "/a"),
        (b'{"a": ["x", "\\ud800"]}', "/a/1"),
        (b'{"a": "\\uDC00\\uD800"}', "/a"),
        (b'{"a": "x\\u0000"}', "/a"),
        (b'{"x\\u0000y": 1}', "/x\ufffdy"),
        (b'{"x\\udfff": 1}', "/x\ufffd"),
    ],
)
def test_a_value_that_readers_would_disagree_about_is_pointed_at(raw, pointer):
    assert fault(raw)["pointer"] == pointer


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"a": 1,}', b'{"a": "\x00"}', b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b"{} {}",
     b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b'{"a": 01}', b"{'a': 1}", b'{"a": "\\x"}', b'"\\'],
)  # fmt: skip
def test_what_is_not_json_in_utf8_is_refused(raw):
    assert fault(raw)["pointer"] == ""


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"x"', b"null"])
def test_the_top_must_be_an_object(raw):
    assert "object" in fault(raw)["message"]


def test_the_top_may_be_asked_to_be_an_array():
    assert strict_json.loads(b"[{}]", top="array") == [{}]
    assert "array" in fault(b"{}", top="array")["message"]


def test_the_largest_safe_integers_and_ordinary_floats_are_kept():
    raw = b'{"a": 9007199254740991, "b": -9007199254740991, "c": 0.93, "d": 1e300, "e": -0}'

    assert strict_json.loads(raw) == {"a": 2**53 - 1, "b": -(2**53) + 1, "c": 0.93, "d": 1e300, "e": 0}


def test_a_pair_of_surrogates_and_an_escaped_backslash_are_text():
    raw = b'{"a": "\\ud83d\\ude00", "b": "\\\\u0000 \\\\ud800"}'

    assert strict_json.loads(raw) == {"a": "😀", "b": "\\u0000 \\ud800"}


@pytest.mark.parametrize("pair", [b"[]", b"{}"])
def test_sixty_four_levels_are_read_and_sixty_five_are_refused(pair):
    def nested(levels):
        inside = b"[" * (levels - 1) + b"]" * (levels - 1)
        return b'{"a": ' + inside + b"}" if pair == b"[]" else b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

    strict_json.loads(nested(64))
    assert "deeper than 64" in fault(nested(65))["message"]


@pytest.mark.parametrize("raw", [b"[" * 500_000, b'{"a":' * 200_000, b'{"a": ' + b"[" * 100_000 + b"]" * 100_000])
def test_a_very_deep_body_cannot_exhaust_the_stack(raw):
    assert "deeper than 64" in fault(raw)["message"]


def test_many_shallow_brackets_and_brackets_in_text_are_not_depth():
    document = {"rows": [{"a": [1]}] * 500, "text": "[" * 500 + '\\"{' * 100}

    assert strict_json.loads(json.dumps(document).encode()) == document


@pytest.mark.parametrize("raw", [b'{"a":' + b"[" * 70 + b'"' + b'\\"' * 200_000, b"[" * 40 + b'"[' * 99_999 + b"\\"])
@pytest.mark.timeout(5)
def test_a_half_open_string_costs_one_pass(raw):
    fault(raw)


def test_a_fault_under_a_huge_name_has_a_short_pointer():
    assert len(fault(b'{"' + b"k" * 100_000 + b'": NaN}')["pointer"]) <= 500
