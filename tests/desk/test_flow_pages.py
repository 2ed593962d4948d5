"""Pages of flows: who may open them, what they tell of contracts and refused posts, and submitting again."""

import json
import re
from datetime import timedelta

import pytest

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId, new_id
from reviews.actions import configuring, routing, walling
from reviews.models import ApiKey, Item, Quarantine, Submission
from reviews.showing import quarantine, texts
from reviews.web import flows
from tests.factories import SEEDER, a_document, make_person, make_world
from tests.pages import browser

pytestmark = pytest.mark.django_db
STRICT = {"properties": {"output": {"required": ["zone"]}}}


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


def at(world, path=""):
    return f"/flows/{world.flow.slug}/{path}"


def kept(world, document=None, **signed):
    assert world.post(document or a_document(), **signed).status_code == 422
    return Quarantine.objects.order_by("-received_at")[0]


def loosen(world):
    configuring.apply_contract(world.flow, {}, by=SEEDER)


def read(page, address):
    answer = page.get(address)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return answer.content.decode()


def words(html):
    """Give what a person reads, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split('id="main"')[1]))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_auditors_and_administrators_see_every_flow(world, role):
    page, row = browser(make_person("ada", role).user), kept(world)

    assert at(world) in read(page, "/flows/")
    for path in ("", "quarantine/", f"quarantine/{row.pk}/"):
        assert page.get(at(world, path)).status_code == 200


def test_a_flow_one_may_not_see_is_not_there(world, olga):
    elsewhere = make_world(contract=STRICT)
    row = kept(elsewhere)

    assert elsewhere.flow.slug not in read(olga, "/flows/")
    for path in ("", "quarantine/", f"quarantine/{row.pk}/"):
        assert olga.get(at(elsewhere, path)).status_code == olga.get(f"/flows/nothing/{path}").status_code == 404
    assert olga.get(at(world, f"quarantine/{row.pk}/")).status_code == 404
    assert olga.post(at(elsewhere, "quarantine/resubmit/"), {"entry": [row.pk]}).status_code == 404
    assert olga.post(at(world, "quarantine/resubmit/"), {"entry": [row.pk]}).status_code == 404


def test_reviewers_see_no_flows_and_nothing_leads_there(world):
    page = browser(make_person("ana", Role.ADJUSTER).user)

    assert 'href="/flows/"' not in read(page, "/")
    assert "There is no flow you may see" in read(page, "/flows/")


def test_the_navigation_leads_there_for_those_who_may_see_one(olga):
    assert 'href="/flows/"' in read(olga, "/")


def test_the_page_of_a_flow_says_who_still_posts_by_the_version_before(world, olga):
    configuring.apply_contract(
        world.flow, {"properties": {"output": {"required": ["roof"]}}}, by=SEEDER,
        earlier_until=now() + timedelta(days=7),
    )  # fmt: skip
    world.post(a_document(snapshot={"output": {"zone": "X"}}))

    told = words(read(olga, at(world)))

    assert "Version 1 is still posted by 1 key." in told
    assert "Taken until" in told
    assert f"Key …{ApiKey.objects.get(flow=world.flow).pk.hex[-8:]}" in told.replace("… ", "…")
    assert "1 item, last" in told


def put_behind_a_wall(item_id):
    """Let somebody inside a wall put an item behind it; give them."""
    mia = make_person("mia", Role.ADJUSTER, Role.COMPLIANCE_OFFICER)
    walls.grant_wall(mia.user, "counsel", by=SEEDER)
    routing.route_now(item_id)
    walling.put_behind(item_id, "counsel", by=mia.user, seen=Item.objects.get(pk=item_id).version)
    return browser(mia.user)


def test_who_posts_is_counted_from_the_items_one_may_know_of_alone(world, olga, cora):
    hidden = world.post(a_document(snapshot={"output": {"zone": "X"}})).json()["id"]
    mia = put_behind_a_wall(ItemId(hidden))

    outside, inside = words(read(olga, at(world))), words(read(mia, at(world)))

    assert "Nobody posted by this version." in outside
    assert "0 items" in outside
    assert "1 item, last" in inside


def test_a_key_that_posts_by_the_version_before_only_behind_a_wall_is_named_to_those_inside_alone(world, olga, cora):
    configuring.apply_contract(
        world.flow, {"properties": {"output": {"required": ["roof"]}}}, by=SEEDER,
        earlier_until=now() + timedelta(days=7),
    )  # fmt: skip
    mia = put_behind_a_wall(ItemId(world.post(a_document(snapshot={"output": {"zone": "X"}})).json()["id"]))

    assert "is still posted by" not in words(read(olga, at(world)))
    assert "Version 1 is still posted by 1 key." in words(read(mia, at(world)))


def test_refused_posts_of_an_item_behind_a_wall_are_not_announced_outside_of_it(world, olga, cora):
    kept(world, webhook_id="msg_1")
    hidden = world.post(a_document(snapshot={"output": {"zone": "X"}}), webhook_id="msg_1").json()["id"]
    assert at(world, "quarantine/") in read(olga, "/flows/")

    mia = put_behind_a_wall(ItemId(hidden))

    assert at(world, "quarantine/") not in read(olga, "/flows/")
    assert "Nothing of this flow was refused." in words(read(olga, at(world, "quarantine/")))
    assert at(world, "quarantine/") in read(mia, "/flows/")


def test_the_page_of_a_flow_tells_its_endpoints_without_what_an_address_hides(world, olga):
    configuring.register_endpoint(world.flow, "http://127.0.0.1:9/in?token=secret", by=SEEDER, allow_private=True)

    told = read(olga, at(world))

    assert "http://127.0.0.1:9/in" in told
    assert "secret" not in told
    assert "Working" in words(told)


def test_a_suspended_flow_is_marked(world, olga):
    configuring.suspend_flow(world.flow, by=SEEDER)

    assert "Suspended" in words(read(olga, at(world)))
    assert "Suspended" in words(read(olga, "/flows/"))


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
