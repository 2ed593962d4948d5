"""Routing anew on pages: a manager's open items, with a reason, and only what they may see."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from reviews import queries
from reviews.actions import configuring
from reviews.models import Item
from tests.desk.changing import body, post
from tests.desk.ruling import at, changed
from tests.desk.ruling import mona as mona
from tests.factories import SEEDER, make_item, make_person
from tests.pages import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(world):
    return world.flow.policy


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


def test_a_manager_routes_the_open_items_of_their_queue_anew(mona, world, rules):
    item = make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    before = body(browser(mona.user).get(at(rules)))
    answer = post(mona, at(rules, "reroute/"), reason="The reason reads better.")

    assert "Route 1 of your queues’ item anew by version 2" in before
    assert "1 item routed anew" in body(answer)
    assert Item.objects.get(pk=item.pk).policy_version.version == 2
    assert "Route 1" not in body(browser(mona.user).get(at(rules)))


def test_what_is_on_an_older_version_is_counted_up_to_a_bound(mona, world, rules, monkeypatch):
    for _ in range(3):
        make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)
    monkeypatch.setattr(queries, "BOUND", 2)

    assert '<td class="num" data-label="On older versions">2+</td>' in body(browser(mona.user).get("/rules/"))
    told = body(browser(mona.user).get(at(rules)))
    assert "2+ open items that you may see were routed" in told
    assert "Route 2+ of your queues’ items anew" in told


def test_who_manages_a_queue_and_no_more_is_offered_to_route_it_anew(world, rules):
    accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", world.queue, by=SEEDER)
    make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    assert "Route 1 of your queues’ item" in body(browser(make_person("mona", Role.QUEUE_MANAGER).user).get(at(rules)))


def test_nothing_is_routed_anew_without_a_reason(mona, world, rules):
    item = make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    assert post(mona, at(rules, "reroute/"), reason=" ").status_code == 422
    assert Item.objects.get(pk=item.pk).policy_version.version == 1


def test_items_nobody_may_see_are_not_even_counted(tom, world, rules):
    make_item(world)
    configuring.apply_policy(changed(rules), by=SEEDER)

    assert "None that you may see." in body(browser(tom.user).get(at(rules)))
