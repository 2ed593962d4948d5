"""Facts: every registered one keeps the rules that make its entries readable for decades."""

import dataclasses
import re
import string
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest

from audit.canonical import strict_bytes
from audit.facts import REGISTER, Fact, Personal, personal_names, plain, public_names
from tests.audit.saying import Painted

REGISTERED = [pytest.param(fact, id=kind) for kind, fact in sorted(REGISTER.items())]


@pytest.mark.parametrize("fact", REGISTERED)
def test_a_sentence_speaks_only_of_the_actor_and_the_facts_own_fields(fact):
    fields = {field.name for field in dataclasses.fields(fact)}
    spoken = {re.split(r"[.\[]", name)[0] for _, name, _, _ in string.Formatter().parse(fact.sentence) if name}

    assert fact.sentence
    assert spoken <= fields | {"actor"}


@pytest.mark.parametrize("fact", REGISTERED)
def test_a_kind_is_dotted_lower_case(fact):
    assert re.fullmatch(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+", fact.kind)
    assert len(fact.kind) <= 60


@pytest.mark.parametrize("fact", REGISTERED)
def test_no_field_is_a_float(fact):
    hints = typing.get_type_hints(fact)

    assert not [field.name for field in dataclasses.fields(fact) if holds_float(hints[field.name])]


@pytest.mark.parametrize("fact", REGISTERED)
def test_a_fact_cannot_be_changed_and_leaves_the_ledgers_name_alone(fact):
    assert fact.__dataclass_params__.frozen
    assert "rows" not in public_names(fact)


def holds_float(hint: object) -> bool:
    return hint is float or any(map(holds_float, typing.get_args(hint)))


def test_personal_fields_are_found_however_the_type_is_written():
    assert personal_names(Painted) == ("customer", "remark")
    assert public_names(Painted) == ("colour",)


def test_none_is_left_out():
    fact = Painted("red", None, "soon")

    assert fact.public() == {"colour": "red"}
    assert fact.personal() == {"remark": "soon"}


def test_two_facts_cannot_say_the_same_kind():
    with pytest.raises(TypeError, match="test.painted"):

        class Other(Fact):
            """Claims a kind that is taken."""

            kind = "test.painted"


class Colour(Enum):
    """A word for a test."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Colour.RED, "red"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("8214.00"), "8214.00"),
        (datetime(2026, 11, 20, 9, 31, 7, 123456, tzinfo=UTC), "2026-11-20T09:31:07.123456Z"),
        (date(2026, 11, 20), "2026-11-20"),
        (b"\x00\xff", "00ff"),
        ({"a": (UUID(int=0), None)}, {"a": ["00000000-0000-0000-0000-000000000000", None]}),
        (True, True),
    ],
)
def test_values_are_written_as_leaves_hold_them(value, written):
    assert plain(value) == written


def test_text_is_normalised_before_it_is_hashed():
    assert strict_bytes({"a": "o\u0308"}) == strict_bytes({"a": "\u00f6"})


def test_personal_is_a_mark_and_not_a_type():
    assert typing.get_type_hints(Painted)["customer"] == typing.get_type_hints(Painted)["remark"] == str | None
    assert typing.get_args(Personal[str])[0] is str
