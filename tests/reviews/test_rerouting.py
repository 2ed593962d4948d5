"""Rerouting: an open item comes under the rules in force by a recorded act, and never gets easier by it."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import plans
from reviews.actions import rerouting, signing
from reviews.models import Item, Lease, Revision, Signature
from reviews.projections import items
from reviews.words import Verdict
from tests.factories import SEEDER, make_person, make_world, refused, sign, story, take
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.rerouted import AFTER, BEFORE, REASON, put_in_force, reroute
from tests.reviews.rerouted import mia as mia
from tests.reviews.rerouted import world as world

pytestmark = pytest.mark.django_db


def test_an_item_keeps_the_rules_it_was_routed_by_until_somebody_routes_it_anew(world, mia):
    item = make_claim(world)
    version = put_in_force(world)
    assert Item.objects.get(pk=item.pk).rule == "one"

    reroute(item, mia)

    item.refresh_from_db()
    assert (item.rule, item.policy_version, item.queue) == ("two", version, world.exceptions)
    assert (item.revision, item.awaiting, item.state) == (2, "adjuster", "in_review")
    assert plans.told(plans.stages(plans.of(item))) == ["adjuster x 1", "senior-adjuster x 1"]
    assert story(item) == ["item.received", "item.rerouted"]
    assert list(items.differences()) == []


def test_routing_anew_gives_nobody_more_time(world, mia):
    item = make_claim(world)
    put_in_force(world)

    routed = reroute(item, mia)

    assert (routed.due_at - item.received_at).total_seconds() == 4 * 3600


def test_all_that_the_new_rule_asks_for_is_written_and_the_wall_is_raised(world, mia):
    item = make_claim(world, building="2000.00")
    put_in_force(world)

    reroute(item, mia)

    item.refresh_from_db()
    assert (item.verdicts, item.licences, item.reading) == ("approve reject", ["claims-adjuster"], ["Guide"])
    assert (item.wall, item.priority) == ("counsel", 0)
    assert plans.told(plans.stages(plans.of(item)))[1:] == ["senior-adjuster x 2", "& release-approver x 1"]
    assert story(item) == ["item.received", "item.rerouted", "item.walled"]


def test_the_content_stays_and_the_act_is_named_anew(world, mia):
    item = make_claim(world)
    put_in_force(world)

    reroute(item, mia)

    first, second = Revision.objects.filter(item=item).order_by("revision")
    assert (second.exhibit_id, second.digest, second.posted_as) == (first.exhibit_id, first.digest, 1)
    assert (second.rerouted_by, second.changed_by) == (mia.user, None)
    assert bytes(second.action_sha256) != bytes(first.action_sha256)


def test_what_was_signed_before_stays_on_record_for_its_revision_and_counts_no_more(world, mia, ana, ben):
    world = make_world(
        policy=BEFORE.replace("meaning: Approval", "meaning: Approval, signatures: 2"), contract=CONTRACT
    )
    for permission in ("see_queue", "manage_in_queue"):
        accounts.grant_access(Role.QUEUE_MANAGER, permission, world.queue, by=SEEDER)
    item = make_claim(world)
    sign(take(item, ana), ana)
    put_in_force(world)

    reroute(item, mia)

    assert Signature.objects.get(item=item).revision == 1
    assert [slot.signature for slot in plans.of(Item.objects.get(pk=item.pk))] == [None, None]
    sign(take(item, ana), ana)
    sign(take(item, ben), ben)
    assert Item.objects.get(pk=item.pk).state == "approved"


def test_a_change_counts_at_the_larger_of_proposed_and_signed(world, mia, ana):
    world = make_world(
        policy=BEFORE.replace("meaning: Approval", "meaning: Approval, signatures: 2"), contract=CONTRACT
    )
    for permission in ("see_queue", "manage_in_queue"):
        accounts.grant_access(Role.QUEUE_MANAGER, permission, world.queue, by=SEEDER)
    item = make_claim(world, building="2000.00")
    change(take(item, ana), ana, building="5.00")
    put_in_force(world)

    reroute(item, mia)

    item.refresh_from_db()
    last = Revision.objects.get(item=item, revision=item.revision)
    assert (item.rule, item.override, item.revision) == ("large", "downward", 3)
    assert (last.changed, last.changed_by, str(item.amount)) == (["/building"], None, "5.0000")
    assert list(items.differences()) == []


def test_a_change_after_it_was_routed_anew_is_a_revision_of_its_own(world, mia, ana):
    item = make_claim(world)
    put_in_force(world)
    reroute(item, mia)

    change(take(item, ana), ana, building="400.00")

    last = Revision.objects.get(item=item, revision=3)
    assert (last.changed_by, last.rerouted_by) == (ana.user, None)


def test_what_the_rules_would_approve_stays_with_the_people_it_was_given_to(world, mia):
    item = make_claim(world, building="9.00")
    put_in_force(world)

    reroute(item, mia)

    item.refresh_from_db()
    assert (item.state, item.basis, item.queue, item.rule) == ("in_review", "signatures", world.queue, "tiny")
    assert plans.told(plans.stages(plans.of(item))) == ["adjuster x 1"]
    assert item.reasons[-1]["code"] == "person_asked_for"


def test_what_the_rules_would_refuse_goes_to_people_with_the_reason(world, mia):
    item = make_claim(world, action={"type": "claim.barred"})
    put_in_force(world)

    reroute(item, mia)

    item.refresh_from_db()
    assert (item.state, item.queue, item.rule) == ("in_review", world.exceptions, "barred")
    assert plans.told(plans.stages(plans.of(item))) == ["senior-adjuster x 1", "adjuster x 1"]
    assert [each["code"] for each in item.reasons] == ["rule_matched", "refused_by_rule"]


def test_whoever_holds_it_lets_go_and_what_they_were_about_to_sign_is_stale(world, mia, ana):
    item = take(make_claim(world), ana)
    intent = signing.prepare(
        ItemId(item.pk), by=ana.user, session_ref=ana.session, seen=item.version, verdict=Verdict.APPROVE
    )
    put_in_force(world)

    reroute(item, mia)

    assert not Lease.objects.filter(item=item).exists()
    with refused("stale"):
        signing.sign(intent.pk, by=ana.user, session_ref=ana.session, factors=ana.factors())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reason": " "}, "reason_missing"),
        ({"reason": "x" * 4001}, "reason_too_long"),
        ({"seen": 7}, "stale"),
        ({}, "same_rules"),
    ],
)
def test_it_takes_a_reason_what_was_seen_and_other_rules(world, mia, given, code):
    item = make_claim(world)
    if given:
        put_in_force(world)

    with refused(code):
        reroute(item, mia, **given)


def test_only_who_manages_the_queue_routes_its_items_anew(world, mia, ana):
    item = make_claim(world)
    put_in_force(world)

    with refused("no_permission"):
        reroute(item, ana)
    with refused("not_found"):
        reroute(item, make_person("eve", Role.FLOW_OWNER))


def test_what_is_decided_is_not_routed_anew(world, mia, ana):
    item = make_claim(world)
    sign(take(item, ana), ana)
    put_in_force(world)

    with refused("not_open"):
        reroute(item, mia)


def test_nobody_outside_its_wall_routes_an_item_anew_or_hears_of_it(world, mia):
    item = make_claim(world, building="2000.00")
    put_in_force(world)
    reroute(item, mia)
    put_in_force(world, AFTER.replace("Two sign.", "Two people sign."))

    with refused("not_found"):
        reroute(item, mia)
    told = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON)
    assert (told.done, told.left) == ([], [])
