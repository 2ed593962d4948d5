"""Salted disclosures (RFC 9901's rule): the leaf holds a digest, the value stays erasable beside it."""

import json
import os
from base64 import urlsafe_b64decode
from typing import Any
from uuid import UUID

from audit.canonical import Sha256, b64url, normalised, refuse_floats, sha256


def disclosure_of(name: str, value: Any) -> str:
    """Write `[salt, name, value]` as base64url, with 16 fresh random bytes as salt."""
    refuse_floats(value, f"/{name}")
    document = [b64url(os.urandom(16)), name, normalised(value)]
    return b64url(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def digest_of(disclosure: str) -> Sha256:
    """Hash a disclosure as it is written; the leaf holds this digest in base64url."""
    return sha256(disclosure.encode("ascii"))


def read(disclosure: str) -> tuple[str, Any]:
    """Give the name and value a disclosure holds."""
    _salt, name, value = json.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
    return name, value


def bound_to(entry_id: UUID, pos: int) -> bytes:
    """Give what a sealed disclosure is bound to: entry id and position (two bytes, big-endian)."""
    return entry_id.bytes + pos.to_bytes(2, "big")
