"""Rerouting many items at once: one by one, each refusal told, and none held up by another."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews.actions import rerouting
from reviews.models import Item
from tests.factories import SEEDER, make_item, make_world, refused, sign, story, take
from tests.reviews.changing import CONTRACT, make_claim
from tests.reviews.rerouted import BEFORE, REASON, put_in_force
from tests.reviews.rerouted import mia as mia
from tests.reviews.rerouted import world as world

pytestmark = pytest.mark.django_db


def test_all_items_of_a_policy_are_routed_anew_one_by_one(world, mia, ana):
    open_items = [make_claim(world) for _ in range(3)]
    decided = make_claim(world)
    sign(take(decided, ana), ana)
    elsewhere = make_item(make_world(policy=BEFORE))
    put_in_force(world)

    some = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON, limit=2)
    rest = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON)

    assert (len(some.done), some.more, len(rest.done), rest.more) == (2, True, 1, False)
    assert set(some.done) | set(rest.done) == {item.pk for item in open_items}
    assert not Item.objects.filter(pk__in=[decided.pk, elsewhere.pk], revision__gt=1).exists()


@pytest.fixture
def veiled(mia, ana):
    """Two open items that nobody routes anew: one of two signers has signed, and the other signs blind."""
    blind = "meaning: Approval}, {role: senior-adjuster, meaning: Approval, blind: true"
    world = make_world(policy=BEFORE.replace("meaning: Approval", blind), contract=CONTRACT)
    accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", world.queue, by=SEEDER)
    items = [make_claim(world) for _ in range(2)]
    for item in items:
        sign(take(item, ana), ana)
    return world, items


def test_each_refusal_of_many_is_told(veiled, mia):
    world, items = veiled
    put_in_force(world)

    told = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON)

    assert [(each.item_id, each.code) for each in told.left] == [(item.pk, "not_open") for item in items]


def test_what_is_refused_holds_up_none_of_those_after_it(veiled, mia):
    world, items = veiled
    item = make_claim(world)
    put_in_force(world)

    first = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON, limit=2)
    then = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON, after=first.last, limit=2)

    assert (len(first.left), first.more, first.last) == (2, True, items[1].pk)
    assert (then.done, then.more) == ([item.pk], False)


@pytest.mark.parametrize(("reason", "code"), [(" ", "reason_missing"), ("x" * 4001, "reason_too_long")])
def test_many_are_routed_anew_with_one_reason_or_none_is(world, mia, reason, code):
    item = make_claim(world)
    put_in_force(world)

    with refused(code):
        rerouting.reroute_all(world.flow.policy, by=mia.user, reason=reason)

    assert story(item) == ["item.received"]
