"""Ed25519 keys of checkpoints and receipts: private halves in wrapped files, public halves in a table."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.conf import settings
from django.db import connection
from django.db.models import Q

from audit import keyring
from audit.canonical import b64url, sha256
from audit.models import SigningKey
from audit.sealing.highwater import sync_folder
from audit.sealing.roles import as_sequencer
from portal.kit.clock import now

PURPOSES = ("log", "receipt")

_WRAPS = "signing-key"
_LOCK = 728


class KeyUnavailable(Exception):
    """A private key is not where its row says."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key and the time it may sign in."""

    kid: str
    purpose: str
    alg: str
    public: bytes
    not_before: datetime
    retired_at: datetime | None
    revoked_at: datetime | None


def thumbprint(public: bytes) -> str:
    """Give the RFC 7638 thumbprint of an Ed25519 key, the name all our keys have."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64url(public)}
    return b64url(sha256(json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()))


def ensure_keys() -> None:
    """Make the key of each purpose that has no live one; two callers at once make one."""
    with as_sequencer(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_LOCK])
        for purpose in PURPOSES:
            if not _live(purpose):
                create_key(purpose)


def create_key(purpose: str) -> PublicKey:
    """Make a key: first its file, then its row, so that no row names a key that does not exist."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    kid = thumbprint(public)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    _write_once(_file(purpose, kid, "key"), keyring.wrap(private, purpose=_WRAPS))
    _write_once(_file(purpose, kid, "pub"), b64encode(public) + b"\n")
    row = SigningKey.objects.create(
        kid=kid,
        purpose=purpose,
        alg="Ed25519",
        public=public,
        backend=f"file:{_file(purpose, kid, 'key').name}",
        not_before=now(),
    )
    return _public_half(row)


def public_keys(purpose: str) -> list[PublicKey]:
    """Give every key a purpose ever had, the oldest first."""
    rows = SigningKey.objects.filter(purpose=purpose).order_by("not_before", "kid")
    return [_public_half(row) for row in rows]


def signing_keys(purpose: str) -> list[tuple[str, Ed25519PrivateKey]]:
    """Give the keys that sign now, the newest first; during a rotation there are two."""
    keys = [(row.kid, _private_half(row)) for row in _live(purpose)]
    if not keys:
        raise KeyUnavailable(f"There is no live key for {purpose!r}; start the sequencer, it makes one.")
    return keys


def witnessed_keys(folder: Path | None = None) -> set[bytes]:
    """Give the public log keys kept as files beside the private ones, out of the database's reach."""
    files = (folder or Path(settings.KEYS_DIR)).glob("log-*.pub")
    return {b64decode(file.read_text().strip(), validate=True) for file in files}


def _live(purpose: str) -> Iterable[SigningKey]:
    usable = Q(retired_at=None) | Q(retired_at__gt=now())
    rows = SigningKey.objects.filter(usable, purpose=purpose, revoked_at=None, not_before__lte=now())
    return rows.order_by("-not_before", "kid")


def _private_half(row: SigningKey) -> Ed25519PrivateKey:
    file = Path(settings.KEYS_DIR) / row.backend.removeprefix("file:")
    try:
        private = load_der_private_key(keyring.unwrap(file.read_bytes(), purpose=_WRAPS), password=None)
    except FileNotFoundError as error:
        raise KeyUnavailable(f"The key {row.kid} should be in {file}, which does not exist.") from error
    if not isinstance(private, Ed25519PrivateKey) or private.public_key().public_bytes_raw() != bytes(row.public):
        raise KeyUnavailable(f"The key in {file} is not the one whose public half is in the database.")
    return private


def _public_half(row: SigningKey) -> PublicKey:
    return PublicKey(row.kid, row.purpose, row.alg, bytes(row.public), row.not_before, row.retired_at, row.revoked_at)


def _file(purpose: str, kid: str, ending: str) -> Path:
    return Path(settings.KEYS_DIR) / f"{purpose}-{kid}.{ending}"


def _write_once(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(file.parent)
