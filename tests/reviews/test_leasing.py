"""Holds that others end: a manager with a reason, and the sweep where somebody was deactivated."""

import pytest

from portal.accounts import access
from portal.accounts import actions as accounts
from portal.kit.ids import ItemId
from reviews.actions import leasing, signing, watching
from reviews.models import ActiveTime, Lease
from tests.factories import SEEDER, make_item, refused, sign, story, take
from tests.pages import browser
from tests.reviews.standing import about_to_sign, make_manager

pytestmark = pytest.mark.django_db


def test_a_manager_ends_a_hold_with_a_reason(world, ana):
    manager = make_manager(world.queue)
    item = take(make_item(world), ana)

    with refused("reason_missing"):
        leasing.break_lease(ItemId(item.pk), by=manager.user, reason=" ")
    with refused("reason_too_long"):
        leasing.break_lease(ItemId(item.pk), by=manager.user, reason="x" * 4001)
    leasing.break_lease(ItemId(item.pk), by=manager.user, reason="She went home.")

    assert not Lease.objects.exists()
    assert ActiveTime.objects.filter(item=item, person=ana.user).exists()
    assert story(item)[-1] == "item.lease_broken"
    with refused("not_held"):
        leasing.break_lease(ItemId(item.pk), by=manager.user, reason="Again.")


def test_others_do_not(world, ana, ben):
    item = take(make_item(world), ana)

    with refused("no_permission"):
        leasing.break_lease(ItemId(item.pk), by=ben.user, reason="Mine.")
    manager = make_manager(world.exceptions)
    with refused("not_found"):
        leasing.break_lease(ItemId(item.pk), by=manager.user, reason="Mine.")


def test_deactivation_ends_the_hold_the_session_and_the_right_to_sign(world, ana):
    page = browser(ana.user)
    item = make_item(world)
    intent = about_to_sign(item, ana)
    assert page.get("/").status_code == 200

    accounts.deactivate(ana.user, by=SEEDER)

    assert page.get("/").status_code == 302
    assert not access.of(ana.user).grants
    with refused("not_found"):
        sign(item, ana)
    with refused("not_found"):
        signing.sign(intent.pk, by=ana.user, session_ref=ana.session, factors=ana.factors())
    assert watching.sweep() == 1
    assert not Lease.objects.exists()
    assert story(item)[-1] == "item.lease_broken"
    assert watching.sweep() == 0
