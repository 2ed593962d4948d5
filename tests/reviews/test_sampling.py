"""Sampling: which approved items a person looks at is fixed by the item, shown on it, and nobody's guess."""

import os
import subprocess
import sys
from base64 import b64encode
from decimal import Decimal
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction

from audit import exhibits
from portal.kit.ids import new_id
from reviews import sampling
from reviews.actions import returning, routing
from reviews.models import ApiKey, Item
from tests.factories import a_document, make_item, make_world, sign, take
from tests.reviews.cheating import unrouted

pytestmark = pytest.mark.django_db

ROWS = 20_000
ITEM = UUID("01890000-0000-7000-8000-000000000001")
POLICY = """
policy: payouts
fallback:
  queue: exceptions
  plan: [{role: senior-adjuster, meaning: Decision}]
rules:
  - name: sampled
    when: action.effect == "pay"
    reason: Small payouts are approved by themselves.
    queue: payouts
    auto_approve: true
    sample: 30%
    effects: [pay]
    plan: [{role: adjuster, meaning: Review of a sample}]
"""


@pytest.fixture(autouse=True)
def forgotten():
    """Read the key of this test's database: what another test made was rolled back."""
    sampling._remembered.clear()
    yield
    sampling._remembered.clear()


def test_the_draw_of_an_item_is_a_number_from_0_to_below_1_and_always_the_same():
    drawn = sampling.draw(ITEM)

    assert 0 <= drawn < 1
    assert drawn == drawn.quantize(Decimal("1E-12"))
    assert sampling.draw(ITEM) == drawn
    assert sampling.draw(new_id()) != drawn


@pytest.mark.django_db(transaction=True)
def test_another_process_draws_the_same():
    here = sampling.draw(ITEM)
    said = (
        "import django; django.setup(); from uuid import UUID; from reviews import sampling;"
        f" print(sampling.draw(UUID('{ITEM}')))"
    )
    address = os.environ["DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "portal.settings"}

    there = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)

    assert Decimal(there.stdout.strip()) == here


def test_the_share_holds_over_many_items():
    drawn = [sampling.draw(new_id()) for _ in range(ROWS)]

    for share in (0.01, 0.05, 0.3, 0.5):
        expected, spread = ROWS * share, (ROWS * share * (1 - share)) ** 0.5
        assert abs(sum(each < share for each in drawn) - expected) < 5 * spread


def test_the_order_of_ids_says_nothing_about_their_draws():
    drawn = [float(sampling.draw(UUID(int=ITEM.int + number))) for number in range(ROWS)]

    pairs = list(zip(drawn, drawn[1:], strict=False))
    together = sum((a - 0.5) * (b - 0.5) for a, b in pairs) / len(pairs) * 12

    assert abs(together) < 5 / ROWS**0.5


def test_another_installation_draws_differently_so_ids_alone_give_nothing_away():
    ids = [UUID(int=ITEM.int + number) for number in range(50)]

    with transaction.atomic():
        here = {sampling.draw(each) for each in ids}
        transaction.set_rollback(True)  # and with it the key: as if it had never been made
    there = {sampling.draw(each) for each in ids}

    assert not here & there


def test_the_application_cannot_put_another_key_in_its_place():
    sampling.draw(ITEM)

    with pytest.raises(DatabaseError, match="permission denied"):
        exhibits.destroy_key(exhibits.key_for("sampling").id)


def test_a_new_key_in_the_keyring_changes_no_draw(settings):
    before = sampling.draw(ITEM)

    settings.KEYRING = f"new:{b64encode(os.urandom(32)).decode()},{django_settings.KEYRING}"
    sampling._remembered.clear()

    assert sampling.draw(ITEM) == before


def test_an_item_tells_its_draw_and_the_share_and_follows_them():
    world = make_world(policy=POLICY)
    seen = set()

    for _ in range(30):
        item = make_item(world)
        drawn = sampling.draw(item.pk) < Decimal("0.3")
        code = "sampled" if drawn else "not_sampled"
        assert [each["code"] for each in item.reasons] == ["rule_matched", code]
        assert f"{sampling.draw(item.pk):.13f}"[:8] in item.reasons[1]["sentence"]
        assert "0.3" in item.reasons[1]["sentence"]
        assert (item.state, item.basis) == (("in_review", "signatures") if drawn else ("approved", "policy"))
        seen.add(drawn)

    assert seen == {True, False}


def test_an_item_that_is_drawn_has_the_plan_of_its_rule():
    world = make_world(policy=POLICY.replace("30%", "100%"))

    item = make_item(world)

    assert (item.awaiting, item.slots.count(), item.rule) == ("adjuster", 1, "sampled")


def test_a_dry_run_draws_nothing_and_says_so():
    world = make_world(policy=POLICY)

    told = world.post(a_document(), query="?dry_run=true").json()

    assert (told["sample"], told["basis"]) == ("0.3", "plan")
    assert told["reasons"][1]["code"] == "sample_open"


def test_routing_alone_or_in_a_batch_draws_the_same():
    world = make_world(policy=POLICY)
    waiting = [unrouted(world).pk for _ in range(12)]

    routing.drain()

    for item in Item.objects.filter(pk__in=waiting):
        assert (item.basis == "policy") == (sampling.draw(item.pk) >= Decimal("0.3"))


def test_who_takes_back_what_was_drawn_and_posts_it_again_draws_no_second_lot():
    world = make_world(policy=POLICY)
    first = posted_until(world, "claim/1", drawn=True)
    later = [make_item(world, action={"subject": "claim/1"}) for _ in range(8)]
    returning.cancel(first.pk, "Posted twice.", by=ApiKey.objects.get(flow=world.flow))
    again = [make_item(world, action={"subject": "claim/1"}) for _ in range(8)]

    assert {each.state for each in later + again} == {"in_review"}
    assert any("the draw of an earlier item on the subject" in each.reasons[1]["sentence"] for each in again)


def test_once_people_decided_what_was_drawn_later_items_draw_for_themselves(ana):
    world = make_world(policy=POLICY)
    item = posted_until(world, "claim/2", drawn=True)
    for _ in range(60):
        sign(take(item, ana), ana)
        item = make_item(world, action={"subject": "claim/2"})
        if item.state == "approved":
            return
    raise AssertionError("sixty lots in a row")


def test_of_items_posted_at_once_on_one_subject_those_after_a_drawn_one_are_drawn_too():
    world = make_world(policy=POLICY)
    ids = [world.post(a_document(action={"subject": "claim/3"})).json()["id"] for _ in range(40)]
    routing.drain()

    states = [Item.objects.get(pk=each).state for each in ids]
    assert states == sorted(states)
    assert states[-1] == "in_review"


def posted_until(world, subject, *, drawn):
    """Post items on a subject until one is drawn, or not."""
    for _ in range(60):
        item = make_item(world, action={"subject": subject})
        if (item.state == "in_review") == drawn:
            return item
    raise AssertionError("sixty lots in a row")
