"""The database's own rules: every cheat on the ledger is refused, as the application and as the owner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from audit import exhibits, grants, ledger
from portal.kit.ids import new_id
from tests.audit.saying import (
    BY,
    CHECK,
    DUPLICATE,
    NO_RIGHT,
    NO_SUCH_ROW,
    RULE,
    Looked,
    Painted,
    a_key,
    a_stream,
    refused,
    role,
    run,
)

pytestmark = pytest.mark.django_db
OWNER = "countersign_owner"


@dataclass(frozen=True)
class Told:
    """A story of two entries, a disclosure and an exhibit, to cheat on."""

    stream: ledger.Stream
    first: ledger.Written
    second: ledger.Written
    key: exhibits.DataKey


@pytest.fixture
def told():
    stream, key = a_stream(), a_key()
    exhibits.seal(b"Ana", scope="item:1")
    first = ledger.append_next(Painted("red", "Ana"), stream=stream, by=BY, state="new", key=key)
    second = ledger.append_next(Painted("blue"), stream=stream, by=BY, state="done")
    return Told(stream, first, second, key)


CHEATS = {
    "change an entry": "UPDATE audit_entry SET kind = 'test.looked'",
    "change who did it": "UPDATE audit_entry SET actor_ref = gen_random_uuid()",
    "change a leaf's bytes": "UPDATE audit_entry SET leaf_bytes = '{}' WHERE version = 2",
    "delete an entry": "DELETE FROM audit_entry WHERE version = 2",
    "change an exhibit": "UPDATE audit_exhibit SET ciphertext = ''",
    "delete an exhibit": "DELETE FROM audit_exhibit",
    "change a disclosure": "UPDATE audit_entry_field SET disclosure = 'x'",
    "change a digest": "UPDATE audit_entry_field SET digest = sha256('x'), disclosure = NULL",
    "delete a disclosure": "DELETE FROM audit_entry_field",
    "change a key": "UPDATE audit_data_key SET wrapped = 'x'",
    "rename a key while destroying it": (
        "UPDATE audit_data_key SET wrapped = NULL, destroyed_at = now(), scope = 'item:2'"
    ),
    "swap a key while destroying it": (
        "UPDATE audit_data_key SET wrapped = NULL, destroyed_at = now(), id = gen_random_uuid()"
    ),
    "delete a key": "DELETE FROM audit_data_key",
    "rename the log": "UPDATE audit_log SET origin = 'x/log/1'",
    "delete the log": "DELETE FROM audit_log",
}


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("sql", CHEATS.values(), ids=CHEATS.keys())
def test_the_application_has_no_right_to(sql):
    with refused(NO_RIGHT):
        run(sql)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("sql", CHEATS.values(), ids=CHEATS.keys())
def test_even_the_owner_is_refused_to(sql):
    with refused(RULE, as_role=OWNER):
        run(sql)


@pytest.mark.parametrize("table", sorted(grants.AUDIT))
@pytest.mark.parametrize("name", grants.ROLES)
def test_nobody_but_the_owner_may_empty(name, table):
    with refused(NO_RIGHT, as_role=name):
        run(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", ["audit_leaf", "audit_tile", "audit_checkpoint", "audit_signing_key"])
def test_the_application_has_no_right_to_seal(table):
    with refused(NO_RIGHT):
        run(f"INSERT INTO {table} DEFAULT VALUES")


@pytest.mark.usefixtures("told")
def test_the_application_has_no_right_to_take_an_entry_from_the_queue():
    with refused(NO_RIGHT):
        run("DELETE FROM audit_entry_queue")


def test_a_second_entry_at_one_version_is_refused(told):
    with refused(DUPLICATE):
        ledger.append(Painted("green"), stream=told.stream, by=BY, version=2, state="done", prev=told.first.leaf_hash)


def test_a_second_beginning_is_refused(told):
    with refused(DUPLICATE):
        ledger.append(Painted("green"), stream=told.stream, by=BY, version=1, state="new")


def test_a_gap_is_refused(told):
    with refused(NO_SUCH_ROW):
        ledger.append(Painted("green"), stream=told.stream, by=BY, version=4, prev=told.second.leaf_hash)


def test_a_wrong_prev_is_refused(told):
    with refused(NO_SUCH_ROW):
        ledger.append(Painted("green"), stream=told.stream, by=BY, version=3, prev=told.first.leaf_hash)


SHAPES: dict[str, dict[str, Any]] = {
    "version two without a prev": {"version": 2},
    "version one with a prev": {"version": 1, "prev": b"\0" * 32},
    "version nought": {"version": 0, "prev": b"\0" * 32},
    "a note with a prev": {"prev": b"\0" * 32},
    "a note with a state": {"state": "done"},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_an_entry_of_an_impossible_shape_is_refused(shape):
    with refused(CHECK):
        ledger.append(Looked(), stream=a_stream(), by=BY, **shape)


def copied(told: Told, **columns: str) -> None:
    """Insert a copy of the first entry as a note, with some columns put differently."""
    names = ["log_id", "stream_type", "stream", "kind", "actor_type", "actor_ref", "at", "leaf_bytes"]
    values = ", ".join(columns.get(name, name) for name in names)
    sql = f"INSERT INTO audit_entry (eid, {', '.join(names)}) SELECT %s::uuid, {values} FROM audit_entry"
    run(f"{sql} WHERE eid = %s", new_id(), told.first.eid)


def test_a_raw_note_is_possible_so_the_next_refusals_mean_something(told):
    copied(told)


@pytest.mark.parametrize(
    "columns",
    [{"actor_type": "'robot'"}, {"leaf_bytes": "'{'"}, {"leaf_bytes": "repeat(' ', 65536)::bytea"}],
    ids=["an unknown kind of actor", "a leaf too short", "a leaf too long"],
)
def test_a_raw_entry_is_refused_for(told, columns):
    with refused(CHECK):
        copied(told, **columns)


@pytest.mark.parametrize("column", ["actor_type", "actor_ref"])
def test_nobody_acts_anonymously(told, column):
    with refused("23502"):
        copied(told, **{column: "NULL"})


def test_a_leaf_hash_cannot_be_made_up(told):
    with refused("428C9"):
        run("INSERT INTO audit_entry (eid, leaf_hash) VALUES (%s::uuid, %s)", new_id(), told.first.leaf_hash)


def test_the_eraser_may_erase_a_disclosure_and_nothing_else(told):
    with role("countersign_eraser"):
        run("UPDATE audit_entry_field SET disclosure = NULL WHERE entry_id = %s", told.first.eid)
    with refused(NO_RIGHT, as_role="countersign_eraser"):
        run("UPDATE audit_entry_field SET digest = sha256('x')")
    with refused(NO_RIGHT, as_role="countersign_eraser"):
        run("UPDATE audit_entry SET kind = 'x'")


def test_what_is_erased_cannot_come_back(told):
    with role("countersign_eraser"):
        run("UPDATE audit_entry_field SET disclosure = NULL WHERE entry_id = %s", told.first.eid)

    with refused(RULE, as_role="countersign_eraser"):
        run("UPDATE audit_entry_field SET disclosure = 'x' WHERE entry_id = %s", told.first.eid)


def test_a_destroyed_key_cannot_come_back(told):
    with role("countersign_eraser"):
        exhibits.destroy_key(told.key.id)

    with refused(RULE, as_role="countersign_eraser"):
        run("UPDATE audit_data_key SET wrapped = 'x', destroyed_at = NULL WHERE id = %s", told.key.id)


def test_a_key_is_destroyed_at_one_time_only(told):
    with role("countersign_eraser"):
        exhibits.destroy_key(told.key.id)

    with refused(RULE, as_role="countersign_eraser"):
        run("UPDATE audit_data_key SET destroyed_at = now() WHERE id = %s", told.key.id)


def test_the_sequencer_takes_from_the_queue_and_changes_no_entry(told):
    with role("countersign_sequencer"):
        run("DELETE FROM audit_entry_queue WHERE entry_id = %s", told.first.eid)
    with refused(NO_RIGHT, as_role="countersign_sequencer"):
        run("UPDATE audit_entry SET kind = 'x'")


def test_a_hardened_ledger_cannot_be_emptied_even_by_the_owner():
    with transaction.atomic():
        call_command("harden_ledger", verbosity=0)
        for table in ("audit_entry", "audit_exhibit", "audit_log"):
            with refused(RULE, as_role=OWNER):
                run(f"TRUNCATE {table} CASCADE")


def test_a_refusal_says_what_to_do(told: Told):
    hints: dict[str, Callable[[], Any]] = {
        "append a new one": lambda: run("UPDATE audit_entry SET kind = 'x'"),
        "Set disclosure to NULL": lambda: run("UPDATE audit_entry_field SET disclosure = 'x'"),
        "Set wrapped to NULL": lambda: run("UPDATE audit_data_key SET wrapped = 'x'"),
    }
    for hint, cheat in hints.items():
        with pytest.raises(Exception, match=hint), role(OWNER):
            cheat()
