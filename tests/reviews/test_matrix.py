# ruff: noqa: E501  a table is read across
"""The matrix: what each verb answers in each state to each actor, written by hand and complete."""

from itertools import product

import pytest

from audit.sealing import sequencer
from reviews import lifecycle
from reviews.actions import configuring
from reviews.models import ApiKey, Flow
from reviews.words import State
from tests.factories import SEEDER, make_world
from tests.reviews.acting import STANDING, Stage

pytestmark = pytest.mark.django_db

# Not reachable yet: no fact leads to withdrawn (taking a decision back); the issue that builds that verb adds its
# rows, and test_every_state_is_in_the_table insists on it.
REACHABLE = ("in_review", "changes_requested", "approved", "rejected", "expired", "cancelled", "invalidated")

PEOPLE = ("adjuster", "senior", "no-access", "submitter", "owner", "first-signer", "auditor", "stranger", "manager")

PERSONAL = {
    # state, verb          adjuster          senior            no-access    submitter         owner             first-signer      auditor           stranger     manager
    ("in_review", "see"): ("yes",           "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("in_review", "take"): ("role_missing", "yes",            "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("in_review", "put back"): ("taken_by_other", "yes",      "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("in_review", "approve"): ("role_missing", "yes",         "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("in_review", "reject"): ("role_missing", "yes",          "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("approved", "see"): ("yes",            "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("approved", "take"): ("not_open",      "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("approved", "approve"): ("not_open",   "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "reject"): ("not_open",    "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "see"): ("yes",            "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("rejected", "take"): ("not_open",      "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("rejected", "approve"): ("not_open",   "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "reject"): ("not_open",    "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "see"): ("yes",             "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("expired", "take"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("expired", "approve"): ("not_open",    "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "reject"): ("not_open",     "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "see"): ("yes",           "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("cancelled", "take"): ("not_open",     "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("cancelled", "approve"): ("not_open",  "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "reject"): ("not_open",   "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("in_review", "change"): ("role_missing", "yes",         "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("in_review", "send back"): ("role_missing", "yes",         "not_found", "own_work",       "own_work",       "already_signed", "no_permission",  "not_found", "no_permission"),
    ("changes_requested", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("approved", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("rejected", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("expired", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "change"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("cancelled", "send back"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "see"): ("yes",  "yes",            "not_found", "yes",            "yes",            "yes",            "yes",            "not_found", "yes"),
    ("changes_requested", "take"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("changes_requested", "approve"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("changes_requested", "reject"): ("not_open",       "not_open",       "not_found", "not_open",       "not_open",       "not_open",       "not_open",       "not_found", "not_open"),
    ("in_review", "recuse"): ("role_missing", "yes", "not_found", "yes", "yes", "already_signed", "role_missing", "not_found", "role_missing"),
    ("in_review", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "yes"),
    ("in_review", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "yes"),
    ("in_review", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("changes_requested", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("changes_requested", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("changes_requested", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("changes_requested", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("approved", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("approved", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("approved", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("approved", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("rejected", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("rejected", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("rejected", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("rejected", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("expired", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("expired", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("expired", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("expired", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("cancelled", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("cancelled", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("cancelled", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("cancelled", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
    ("invalidated", "see"): ("yes", "yes", "not_found", "yes", "yes", "yes", "yes", "not_found", "yes"),
    ("invalidated", "take"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "put back"): ("taken_by_other", "taken_by_other", "not_found", "taken_by_other", "taken_by_other", "taken_by_other", "taken_by_other", "not_found", "taken_by_other"),
    ("invalidated", "approve"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "reject"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "change"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "send back"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "recuse"): ("not_open", "not_open", "not_found", "not_open", "not_open", "not_open", "not_open", "not_found", "not_open"),
    ("invalidated", "reroute"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_open"),
    ("invalidated", "break lease"): ("no_permission", "no_permission", "not_found", "no_permission", "no_permission", "no_permission", "no_permission", "not_found", "not_held"),
    ("invalidated", "comment"): ("yes", "yes", "not_found", "yes", "yes", "yes", "no_permission", "not_found", "yes"),
}  # fmt: skip

# People have no way to these: cancel and execute take a flow's key by type, expire takes nobody.
MACHINES = ("its flow", "another flow", "the clock")

MECHANICAL = {
    # state, verb                 its flow           another flow  the clock
    ("in_review", "cancel"):     ("yes",             "not_found",  None),
    ("in_review", "expire"):     (None,              None,         "yes"),
    ("in_review", "execute"):    ("receipt_invalid", "not_found",  None),
    ("approved", "cancel"):      ("already_decided", "not_found",  None),
    ("approved", "expire"):      (None,              None,         "nothing"),
    ("approved", "execute"):     ("yes",             "not_found",  None),
    ("rejected", "cancel"):      ("already_decided", "not_found",  None),
    ("rejected", "expire"):      (None,              None,         "nothing"),
    ("rejected", "execute"):     ("receipt_invalid", "not_found",  None),
    ("expired", "cancel"):       ("already_decided", "not_found",  None),
    ("expired", "expire"):       (None,              None,         "nothing"),
    ("expired", "execute"):      ("receipt_invalid", "not_found",  None),
    ("cancelled", "cancel"):     ("already_decided", "not_found",  None),
    ("cancelled", "expire"):     (None,              None,         "nothing"),
    ("cancelled", "execute"):    ("receipt_invalid", "not_found",  None),
    ("changes_requested", "cancel"):  ("yes",    "not_found",  None),
    ("changes_requested", "expire"):  (None,     None,         "yes"),
    ("changes_requested", "execute"): ("receipt_invalid", "not_found", None),
    ("in_review", "revise"):     ("revision_refused", "not_found", None),
    ("changes_requested", "revise"): ("yes",     "not_found",  None),
    ("approved", "revise"):      ("revision_refused", "not_found", None),
    ("rejected", "revise"):      ("revision_refused", "not_found", None),
    ("expired", "revise"):       ("revision_refused", "not_found", None),
    ("cancelled", "revise"):     ("revision_refused", "not_found", None),
    ("invalidated", "cancel"):   ("already_decided", "not_found",  None),
    ("invalidated", "expire"):   (None,              None,         "nothing"),
    ("invalidated", "execute"):  ("receipt_invalid", "not_found",  None),
    ("invalidated", "revise"):   ("revision_refused", "not_found", None),
}  # fmt: skip


@pytest.mark.parametrize("state", REACHABLE)
def test_people_are_answered_as_the_table_says(state):
    stage = Stage()
    stage.bring_to(state)

    said = {
        (at, verb): tuple(
            stage.tried(lambda verb=verb, name=name: stage.do(verb, stage.people[name])) for name in PEOPLE
        )
        for at, verb in PERSONAL
        if at == state
    }

    assert said == {key: answers for key, answers in PERSONAL.items() if key[0] == state}


@pytest.mark.parametrize("state", REACHABLE)
def test_machines_are_answered_as_the_table_says(state):
    stage, other = Stage(), make_world()
    stage.bring_to(state)
    sequencer.seal_once()
    decided = stage.world.get(f"/api/v1/items/{stage.item.pk}/decision").json()
    keys = (stage.key, ApiKey.objects.get(flow=other.flow), None)

    said = {
        (at, verb): tuple(
            answer and stage.tried(lambda verb=verb, key=key: stage.work(verb, key, decided.get("receipt", "")))
            for answer, key in zip(answers, keys, strict=True)
        )
        for (at, verb), answers in MECHANICAL.items()
        if at == state
    }

    assert said == {key: answers for key, answers in MECHANICAL.items() if key[0] == state}


def test_a_started_execution_is_not_started_again():
    stage = Stage()
    stage.bring_to("approved")
    sequencer.seal_once()
    receipt = stage.world.get(f"/api/v1/items/{stage.item.pk}/decision").json()["receipt"]

    said = [stage.outcome(lambda: stage.work("execute", stage.key, receipt)) for _ in range(2)]

    assert said == ["yes", "receipt_consumed"]


def test_a_suspended_flow_starts_nothing():
    stage = Stage()
    stage.bring_to("approved")
    sequencer.seal_once()
    receipt = stage.world.get(f"/api/v1/items/{stage.item.pk}/decision").json()["receipt"]
    configuring.suspend_flow(Flow.objects.get(pk=stage.item.flow_id), by=SEEDER)

    assert stage.tried(lambda: stage.work("execute", stage.key, receipt)) == "flow_suspended"


def test_the_table_is_complete():
    verbs = ("see", "take", "put back", "approve", "reject", "change", "send back", *STANDING)

    assert set(PERSONAL) == set(product(REACHABLE, verbs))
    assert {len(answers) for answers in PERSONAL.values()} == {len(PEOPLE)}
    assert set(MECHANICAL) == set(product(REACHABLE, ("cancel", "expire", "execute", "revise")))
    assert {len(answers) for answers in MECHANICAL.values()} == {len(MACHINES)}


def test_every_state_is_in_the_table():
    targets = {to for moves in lifecycle.MOVES.values() for there in moves.values() for to in there}

    assert {State(state) for state in REACHABLE} == targets | {State.IN_REVIEW}
