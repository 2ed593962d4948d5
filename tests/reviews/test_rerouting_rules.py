"""Cheats on items routed anew and on their walls: the database refuses each."""

from dataclasses import fields
from uuid import UUID

import pytest

from audit import ledger
from portal.kit.ids import ItemId
from reviews import facts
from reviews.actions import configuring, returning
from reviews.models import Item, PolicyVersion, Revision, SignoffSlot
from reviews.words import State
from tests.factories import SEEDER, make_item, take
from tests.reviews.cheating import APP, OWNER, copied, forge, refuses, run
from tests.reviews.planned import Cast, stage

pytestmark = pytest.mark.django_db

AS_BOTH = pytest.mark.parametrize("as_role", [APP, OWNER])


@AS_BOTH
def test_an_item_keeps_its_rules_until_its_next_revision(world, as_role):
    item = make_item(world)
    version = PolicyVersion.objects.get(pk=item.policy_version_id)
    newer = configuring.apply_policy(version.text + "\n# newer\n", by=SEEDER)

    with refuses(as_role=as_role, because="keeps the rules it was routed by"):
        run("UPDATE reviews_item SET policy_version_id = %s, version = version + 1 WHERE id = %s", newer.pk, item.pk)


def test_a_wall_is_told_by_its_entry(world):
    item = make_item(world)

    with refuses(because="a wall its entry does not tell"):
        forge(item, State.IN_REVIEW, wall="counsel")


def test_a_wall_is_not_told_as_another_one(world):
    item = make_item(world)

    with refuses(because="a wall its entry does not tell"):
        forge(item, State.IN_REVIEW, facts.Walled(wall="restricted-person"), wall="counsel")


def test_a_wall_that_is_told_stands(world):
    item = make_item(world)

    forge(item, State.IN_REVIEW, facts.Walled(wall="counsel"), wall="counsel")

    assert Item.objects.get(pk=item.pk).wall == "counsel"


OTHER = {
    "another document": {"digest": b"x" * 32},
    "another post": {"posted_as": 2},
    "another contract": {"contract_id": None},
    "changes": {"changed": ["/pay"]},
}


@AS_BOTH
@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER.keys())
def test_an_item_is_not_routed_anew_with(changes, as_role):
    cast = Cast(stage("a"))
    if "contract_id" in changes:
        configuring.apply_contract(cast.world.flow, {"type": "object"}, by=SEEDER)
        cast = Cast(world=cast.world)
    revision = Revision.objects.get(item=cast.item)
    cast["a"]

    with refuses(as_role=as_role, because="routed anew with another content"):
        copied(revision, **{"id": None, "revision": 2, "rerouted_by_id": cast["a"].user.pk} | changes)


def test_a_revision_routed_anew_is_told_by_who_did_it(world, ana, ben):
    item = make_item(world)
    copied(Revision.objects.get(item=item), id=None, revision=2, rerouted_by_id=ben.user.pk)
    copied(SignoffSlot.objects.get(item=item), id=None, revision=2)
    received = ledger.story(item.pk)[0].pub
    given = {each.name: received.get(each.name) for each in fields(facts.Rerouted)}
    given |= {"revision": 2, "before": 1, "reason": "New rules.", "policy": UUID(received["policy"])}
    given |= {"queue": UUID(received["queue"]), "action_sha256": bytes.fromhex(received["action_sha256"])}

    with refuses(because="at a revision its entry does not tell"):
        forge(item, State.IN_REVIEW, facts.Rerouted(**given), revision=2)


def test_a_sent_back_item_is_not_brought_back_by_routing_it_anew(world, ana):
    item = take(make_item(world), ana)
    returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason="Look again.")
    item.refresh_from_db()

    with refuses():
        forge(item, State.IN_REVIEW)
