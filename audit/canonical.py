"""Canonical bytes (RFC 8785) and the prefixed hashes built on them; floats have no place in what is hashed."""

import hashlib
import unicodedata
from base64 import urlsafe_b64encode
from typing import Any, NewType

import rfc8785

Sha256 = NewType("Sha256", bytes)

ACTION = b"countersign/action/v1\0"
SIGN_INTENT = b"countersign/sign-intent/v1\0"
RECORD = b"countersign/record/v1\0"
HISTORY_ROW = b"countersign/history-row/v1\0"
SNAPSHOT = b"countersign/snapshot/v1\0"
SHOWN = b"countersign/shown/v1\0"


def refuse_floats(value: Any, pointer: str = "") -> None:
    """Raise ValueError naming the JSON pointer of the first float: money, ids and times are strings."""
    if isinstance(value, float):
        raise ValueError(f"a float at {pointer or '/'} cannot be hashed; write it as a string")
    if isinstance(value, dict):
        for key, inner in value.items():
            refuse_floats(inner, f"{pointer}/{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            refuse_floats(inner, f"{pointer}/{index}")


def normalised(value: Any) -> Any:
    """Give the value with every text in NFC."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {normalised(key): normalised(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [normalised(inner) for inner in value]
    return value


def strict_bytes(document: Any) -> bytes:
    """Give the RFC 8785 bytes of a leaf, intent or action: NFC, no floats."""
    refuse_floats(document)
    return rfc8785.dumps(normalised(document))


def document_bytes(document: Any) -> bytes:
    """Give the RFC 8785 bytes of a snapshot; floats are the flow's own and stay."""
    return rfc8785.dumps(document)


def prefixed(prefix: bytes, content: bytes) -> Sha256:
    """Hash content under one of the prefixes above: SHA-256(prefix || content)."""
    return Sha256(hashlib.sha256(prefix + content).digest())


def sha256(content: bytes) -> Sha256:
    """Hash content as it is."""
    return Sha256(hashlib.sha256(content).digest())


def b64url(content: bytes) -> str:
    """Write bytes as base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()
