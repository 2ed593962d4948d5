"""The keyring wraps data keys, webhook secrets and TOTP secrets under keys kept outside the database."""

import os
from base64 import b64decode
from binascii import Error as NotBase64
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_FORMAT = 1
_NONCE = 12


class KeyringError(Exception):
    """The keyring is written wrongly or lacks the key that is needed."""


def wrap(secret: bytes, *, purpose: str) -> bytes:
    """Encrypt a secret under the current key with AES-256-GCM; the same `purpose` opens it again."""
    kid, key = next(iter(_keys(settings.KEYRING).items()))
    header = bytes([_FORMAT, len(kid)]) + kid.encode()
    nonce = os.urandom(_NONCE)
    return header + nonce + AESGCM(key).encrypt(nonce, secret, _bound(header, purpose))


def unwrap(wrapped: bytes, *, purpose: str) -> bytes:
    """Decrypt what `wrap` made, under whichever key of the ring made it."""
    if len(wrapped) < 2 or wrapped[0] != _FORMAT:
        raise KeyringError("This is not a secret wrapped by the keyring.")
    end = 2 + wrapped[1]
    header, nonce, sealed = wrapped[:end], wrapped[end : end + _NONCE], wrapped[end + _NONCE :]
    kid = header[2:].decode(errors="replace")
    key = _keys(settings.KEYRING).get(kid)
    if key is None:
        raise KeyringError(f"A secret is wrapped by the key {kid!r}; add that key to KEYRING again.")
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(header, purpose))
    except (InvalidTag, ValueError):
        raise KeyringError(f"A secret for {purpose!r} does not open with the key {kid!r}.") from None


def _bound(header: bytes, purpose: str) -> bytes:
    return header + b"\0" + purpose.encode()


@lru_cache(maxsize=4)
def _keys(ring: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in ring.split(","))):
        kid, _, encoded = part.partition(":")
        if not kid or kid in keys or len(kid.encode()) > 255:
            raise KeyringError("KEYRING must read id:key,id:key with an id of its own for each key.")
        keys[kid] = _key(kid, encoded)
    if not keys:
        raise KeyringError("KEYRING is empty; write at least one id:key, the current one first.")
    return keys


def _key(kid: str, encoded: str) -> bytes:
    try:
        key = b64decode(encoded, validate=True)
    except (NotBase64, ValueError):
        key = b""
    if len(key) != 32:
        raise KeyringError(f"The key {kid!r} in KEYRING must be 32 bytes written in base64.")
    return key
