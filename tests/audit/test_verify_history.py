"""Verification of readable history and projections: each row is vouched for by its entry, or it is named."""

from dataclasses import dataclass

import pytest
from django.db import transaction

from audit import ledger
from audit.facts import Fact
from audit.sealing import projections, sequencer
from audit.sealing.verification import verify_ledger
from portal.kit.ids import new_id
from reviews.models import Queue
from tests.audit.saying import BY, a_stream
from tests.audit.sealed import tamper, where

pytestmark = pytest.mark.django_db(transaction=True)


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
