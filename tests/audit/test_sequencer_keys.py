"""The keys of the log: made once, kept wrapped, told when they are gone, and two of them during a rotation."""

import pytest

from audit import ledger
from audit.models import SigningKey
from audit.sealing import keys, notes, sequencer, storage
from tests.audit.sealed import write
from tests.audit.sequencing import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


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
