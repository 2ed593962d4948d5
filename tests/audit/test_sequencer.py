"""The sequencer: dense places, one signer at a time, and each checkpoint continues the one before."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from audit import ledger
from audit.models import Checkpoint
from audit.sealing import highwater, keys, merkle, notes, storage
from portal.kit.clock import now
from tests.audit.saying import BY, Looked, a_stream
from tests.audit.sealed import indexes, query, write
from tests.audit.sequencing import in_thread, our_keys

pytestmark = pytest.mark.django_db(transaction=True)


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
