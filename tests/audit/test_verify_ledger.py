"""Verification: a sound ledger is found sound, and each tampering is called by its name."""

import json
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import transaction

from audit import ledger
from audit.facts import REGISTER, Fact
from audit.models import Checkpoint
from audit.sealing import keys, merkle, notes, projections, sequencer, storage
from audit.sealing.verification import verify_ledger
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.models import Queue
from tests.audit.saying import BY, a_stream
from tests.audit.sealed import query, superuser, tamper, write, write_chain, write_personal

pytestmark = pytest.mark.django_db(transaction=True)

ENTRY_AT = "eid = (SELECT entry_id FROM audit_leaf WHERE idx = %s)"


@pytest.fixture
def mark(tmp_path, settings):
    settings.KEYS_DIR = tmp_path / "keys"
    return tmp_path / "mark"


@pytest.fixture
def sealed(mark):
    """300 entries under three checkpoints: a chain at 0-4, then notes, two personal values at 299."""
    chain = write_chain(5)
    sequencer.seal_once(mark)
    write(294)
    sequencer.seal_once(mark)
    personal = write_personal()
    sequencer.seal_once(mark)
    return [*chain, personal]


@pytest.fixture
def found(mark):
    """Verify and give the codes that were found."""

    def verify(**options) -> set[str]:
        return verify_ledger(high_water=mark, **options).codes

    return verify


@pytest.fixture
def erased(monkeypatch):
    """Write the tombstone of values, as an erasure does."""
    monkeypatch.setitem(REGISTER, "payload.erased", None)
    del REGISTER["payload.erased"]

    @dataclass(frozen=True)
    class Erased(Fact):
        kind = "payload.erased"
        entries: list[dict[str, Any]]

    def write_tombstone(eid: UUID, positions: list[int]) -> None:
        with transaction.atomic():
            ledger.append(Erased([{"eid": eid, "pos": positions}]), stream=a_stream(), by=BY)

    return write_tombstone


def where(mark, code: str) -> list[str]:
    return [each.where for each in verify_ledger(high_water=mark).findings if each.code == code]


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


def test_leaves_cut_off_the_end_make_the_log_shorter_than_its_checkpoint(sealed, found):
    tamper("DELETE FROM audit_leaf WHERE idx >= 299")

    assert found() == {"LOG_SHORTER_THAN_CHECKPOINT"}


def test_leaves_cut_off_together_with_their_checkpoint_are_a_rollback(sealed, found):
    tamper("DELETE FROM audit_leaf WHERE idx >= 299")
    tamper("DELETE FROM audit_checkpoint WHERE cp_id = 3")

    assert found() == {"ROLLBACK"}


def test_a_checkpoint_taken_out_of_the_middle_is_a_rollback(sealed, found, mark):
    tamper("DELETE FROM audit_checkpoint WHERE cp_id = 2")

    assert found() == {"ROLLBACK"}
    assert where(mark, "ROLLBACK") == ["checkpoint 3"]


def test_leaves_nothing_signed_covers_are_noticed(sealed, found):
    tamper("DELETE FROM audit_checkpoint WHERE cp_id = 3")

    assert found() == {"ROLLBACK", "ROOT_MISMATCH"}


def test_a_checkpoint_by_another_key_is_invalid(sealed, found, mark):
    root = bytes(storage.newest_checkpoint(ledger.current_log().pk).root)
    forged = notes.sign(ledger.current_log().origin, 300, root, [Ed25519PrivateKey.generate()])
    tamper("UPDATE audit_checkpoint SET note = %s WHERE cp_id = 3", forged)

    assert found() == {"CHECKPOINT_SIGNATURE_INVALID"}
    assert where(mark, "CHECKPOINT_SIGNATURE_INVALID") == ["checkpoint 3"]


def test_a_strangers_key_put_into_the_table_vouches_for_nothing(sealed, found):
    stranger = Ed25519PrivateKey.generate()
    public = stranger.public_key().public_bytes_raw()
    root = bytes(storage.newest_checkpoint(ledger.current_log().pk).root)
    forged = notes.sign(ledger.current_log().origin, 300, root, [stranger])
    tamper("UPDATE audit_checkpoint SET note = %s WHERE cp_id = 3", forged)
    tamper(
        "INSERT INTO audit_signing_key (kid, purpose, alg, public, backend, not_before)"
        " VALUES ('x', 'log', 'Ed25519', %s, 'file:x', now())", public,
    )  # fmt: skip

    assert found() == {"CHECKPOINT_SIGNATURE_INVALID"}


def test_a_checkpoint_whose_columns_differ_from_its_note_is_invalid(sealed, found):
    tamper("UPDATE audit_checkpoint SET note = %s WHERE cp_id = 3", Checkpoint.objects.get(cp_id=2).note)

    assert found() == {"CHECKPOINT_SIGNATURE_INVALID"}


def test_a_checkpoint_signed_after_its_key_was_revoked_is_invalid(sealed, found):
    tamper("UPDATE audit_signing_key SET revoked_at = (SELECT signed_at FROM audit_checkpoint WHERE cp_id = 3)")

    assert found() == {"CHECKPOINT_SIGNATURE_INVALID"}


def test_a_log_that_continues_a_pinned_checkpoint_is_sound(sealed, found):
    assert found(pinned=Checkpoint.objects.get(cp_id=1).note) == set()


def test_a_log_that_does_not_continue_a_pinned_checkpoint_is_inconsistent(sealed, found):
    other = merkle.leaf_hash(b"another story")
    pinned = notes.sign(ledger.current_log().origin, 1, other, [key for _, key in keys.signing_keys("log")])

    assert found(pinned=pinned) == {"INCONSISTENT_WITH_PINNED_CHECKPOINT"}


def test_a_log_shorter_than_a_pinned_checkpoint_says_so(sealed, found):
    pinned = notes.sign(ledger.current_log().origin, 301, bytes(32), [key for _, key in keys.signing_keys("log")])

    assert found(pinned=pinned) == {"LOG_SHORTER_THAN_CHECKPOINT"}


def test_a_pinned_checkpoint_nobody_here_signed_is_invalid(sealed, found):
    pinned = notes.sign(ledger.current_log().origin, 1, bytes(32), [Ed25519PrivateKey.generate()])

    assert found(pinned=pinned) == {"CHECKPOINT_SIGNATURE_INVALID"}


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


def test_an_entry_left_waiting_for_a_minute_is_unsequenced(sealed, found):
    write()

    assert found() == set()
    with time_machine.travel(now() + timedelta(seconds=90), tick=True):
        assert found() == {"UNSEQUENCED_ENTRIES"}


def test_an_entry_taken_out_of_the_queue_is_unsequenced_too(sealed, found):
    with time_machine.travel(now() - timedelta(seconds=90), tick=True):
        write()
    tamper("DELETE FROM audit_entry_queue")

    assert found() == {"UNSEQUENCED_ENTRIES"}


def test_a_silent_sequencer_is_noticed_by_its_stale_checkpoint(sealed, found):
    with time_machine.travel(now() + timedelta(minutes=16), tick=True):
        assert found() == {"STALE_CHECKPOINT"}


def test_an_entry_dated_long_before_the_previous_checkpoint_is_out_of_time(sealed, found, mark):
    with time_machine.travel(now() - timedelta(minutes=5), tick=True):
        write()
    sequencer.seal_once(mark)

    assert found() == {"TIME_NOT_MONOTONIC"}
    assert where(mark, "TIME_NOT_MONOTONIC") == ["index 300"]


def test_an_entry_dated_after_its_checkpoint_is_out_of_time(sealed, found, mark):
    with time_machine.travel(now() + timedelta(minutes=5), tick=True):
        write()
    sequencer.seal_once(mark)

    assert found() == {"TIME_NOT_MONOTONIC"}


def test_an_outage_of_the_sequencer_makes_honest_entries_no_liars(sealed, found, mark):
    for minutes in (1, 30, 59):
        with time_machine.travel(now() + timedelta(minutes=minutes), tick=True):
            write()
    with time_machine.travel(now() + timedelta(hours=1), tick=True):
        sequencer.seal_once(mark)

        assert found() == set()


def test_a_changed_digest_of_a_disclosure_is_found(sealed, found):
    tamper("UPDATE audit_entry_field SET digest = sha256('x') WHERE pos = 0")

    assert found() == {"DISCLOSURE_DIGEST_MISMATCH"}


def test_a_changed_disclosure_is_found(sealed, found):
    tamper("UPDATE audit_entry_field SET disclosure = disclosure || '\\x00'::bytea WHERE pos = 1")

    assert found() == {"DISCLOSURE_DIGEST_MISMATCH"}


def test_disclosures_exchanged_within_an_entry_are_found(sealed, found):
    tamper(
        "UPDATE audit_entry_field f SET digest = o.digest, disclosure = o.disclosure FROM audit_entry_field o"
        " WHERE o.entry_id = f.entry_id AND o.pos = 1 - f.pos"
    )

    assert found() == {"DISCLOSURE_DIGEST_MISMATCH"}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry_field SET disclosure = NULL WHERE pos = 0",
        "DELETE FROM audit_entry_field WHERE pos = 0",
        "UPDATE audit_data_key SET wrapped = NULL, destroyed_at = now()",
    ],
)
def test_a_personal_value_gone_without_a_word_is_missing(sealed, found, sql):
    tamper(sql)

    assert found() == {"DISCLOSURE_MISSING"}


def test_a_value_the_log_says_was_erased_is_not_missing(sealed, found, mark, erased):
    erased(sealed[-1].eid, [0])
    tamper("UPDATE audit_entry_field SET disclosure = NULL WHERE pos = 0")
    sequencer.seal_once(mark)

    assert found() == set()


def test_an_erasure_of_one_value_does_not_cover_another(sealed, found, mark, erased):
    erased(sealed[-1].eid, [1])
    tamper("UPDATE audit_entry_field SET disclosure = NULL WHERE pos = 0")
    sequencer.seal_once(mark)

    assert found() == {"DISCLOSURE_MISSING"}


@dataclass(frozen=True, slots=True)
class Arranged(Fact):
    """A queue was arranged."""

    kind = "test.queue_arranged"
    sentence = "{actor} arranged a queue."


@pytest.fixture
def queue(mark):
    """A queue whose row is vouched for by an entry."""
    with transaction.atomic():
        queue = Queue.objects.create(slug="claims", name="Claims")
        ledger.append_next(Arranged(), stream=a_stream(), by=BY, rows=[queue])
    sequencer.seal_once(mark)
    return queue


def test_history_its_entries_vouch_for_is_sound(queue, found):
    assert found() == set()


@pytest.mark.parametrize(
    ("sql", "besides"),
    [
        ("UPDATE reviews_historicalqueue SET name = 'Payouts'", {"PROJECTION_DIFFERS"}),  # from the live row
        ("UPDATE reviews_historicalqueue SET history_type = '~'", set()),
        ("DELETE FROM audit_history_link", set()),
        ("UPDATE audit_history_link SET digest = sha256('x')", set()),
    ],
)
def test_a_history_row_its_entry_does_not_vouch_for_is_unlinked(queue, found, mark, sql, besides):
    tamper(sql)

    assert found() == {"HISTORY_UNLINKED"} | besides
    assert where(mark, "HISTORY_UNLINKED") == [f"reviews.queue history {queue.history.get().history_id}"]


def test_a_history_row_taken_away_is_missed_by_its_link(queue, found):
    tamper("DELETE FROM reviews_historicalqueue")

    assert found() == {"HISTORY_UNLINKED", "PROJECTION_DIFFERS"}  # nothing vouches for the live row


def test_a_projection_that_differs_is_named(sealed, mark, monkeypatch):
    stream = new_id()
    monkeypatch.setattr(projections, "REGISTER", {})
    projections.register_projection("items", lambda: [(stream, "It is approved; its story says waiting.")])

    report = verify_ledger(high_water=mark)

    assert [(each.code, each.where) for each in report.findings] == [("PROJECTION_DIFFERS", f"items {stream}")]


def test_two_projections_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(projections, "REGISTER", {})
    projections.register_projection("items", lambda: [])

    with pytest.raises(TypeError, match="two projections"):
        projections.register_projection("items", lambda: [])


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
