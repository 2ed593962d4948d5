"""A dry run tells what would happen and stores nothing."""

from typing import Any

import pytest

from reviews.actions import configuring
from reviews.models import IntakeQueue, Item, Quarantine, Submission
from tests.api.asking import pointers, refusal
from tests.factories import SEEDER, World, a_document, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def nothing_stored() -> bool:
    return not any(model.objects.exists() for model in (Submission, IntakeQueue, Item, Quarantine))


def test_a_dry_run_tells_rule_queue_plan_and_dates(world: World) -> None:
    large = a_document(action={"amount": "18250.00", "amount_at_stake": "18250.00"})

    answer = world.post(large, query="?dry_run=true")

    told = answer.json()
    assert answer.status_code == 200
    assert told["policy"] == {"version": 1, "rule": "large"}
    assert told["queue"] == world.queue.slug
    assert [stage["role"] for stage in told["sign_off"]] == ["adjuster", "senior-adjuster"]
    assert told["due_in_seconds"] == 86400
    assert nothing_stored()


def test_a_dry_run_gives_the_digest_a_post_would_get(world: World) -> None:
    document = a_document()

    rehearsed = world.post(document, query="?dry_run=true").json()["digest"]

    assert rehearsed == world.post(document).json()["digest"]


def test_a_dry_run_of_a_refused_item_is_refused_and_not_kept(world: World) -> None:
    answer = world.post(a_document(action={"effect": "fly"}), query="?dry_run=true")

    assert refusal(answer) == (422, "contract_violation")
    assert pointers(answer) == ["/action/effect"]
    assert nothing_stored()


def test_a_dry_run_knows_the_contract_of_now(world: World) -> None:
    world.post(a_document(), query="?dry_run=true")
    contract = configuring.apply_contract(world.flow, {}, by=SEEDER)

    assert world.post(a_document(), query="?dry_run=true").json()["contract"] == str(contract.pk)


def test_a_dry_run_uses_up_no_idempotency_id(world: World) -> None:
    world.post(a_document(), query="?dry_run=true", webhook_id="msg_1")

    assert world.post(a_document(), webhook_id="msg_1").status_code == 202


@pytest.mark.parametrize(("word", "status"), [("True", 200), ("1", 200), ("false", 202), ("yes", 422), ("tru", 422)])
def test_a_dry_run_nobody_can_be_sure_of_stores_nothing(world: World, word: str, status: int) -> None:
    answer: Any = world.post(a_document(), query=f"?dry_run={word}")

    assert answer.status_code == status
    assert nothing_stored() is (status != 202)


def test_a_dry_run_is_for_those_who_may_post(world: World) -> None:
    world.key = "csk_wrong"

    assert refusal(world.post(a_document(), query="?dry_run=true")) == (401, "key_invalid")
