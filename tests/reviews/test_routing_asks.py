"""What routing writes of a rule: all that it asks of those who sign, dues in working hours, and walls."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kit.clock import now
from reviews.actions import routing, versioning
from reviews.models import Item
from reviews.policies import calendars
from tests.api.revised import post as revise
from tests.factories import SEEDER, a_document, make_item, make_world, story

pytestmark = pytest.mark.django_db


def post(world, count, **changes):
    return [world.post(a_document(**changes)).json()["id"] for _ in range(count)]


ASKING = """
policy: payouts
calendar: desk
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: asking
    when: action.type == "claim.payout"
    reason: It asks for all there is.
    queue: payouts
    due: 8wh
    wall: special-investigations
    verdicts: [reject, approve]
    licences: [claims-adjuster, catastrophe]
    reading: [{title: Denials guide, text: Read this.}, {title: Flood notes, text: And this.}]
    plan: [{role: adjuster, meaning: Approval}]
  - name: plain
    when: "true"
    reason: It asks for nothing.
    queue: payouts
    wall: ordinary
    plan: [{role: adjuster, meaning: Approval}]
"""

DESK = """
calendar: desk
time_zone: America/Chicago
hours: {mon: "09:00-17:00", tue: "09:00-17:00", wed: "09:00-17:00", thu: "09:00-17:00", fri: "09:00-17:00"}
"""


@pytest.fixture
def asking(db):
    versioning.apply_calendar(DESK, by=SEEDER)
    return make_world(policy=ASKING)


def test_an_item_keeps_what_its_rule_asks_of_those_who_sign(asking):
    item = make_item(asking)

    assert item.verdicts == "approve reject"
    assert item.licences == ["claims-adjuster", "catastrophe"]
    assert item.reading == ["Denials guide", "Flood notes"]
    assert item.wall == "special-investigations"


def test_an_item_of_a_rule_that_asks_for_nothing_has_empty_columns(asking):
    item = make_item(asking, action={"type": "claim.other"})

    assert (item.verdicts, item.licences, item.reading, item.wall) == ("", [], [], "ordinary")


def test_a_due_in_working_hours_is_counted_in_the_calendar_in_force(asking):
    item = make_item(asking)

    assert item.due_at == calendars.parse(DESK).add_hours(item.received_at, 8)


def test_a_new_version_of_the_calendar_counts_from_the_next_item_on(asking):
    always = DESK.replace("09:00-17:00", "00:00-24:00").replace(
        "{mon:", '{sat: "00:00-24:00", sun: "00:00-24:00", mon:'
    )
    before = make_item(asking)
    versioning.apply_calendar(always, by=SEEDER)

    after = make_item(asking)

    assert after.due_at == calendars.parse(always).add_hours(after.received_at, 8)
    assert Item.objects.get(pk=before.pk).due_at == before.due_at


def test_calendars_are_read_once_for_a_batch(asking):
    post(asking, 5)

    with CaptureQueriesContext(connection) as captured:
        assert routing.drain() == 5

    assert len([each for each in captured if 'FROM "reviews_calendar"' in each["sql"]]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_due_whose_calendar_is_gone_goes_to_people_behind_the_same_wall(superuser):
    versioning.apply_calendar(DESK, by=SEEDER)
    world = make_world(policy=ASKING)
    with superuser() as cursor:
        cursor.execute("UPDATE reviews_calendar SET in_force_id = NULL")

    item = make_item(world)

    assert (item.queue, item.due_at, item.wall) == (world.exceptions, None, "special-investigations")
    assert item.reasons[0]["code"] == "calendar_missing"
    assert "“desk”" in item.reasons[0]["sentence"]


def test_a_dry_run_tells_all_that_signing_would_ask_for(asking):
    told = asking.post(a_document(), query="?dry_run=true").json()

    assert told["plan"] == ["adjuster x 1"]
    assert told["reading"] == ["Denials guide", "Flood notes"]
    assert (told["verdicts"], told["licences"]) == (["approve", "reject"], ["claims-adjuster", "catastrophe"])
    assert (told["due"], told["due_in_seconds"], told["sample"]) == ("8wh", None, None)
    assert datetime.fromisoformat(told["due_at"]) > now()


def test_a_revision_asks_for_what_its_own_rule_asks_and_its_wall_is_raised(asking):
    item = make_item(asking, external_id="T-1", action={"type": "claim.other", "subject": "claim/1"})

    revise(asking, item, a_document(external_id="T-1", action={"subject": "claim/1"}))

    item.refresh_from_db()
    assert (item.verdicts, item.reading, item.wall) == (
        "approve reject", ["Denials guide", "Flood notes"], "special-investigations",
    )  # fmt: skip
    assert story(item) == ["item.received", "item.revised", "item.walled"]


def test_a_revision_never_lowers_a_wall(asking):
    item = make_item(asking, external_id="T-1", action={"subject": "claim/1"})

    revise(asking, item, a_document(external_id="T-1", action={"type": "claim.other", "subject": "claim/1"}))

    item.refresh_from_db()
    assert (item.rule, item.wall, item.verdicts) == ("plain", "special-investigations", "")
    assert story(item) == ["item.received", "item.revised"]
