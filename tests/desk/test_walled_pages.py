"""Walls on an item's page: what is said once the item, or one of its files, is put behind one and back."""

import pytest

from portal.accounts import walls
from reviews.models import Item, Upload
from tests.factories import SEEDER, make_item
from tests.pages import browser

pytestmark = pytest.mark.django_db

EVERYBODY = "Done. Everybody who may see the queue knows of the"
THOSE_INSIDE = "Done. Only those behind the wall “Special investigations” know of the"


@pytest.fixture
def inside(ana):
    walls.grant_wall(ana.user, "special-investigations", by=SEEDER)
    return ana


def move(person, address, wall, seen=0):
    answer = browser(person.user).post(address, {"wall": wall, "seen": seen}, follow=True)
    return answer.content.decode()


def test_who_knows_of_an_item_is_said_as_it_is_now_walled_or_not(world, inside):
    item = make_item(world)
    address = f"/items/{item.pk}/wall/"

    assert f"{THOSE_INSIDE} item." in move(inside, address, "special-investigations", item.version)
    told = move(inside, address, "ordinary", Item.objects.get(pk=item.pk).version)

    assert f"{EVERYBODY} item again." in told
    assert "changed who may know of the item: only those behind the wall “Special investigations”." in told
    assert "changed who may know of the item: everybody who may see the queue." in told


def test_who_knows_of_a_file_is_said_as_it_is_now_walled_or_not(world, inside):
    item = make_item(world, attachments=[world.upload(b"a settlement", "settlement.txt")])
    address = f"/items/{item.pk}/files/{Upload.objects.get().pk}/wall/"

    assert f"{THOSE_INSIDE} file." in move(inside, address, "special-investigations")
    assert f"{EVERYBODY} file again." in move(inside, address, "ordinary")
