"""Canonical bytes (RFC 8785) and the prefixed hashes built on them; floats have no place in what is hashed."""

import hashlib
import json
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
        raise ValueError(f"a float at {pointer or '/'} cannot be hashed; write it as a string")  # noqa: TRY004
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
    simple = _simple_text(document, floats=False)
    if simple is not None and unicodedata.is_normalized("NFC", simple):
        return simple.encode()
    refuse_floats(document)
    return rfc8785.dumps(normalised(document))


def document_bytes(document: Any) -> bytes:
    """Give the RFC 8785 bytes of a snapshot; floats are the flow's own and stay."""
    simple = _simple_text(document, floats=True)
    return rfc8785.dumps(document) if simple is None else simple.encode()


# For names in ASCII and everyday numbers, sorted JSON of the standard library is RFC 8785 to the byte (tests compare
# them). It takes a tenth of the time, and intake and routing hash every document.
_SIMPLE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)
_LARGEST = 2**53 - 1


class _NotSimple(ValueError):
    """Something only the full algorithm writes correctly."""


def _simple_text(document: Any, *, floats: bool) -> str | None:
    try:
        return _SIMPLE.encode(_simple(document, floats))
    except _NotSimple:
        return None


def _simple(value: Any, floats: bool) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        if not all(type(name) is str and name.isascii() for name in value):
            raise _NotSimple
        return {name: _simple(inner, floats) for name, inner in value.items()}
    if kind is list or kind is tuple:
        return [_simple(inner, floats) for inner in value]
    return _simple_number(value, floats)


def _simple_number(value: Any, floats: bool) -> Any:
    """Give a number as both writers write it: 0.71 stays, 1.0 becomes 1, the rest is for the full algorithm."""
    if type(value) is int and -_LARGEST <= value <= _LARGEST:
        return value
    if floats and type(value) is float and abs(value) < 1e15:
        if value.is_integer():
            return int(value)
        if abs(value) >= 1e-4:
            return value
    raise _NotSimple


def prefixed(prefix: bytes, content: bytes) -> Sha256:
    """Hash content under one of the prefixes above: SHA-256(prefix || content)."""
    return Sha256(hashlib.sha256(prefix + content).digest())


def sha256(content: bytes) -> Sha256:
    """Hash content as it is."""
    return Sha256(hashlib.sha256(content).digest())


def b64url(content: bytes) -> str:
    """Write bytes as base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()
