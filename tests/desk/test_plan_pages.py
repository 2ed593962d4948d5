"""Sign-off plans on pages: steps, rounds and conditions, and that who signs blind learns nothing too early."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import signing, taking
from reviews.models import Item, Recusal, Signature
from reviews.showing import dossier
from reviews.words import Verdict
from tests.desk.deciding import at, decide, sign_with, words
from tests.factories import SEEDER, make_item, make_person, refused, story, take
from tests.pages import browser
from tests.reviews.planned import Cast, make_planned, parallel, stage
from tests.reviews.registered import authority, may

pytestmark = pytest.mark.django_db
SECRET = "Zweifel-4711"
RETURNING = (stage("a", name="first-look"), stage("s", reject_to="first-look"))
BLIND = (parallel(stage("a"), stage("s", blind=True)),)


def page_of(cast, name, page="item", query=""):
    answer = browser(cast[name].user).get(at(page, cast.item) + query)
    assert answer.status_code == 200
    return answer


def told(cast, name, **asked):
    return words(page_of(cast, name, **asked))


def test_stages_side_by_side_stand_together():
    cast = Cast(parallel(stage("a"), stage("s")), stage("r"))

    html = page_of(cast, "a").content.decode()

    assert html.count('class="together"') == 1
    assert "At the same time, in any order" in html


def test_a_stage_names_every_role_of_which_any_may_sign():
    assert "Adjuster or Correspondence reviewer" in told(Cast(stage("ac")), "a")


def test_a_plan_says_where_a_rejection_leads_who_signs_blind_and_which_proofs_suffice():
    cast = Cast(stage("a", name="first-look"), stage("s", blind=True, reject_to="first-look", factors=["passkey"]))

    shown = told(cast, "a")

    assert "A rejection asks again from “First look” on." in shown
    assert "Signs without seeing the others' verdicts." in shown
    assert "Signs with a passkey." in shown
    assert "A rejection ends the review." in shown


def test_a_plan_without_returns_says_nothing_about_them():
    assert "A rejection" not in told(Cast(stage("a"), stage("s")), "a")


def test_the_place_that_is_mine_is_marked_whichever_of_those_side_by_side_it_is():
    cast = Cast(parallel(stage("a"), stage("s")))
    take(cast.item, cast["s"])

    html = page_of(cast, "s").content.decode()

    assert html.count("to sign</span>") == 1
    assert "Senior adjuster, you." in html


def test_a_round_says_who_returned_it_and_keeps_what_was_signed_before():
    cast = Cast(*RETURNING)
    cast.signs("a"), cast.signs("s", "reject", SECRET)

    shown = told(cast, "a")

    assert f"Round 2: returned by {cast['s'].user}, who said {SECRET}" in shown
    assert f"Round 1, returned by {cast['s'].user}" in shown
    assert "0 of 2 signed" in shown


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


def test_the_rejection_of_a_stage_that_returns_says_where_it_goes():
    cast = Cast(*RETURNING)
    cast.signs("a")
    take(cast.item, cast["s"])
    client = browser(cast["s"].user)

    shown = words(client.get(decide(client, cast.item, "reject", "No.")["Location"]))

    assert "It goes back to “First look”." in shown


GUIDE = [
    {"title": "Denials guide", "text": "Read the whole policy.\n\nThen decide."},
    {"title": "Fraud signs", "text": "x"},
]


def test_required_texts_are_opened_one_by_one_and_counted():
    cast = Cast(stage("a"), reading=GUIDE)
    take(cast.item, cast["a"])
    client = browser(cast["a"].user)

    before = words(client.get(at("item", cast.item)))
    text = words(client.get(at("reading", cast.item, 1)))
    after = words(client.get(at("item", cast.item)))

    assert "Required reading 2 of 2 not opened" in before
    assert "Open the required reading first: Denials guide; Fraud signs." in before
    assert "Read the whole policy." in text
    assert "Required reading 1 of 2 not opened" in after
    assert "reading.opened" in story(cast.item)
    assert client.get(at("reading", cast.item, 3)).status_code == 404


def test_the_button_comes_to_life_once_everything_is_read():
    cast = Cast(stage("a"), reading=GUIDE)
    take(cast.item, cast["a"])
    client = browser(cast["a"].user)
    assert "disabled" in client.get(at("ready", cast.item)).content.decode()

    client.get(at("reading", cast.item, 1)), client.get(at("reading", cast.item, 2))

    assert "disabled" not in client.get(at("ready", cast.item)).content.decode()


@pytest.mark.parametrize(
    ("verdicts", "offered"),
    [
        (["approve", "send_back"], {"approve", "send-back"}),
        (["reject"], {"reject"}),
        (None, {"approve", "reject", "send-back"}),
    ],
)  # fmt: skip
def test_only_what_the_rule_allows_is_offered(verdicts, offered):
    cast = Cast(stage("a"), **({"verdicts": verdicts} if verdicts else {}))
    take(cast.item, cast["a"])

    html = page_of(cast, "a").content.decode()

    assert {each for each in ("approve", "change", "reject", "send-back") if f'value="{each}"' in html} == offered


def test_who_steps_aside_says_why_and_is_not_asked_again():
    cast = Cast(stage("a"))
    client = browser(cast["a"].user)
    assert "Why you step aside" in words(client.get(at("item", cast.item)))

    client.post(at("recuse", cast.item), {"seen": "1", "reason": "My cousin."})

    assert Recusal.objects.get(item=cast.item).person == cast["a"].user
    assert "Why you step aside" not in words(client.get(at("item", cast.item)))


@pytest.mark.parametrize("seen", ["", "two", "0", "9" * 12])
def test_nobody_steps_aside_from_what_they_may_not_have_seen(seen):
    cast = Cast(stage("a"))

    answer = browser(cast["a"].user).post(at("recuse", cast.item), {"seen": seen, "reason": "My cousin."})

    assert answer.status_code == 409
    assert not Recusal.objects.exists()


def test_stepping_aside_without_a_reason_is_refused():
    cast = Cast(stage("a"))

    answer = browser(cast["a"].user).post(at("recuse", cast.item), {"seen": "1", "reason": " "})

    assert answer.status_code == 422
    assert "Say in a sentence why" in words(answer)


def test_an_item_that_was_drawn_says_so_with_its_draw():
    world = make_planned(stage("a"), auto_approve=True, effects=["pay"], sample="99.99%")

    shown = words(browser(make_person("ana", Role.ADJUSTER).user).get(at("item", make_item(world))))

    assert "Drawn for review. Drawn for review: 99.99% of these items go to people; its draw is 0." in shown


def test_a_page_with_everything_on_it_asks_the_database_twelve_times_at_most():
    cast = Cast(*RETURNING, stage("r", blind=True), reading=GUIDE)
    cast.signs("a"), cast.signs("s", "reject"), take(cast.item, cast["a"])
    client = browser(cast["a"].user)
    client.get(at("item", cast.item))

    with CaptureQueriesContext(connection) as asked:
        client.get(at("item", cast.item))

    assert len(asked) <= 12, "\n".join(each["sql"][:150] for each in asked)
