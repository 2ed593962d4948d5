"""Pages of refused posts: their reasons and bytes, and submitting them again."""

import json
import re

import pytest

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import new_id
from reviews.actions import configuring
from reviews.models import Submission
from reviews.showing import quarantine, texts
from reviews.web import flows
from tests.desk.flowing import STRICT, at, kept, read, words
from tests.factories import SEEDER, a_document, make_person, make_world
from tests.pages import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world(contract=STRICT)


@pytest.fixture
def olga(world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    return browser(make_person("olga", Role.FLOW_OWNER).user)


@pytest.fixture
def cora(world):
    accounts.grant_access(Role.COMPLIANCE_OFFICER, "see_flow", world.flow, by=SEEDER)
    return browser(make_person("cora", Role.COMPLIANCE_OFFICER).user)


def loosen(world):
    configuring.apply_contract(world.flow, {}, by=SEEDER)


def test_refused_posts_are_listed_newest_first_page_by_page(world, olga, monkeypatch):
    monkeypatch.setattr(quarantine, "PAGE", 2)
    rows = [kept(world, webhook_id=f"msg_{n}") for n in range(3)]

    first = read(olga, at(world, "quarantine/"))
    second = read(olga, re.search(r'href="(\?cursor=[^"]+)"', first).group(1).join([at(world, "quarantine/"), ""]))

    assert re.findall(r"msg_\d(?=</a>)", first) == ["msg_2", "msg_1"]
    assert re.findall(r"msg_\d(?=</a>)", second) == ["msg_0"]
    assert f'value="{rows[0].pk}"' in second


def test_a_cursor_that_is_not_ours_is_refused_with_a_way_back(world, olga):
    assert olga.get(at(world, "quarantine/?cursor=x")).status_code == 422


def test_an_entry_shows_its_reasons_and_its_bytes_as_text(world, olga):
    hostile = {"output": {"<script>alert(1)</script>": "a\N{RIGHT-TO-LEFT OVERRIDE}b"}}
    raw = json.dumps(a_document(snapshot=hostile), ensure_ascii=False).encode()
    row = kept(world, raw)

    told = read(olga, at(world, f"quarantine/{row.pk}/"))

    assert "/snapshot/output/zone" in told
    assert "This is required." in told
    assert "&lt;script&gt;alert(1)" in told
    assert "<script>alert" not in told
    assert "a[U+202E]b" in told
    assert "webhook-signature" in told


def test_a_long_body_is_cut_and_marked_and_shown_whole_on_demand(world, olga, monkeypatch):
    row = kept(world, a_document(metadata={"note": "x" * texts.LONGEST + "the end"}))
    address = at(world, f"quarantine/{row.pk}/")

    cut, whole = read(olga, address), read(olga, f"{address}?whole=body")

    assert "Only the beginning is shown" in cut
    assert "the end" not in cut
    assert "the end" in whole
    assert "Only the beginning is shown" not in whole


def test_the_chosen_are_submitted_again_and_told(world, olga):
    chosen, other = kept(world), kept(world)
    loosen(world)

    answer = olga.post(at(world, "quarantine/resubmit/"), {"entry": [chosen.pk]})

    assert answer.status_code == 200
    assert "1 accepted, 0 refused once more." in words(answer.content.decode())
    told = read(olga, at(world, "quarantine/"))
    assert "Accepted since" in told
    assert f'value="{chosen.pk}"' not in told
    assert f'value="{other.pk}"' in told


def test_those_refused_once_more_show_their_fresh_reasons(world, olga):
    row = kept(world)
    configuring.apply_contract(world.flow, {"properties": {"output": {"required": ["roof"]}}}, by=SEEDER)

    told = olga.post(at(world, "quarantine/resubmit/"), {"entry": [row.pk]}).content.decode()

    assert "0 accepted, 1 refused once more." in words(told)
    assert "/snapshot/output/roof" in told


def test_all_that_wait_go_in_part_by_part_without_javascript(world, olga, monkeypatch):
    monkeypatch.setattr(flows, "AT_ONCE", 2)
    for _ in range(5):
        kept(world)
    loosen(world)
    form, told = {"every": "1"}, []

    while form:
        html = olga.post(at(world, "quarantine/resubmit/"), form).content.decode()
        told.append(re.search(r'role="status">([^<]+)<', html).group(1))
        going = re.search(r'<form class="card flow-going".*?</form>', html, re.DOTALL)
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', going.group(0)) if going else []
        form = dict(hidden) | {"every": "1"} if going else {}

    assert told == [
        "2 accepted, 0 refused once more, 3 still to go.",
        "4 accepted, 0 refused once more, 1 still to go.",
        "5 accepted, 0 refused once more.",
    ]
    assert Submission.objects.count() == 5


def test_nothing_chosen_says_what_to_do(world, olga):
    kept(world)

    answer = olga.post(at(world, "quarantine/resubmit/"), {})

    assert answer.status_code == 422
    assert "Choose at least one refused post" in answer.content.decode()


def test_who_only_sees_the_flow_is_told_who_submits_again(world, cora):
    row = kept(world)
    loosen(world)

    told = read(cora, at(world, "quarantine/"))
    answer = cora.post(at(world, "quarantine/resubmit/"), {"entry": [row.pk]})

    assert "<button" not in told.split("Refused posts</h1>")[1].split("</main>")[0]
    assert "Only the flow" in told
    assert answer.status_code == 409
    assert not Submission.objects.exists()


def test_an_accepted_one_leads_to_its_item_for_those_who_may_open_it(world, olga, cora):
    row = kept(world, webhook_id="msg_1")
    item = world.post(a_document(snapshot={"output": {"zone": "X"}}), webhook_id="msg_1").json()["id"]
    address = at(world, f"quarantine/{row.pk}/")

    assert f'href="/items/{item}/"' in read(cora, address)
    assert f'href="/items/{item}/"' not in read(olga, address)
    assert item in read(olga, address)


def test_looking_changes_nothing_and_submitting_by_a_link_is_refused(world, olga):
    row = kept(world)
    loosen(world)

    for path in ("", "quarantine/", f"quarantine/{row.pk}/", f"quarantine/{new_id()}/"):
        olga.get(at(world, path))

    assert olga.get(at(world, f"quarantine/resubmit/?entry={row.pk}")).status_code == 405
    assert not Submission.objects.exists()
