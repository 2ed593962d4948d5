"""Signing blind: on no page does who signs blind learn too early what somebody else said."""

import pytest
from django.urls import reverse

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import signing, taking
from reviews.models import Item, Signature
from reviews.showing import dossier
from reviews.words import Verdict
from tests.desk.deciding import at, decide, sign_with, words
from tests.desk.planning import BLIND, RETURNING, SECRET, page_of, told
from tests.factories import SEEDER, make_person, refused, take
from tests.pages import browser
from tests.reviews.planned import Cast, parallel, stage
from tests.reviews.registered import authority, may

pytestmark = pytest.mark.django_db


@pytest.fixture
def blind():
    """An item one person rejected, which waits for somebody who signs blind."""
    cast = Cast(*BLIND)
    cast.signs("a", "reject", SECRET)
    return cast


def tries_beyond_authority(cast, name):
    """Let somebody ask to approve, whose authority no longer covers it when they sign."""
    authority(may(cast[name], "100000"))
    take(cast.item, cast[name])
    seen = Item.objects.get(pk=cast.item.pk).version
    mine = {"by": cast[name].user, "session_ref": cast[name].session}
    intent = signing.prepare(ItemId(cast.item.pk), **mine, seen=seen, verdict=Verdict.APPROVE)
    authority(may(cast[name], "1"))
    with refused("over_authority"):
        signing.sign(intent.pk, **mine, factors=cast[name].factors())
    taking.put_back(ItemId(cast.item.pk), by=cast[name].user)


TELLING = (SECRET, "Round ", "rejected", "Rejected", "returned", "tag bad", "reject.")


def says_nothing(answer):
    html = answer.content.decode()
    assert [word for word in TELLING if word in html.replace("Reject</span>", "")] == []


def test_who_signs_blind_finds_no_verdict_on_any_page_until_they_signed(blind):
    item = blind.item
    take(item, blind["s"])
    client = browser(blind["s"].user)
    pages = [
        at("item", item), at("item", item) + "?story=all", at("done", item), reverse("desk:inbox"),
        reverse("desk:queue", args=[item.queue.slug]), reverse("desk:peek", args=[item.queue.slug, item.pk]),
        at("changes", item) + "?seen=1", at("ready", item),
    ]  # fmt: skip

    for address in pages:
        says_nothing(client.get(address))

    html = client.get(at("item", item)).content.decode()
    assert str(blind["a"].user) in html
    assert "What others said shows once you have signed." in html
    assert client.get(at("evidence", item)).status_code == 404
    assert client.get(at("evidence-record", item)).status_code == 404


def test_who_signs_blind_is_not_told_that_a_signature_of_somebody_else_was_refused_nor_why():
    cast = Cast(*BLIND)
    tries_beyond_authority(cast, "a")

    for asked in ("", "?story=all"):
        shown = told(cast, "s", query=asked)
        assert "was refused" not in shown
        assert "over authority" not in shown

    assert "was refused: over authority" in told(cast, "a")
    cast.signs("s", "reject", "No.")
    assert "was refused: over authority" in told(cast, "s")


def test_who_only_watches_is_told_that_a_signature_was_refused_and_so_is_everybody_where_nobody_signs_blind():
    cast, open_one = Cast(*BLIND), Cast(parallel(stage("a"), stage("s")))
    accounts.grant_access(Role.AUDITOR, "see_queue", cast.item.queue, by=SEEDER)
    tries_beyond_authority(cast, "a"), tries_beyond_authority(open_one, "a")

    assert "was refused: over authority" in words(
        browser(make_person("watcher", Role.AUDITOR).user).get(at("item", cast.item))
    )
    assert "was refused: over authority" in told(open_one, "s")


def test_what_is_veiled_leaves_no_gap_in_how_many_steps_are_shown(monkeypatch):
    monkeypatch.setattr(dossier, "LATEST", 2)
    cast = Cast(*BLIND)
    tries_beyond_authority(cast, "a")

    html = page_of(cast, "s").content.decode()

    assert "Only the newest 2 steps are shown." in html


def test_who_signs_blind_sees_their_own_refused_signature():
    cast = Cast(*BLIND)
    tries_beyond_authority(cast, "s")

    assert "was refused: over authority" in told(cast, "s")


def test_what_somebody_said_is_told_as_soon_as_the_blind_signer_signed(blind):
    blind.signs("s", "approve")

    shown = told(blind, "s")

    assert SECRET in shown
    assert "rejected" in shown


def test_the_signing_pages_of_who_signs_blind_tell_nothing_either(blind):
    take(blind.item, blind["s"])
    client = browser(blind["s"].user)
    asked = decide(client, blind.item, "approve")["Location"]

    answer = client.get(asked)

    says_nothing(answer)
    assert "Yours is the last signature; the decision follows from all of them." in words(answer)
    assert sign_with(client, blind.item, blind["s"], asked)["Location"] == at("done", blind.item)
    assert "Rejected" in words(client.get(at("done", blind.item)))


def test_colleagues_who_could_be_the_blind_signer_tomorrow_see_no_verdict(blind):
    for name in ("s2", "a2", "as"):
        says_nothing(page_of(blind, name))


def test_who_signed_already_sees_their_own_words(blind):
    assert SECRET in told(blind, "a")


@pytest.mark.parametrize("role", [Role.COMPLIANCE_OFFICER, Role.AUDITOR])
def test_who_only_watches_sees_the_verdict(blind, role):
    accounts.grant_access(role, "see_queue", blind.item.queue, by=SEEDER)

    assert SECRET in words(browser(make_person("watcher", role).user).get(at("item", blind.item)))


def test_a_compliance_officer_who_may_sign_blind_is_kept_from_the_verdict(blind):
    watcher = make_person("watcher", Role.COMPLIANCE_OFFICER, Role.SENIOR_ADJUSTER)

    says_nothing(browser(watcher.user).get(at("item", blind.item)))


def test_an_earlier_return_is_kept_from_who_signs_blind_too():
    cast = Cast(*RETURNING, stage("r", blind=True))
    cast.signs("a"), cast.signs("s", "reject", SECRET), cast.signs("a"), cast.signs("s")

    says_nothing(page_of(cast, "r"))
    assert SECRET in told(cast, "a")


def test_what_was_said_of_an_earlier_revision_is_kept_from_who_signs_blind():
    cast = Cast(*BLIND)
    cast.signs("a", "reject", SECRET)
    signature = Signature.objects.get(item=cast.item)

    html = page_of(cast, "s").content.decode()

    assert str(signature.pk) not in html


def test_the_rejection_of_somebody_who_waits_for_a_blind_one_says_that_it_waits():
    cast = Cast(*BLIND)
    take(cast.item, cast["a"])
    client = browser(cast["a"].user)

    shown = words(client.get(decide(client, cast.item, "reject", "No.")["Location"]))

    assert "Your rejection waits for them" in shown
