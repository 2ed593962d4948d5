"""The bed of the tests of the log: where its high-water mark is kept, sealing it, and what verification finds."""

import pytest

from audit.sealing import sequencer
from audit.sealing.verification import verify_ledger
from tests.audit.sealed import write, write_chain, write_personal


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
def seal(mark):
    return lambda: sequencer.seal_once(mark)
