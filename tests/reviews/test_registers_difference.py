"""What an import changes, told by person and scope."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.registers.difference import difference

from .test_registers_authority import WHOLE, entitlements
from .test_registers_licences import WHOLE as LICENCE

NAMES = {"ana": "Ana Lindqvist"}
RAISED = replace(WHOLE, up_to=Decimal(25000), per_subject=Decimal(25000))


def test_a_register_that_says_the_same_changes_nothing():
    found = difference([WHOLE, LICENCE], [LICENCE, WHOLE])

    assert (found.added, found.removed, found.changed, found.same) == ([], [], [], 2)
    assert found.sentences() == []


def test_an_amount_that_changes_is_told_before_and_after():
    found = difference([WHOLE], [RAISED])

    assert (found.changed, found.added, found.removed, found.same) == ([(WHOLE, RAISED)], [], [], 0)
    assert found.sentences(NAMES) == [
        "Ana Lindqvist: pay, auto, Texas, USD: up to 10,000.00 → 25,000.00, per subject 20,000.00 → 25,000.00."
    ]


def test_what_comes_and_what_goes_is_told_with_all_it_grants():
    other = replace(WHOLE, person="ben", effects=frozenset("*"), line="*", jurisdiction="*", per_period=None,
                    period_days=None, ends=None)  # fmt: skip

    assert difference([WHOLE], [other]).sentences(NAMES) == [
        "Ana Lindqvist: pay, auto, Texas, USD: removed: up to 10,000.00, alone 5,000.00, per subject 20,000.00,"
        " per period 100,000.00 in 30 days, from 2026-01-01, to 2026-12-31.",
        "ben: every effect, every line, all jurisdictions, USD: added: up to 10,000.00, alone 5,000.00,"
        " per subject 20,000.00, from 2026-01-01.",
    ]


def test_a_bound_that_goes_is_told():
    unbound = replace(WHOLE, per_subject=None, ends=None)

    assert difference([WHOLE], [unbound]).sentences(NAMES) == [
        "Ana Lindqvist: pay, auto, Texas, USD: per subject 20,000.00 → no bound, to 2026-12-31 → open."
    ]


def test_a_later_period_of_a_scope_is_new_and_the_earlier_stays_paired():
    later = replace(WHOLE, starts=date(2027, 1, 1), ends=None)
    shortened = replace(WHOLE, ends=date(2026, 6, 30))
    found = difference([WHOLE], [later, shortened])

    assert (found.changed, found.added) == ([(WHOLE, shortened)], [later])


def test_an_earlier_period_that_is_put_before_is_new_and_the_others_stay_paired():
    lowered = replace(WHOLE, alone=Decimal(1), starts=date(2026, 1, 1))
    earlier = replace(WHOLE, starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    found = difference([WHOLE], [earlier, lowered])

    assert (found.changed, found.added) == ([(WHOLE, lowered)], [earlier])


def test_a_first_day_that_moves_is_a_change_and_not_a_loss():
    moved = replace(WHOLE, starts=date(2026, 2, 1))

    assert difference([WHOLE], [moved]).changed == [(WHOLE, moved)]


def test_a_licence_that_is_renewed_is_told_by_its_number():
    renewed = replace(LICENCE, number="TX-0099999", ends=date(2029, 12, 31))

    assert difference([LICENCE], [renewed]).sentences(NAMES) == [
        "Ana Lindqvist: claims-adjuster, auto, Texas: number TX-0012345 → TX-0099999, to 2027-12-31 → 2029-12-31."
    ]


ENTRIES = st.lists(entitlements(), max_size=6, unique=True)


@settings(deadline=None)
@given(ENTRIES, ENTRIES, ENTRIES)
def test_every_entry_is_accounted_for_once(kept, before, after):
    old, new = list(dict.fromkeys(kept + before)), list(dict.fromkeys(kept + after))
    found = difference(old, new)

    assert len(old) == len(found.removed) + len(found.changed) + found.same
    assert len(new) == len(found.added) + len(found.changed) + found.same
    assert set(new) == (set(old) - set(found.removed) - {each for each, _ in found.changed}) | set(found.added) | {
        each for _, each in found.changed
    }
    assert len(found.sentences()) == len(found.added) + len(found.removed) + len(found.changed)
