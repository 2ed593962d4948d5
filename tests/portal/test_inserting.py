"""Inserting many rows at once writes what saving them singly would."""

import pytest
from django.db import DataError, connection

from portal.kit.inserting import insert_all
from reviews.models import Item, Revision, SignoffSlot
from tests.factories import make_item, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    return make_item(make_world())


def test_slots_get_their_own_keys(item):
    insert_all([SignoffSlot(item=item, revision=1, stage=7, n=n, role="adjuster", meaning="M") for n in (1, 2)])

    assert SignoffSlot.objects.filter(item=item, stage=7, signer=None).count() == 2


def test_a_text_too_long_for_its_column_is_refused_and_not_cut_off(item):
    with pytest.raises(DataError):
        insert_all([SignoffSlot(item=item, revision=1, stage=7, n=1, role="x" * 301, meaning="M")])


def test_amounts_times_lists_and_nothing_come_back_as_they_went_in(item):
    again = Item.objects.get(pk=item.pk)

    assert (str(again.amount), again.expires_at, again.due_at) == ("500.0000", None, again.due_at)
    assert again.reasons[0]["code"] == "rule_matched"
    assert Revision.objects.get(item=item).input_tokens == 10


def test_nothing_to_insert_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_all([])

    assert connection.in_atomic_block
