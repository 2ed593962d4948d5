"""What the tests of walls share: who is inside one, and putting an item behind it."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import walling
from reviews.models import Item
from tests.factories import SEEDER, make_person


@pytest.fixture
def mia(world):
    """A queue manager who is inside the wall of counsel."""
    accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", world.queue, by=SEEDER)
    person = make_person("mia", Role.ADJUSTER, Role.QUEUE_MANAGER)
    walls.grant_wall(person.user, "counsel", by=SEEDER)
    return person


def put_behind(item, wall, by, **given):
    """Put an item behind a wall as somebody who has seen it."""
    seen = Item.objects.get(pk=item.pk).version
    return walling.put_behind(ItemId(item.pk), wall, by=by.user, seen=seen, **given)
