"""Verification of times: what waits unsequenced, a silent sequencer, and entries dated where they cannot be."""

from datetime import timedelta

import pytest
import time_machine

from audit.sealing import sequencer
from portal.kit.clock import now
from tests.audit.sealed import tamper, where, write

pytestmark = pytest.mark.django_db(transaction=True)


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
