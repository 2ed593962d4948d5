"""Changes that are refused while approving: each says why, and leaves no revision."""

import pytest

from audit import exhibits
from portal.accounts.ceremony import Factors
from reviews import revisions
from reviews.actions import signing
from reviews.models import Revision, SignoffSlot
from reviews.words import Verdict
from tests.factories import make_item, make_world, refused, take
from tests.reviews.changing import CONTRACT, change, finish, freeze, make_claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world(contract=CONTRACT)


REFUSED = {
    "of what no signer may change": ({"/rationale": "Because"}, "change_invalid", ["/rationale"]),
    "of a sum": ({"/total": "1.00"}, "change_invalid", ["/total"]),
    "of something that is not there": ({"/nothing": "1"}, "change_invalid", ["/nothing"]),
    "to another form of amount": ({"/building": "1e3"}, "change_invalid", ["/building"]),
    "to an amount below zero": ({"/building": "-1.00"}, "change_invalid", ["/building"]),
    "to a choice nobody offers": ({"/zone": "VE"}, "change_invalid", ["/zone"]),
    "to nothing where something must be": ({"/reply": ""}, "change_invalid", ["/reply"]),
    "to what no posted text may hold": ({"/reply": "We \0 pay."}, "change_invalid", ["/reply"]),
    "to what it is": ({"/building": " 500.00 "}, "nothing_changed", []),
    "of nothing": ({}, "nothing_changed", []),
}


@pytest.mark.parametrize(("changes", "code", "pointers"), REFUSED.values(), ids=REFUSED.keys())
def test_no_change(world, ana, changes, code, pointers):
    item = take(make_claim(world), ana)

    with pytest.raises(Exception) as caught:  # noqa: PT011  its name and errors are looked at
        freeze(item, ana, changes)

    assert (caught.value.name, [each["pointer"] for each in caught.value.errors]) == (code, pointers)


def test_without_a_contract_nothing_can_be_changed(ana):
    item = take(make_item(make_world()), ana)

    with refused("change_invalid"):
        freeze(item, ana, {"/pay": "1.00"})


def test_a_rejection_changes_nothing(world, ana):
    item = take(make_claim(world), ana)

    with refused("changes_refused"):
        freeze(item, ana, {"/zone": "AE"}, verdict=Verdict.REJECT, reason="No.")


def test_changes_are_refused_on_an_item_that_moved(world, ana):
    item = take(make_claim(world), ana)

    with refused("stale"):
        freeze(item, ana, {"/zone": "AE"}, seen=item.version + 1)


def test_changes_are_signed_once(world, ana, ben):
    item = take(make_claim(world, "20000.00"), ana)
    intent = freeze(item, ana, {"/zone": "AE"})
    finish(intent, ana)

    with refused("intent_spent"):
        finish(intent, ana)


def test_a_failed_ceremony_leaves_no_revision(world, ana):
    item = take(make_claim(world), ana)
    intent = freeze(item, ana, {"/zone": "AE"})

    with refused("ceremony_failed"):
        signing.sign(intent.pk, by=ana.user, session_ref=ana.session, factors=Factors("wrong", "000000"))

    assert Revision.objects.filter(item=item).count() == 1
    assert not SignoffSlot.objects.filter(item=item, revision=2).exists()


@pytest.mark.parametrize("column", ["digest", "action_sha256"])
def test_a_revision_that_is_not_what_was_signed_is_never_given_out(world, ana, column):
    item = take(make_claim(world), ana)
    change(item, ana, building="450.00")
    revision = item.revisions.get(revision=2)
    setattr(revision, column, b"\0" * 32)

    with pytest.raises(exhibits.Damaged):
        revisions.act(item, revision)
