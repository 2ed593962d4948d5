"""What the database refuses of substitutes, whoever asks it."""

from decimal import Decimal

import pytest

from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import signing, substituting, taking
from reviews.models import Substitution
from tests.factories import make_item, make_person, sign, take
from tests.reviews.changing import CONTRACT, freeze, make_claim
from tests.reviews.cheating import pasted, refuses, run
from tests.reviews.planned import make_planned, stage
from tests.reviews.standing import WEEK, about_to_sign, away
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(world):
    """Somebody who signs nothing on these queues herself."""
    return make_person("dora", Role.CORRESPONDENCE_REVIEWER)


# What the database itself refuses.


@pytest.fixture
def intent(world, ana, dora):
    """What Dora is about to sign for Ana."""
    away(ana, dora)
    return about_to_sign(make_item(world), dora)


def test_the_database_takes_none_for_somebody_without_a_substitution(intent, ana):
    ceremony_of(intent)
    substituting.end(Substitution.objects.get().pk, by=ana.user)

    with refuses(because="does not hold"):
        pasted(intent, on_behalf_of_id=ana.user.pk)


def test_the_database_takes_none_that_leaves_the_other_name_out(intent):
    ceremony_of(intent)
    with refuses(because="without its used intent"):
        pasted(intent)


def test_the_database_takes_none_by_both_of_them(world, ana, dora):
    item = make_item(make_planned(stage("a", signatures=2)))
    away(ana, dora)
    mine = about_to_sign(item, ana)
    taking.put_back(ItemId(item.pk), by=ana.user)
    take(item, dora)
    sign(item, dora)
    ceremony_of(mine)

    with refuses(because="a person and their substitute"):
        pasted(mine)


def test_the_database_takes_none_beyond_the_amount_named(dora, monkeypatch):
    world = make_planned(stage("a"), contract=CONTRACT)
    ana = make_person("ana", Role.ADJUSTER)
    away(ana, dora, up_to=Decimal(600), currency="USD")
    claim = take(make_claim(world), dora)
    monkeypatch.setattr(signing.guards, "why_not_stand_in", lambda *given: None)
    intent = freeze(claim, dora, {"/building": "700.00"})

    with refuses(because="does not hold"):
        signing.sign(intent.pk, by=dora.user, session_ref=dora.session, factors=dora.factors())


def test_a_substitution_is_not_made_without_its_entry(world, ana, dora):
    with refuses():
        Substitution.objects.create(
            absent=ana.user, substitute=dora.user, starts_at=now(), ends_at=now() + WEEK, made_by=ana.user
        )


def test_a_substitution_is_not_prolonged_without_its_entry(world, ana, dora):
    away(ana, dora)

    with refuses():
        run("UPDATE reviews_substitution SET ends_at = ends_at + interval '1 year'")
