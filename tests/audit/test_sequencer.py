"""The sequencer: dense places, one signer at a time, and a refusal whenever signing would harm the log."""

import json
import threading
import time
from datetime import timedelta

import pytest
import redis
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from audit import ledger
from audit.models import Checkpoint, SigningKey
from audit.sealing import afterwards, highwater, keys, merkle, notes, proofs, sequencer, storage
from audit.sealing.sequencer import RefusedToSign
from portal.kit.clock import now
from tests.audit.saying import BY, Looked, a_stream
from tests.audit.sealed import indexes, query, superuser, tamper, write, write_chain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mark(tmp_path, settings):
    settings.KEYS_DIR = tmp_path / "keys"
    return tmp_path / "mark"


@pytest.fixture
def seal(mark):
    return lambda: sequencer.seal_once(mark)


def in_thread(work) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def wait_for(condition, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def our_keys() -> list[bytes]:
    return [key.public for key in keys.public_keys("log")]


def test_without_a_log_there_is_nothing_to_sign(seal):
    assert seal() is None


def test_queued_entries_get_dense_places_in_the_order_they_were_queued(seal):
    written = write(3) + write(2)

    sealed = seal()

    assert (sealed.added, sealed.size) == (5, 5)
    placed = query("SELECT entry_id FROM audit_leaf ORDER BY idx")
    assert [row[0] for row in placed] == [each.eid for each in written]
    assert query("SELECT count(*) FROM audit_entry_queue") == [(0,)]


def test_the_checkpoint_is_signed_and_its_root_is_that_of_the_leaves(seal):
    written = write(5)

    sealed = seal()

    note, _ = notes.verify(Checkpoint.objects.get().note, ledger.current_log().origin, our_keys())
    root = merkle.root_of(merkle.extended([], [each.leaf_hash for each in written]))
    assert (note.size, note.root) == (sealed.size, sealed.root) == (5, root)


def test_nothing_queued_needs_no_new_checkpoint_until_ten_minutes_passed(seal):
    write()
    seal()

    assert seal() is None

    with time_machine.travel(now() + timedelta(minutes=10, seconds=1), tick=True):
        fresh = seal()
    assert (fresh.added, fresh.size, fresh.checkpoint_id) == (0, 1, 2)


def test_growing_over_several_tiles_keeps_the_tree_whole(seal):
    for count in (200, 56, 1, 300, 0, 30):
        write(count)
        seal()

    assert indexes() == list(range(587))
    assert query("SELECT level, n FROM audit_tile ORDER BY n") == [(0, 0), (0, 1)]
    leaves = [bytes(row[0]) for row in query("SELECT leaf_hash FROM audit_leaf ORDER BY idx")]
    assert bytes(storage.newest_checkpoint(1).root) == merkle.root_of(merkle.extended([], leaves))


def test_every_checkpoint_continues_the_one_before(seal):
    for count in (3, 5, 260):
        write(count)
        seal()
    hash_at = storage.StoredTree(ledger.current_log().pk).hash_at
    signed = [(each.size, bytes(each.root)) for each in Checkpoint.objects.order_by("cp_id")]

    for (old, old_root), (new, new_root) in zip(signed, signed[1:], strict=False):
        proof = merkle.consistency_proof(old, new, hash_at)
        assert merkle.continues(old, old_root, new, new_root, proof)


def test_an_entry_committed_late_with_a_lower_number_is_sequenced_next_time(seal):
    write()
    begun, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            ledger.append(Looked(), stream=a_stream(), by=BY)
            begun.set()
            may_commit.wait(10)

    writer = in_thread(slow_writer)
    begun.wait(10)
    write(2)
    assert seal().size == 3
    may_commit.set()
    writer.join(10)

    assert (seal().size, indexes()) == (4, [0, 1, 2, 3])


def test_of_two_sequencers_at_once_one_works_and_the_other_returns(seal, mark):
    write(2)
    holding, let_go = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            query("SELECT pg_advisory_xact_lock(727, %s::int)", ledger.current_log().pk)
            holding.set()
            let_go.wait(10)

    holder = in_thread(other)
    holding.wait(10)
    assert seal() is None
    let_go.set()
    holder.join(10)

    assert seal().size == 2


def test_eight_sequencers_in_a_race_sign_no_forked_checkpoint(seal):
    write(50)
    keys.ensure_keys()

    for thread in [in_thread(seal) for _ in range(8)]:
        thread.join(20)

    assert indexes() == list(range(50))
    assert [each.size for each in Checkpoint.objects.all()] == [50]


def test_the_session_is_who_it_was_before(seal):
    before = query("SELECT current_user, current_setting('role')")
    write()

    seal()

    assert query("SELECT current_user, current_setting('role')") == before


def test_the_high_water_mark_follows_each_checkpoint(seal, mark):
    write(3)

    sealed = seal()

    kept = highwater.read(mark)
    assert (kept.size, kept.root, kept.signed_at) == (3, sealed.root, sealed.signed_at)


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


def test_the_loop_ends_loudly_when_signing_is_refused(seal, mark):
    write()
    seal()
    mark.unlink()

    with pytest.raises(RefusedToSign):
        sequencer.run_forever(threading.Event(), mark)


def test_the_loop_outlives_a_lost_database_connection(mark, settings):
    settings.SEQUENCER_INTERVAL_MS = 20
    stop, backends = threading.Event(), []

    def loop() -> None:
        backends.extend(query("SELECT pg_backend_pid()"))
        sequencer.run_forever(stop, mark)

    write()
    thread = in_thread(loop)
    wait_for(lambda: indexes() == [0])
    with superuser():
        query("SELECT pg_terminate_backend(%s)", *backends[0])
    write()
    wait_for(lambda: indexes() == [0, 1])
    stop.set()
    thread.join(15)

    assert not thread.is_alive()


def test_waiters_are_told_of_new_entries(seal, settings):
    with redis.Redis.from_url(settings.REDIS_URL) as valkey, valkey.pubsub() as listener:
        listener.subscribe(afterwards.channel())
        listener.get_message(timeout=5)
        write(3)

        sealed = seal()

        said = json.loads(listener.get_message(timeout=5)["data"])
    assert (said["log"], said["first"], said["size"]) == (sealed.log_id, 0, 3)


def test_sealing_goes_on_when_valkey_is_away(seal, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    write()

    assert seal().size == 1

    assert "Nobody was told" in caplog.text


def test_keys_are_made_once_and_kept_wrapped(mark, settings):
    threads = [in_thread(keys.ensure_keys) for _ in range(4)]
    for thread in threads:
        thread.join(20)

    assert sorted(SigningKey.objects.values_list("purpose", flat=True)) == ["log", "receipt"]
    for file in settings.KEYS_DIR.glob("*.key"):
        assert file.stat().st_mode & 0o777 == 0o600
    kid, private = keys.signing_keys("receipt")[0]
    assert kid == keys.thumbprint(private.public_key().public_bytes_raw())
    assert private.private_bytes_raw() not in (settings.KEYS_DIR / f"receipt-{kid}.key").read_bytes()


def test_a_key_whose_file_is_gone_is_told(mark, settings):
    keys.ensure_keys()
    next(settings.KEYS_DIR.glob("log-*.key")).unlink()

    with pytest.raises(keys.KeyUnavailable, match="does not exist"):
        keys.signing_keys("log")


def test_the_thumbprint_is_that_of_the_published_example():
    # RFC 8037, appendix A.3.
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

    assert keys.thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_during_a_rotation_both_keys_sign(seal):
    write()
    seal()
    with sequencer.as_sequencer():
        keys.create_key("log")
    write()

    seal()

    note = storage.newest_checkpoint(ledger.current_log().pk).note
    origin = ledger.current_log().origin
    for key in keys.public_keys("log"):
        assert notes.verify(note, origin, [key.public])[1] == key.public


def test_an_entry_proves_its_place_to_somebody_without_the_database(seal):
    written = write_chain(3)[1]
    write(400)
    seal()
    proof = proofs.prove(written.eid)

    note = proofs.verify(proof.proof.as_text(), proof.leaf, proof.origin, our_keys())

    assert (note.size, proof.proof.index) == (403, 1)
    assert proof.proof.as_text().startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    assert proof.as_document()["leaf_hash"] == written.leaf_hash.hex()


def test_a_proof_does_not_fit_another_leaf(seal):
    written = write(3)
    seal()
    first, second = proofs.prove_all([each.eid for each in written[:2]])

    with pytest.raises(ValueError, match="does not lead"):
        proofs.verify(first.proof.as_text(), second.leaf, first.origin, our_keys())


def test_an_entry_can_be_proved_under_an_earlier_checkpoint(seal):
    written = write(3)
    seal()
    earlier = storage.newest_checkpoint(ledger.current_log().pk)
    later = write(300)
    seal()

    assert notes.parse(proofs.prove(written[2].eid, earlier).proof.checkpoint).size == 3
    with pytest.raises(proofs.NotSealed):
        proofs.prove(later[0].eid, earlier)


def test_an_entry_that_still_waits_has_no_proof():
    with pytest.raises(proofs.NotSealed):
        proofs.prove(write()[0].eid)


@pytest.mark.parametrize("text", ["", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\nx"])
def test_a_malformed_proof_is_refused(text):
    with pytest.raises(ValueError, match="A proof"):
        proofs.parse(text)
