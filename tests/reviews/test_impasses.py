"""Impasses: a plan that nobody there is can complete is seen when it arises, shown to the manager, and gone with it."""

import time
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts import access, ceremony, nudging
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import new_id
from reviews import capable, impasses, plans
from reviews.actions import substituting, watching
from reviews.models import Impasse, Item, SignoffSlot
from tests.factories import SEEDER, make_item, make_person, sign, story, take
from tests.reviews.planned import make_planned, parallel, stage
from tests.reviews.registered import licence, licences
from tests.reviews.standing import away, emergency, make_manager, make_officer
from tests.reviews.test_recusal import recuse

pytestmark = pytest.mark.django_db


def able(item):
    """Give what is asked and what can be given, and why not more."""
    found = impasses.able(item, plans.of(item))
    return found.asked, found.able, {each["code"]: each["people"] for each in found.why}


def test_everybody_who_could_is_counted_and_everybody_else_has_a_reason(world, ana):
    item = make_item(world, requested_by=ana.user.username)
    make_person("eve", Role.ADJUSTER, verified=False)
    make_person("root", Role.ADJUSTER, Role.ADMINISTRATOR)
    assert able(item) == (1, 0, {"own_work": 1, "identity_unverified": 1, "never_signs": 1})

    make_person("carl", Role.ADJUSTER)
    assert able(item) == (1, 1, {})


def test_one_person_fills_one_place(db):
    item = make_item(make_planned(parallel(stage("a"), stage("s"))))
    make_person("both", Role.ADJUSTER, Role.SENIOR_ADJUSTER)
    assert able(item) == (1, 0, {"asked_elsewhere": 1})

    make_person("carl", Role.ADJUSTER)
    assert able(item) == (2, 2, {})


def test_later_stages_count_from_the_start(world, ana):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"})

    assert able(item)[:2] == (1, 0)


def test_a_substitute_counts_for_who_is_away_and_never_beside_them(db):
    item = make_item(make_planned(stage("a", signatures=2)))
    ana, dora = make_person("ana", Role.ADJUSTER), make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    away(ana, dora)
    assert able(item)[:2] == (2, 1)

    recuse_as_admin = make_item(make_planned(stage("a")))
    away(make_person("bob", Role.ADJUSTER), dora)
    assert able(recuse_as_admin)[:2] == (1, 1)


def test_a_substitutes_limit_counts(world, ana):
    dora = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    away(ana, dora, up_to=Decimal(100), currency="USD")
    item = make_item(world)
    recuse(item, ana)

    assert able(item) == (1, 0, {"recused": 2})


def test_who_took_a_role_in_an_emergency_counts(db):
    world = make_planned(stage("s"))
    ana = make_person("ana", Role.ADJUSTER)
    make_officer()
    item = make_item(world)
    assert able(item)[:2] == (1, 0)

    emergency(ana, world.queue)
    assert able(item)[:2] == (1, 1)


def test_the_sweep_finds_what_cannot_be_completed_and_what_can_again(world):
    item = make_item(world)

    watching.find_impasses()
    watching.find_impasses()
    assert story(item)[-1] == "item.stuck"
    assert story(item).count("item.stuck") == 1
    found = Impasse.objects.get()
    assert (found.item_id, found.role, found.asked, found.able) == (item.pk, "adjuster", 1, 0)

    ana = make_person("ana", Role.ADJUSTER)
    watching.find_impasses()
    assert story(item)[-1] == "item.unstuck"
    assert not Impasse.objects.exists()

    accounts.withdraw_role(ana.user, Role.ADJUSTER, by=SEEDER)
    watching.find_impasses()
    assert story(item)[-1] == "item.stuck"


def test_who_signed_cannot_sign_again_and_that_is_seen_at_once(db):
    item = make_item(make_planned(stage("a", signatures=2)))
    ana, bob = make_person("ana", Role.ADJUSTER), make_person("bob", Role.ADJUSTER)
    watching.find_impasses()
    assert not Impasse.objects.exists()
    accounts.deactivate(bob.user, by=SEEDER)

    take(item, ana)
    sign(item, ana)

    assert Impasse.objects.get(item=item).why == [{"code": "already_signed", "people": 1}]


def test_a_decided_item_is_in_no_impasse(world, ana):
    item = make_item(world)
    Impasse.objects.create(item=item, role="adjuster", asked=1, able=0)

    take(item, ana)
    sign(item, ana)

    assert Item.objects.get(pk=item.pk).state == "approved"
    assert not Impasse.objects.exists()


def test_a_manager_sees_the_impasses_of_their_queues(world):
    item = make_item(world)
    make_item(make_planned(stage("r")))
    watching.find_impasses()
    manager = make_manager(world.queue)

    assert [each.item_id for each in impasses.for_manager(access.of(manager.user))] == [item.pk]


def test_a_manager_reads_no_more_impasses_than_are_shown(world):
    for _ in range(3):
        make_item(world)
    watching.find_impasses()
    granted = access.of(make_manager(world.queue).user)

    with CaptureQueriesContext(connection) as asked:
        found = impasses.for_manager(granted, 2)

    assert len(found) == 2
    assert "LIMIT 2" in asked[-1]["sql"]


def test_where_many_hold_the_role_only_what_stands_out_is_looked_at(world, monkeypatch):
    monkeypatch.setattr(impasses, "MANY", 1)
    monkeypatch.setattr(impasses, "_LARGEST", 1)
    make_person("ana", Role.ADJUSTER)
    for _ in range(3):
        make_item(world)

    assert watching.find_impasses() == 1


def test_many_items_cost_the_sweep_no_more_questions_than_one(django_assert_max_num_queries):
    world = make_planned(stage("a"), licences=["claims-adjuster"])
    ana = make_person("ana", Role.ADJUSTER)
    licences(licence(ana, "claims-adjuster", "TX-1"))
    for _ in range(10):
        make_item(world)

    with django_assert_max_num_queries(16):
        assert watching.find_impasses() == 10


def test_a_bounded_sweep_goes_on_where_the_one_before_stopped(world, monkeypatch):
    monkeypatch.setattr(impasses, "_MOST", 2)
    items = [make_item(world) for _ in range(3)]

    assert watching.find_impasses() == 2
    assert Impasse.objects.count() == 2
    assert watching.find_impasses() == 1
    assert Impasse.objects.count() == len(items)

    make_person("ana", Role.ADJUSTER)
    watching.find_impasses()
    watching.find_impasses()
    assert not Impasse.objects.exists()


def test_there_is_one_sweep_at_a_time(world):
    make_item(world)
    cache.add(impasses.SWEEPING, True)
    try:
        assert watching.find_impasses() == 0
    finally:
        cache.delete(impasses.SWEEPING)

    assert [watching.find_impasses(), watching.find_impasses()] == [1, 1]


def test_ninety_places_and_two_hundred_people_are_matched_in_a_moment():
    places = [
        SignoffSlot(pk=n, stage=n // 9, step=n // 9, round=1, n=n % 9, role="adjuster", meaning="Approval")
        for n in range(90)
    ]
    people = [capable.Candidate(new_id(), None, frozenset({"adjuster"}), "", False) for _ in range(200)]

    started = time.process_time()
    filled = capable.matched(people, places, places)

    assert len(filled) == 90
    assert time.process_time() - started < 0.5


def test_whatever_changes_who_may_sign_wakes_the_watcher(world, ana, django_capture_on_commit_callbacks):
    tom = make_person("tom", Role.ADMINISTRATOR).user
    acts = {
        "access.granted": lambda: accounts.grant_access(Role.AUDITOR, "review_in_queue", world.queue, by=SEEDER),
        "person.identity_verified": lambda: accounts.verify_identity(ana.user, by=tom),
        "signing.locked": lambda: [ceremony.note_failure(ana.user) for _ in range(5)],
        "signing.unlocked": lambda: accounts.unlock_signing(ana.user, "It was a new keyboard.", by=tom),
    }

    woken = {}
    for name, act in acts.items():
        with django_capture_on_commit_callbacks() as wakes:
            act()
        woken[name] = nudging._changed in wakes

    assert woken == dict.fromkeys(acts, True)


def test_the_end_of_a_substitution_is_noticed(world, ana):
    dora = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    item = make_item(world, requested_by=dora.user.username)
    made = away(ana, dora)
    substituting.end(made.pk, by=ana.user)

    assert able(item)[:2] == (1, 1)
