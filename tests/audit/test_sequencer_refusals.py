"""The sequencer refuses to sign whenever that would harm the log, and a refusal changes nothing."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import ledger
from audit.models import Checkpoint
from audit.sealing import highwater, merkle, notes
from audit.sealing.sequencer import RefusedToSign
from portal.kit.clock import now
from tests.audit.sealed import indexes, query, tamper, write

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_older_copy_of_the_database_is_refused(seal):
    write(2)
    seal()
    write(2)
    seal()
    tamper("DELETE FROM audit_leaf WHERE idx >= 2")
    tamper("DELETE FROM audit_checkpoint WHERE cp_id = 2")
    write()

    with pytest.raises(RefusedToSign, match="ends at 2 leaves, but 4 were signed"):
        seal()
    assert Checkpoint.objects.count() == 1


def test_an_emptied_database_is_refused(seal):
    write(2)
    seal()
    tamper("DELETE FROM audit_leaf")
    tamper("DELETE FROM audit_checkpoint")
    write()

    with pytest.raises(RefusedToSign, match="ends at 0 leaves"):
        seal()


def test_another_tree_of_the_same_size_is_refused(seal, mark):
    write(2)
    sealed = seal()
    highwater.replace(mark, highwater.HighWater(ledger.current_log().origin, 2, bytes(32), sealed.signed_at))

    with pytest.raises(RefusedToSign, match="another tree"):
        seal()


def test_leaves_that_do_not_lead_to_the_signed_root_are_refused(seal):
    write(5)
    seal()
    tamper("UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE idx = 3")
    write()

    with pytest.raises(RefusedToSign, match="does not continue"):
        seal()
    assert query("SELECT count(*) FROM audit_entry_queue") == [(1,)]


def test_fewer_leaves_than_the_checkpoint_covers_are_refused(seal):
    write(3)
    seal()
    tamper("DELETE FROM audit_leaf WHERE idx = 2")

    with pytest.raises(RefusedToSign, match="covers 3 leaves, but the log holds 2"):
        seal()


def test_a_checkpoint_signed_by_a_stranger_is_refused(seal):
    write()
    sealed = seal()
    forged = notes.sign(ledger.current_log().origin, 1, sealed.root, [Ed25519PrivateKey.generate()])
    tamper("UPDATE audit_checkpoint SET note = %s", forged)

    with pytest.raises(RefusedToSign, match="not one of ours"):
        seal()


def test_a_clock_set_back_is_refused(seal):
    write()
    seal()
    write()

    with (
        time_machine.travel(now() - timedelta(hours=1), tick=True),
        pytest.raises(RefusedToSign, match="clock"),
    ):
        seal()


def test_a_missing_high_water_file_beside_a_signed_log_is_refused(seal, mark):
    write()
    seal()
    mark.unlink()

    with pytest.raises(RefusedToSign, match="is missing"):
        seal()


def test_a_damaged_high_water_file_is_refused(seal, mark):
    write()
    seal()
    mark.write_text("{")

    with pytest.raises(RefusedToSign, match="cannot be read"):
        seal()


def test_a_mark_left_behind_by_a_crash_after_the_commit_catches_up(seal, mark):
    write(2)
    seal()
    left_behind = mark.read_text()
    write(300)
    sealed = seal()
    mark.write_text(left_behind)

    assert seal() is None

    assert highwater.read(mark).root == sealed.root


def test_a_mark_left_behind_by_another_tree_does_not_catch_up(seal, mark):
    write(2)
    first = seal()
    write(3)
    seal()
    highwater.replace(mark, highwater.HighWater(ledger.current_log().origin, 2, bytes(32), first.signed_at))

    with pytest.raises(RefusedToSign, match="another tree"):
        seal()


def test_a_mark_of_another_log_is_refused(seal, mark):
    write()
    highwater.replace(mark, highwater.HighWater("other.example/log/1", 0, merkle.EMPTY_ROOT, now()))

    with pytest.raises(RefusedToSign, match="is of the log other"):
        seal()


def test_a_refusal_changes_nothing(seal):
    write(2)
    seal()
    write(3)
    before = query("SELECT count(*) FROM audit_entry_queue")

    with time_machine.travel(now() - timedelta(hours=1), tick=True), pytest.raises(RefusedToSign):
        seal()

    assert query("SELECT count(*) FROM audit_entry_queue") == before
    assert indexes() == [0, 1]
