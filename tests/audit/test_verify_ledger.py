"""Verification: a sound ledger is found sound, and each tampering with its leaves and tiles is called by its name."""

import json
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from audit import ledger
from audit.models import Checkpoint
from audit.sealing import sequencer, storage
from audit.sealing.verification import verify_ledger
from portal.kit.clock import now
from tests.audit.sealed import query, superuser, tamper, where, write_chain

pytestmark = pytest.mark.django_db(transaction=True)
ENTRY_AT = "eid = (SELECT entry_id FROM audit_leaf WHERE idx = %s)"


def test_a_sound_ledger_is_found_sound(sealed, mark):
    report = verify_ledger(high_water=mark)

    assert report.findings == ()
    assert (report.size, report.checkpoints) == (300, 3)
    assert report.root == bytes(storage.newest_checkpoint(ledger.current_log().pk).root)


def test_an_installation_without_a_log_is_sound(found):
    assert found() == set()


def test_a_flipped_byte_is_found_at_its_index(sealed, found, mark):
    tamper(f"UPDATE audit_entry SET leaf_bytes = set_byte(leaf_bytes, 40, 65) WHERE {ENTRY_AT}", 17)

    assert found() == {"LEAF_HASH_MISMATCH", "ROOT_MISMATCH"}
    assert where(mark, "LEAF_HASH_MISMATCH") == ["index 17"]


def test_a_leaf_that_is_no_json_any_more_stops_nothing(sealed, found):
    tamper(f"UPDATE audit_entry SET leaf_bytes = '\\xff00' WHERE {ENTRY_AT}", 299)

    assert found() == {"LEAF_HASH_MISMATCH", "ROOT_MISMATCH"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "at + interval '1 microsecond'"),
        ("kind", "'item.approved'"),
        ("stream_type", "'flow'"),
        ("actor_type", "'user'"),
        ("actor_ref", "gen_random_uuid()"),
        ("state", "'approved'"),
    ],
)
def test_a_column_that_differs_from_its_leaf_is_named(sealed, mark, column, value):
    tamper(f"UPDATE audit_entry SET {column} = {value} WHERE {ENTRY_AT}", 2)

    report = verify_ledger(high_water=mark)

    assert report.codes == {"COLUMN_DIFFERS_FROM_LEAF"}
    assert report.findings[0].where == "index 2"
    assert column in report.findings[0].sentence


def test_an_edit_with_a_fitting_leaf_hash_changes_the_root(sealed, found):
    edited = "convert_to(replace(convert_from(leaf_bytes, 'UTF8'), '{}', '{\"a\":1}'), 'UTF8')"
    tamper(f"UPDATE audit_entry SET leaf_bytes = {edited} WHERE {ENTRY_AT}", 40)
    tamper("UPDATE audit_leaf SET leaf_hash = e.leaf_hash FROM audit_entry e WHERE eid = entry_id AND idx = 40")

    assert found() == {"ROOT_MISMATCH"}


def test_two_exchanged_leaves_change_the_root(sealed, found):
    tamper("UPDATE audit_leaf SET idx = -1 WHERE idx = 40")
    tamper("UPDATE audit_leaf SET idx = 40 WHERE idx = 41")
    tamper("UPDATE audit_leaf SET idx = 41 WHERE idx = -1")

    assert found() == {"ROOT_MISMATCH"}


def test_a_changed_tile_is_named_by_its_path(sealed, found, mark):
    tamper("UPDATE audit_tile SET hashes = set_byte(hashes, 5, (get_byte(hashes, 5) + 1) % 256)")

    assert found() == {"ROOT_MISMATCH"}
    assert where(mark, "ROOT_MISMATCH") == ["tile 0/000"]


def test_a_deleted_tile_is_noticed(sealed, found):
    tamper("DELETE FROM audit_tile")

    assert found() == {"ROOT_MISMATCH"}


def test_a_deleted_leaf_leaves_a_gap(sealed, found, mark):
    tamper("DELETE FROM audit_leaf WHERE idx = 100")

    assert found() == {"INDEX_GAP"}
    assert where(mark, "INDEX_GAP") == ["index 100"]


def test_a_deleted_leaf_becomes_an_unsequenced_entry_after_a_minute(sealed, found):
    tamper("DELETE FROM audit_leaf WHERE idx = 100")

    with time_machine.travel(now() + timedelta(seconds=90), tick=True):
        assert found() == {"INDEX_GAP", "UNSEQUENCED_ENTRIES"}


def test_a_deleted_entry_is_missing_at_its_index(sealed, found, mark):
    tamper(f"DELETE FROM audit_entry WHERE {ENTRY_AT}", 3)

    assert found() == {"ENTRY_MISSING"}
    assert where(mark, "ENTRY_MISSING") == ["index 3"]


def test_a_broken_chain_is_named_by_stream_and_version(mark, found):
    chain = write_chain(3)
    wrong = b"x" * 32
    with superuser():
        query(
            "UPDATE audit_entry SET prev_hash = %s, leaf_bytes ="
            " convert_to(replace(convert_from(leaf_bytes, 'UTF8'), %s, %s), 'UTF8') WHERE eid = %s",
            wrong, chain[1].leaf_hash.hex(), wrong.hex(), chain[2].eid,
        )  # fmt: skip
    sequencer.seal_once(mark)

    assert found() == {"STREAM_CHAIN_BROKEN"}
    assert where(mark, "STREAM_CHAIN_BROKEN")[0].endswith("version 3")


def test_a_command_ends_with_1_and_tells_when_something_was_found(sealed, mark, tmp_path):
    tamper("DELETE FROM audit_leaf WHERE idx = 100")
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", "--high-water", mark, stdout=out, stderr=StringIO())

    assert ended.value.code == 1
    assert "completeness: 1 found" in out.getvalue()
    assert "INDEX_GAP at index 100" in out.getvalue()


def test_a_command_writes_a_report_for_machines(sealed, mark, tmp_path):
    pinned, out = tmp_path / "pinned", StringIO()
    pinned.write_text(Checkpoint.objects.get(cp_id=2).note)

    call_command("verify_ledger", "--json", "--pinned", pinned, "--high-water", mark, stdout=out)

    report = json.loads(out.getvalue())
    assert (report["sound"], report["size"], report["integrity"], report["completeness"]) == (
        True,
        300,
        [],
        [],
    )
