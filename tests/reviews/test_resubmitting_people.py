"""Resubmitting by people: who may, who only sees, and two of them at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId, new_id
from reviews import lifecycle
from reviews.actions import planning, resubmitting, routing
from reviews.models import Submission
from tests.factories import SEEDER, a_document, make_person, make_world, refused
from tests.reviews.resubmitted import STRICT, kept, kinds, loosen, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world(contract=STRICT)


@pytest.fixture
def olga(world):
    return owner_of(world)


def test_an_administrator_may_too(world):
    row = kept(world)
    loosen(world)

    told = resubmitting.resubmit([row.pk], by=make_person("adam", Role.ADMINISTRATOR).user)

    assert told.accepted == [row.pk]


def test_an_auditor_sees_and_does_not_submit(world):
    row = kept(world)
    ada = make_person("ada", Role.AUDITOR)

    with refused("no_permission"):
        resubmitting.resubmit([row.pk], by=ada.user)

    assert resubmitting.visible(access.of(ada.user)).get() == row


def test_somebody_who_only_sees_the_flow_does_not_submit(world):
    row = kept(world)
    accounts.grant_access(Role.COMPLIANCE_OFFICER, "see_flow", world.flow, by=SEEDER)
    loosen(world)

    with refused("no_permission"):
        resubmitting.resubmit([row.pk], by=make_person("cora", Role.COMPLIANCE_OFFICER).user)

    assert not Submission.objects.exists()


def test_of_a_flow_one_may_not_see_the_posts_are_not_there(world, olga):
    elsewhere = make_world(contract=STRICT)
    mine, theirs = kept(world), kept(elsewhere)
    loosen(world)

    for ids in ([theirs.pk], [mine.pk, theirs.pk], [new_id()]):
        with refused("not_found"):
            resubmitting.resubmit(ids, by=olga.user)

    assert not Submission.objects.exists()


def test_what_belongs_to_an_item_behind_a_wall_is_not_there_for_those_outside(world, olga):
    row = kept(world, webhook_id="msg_1")
    answer = world.post(a_document(snapshot={"output": {"zone": "X"}}), webhook_id="msg_1")
    routing.route_now(ItemId(answer.json()["id"]))
    assert resubmitting.visible(access.of(olga.user)).exists()
    with transaction.atomic():
        planning.put_behind(lifecycle.lock(ItemId(answer.json()["id"])), "counsel")

    assert not resubmitting.visible(access.of(olga.user)).exists()
    with refused("not_found"):
        resubmitting.resubmit([row.pk], by=olga.user)


def test_more_than_five_hundred_at_once_are_refused(olga):
    with refused("too_many_at_once"):
        resubmitting.resubmit([new_id() for _ in range(501)], by=olga.user)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_submit_it_once():
    world = make_world(contract=STRICT)
    olga, row = owner_of(world), kept(world)
    loosen(world)

    def again(_: int) -> resubmitting.Resubmitted:
        try:
            return resubmitting.resubmit([row.pk], by=olga.user)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(again, range(4)))

    assert [each.accepted for each in told] == [[row.pk]] * 4
    assert (Submission.objects.count(), kinds(row)) == (1, ["quarantine.resubmitted"])
