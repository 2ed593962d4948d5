"""Required reading and allowed verdicts: nobody signs unread, nor says what the rule leaves out."""

import pytest

from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import required
from reviews.actions import opening, rerouting, returning, versioning
from reviews.models import Item, ReadingOpened
from reviews.words import Verdict
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.reviews.changing import CONTRACT, freeze, make_claim
from tests.reviews.cheating import pasted, refuses
from tests.reviews.planned import make_planned, stage
from tests.reviews.standing import about_to_sign, make_manager
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db
GUIDE = {"title": "Denials guide section 4", "text": "Say why, and where to appeal."}
TABLE = {"title": "Depreciation table", "text": "Ten per cent a year."}


@pytest.fixture
def ana(db):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def item(db):
    """An item whose rule requires two texts."""
    return make_item(make_planned(stage("a"), reading=[GUIDE, TABLE]))


def test_the_texts_come_from_the_rules_the_item_was_routed_by(item, ana):
    opening.read(item.pk, GUIDE["title"], by=ana.user)

    shown = required.readings(item, ana.user)

    assert [(each.title, each.text) for each in shown] == [tuple(GUIDE.values()), tuple(TABLE.values())]
    assert [each.opened_at is not None for each in shown] == [True, False]


def test_nobody_signs_unread(item, ana):
    take(item, ana)
    opening.read(item.pk, GUIDE["title"], by=ana.user)

    with refused("not_read"):
        sign(item, ana)
    opening.read(item.pk, TABLE["title"], by=ana.user)
    sign(item, ana)

    assert Item.objects.get(pk=item.pk).state == "approved"


def test_opening_is_told_once_for_each_person(item, ana):
    assert opening.read(item.pk, GUIDE["title"], by=ana.user)
    assert not opening.read(item.pk, GUIDE["title"], by=ana.user)
    assert opening.read(item.pk, GUIDE["title"], by=make_person("carl", Role.ADJUSTER).user)

    assert story(item).count("reading.opened") == 2


def come_under_other_words(item):
    """Put rules in force whose guide says something else, and route the item anew by them."""
    mara = make_manager(item.queue)
    versioning.apply_policy(item.flow.policy.in_force.text.replace(GUIDE["text"], "Never say why."), by=SEEDER)
    rerouting.reroute(ItemId(item.pk), by=mara.user, seen=item.version, reason="Other words.")
    item.refresh_from_db()


def test_a_text_that_the_rules_changed_is_read_again_under_the_same_title(item, ana):
    opening.read(item.pk, GUIDE["title"], by=ana.user)
    opening.read(item.pk, TABLE["title"], by=ana.user)

    come_under_other_words(item)

    assert required.unread(item, ana.user) == [GUIDE["title"], TABLE["title"]]
    take(item, ana)
    with refused("not_read"):
        sign(item, ana)
    assert opening.read(item.pk, GUIDE["title"], by=ana.user)
    assert required.readings(item, ana.user)[0].text == "Never say why."


def test_what_was_shown_before_the_rules_changed_counts_as_what_it_said(item, ana):
    shown = item.policy_version
    come_under_other_words(item)

    opening.read(item.pk, GUIDE["title"], by=ana.user, rules=shown)

    assert required.unread(item, ana.user) == [GUIDE["title"], TABLE["title"]]


def test_what_is_not_required_or_not_theirs_is_not_opened(item, ana):
    with refused("not_found"):
        opening.read(item.pk, "Another text", by=ana.user)
    with refused("not_found"):
        opening.read(item.pk, GUIDE["title"], by=make_person("eve", Role.FLOW_OWNER).user)


def test_an_item_without_reading_asks_for_none(ana, django_assert_num_queries):
    item = make_item(make_planned(stage("a")))

    with django_assert_num_queries(0):
        assert required.unread(item, ana.user) == []
        assert required.readings(item, ana.user) == []


def restricted(*verdicts, **rule):
    """Make an item whose rule allows these verdicts."""
    return make_item(make_planned(stage("a"), verdicts=list(verdicts), **rule))


def test_a_verdict_the_rule_leaves_out_is_refused(ana):
    item = take(restricted("approve"), ana)

    with refused("verdict_not_allowed"):
        sign(item, ana, Verdict.REJECT, "No.")
    with refused("verdict_not_allowed"):
        returning.request_changes(ItemId(item.pk), by=ana.user, seen=item.version, reason="Another amount.")
    sign(item, ana)


def test_changes_are_a_verdict_of_their_own(ana):
    world = make_planned(stage("a"), verdicts=["approve", "reject"], contract=CONTRACT)
    claim = take(make_claim(world), ana)

    with refused("verdict_not_allowed"):
        freeze(claim, ana, {"/building": "400.00"})


def test_the_database_takes_no_verdict_that_the_rule_leaves_out(ana, monkeypatch):
    item = restricted("approve")
    monkeypatch.setattr("reviews.guards.why_not_say", lambda item, word: None)
    intent = about_to_sign(item, ana, Verdict.REJECT, reason="No.")
    ceremony_of(intent)

    with refuses(because="a verdict the rule does not allow"):
        pasted(intent)


def test_the_database_takes_no_signature_of_who_has_not_read(item, ana, monkeypatch):
    monkeypatch.setattr(required, "unread", lambda item, person: [])
    intent = about_to_sign(item, ana)
    opening.read(item.pk, GUIDE["title"], by=ana.user)
    ceremony_of(intent)

    with refuses(because="has not opened the required reading"):
        pasted(intent)


def test_the_database_takes_no_signature_of_who_read_what_the_rules_said_before(item, ana, monkeypatch):
    for text in (GUIDE, TABLE):
        opening.read(item.pk, text["title"], by=ana.user)
    come_under_other_words(item)
    monkeypatch.setattr(required, "unread", lambda item, person: [])
    intent = about_to_sign(item, ana)
    ceremony_of(intent)

    with refuses(because="has not opened the required reading"):
        pasted(intent)


def test_reading_is_not_noted_without_its_entry(item, ana):
    with refuses():
        ReadingOpened.objects.create(
            item=item, person=ana.user, title=GUIDE["title"], policy_version=item.policy_version
        )
