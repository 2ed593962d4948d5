"""Recusal: who steps aside is out of the item for good, and the item goes on with the others."""

import pytest

from portal.accounts import access
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import facts, lifecycle, worklists
from reviews.actions import recusing, taking
from reviews.models import Impasse, Item, Lease, Recusal
from reviews.worklists import Show
from tests.factories import make_item, make_person, refused, sign, story, take
from tests.reviews.cheating import pasted, refuses
from tests.reviews.planned import Cast, stage
from tests.reviews.standing import about_to_sign, away
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db
LARGE = {"amount": "20000.00", "amount_at_stake": "20000.00"}


def recuse(item, person, reason="She is my sister."):
    """Step aside from an item as it stands."""
    seen = Item.objects.get(pk=item.pk).version
    return recusing.recuse(ItemId(item.pk), by=person.user, seen=seen, reason=reason)


def test_who_steps_aside_holds_nothing_and_is_offered_nothing_of_it(world, ana):
    item = take(make_item(world), ana)

    recuse(item, ana)

    assert not Lease.objects.filter(item=item).exists()
    with refused("recused"):
        take(item, ana)
    with refused("nothing_to_take"):
        taking.take_next(by=ana.user)
    granted = access.of(ana.user)
    assert not worklists.page(world.queue, Show.FOR_ME, None, by=ana.user, granted=granted).places
    assert worklists.page(world.queue, Show.ALL, None, by=ana.user, granted=granted).places
    assert "item.recused" in story(item)


def test_the_item_goes_on_with_the_others(world, ana):
    item = make_item(world)
    recuse(item, ana)

    other = make_person("carl", Role.ADJUSTER)
    take(item, other)
    sign(item, other)

    assert Item.objects.get(pk=item.pk).state == "approved"


def test_a_later_signer_may_step_aside_before_their_turn(world, ben):
    assert recuse(make_item(world, action=LARGE), ben).person == ben.user


def test_nobody_steps_aside_twice_or_from_what_is_not_theirs(world, ana, ben):
    item = make_item(world)

    with refused("role_missing"):
        recuse(item, ben)
    recuse(item, ana)
    with refused("recused"):
        recuse(item, ana)
    with refused("not_found"):
        recuse(item, make_person("eve", Role.FLOW_OWNER))


def test_who_signed_does_not_step_aside_any_more(world, ana, ben):
    item = make_item(world, action=LARGE)
    both = make_person("both", Role.ADJUSTER, Role.SENIOR_ADJUSTER)
    sign(take(item, both), both)

    with pytest.raises(Problem) as caught:
        recuse(item, both)

    assert caught.value.name == "already_signed"
    assert caught.value.detail == "You signed this already; your signature stands."
    assert recuse(item, ben)


def test_whose_signature_a_return_undid_may_step_aside(db):
    cast = Cast(stage("a", name="review"), stage("s", reject_to="review"))
    cast.signs("a1")
    with refused("already_signed"):
        recuse(cast.item, cast["a1"])
    cast.signs("s1", "reject")

    assert recuse(cast.item, cast["a1"])
    assert cast.signs("a1") == "recused"
    assert cast.signs("a2") == "in_review"


def test_stepping_aside_has_a_reason_and_looks_at_the_item_as_it_is(world, ana):
    item = make_item(world)

    with refused("reason_missing"):
        recuse(item, ana, reason=" ")
    with refused("stale"):
        recusing.recuse(ItemId(item.pk), by=ana.user, seen=item.version + 1, reason="Because.")


def test_nobody_signs_in_the_name_of_who_stepped_aside(world, ana):
    dora = make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    away(ana, dora)
    item = make_item(world)
    recuse(item, ana)

    with refused("absent_recused"):
        take(item, dora)


def test_the_last_who_could_leaves_an_impasse(world, ana):
    item = make_item(world)

    recuse(item, ana)

    assert Impasse.objects.get(item=item).why == [{"code": "recused", "people": 1}]
    assert story(item)[-2:] == ["item.recused", "item.stuck"]


def test_the_database_takes_no_signature_of_who_stepped_aside(world, ana):
    item = make_item(world)
    intent = about_to_sign(item, ana)
    recuse(item, ana)
    ceremony_of(intent)

    with refuses(because="stepped aside"):
        pasted(intent)


def test_a_recusal_needs_its_entry_and_stays(world, ana):
    item = make_item(world)
    made = recuse(item, ana)

    with refuses("42501", "23000"):
        Recusal.objects.filter(pk=made.pk).delete()
    other = make_item(world)
    note = lifecycle.note(other, facts.PutBack(), by=ana.user)
    with refuses(because="its entry does not tell"):
        Recusal.objects.create(item=other, person=ana.user, reason_id=made.reason_id, entry_id=note.eid)


def test_a_reason_is_no_document_of_its_own(world, ana):
    item = take(make_item(world), ana)

    with refused("reason_too_long"):
        recuse(item, ana, "x" * 4001)

    recuse(item, ana, "x" * 4000)
    assert "item.recused" in story(item)
