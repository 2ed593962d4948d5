"""Checkpoints: signed as C2SP's signed note says, refused when anything is out of place."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.sealing import notes

ORIGIN = "portal.example/log/1"
ROOT = bytes(range(32))


def a_key(seed: int = 1) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def test_a_checkpoint_has_the_form_the_specification_gives():
    note = notes.sign(ORIGIN, 109482, ROOT, [a_key()])

    text, signature = note.split("\n\n")
    assert text == f"{ORIGIN}\n109482\n{b64encode(ROOT).decode()}"
    assert signature.startswith(f"— {ORIGIN} ")
    assert signature.endswith("\n")
    signed = b64decode(signature.split(" ")[2])
    assert len(signed) == 4 + 64
    assert signed[:4] == notes.key_id(ORIGIN, public(a_key()))


def test_a_signed_checkpoint_verifies_and_gives_back_what_it_says():
    note = notes.sign(ORIGIN, 7, ROOT, [a_key()])

    parsed, signer = notes.verify(note, ORIGIN, [public(a_key(9)), public(a_key())])

    assert (parsed.origin, parsed.size, parsed.root, signer) == (ORIGIN, 7, ROOT, public(a_key()))


def test_a_published_go_note_verifies():
    # golang.org/x/mod/sumdb/note, its own example: the same key and signature format.
    name, key = notes.parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signed = b64decode("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=")

    assert signed[:4] == notes.key_id(name, key)
    Ed25519PublicKey.from_public_bytes(key).verify(signed[4:], text.encode())


def test_during_a_rotation_either_key_verifies_and_a_strangers_does_not():
    note = notes.sign(ORIGIN, 7, ROOT, [a_key(1), a_key(2)])

    assert notes.verify(note, ORIGIN, [public(a_key(1))])[1] == public(a_key(1))
    assert notes.verify(note, ORIGIN, [public(a_key(2))])[1] == public(a_key(2))
    with pytest.raises(ValueError, match="No known key signed"):
        notes.verify(note, ORIGIN, [public(a_key(3))])


def test_a_forged_signature_of_a_known_key_refuses_the_whole_note():
    note = notes.sign(ORIGIN, 7, ROOT, [a_key(1), a_key(2)])
    first = note.splitlines()[4]
    forged = note.replace(first, first[:-8] + ("AAAAAAA=" if not first.endswith("AAAAAAA=") else "BBBBBBA="))

    with pytest.raises(ValueError, match="does not fit"):
        notes.verify(forged, ORIGIN, [public(a_key(1)), public(a_key(2))])


def test_a_changed_size_breaks_the_signature():
    note = notes.sign(ORIGIN, 7, ROOT, [a_key()])

    with pytest.raises(ValueError, match="does not fit"):
        notes.verify(note.replace("\n7\n", "\n8\n"), ORIGIN, [public(a_key())])


def test_a_checkpoint_of_another_log_is_refused():
    note = notes.sign("other.example/log/1", 7, ROOT, [a_key()])

    with pytest.raises(ValueError, match=r"is of other\.example"):
        notes.verify(note, ORIGIN, [public(a_key())])


def test_a_checkpoint_without_a_key_is_not_signed():
    with pytest.raises(ValueError, match="at least one key"):
        notes.sign(ORIGIN, 7, ROOT, [])


def test_a_signature_under_another_name_counts_for_nothing():
    note = notes.sign(ORIGIN, 7, ROOT, [a_key()]).replace(f"— {ORIGIN} ", "— other.example ")

    with pytest.raises(ValueError, match="No known key signed"):
        notes.verify(note, ORIGIN, [public(a_key())])


def test_extra_lines_and_witness_signatures_are_kept_apart():
    text = notes.body(ORIGIN, 7, ROOT) + "extension\n"
    line = b64encode(notes.key_id(ORIGIN, public(a_key())) + a_key().sign(text.encode())).decode()
    note = f"{text}\n— witness.example {b64encode(bytes(76)).decode()}\n— {ORIGIN} {line}\n"

    parsed, _ = notes.verify(note, ORIGIN, [public(a_key())])

    assert [each.name for each in parsed.signatures] == ["witness.example", ORIGIN]
    assert parsed.text == text


SOUND = notes.sign(ORIGIN, 7, ROOT, [a_key()])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "one line\n",
        SOUND[:-1],
        SOUND.replace("\n\n", "\n"),
        SOUND.replace("\n7\n", "\n07\n"),
        SOUND.replace("\n7\n", "\n-7\n"),
        SOUND.replace("\n7\n", "\nseven\n"),
        SOUND.replace(b64encode(ROOT).decode(), "not base64!"),
        SOUND.replace(b64encode(ROOT).decode(), b64encode(ROOT[:31]).decode()),
        SOUND.replace("— ", "- "),
        SOUND + "trailing",
        SOUND + "\n",
        SOUND.replace(ORIGIN, ORIGIN + "\t"),
        f"{notes.body(ORIGIN, 7, ROOT)}\n— {ORIGIN} AAAA\n",
        f"{notes.body(ORIGIN, 7, ROOT)}\n— {ORIGIN} A\n",
    ],
)
def test_a_malformed_checkpoint_is_refused_with_a_sentence(note):
    with pytest.raises(ValueError, match=r"^(A|The) .*\.$"):
        notes.parse(note)


def test_a_verifier_key_reads_back():
    written = notes.verifier_key(ORIGIN, public(a_key()))

    assert notes.parse_verifier_key(written + "\n") == (ORIGIN, public(a_key()))


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AQ==", "name+00000000+" + b64encode(bytes(33)).decode()])
def test_a_malformed_verifier_key_is_refused(text):
    with pytest.raises(ValueError, match="verifier key"):
        notes.parse_verifier_key(text)
