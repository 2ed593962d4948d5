"""Pages of a queue's manager: what nobody can sign, who holds what, what waits, who stepped aside; ending a hold."""

import re

import pytest
from django.utils.html import escape

from audit import exhibits
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import queries
from reviews.actions import walling
from reviews.models import Impasse, Item, Lease
from reviews.showing import managing, titles
from tests.factories import SEEDER, make_item, make_person, story, take
from tests.pages import browser
from tests.reviews.standing import make_manager
from tests.reviews.test_recusal import recuse

pytestmark = pytest.mark.django_db

LONG = "She went home. " * 300 + "Ill."


@pytest.fixture
def mara(world):
    return make_manager(world.queue)


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_an_item_nobody_can_sign_says_why_and_who_stepped_aside(world, ana, mara):
    item = make_item(world)
    recuse(item, ana, "She is my sister.")

    told = body(browser(mara.user).get("/managing/"))

    assert "Adjuster: 1 asked for, 0 can be given" in told
    assert "<li>1 person stepped aside</li>" in told
    assert f'<td data-label="Who">{ana.user}</td><td data-label="Why">She is my sister.</td>' in told
    assert told.count(f'<a href="/items/{item.pk}/">Pay contents damage</a>') == 3  # stuck, waiting, stepped aside
    assert item.external_id not in told


def test_items_are_called_what_queues_call_them_with_hidden_characters_to_be_seen(world, ana, mara):
    item = take(make_item(world, action={"title": "Pay \N{RIGHT-TO-LEFT OVERRIDE}<b>00.1"}), ana)

    told = body(browser(mara.user).get("/managing/"))

    name = "Pay [U+202E]&lt;b&gt;00.1"
    assert told.count(f'<a href="/items/{item.pk}/">{name}</a>') == 2  # held, waiting
    assert f'<span class="vh"> of {ana.user} on {name}</span>' in told


def test_an_item_whose_content_was_erased_keeps_its_place(world, ana, mara, superuser):
    item = take(make_item(world), ana)
    with superuser():
        exhibits.destroy_key(item.revisions.get().exhibit.dek_id)

    told = body(browser(mara.user).get("/managing/"))

    assert f"{item} (erased)</a>" in told
    assert "Pay contents damage" not in told


def test_all_titles_are_read_with_one_question(world, ana, mara, django_assert_num_queries):
    for _ in range(3):
        take(make_item(world), ana)
    found = Item.objects.all()

    with django_assert_num_queries(2):  # the items and their documents
        assert set(titles.of(found).values()) == {"Pay contents damage"}


def test_a_hold_is_ended_with_a_reason_and_another_takes_the_item(world, ana, mara):
    item, client = take(make_item(world), ana), browser(mara.user)
    address = f"/managing/{item.pk}/end-hold/"
    assert f'<td data-label="Held by">{ana.user}</td>' in body(client.get("/managing/"))

    without = client.post(address, {"reason": " "})
    answer = client.post(address, {"reason": "She went home ill."})

    assert without.status_code == 422
    assert "Say in a sentence why" in body(without)
    assert answer.headers["Location"] == "/managing/"
    assert not Lease.objects.exists()
    assert story(item)[-1] == "item.lease_broken"
    assert client.post(address, {"reason": "Again."}).status_code == 409


def test_what_is_open_is_counted_up_to_a_bound(world, mara, monkeypatch):
    monkeypatch.setattr(queries, "BOUND", 2)
    for _ in range(4):
        make_item(world)

    assert "2+ open, the oldest received" in body(browser(mara.user).get("/managing/"))


def test_a_reason_that_is_too_long_stays_in_its_form(world, ana, mara):
    item = take(make_item(world), ana)

    answer = browser(mara.user).post(f"/managing/{item.pk}/end-hold/", {"reason": LONG})

    assert answer.status_code == 422
    assert f'value="{LONG}"' in body(answer)
    assert Lease.objects.exists()


@pytest.mark.parametrize(
    ("code", "people", "said"),
    [("licence_missing", 1, "1 person lacks a licence it asks for"),
     ("outside_wall", 3, "3 people are outside the item's wall"),
     ("signed_by_delegate", 1, "1 person had it signed in their name already")],
)  # fmt: skip
def test_why_an_item_is_stuck_is_said_of_one_and_of_many(world, mara, code, people, said):
    item = make_item(world)
    why = [{"code": code, "people": people}]
    Impasse.objects.update_or_create(item_id=item.pk, defaults={"role": "adjuster", "asked": 1, "able": 0, "why": why})

    assert f"<li>{escape(said)}</li>" in body(browser(mara.user).get("/managing/"))


def test_a_list_that_is_cut_says_that_there_may_be_more(world, ana, mara, monkeypatch):
    monkeypatch.setattr(managing, "MOST", 2)
    for _ in range(3):
        take(make_item(world), ana)

    assert '<h2 id="h-held">Held now</h2><span class="end muted">2 or more</span>' in body(
        browser(mara.user).get("/managing/")
    )


def test_items_that_wait_longest_come_first(world, ana, mara):
    items = [make_item(world) for _ in range(6)]

    told = body(browser(mara.user).get("/managing/"))

    places = [told.find(f'href="/items/{each.pk}/"') for each in items]
    assert places[:5] == sorted(places[:5])
    assert -1 not in places[:5]
    assert places[5] == -1
    assert "6 open" in told


def test_an_item_behind_a_wall_is_not_there_for_who_is_outside(world, ana, mara):
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    item = take(make_item(world), ana)
    walling.put_behind(ItemId(item.pk), "counsel", by=ana.user, seen=Item.objects.get(pk=item.pk).version)
    client = browser(mara.user)

    told = body(client.get("/managing/"))

    assert str(item.pk) not in told
    assert "Pay contents damage" not in told
    assert "0 open" in told
    assert client.post(f"/managing/{item.pk}/end-hold/", {"reason": "Because."}).status_code == 404
    assert Lease.objects.exists()


def test_an_empty_board_says_so(mara):
    told = body(browser(mara.user).get("/managing/"))

    assert "Every open item can be signed by somebody who is there." in told
    assert "Nobody holds an item of your queues." in told


@pytest.mark.parametrize(
    "role", [Role.ADJUSTER, Role.AUDITOR, Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR, Role.FLOW_OWNER]
)
def test_who_manages_no_queue_finds_nothing(world, ana, role):
    item, client = take(make_item(world), ana), browser(make_person("other", role).user)

    assert client.get("/managing/").status_code == 404
    assert client.post(f"/managing/{item.pk}/end-hold/", {"reason": "Because."}).status_code == 404
    assert Lease.objects.exists()
