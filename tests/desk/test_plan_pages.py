"""Sign-off plans on pages: steps, rounds, conditions and draws, and stepping aside."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.roles import Role
from reviews.models import Recusal
from tests.desk.deciding import at, decide, words
from tests.desk.planning import RETURNING, SECRET, page_of, told
from tests.factories import make_item, make_person, story, take
from tests.pages import browser
from tests.reviews.planned import Cast, make_planned, parallel, stage

pytestmark = pytest.mark.django_db


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
