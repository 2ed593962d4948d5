"""Proofs that an entry is in the log, for somebody who has no database."""

import pytest

from audit import ledger
from audit.sealing import notes, proofs, storage
from tests.audit.sealed import write, write_chain
from tests.audit.sequencing import our_keys

pytestmark = pytest.mark.django_db(transaction=True)


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
