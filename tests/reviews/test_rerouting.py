"""Rerouting: an open item comes under the rules in force by an explicit, recorded act, and never gets easier by it."""

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import plans
from reviews.actions import rerouting, signing, versioning
from reviews.models import Item, Lease, Revision, Signature
from reviews.projections import items
from reviews.words import Verdict
from tests.factories import SEEDER, make_item, make_person, make_world, refused, sign, story, take
from tests.reviews.changing import CONTRACT, change, make_claim

pytestmark = pytest.mark.django_db

BEFORE = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: one
    when: action.effect == "pay"
    reason: One adjuster signs.
    queue: payouts
    due: 2d
    plan: [{role: adjuster, meaning: Approval}]
"""
AFTER = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: barred
    when: action.type == "claim.barred"
    reason: This is not decided here.
    refuse: true
  - name: tiny
    when: action.effect == "pay" && action.amount <= 10.0
    reason: Ten dollars need nobody.
    queue: exceptions
    auto_approve: true
    effects: [pay]
  - name: large
    when: action.effect == "pay" && action.amount > 1000.0
    reason: Large payouts are signed three times.
    queue: exceptions
    priority: urgent
    due: 1d
    verdicts: [approve, reject]
    licences: [claims-adjuster]
    reading: [{title: Guide, text: Read this.}]
    wall: counsel
    plan:
      - {role: adjuster, meaning: Review}
      - parallel:
          - {role: senior-adjuster, meaning: Approval, signatures: 2}
          - {role: release-approver, meaning: Release}
  - name: two
    when: action.effect == "pay"
    reason: Two sign.
    queue: exceptions
    due: 4h
    plan:
      - {role: adjuster, meaning: Review}
      - {role: senior-adjuster, meaning: Approval}
"""
REASON = "The new rules count for what is open."


@pytest.fixture
def world(db):
    return make_world(policy=BEFORE, contract=CONTRACT)


@pytest.fixture
def mia(world):
    for queue in (world.queue, world.exceptions):
        for permission in ("see_queue", "manage_in_queue"):
            accounts.grant_access(Role.QUEUE_MANAGER, permission, queue, by=SEEDER)
    return make_person("mia", Role.QUEUE_MANAGER)


def put_in_force(world, text=AFTER):
    name, number = world.flow.policy.name, world.queue.slug.rpartition("-")[2]
    text = text.replace("policy: payouts", f"policy: {name}").replace(
        "queue: exceptions", f"queue: exceptions-{number}"
    )
    return versioning.apply_policy(text.replace("queue: payouts", f"queue: payouts-{number}"), by=SEEDER)


def reroute(item, person, **given):
    seen = given.pop("seen", None) or Item.objects.get(pk=item.pk).version
    reason = given.pop("reason", REASON)
    return rerouting.reroute(ItemId(item.pk), by=person.user, seen=seen, reason=reason)


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


def test_nobody_outside_its_wall_routes_an_item_anew_or_hears_of_it(world, mia):
    item = make_claim(world, building="2000.00")
    put_in_force(world)
    reroute(item, mia)
    put_in_force(world, AFTER.replace("Two sign.", "Two people sign."))

    with refused("not_found"):
        reroute(item, mia)
    told = rerouting.reroute_all(world.flow.policy, by=mia.user, reason=REASON)
    assert (told.done, told.left) == ([], [])
