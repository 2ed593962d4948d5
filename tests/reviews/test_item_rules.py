"""Cheats on items and their entries: the database refuses each, as the application and as the owner."""

import pytest
from django.apps import apps
from django.db.models import F

from audit import ledger
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews import facts, lifecycle
from reviews.models import Item, Policy, Queue
from reviews.words import State
from tests.factories import SEEDER, make_item, make_person, make_world, sign, take
from tests.reviews.cheating import (
    APP,
    CHECK,
    DUPLICATE,
    NO_RIGHT,
    NO_SUCH_ROW,
    OWNER,
    RULE,
    copied,
    forge,
    refuses,
    run,
    unrouted,
)  # fmt: skip

pytestmark = pytest.mark.django_db

BARE = {
    "change its state": ("SET state = 'approved'", RULE),
    "change its amount": ("SET amount = 1", RULE),
    "change its queue": ("SET queue_id = gen_random_uuid()", RULE),
    "step back": ("SET version = version - 1", RULE),
    "skip a version": ("SET version = version + 2", RULE),
    "change its id": ("SET id = gen_random_uuid(), version = version + 1", RULE),
    "take a version without an entry": ("SET version = version + 1", RULE),
    "become approved without an entry": ("SET version = version + 1, state = 'approved'", RULE),
}


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def item(world):
    return make_item(world)


@pytest.fixture
def approved(item):
    ana = make_person("ana", Role.ADJUSTER)
    take(item, ana)
    sign(item, ana)
    return Item.objects.get(pk=item.pk)


@pytest.mark.parametrize("as_role", [APP, OWNER])
@pytest.mark.parametrize(("cheat", "sqlstate"), BARE.values(), ids=BARE.keys())
def test_an_item_cannot(item, cheat, sqlstate, as_role):
    with refuses(sqlstate, as_role=as_role):
        run(f"UPDATE reviews_item {cheat} WHERE id = %s", item.pk)


@pytest.mark.parametrize("as_role", [APP, OWNER])
def test_an_item_is_never_deleted_nor_put_in_again(item, as_role):
    with refuses(as_role=as_role):
        run("DELETE FROM reviews_item WHERE id = %s", item.pk)
    with refuses(DUPLICATE, as_role=as_role):
        copied(item)


def test_a_version_with_history_but_without_its_entry_is_refused(item):
    with refuses(NO_SUCH_ROW):
        Item.objects.filter(pk=item.pk).update(version=2)
        ledger.append(facts.PutBack(), stream=lifecycle.stream(item.pk), by=SEEDER, rows=[Item.objects.get(pk=item.pk)])


def test_a_second_entry_at_one_version_is_refused(item):
    with refuses(DUPLICATE):
        ledger.append(facts.PutBack(), stream=lifecycle.stream(item.pk), by=SEEDER, version=1, state=State.IN_REVIEW)


@pytest.mark.parametrize(
    ("version", "state", "sqlstate"),
    [(2, "in_review", RULE), (2, "approved", RULE), (3, "in_review", NO_SUCH_ROW)],
    ids=["ahead", "ahead with another state", "over a gap"],
)
def test_an_entry_never_runs_ahead_of_its_item(item, version, state, sqlstate):
    _, prev = ledger.last(item.pk)

    with refuses(sqlstate):
        ledger.append(
            facts.PutBack(), stream=lifecycle.stream(item.pk), by=SEEDER, version=version, state=state, prev=prev
        )


@pytest.mark.parametrize(("prev", "state", "sqlstate"), [
    (b"\0" * 32, "in_review", NO_SUCH_ROW), (None, "approved", RULE),
], ids=["a wrong prev", "another state than the row"])  # fmt: skip
def test_a_step_is_refused_with(item, prev, state, sqlstate):
    with refuses(sqlstate):
        Item.objects.filter(pk=item.pk).update(version=2)
        ledger.append(
            facts.PutBack(), stream=lifecycle.stream(item.pk), by=SEEDER, version=2, state=state,
            prev=prev or ledger.last(item.pk)[1], rows=[Item.objects.get(pk=item.pk)],
        )  # fmt: skip


def test_an_entry_cannot_take_the_first_version_of_a_submission_that_waits(world):
    waiting = unrouted(world)

    with refuses():
        ledger.append(facts.PutBack(), stream=ledger.Stream("thing", waiting.pk), by=SEEDER, version=1, state="x")


def test_a_step_without_history_is_refused(item):
    with refuses():
        forge(item, State.IN_REVIEW, record=False)


def test_a_history_row_without_its_entry_is_refused(item):
    kept = Item.history.filter(id=item.pk).first()

    with refuses():
        copied(kept, history_id=None)


@pytest.mark.parametrize(("as_role", "sqlstate"), [(APP, NO_RIGHT), (OWNER, RULE)])
@pytest.mark.parametrize(
    "table", ["audit_entry", "reviews_submission", "reviews_revision", "reviews_signature", "reviews_decision",
              "reviews_historicalitem", "reviews_policy_version"],
)  # fmt: skip
def test_what_is_written_stays(approved, table, as_role, sqlstate):
    column = run("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", table)[0][0]

    for cheat in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with refuses(sqlstate, as_role=as_role):
            run(cheat)


@pytest.mark.parametrize("table", sorted(model._meta.db_table for model in apps.get_models()))
def test_the_application_cannot_empty(table):
    with refuses(NO_RIGHT):
        run(f"TRUNCATE {table} CASCADE")


BIRTHS = {
    "approved": ({"state": "approved"}, RULE),
    "at version two": ({"version": 2}, RULE),
    "as harm by policy": ({"effect": "deny", "basis": "policy"}, CHECK),
    "as a partial payment by policy": ({"effect": "partial", "basis": "policy"}, CHECK),
    "as a release by policy": ({"effect": "release", "basis": "policy"}, CHECK),
    "as a downward override by policy": ({"override": "downward", "basis": "policy"}, CHECK),
    "in a state nobody knows": ({"state": "paid"}, RULE),
    "without an entry": ({}, NO_SUCH_ROW),
}


@pytest.mark.parametrize(("changes", "sqlstate"), BIRTHS.values(), ids=BIRTHS.keys())
def test_no_item_is_born(world, item, changes, sqlstate):
    waiting = unrouted(world)

    with refuses(sqlstate):
        copied(item, id=waiting.pk, **changes)


def test_no_item_is_born_without_a_submission(item):
    with refuses(NO_SUCH_ROW):
        copied(item, id=new_id())


FIXED = {
    "its basis": {"basis": "policy"},
    "its effect": {"effect": "reserve"},
    "its revision": {"revision": 2},
    "its flow": {"flow_id": new_id()},
    "who asked for it": {"requested_by_id": new_id()},
    "when it came": {"received_at": now()},
}


@pytest.mark.parametrize("changes", FIXED.values(), ids=FIXED.keys())
def test_even_with_an_entry_an_item_keeps(item, changes):
    with refuses():
        forge(item, State.IN_REVIEW, **changes)


def test_a_submission_leaves_the_intake_queue_only_as_an_item(world):
    waiting = unrouted(world)

    with refuses():
        run("DELETE FROM reviews_intake_queue WHERE submission_id = %s", waiting.pk)


@pytest.mark.parametrize("model", [Queue, Policy])
def test_configuration_changed_without_history_is_refused(world, model):
    with refuses():
        model.objects.update(name=F("name"), created_at=now())
