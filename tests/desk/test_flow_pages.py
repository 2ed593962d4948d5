"""Pages of flows: who may open them, and what they tell of contracts, keys and endpoints."""

from datetime import timedelta

import pytest

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import configuring, routing, walling
from reviews.models import ApiKey, Item
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
