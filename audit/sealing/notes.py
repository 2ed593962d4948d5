"""Checkpoints as C2SP signed notes: origin, size and root, signed with Ed25519 by one or more keys. Pure."""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_SIGNATURES_TRIED = 16
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9]\d{0,18}")


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature under a note: whose, with which key, over the note's text."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed checkpoint; trust it only after `verify` returned a key."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[SignatureLine, ...]


def body(origin: str, size: int, root: bytes) -> str:
    """Write the text that is signed."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def key_id(name: str, public: bytes) -> bytes:
    """Give the four bytes that name an Ed25519 key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """Write a public key as note verifiers take it: `name+hex id+base64`."""
    return f"{name}+{key_id(name, public).hex()}+{b64encode(_ED25519 + public).decode()}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Read name and public key from what `verifier_key` wrote; ValueError otherwise."""
    name, _, rest = text.strip().partition("+")
    _, _, encoded = rest.partition("+")
    public = _decoded(encoded, "The verifier key")[1:]
    if len(public) != 32 or verifier_key(name, public) != text.strip():
        raise ValueError("The verifier key is not an Ed25519 key in the form name+id+base64.")
    return name, public


def sign(origin: str, size: int, root: bytes, keys: Iterable[Ed25519PrivateKey]) -> str:
    """Write and sign a checkpoint; during a rotation with both keys."""
    text = body(origin, size, root)
    lines = []
    for key in keys:
        named = key_id(origin, key.public_key().public_bytes_raw())
        lines.append(f"— {origin} {b64encode(named + key.sign(text.encode())).decode()}\n")
    if not lines:
        raise ValueError("A checkpoint needs at least one key to sign it.")
    return text + "\n" + "".join(lines)


def parse(note: str) -> Note:
    """Read a checkpoint; ValueError with a sentence when it is malformed."""
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise ValueError("A checkpoint is a text, a blank line and signature lines, each ended by a newline.")
    if any(ord(character) < 32 and character != "\n" for character in note):
        raise ValueError("A checkpoint holds no control characters.")
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise ValueError("A checkpoint begins with its origin, its size and its root, a line each.")
    root = _decoded(lines[2], "The root")
    if len(root) != 32:
        raise ValueError("The root of a checkpoint is 32 bytes.")
    signatures = tuple(_parse_line(line) for line in block[:-1].split("\n"))
    return Note(lines[0], int(lines[1]), root, text + "\n", signatures)


def verify(note: str, origin: str, keys: Iterable[bytes]) -> tuple[Note, bytes]:
    """Give the note and the first known key that signed it; ValueError when none did or one is forged."""
    parsed = parse(note)
    if parsed.origin != origin:
        raise ValueError(f"The checkpoint is of {parsed.origin}, not of {origin}.")
    known = {key_id(origin, public): public for public in keys}
    signers = [
        _checked(parsed, line, known[line.key_id])
        for line in parsed.signatures[:_SIGNATURES_TRIED]
        if line.name == origin and line.key_id in known
    ]
    if not signers:
        raise ValueError("No known key signed the checkpoint.")
    return parsed, signers[0]


def _checked(note: Note, line: SignatureLine, public: bytes) -> bytes:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(line.signature, note.text.encode())
    except InvalidSignature as error:
        raise ValueError(f"The signature by key {line.key_id.hex()} does not fit the checkpoint.") from error
    return public


def _parse_line(line: str) -> SignatureLine:
    if (match := _LINE.fullmatch(line)) is None:
        raise ValueError("A signature line is a dash, a key name and base64, separated by spaces.")
    signed = _decoded(match[2], "The signature")
    if len(signed) <= 4:
        raise ValueError("A signature holds a four-byte key id and the signature itself.")
    return SignatureLine(match[1], signed[:4], signed[4:])


def _decoded(encoded: str, what: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except (NotBase64, ValueError) as error:
        raise ValueError(f"{what} is not base64.") from error
