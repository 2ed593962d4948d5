"""Auditors read everything ordinary and change nothing; administrators configure and decide nothing."""

import pytest
from django.urls import reverse

from portal.accounts import access, walls
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import commenting, returning, taking, walling
from reviews.models import Item, Lease
from tests.factories import SEEDER, make_item, make_person, make_world, refused, sign, take
from tests.pages import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def ida(world):
    """An auditor whom nobody granted anything."""
    return make_person("ida", Role.AUDITOR)


def test_an_auditor_sees_every_queue_flow_and_item_without_being_granted_any(world, ida, django_assert_num_queries):
    elsewhere = make_world()
    with django_assert_num_queries(1):
        granted = access.of(ida.user)

    for each in (world, elsewhere):
        assert granted.may("see_queue", "queue", each.queue.pk)
        assert granted.may("see_flow", "flow", each.flow.pk)
        item = make_item(each)
        client = browser(ida.user)
        assert client.get(reverse("desk:item", args=[item.pk])).status_code == 200
        assert str(item.pk) in client.get(reverse("desk:queue", args=[each.queue.slug])).content.decode()


def test_a_queue_opened_later_is_seen_at_once_and_by_auditors_alone(ida, ana):
    later = make_world().queue

    assert access.of(ida.user).may("see_queue", "queue", later.pk)
    assert not access.of(ana.user).may("see_queue", "queue", later.pk)


def test_walls_need_membership_of_an_auditor_too(world, ida, ana):
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    item = make_item(world)
    walling.put_behind(ItemId(item.pk), "counsel", by=ana.user, seen=item.version)

    assert browser(ida.user).get(reverse("desk:item", args=[item.pk])).status_code == 404
    walls.grant_wall(ida.user, "counsel", by=SEEDER)
    assert browser(ida.user).get(reverse("desk:item", args=[item.pk])).status_code == 200


def test_an_auditor_changes_nothing_even_with_other_roles_and_grants(world):
    person = make_person("both", Role.ADJUSTER, Role.FLOW_OWNER)
    accounts.grant_access(Role.ADJUSTER, "manage_in_queue", world.queue, by=SEEDER)
    item = make_item(world)
    accounts.grant_role(person.user, Role.AUDITOR, by=SEEDER)

    granted = access.of(person.user)

    assert {name for name, _, _ in granted.grants} == {"see_queue", "see_flow"}
    with refused("no_permission"):
        taking.take(ItemId(item.pk), by=person.user)
    with refused("nothing_to_take"):
        taking.take_next(by=person.user)
    with refused("no_permission"):
        commenting.comment(ItemId(item.pk), "Hm.", by=person.user)
    with refused("no_permission"):
        walling.put_behind(ItemId(item.pk), "counsel", by=person.user, seen=item.version, accepts_loss=True)
    with refused("no_permission"):
        returning.request_changes(ItemId(item.pk), by=person.user, seen=item.version, reason="No.")


def test_every_form_of_an_item_an_auditor_sends_changes_nothing(world, ida):
    item = make_item(world)
    client = browser(ida.user)
    form = {"decision": "approve", "seen": item.version, "reason": "x", "text": "x", "wall": "counsel", "accept": "on"}
    for name in ("take", "put-back", "beat", "decide", "comment", "wall"):
        answer = client.post(reverse(f"desk:{name}", args=[item.pk]), form)
        assert answer.status_code in (403, 409, 200), name

    assert Item.objects.get(pk=item.pk).version == item.version
    assert not Lease.objects.exists()


def test_an_administrator_decides_nothing_even_with_a_role_that_does(world):
    person = make_person("root", Role.ADJUSTER)
    item = take(make_item(world), person)
    accounts.grant_role(person.user, Role.ADMINISTRATOR, by=SEEDER)

    with refused("administrator_never_decides"):
        sign(item, person)
    with refused("administrator_never_decides"):
        taking.take(ItemId(item.pk), by=person.user)
    with refused("nothing_to_take"):
        taking.take_next(by=person.user)
    assert access.of(person.user).may("see_queue", "queue", world.queue.pk)


def test_an_administrator_without_grants_sees_nothing(world):
    item = make_item(world)

    answer = browser(make_person("root", Role.ADMINISTRATOR).user).get(reverse("desk:item", args=[item.pk]))

    assert answer.status_code == 404
