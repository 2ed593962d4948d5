"""Every version of a flow, queue, policy or endpoint can be read back, with who made it and the entry that says so."""

import pytest

from audit import ledger
from portal.accounts.roles import Role
from reviews.actions import configuring
from reviews.models import Endpoint, Flow
from tests.factories import SEEDER, make_person, make_world
from tests.reviews.cheating import APP, OWNER, copied, refuses, run

pytestmark = pytest.mark.django_db
HISTORIES = ["flow", "queue", "policy", "endpoint", "item"]


@pytest.fixture
def world():
    return make_world()


def test_before_and_after_are_both_readable(world):
    configuring.suspend_flow(world.flow, by=SEEDER)

    after, before = Flow.history.filter(id=world.flow.pk).order_by("-history_id")[:2]
    assert before.suspended_at is None
    assert after.suspended_at is not None
    assert (before.history_type, Flow.history.filter(id=world.flow.pk).earliest().history_type) == ("~", "+")


def test_the_person_who_changed_it_is_named(world):
    ana = make_person("ana", Role.FLOW_OWNER)

    configuring.suspend_flow(world.flow, by=ana.user)

    assert Flow.history.filter(id=world.flow.pk).latest().history_user_id == ana.user.pk


def test_the_entry_holds_the_digest_of_the_row_and_the_names_of_its_columns(world):
    told = ledger.story(world.flow.pk)[-1]

    (row,) = told.pub["rows"]
    assert row["model"] == "reviews.flow"
    assert {"id", "suspended_at", "config_version"} <= set(row["columns"])


def test_a_secret_never_stands_in_a_history(world):
    configuring.register_endpoint(world.flow, "https://127.0.0.1/x", by=SEEDER, allow_private=True)

    assert "wrapped_secret" not in {field.name for field in Endpoint.history.model._meta.fields}


@pytest.mark.parametrize(("as_role", "sqlstate"), [(APP, "42501"), (OWNER, "23000")])
@pytest.mark.parametrize("verb", ["UPDATE reviews_historicalflow SET name = 'x'", "DELETE FROM reviews_historicalflow"])
@pytest.mark.usefixtures("world")
def test_a_history_is_never_rewritten(verb, as_role, sqlstate):
    with refuses(sqlstate, as_role=as_role):
        run(verb)


def test_a_history_row_of_a_flow_without_its_entry_is_refused(world):
    with refuses():
        copied(Flow.history.filter(id=world.flow.pk).latest(), history_id=None)


@pytest.mark.django_db(transaction=True)
def test_going_back_to_an_earlier_row_of_the_same_transaction_is_refused():
    world = make_world()

    with refuses("23000"):
        configuring.suspend_flow(world.flow, by=SEEDER)
        configuring.resume_flow(world.flow, by=SEEDER)
        run(
            "UPDATE reviews_flow SET suspended_at = h.suspended_at, config_version = h.config_version"
            " FROM (SELECT * FROM reviews_historicalflow WHERE suspended_at IS NOT NULL) h WHERE reviews_flow.id = h.id"
        )
