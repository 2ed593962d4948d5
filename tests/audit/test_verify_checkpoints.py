"""Verification of checkpoints: cut off, taken out, signed by strangers, or not continuing one that was pinned."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import ledger
from audit.models import Checkpoint
from audit.sealing import keys, merkle, notes, storage
from tests.audit.sealed import tamper, where

pytestmark = pytest.mark.django_db(transaction=True)


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
