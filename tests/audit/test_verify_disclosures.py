"""Verification of personal values: changed, exchanged or gone, and not missing where the log says they were erased."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from audit import ledger
from audit.facts import REGISTER, Fact
from audit.sealing import sequencer
from tests.audit.saying import BY, a_stream
from tests.audit.sealed import tamper

pytestmark = pytest.mark.django_db(transaction=True)


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
