"""Exhibits: seal() and open(), the only way content bytes are stored, and the data keys behind them."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from audit import keyring, models
from audit.canonical import Sha256, normalised, sha256
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.inserting import insert_all
from portal.kit.problems import NotFound, Problem

Exhibit = models.Exhibit

_FORMAT = b"\x01"
_NONCE = 12
OVERHEAD = len(_FORMAT) + _NONCE + 16  # what sealing adds to the length: format, nonce, tag
_WRAPS = "data key"
_KEPT_SECONDS = 300.0
_ERASED_SCOPE = "subject:erased"


class Erased(Problem):
    """The key of this content was destroyed, so nobody can read it any more."""

    code = "erased"
    status = 410
    title = "This content was erased"


class Damaged(Exception):
    """Stored content does not open under its key or does not match its digest."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped data key; it never leaves the process."""

    id: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An exhibit's row, ready for a statement that inserts it."""

    id: UUID
    ciphertext: bytes = field(repr=False)
    dek_id: UUID
    digest: Sha256
    size: int
    media_type: str


def subject_scope(flow_id: UUID, subject: str | None, item_id: UUID) -> str:
    """Name the key of one subject within a flow, or of one item without a subject; it never holds a name."""
    if not subject:
        return f"item:{item_id}"
    return f"subject:{flow_id}:{sha256(normalised(subject).encode()).hex()}"


def key_for(scope: str) -> DataKey:
    """Give the live key of a scope, making one where there is none."""
    return keys_for([scope])[scope]


def keys_for(scopes: Iterable[str]) -> dict[str, DataKey]:
    """Give the live keys of many scopes, making those that are missing; three statements at most."""
    wanted = sorted(set(scopes))
    found = _live_keys(wanted)
    missing = [scope for scope in wanted if scope not in found]
    if missing:
        _make_keys(missing)
        found |= _live_keys(missing)
    for scope in wanted:
        if scope not in found:
            raise RuntimeError(f"the key of {scope} was destroyed while it was being made; try again")
    return found


def _make_keys(scopes: Sequence[str]) -> None:
    rows = [(new_id(), scope, keyring.wrap(os.urandom(32), purpose=_WRAPS)) for scope in scopes]
    ids, names, wrapped = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_data_key (id, scope, wrapped, created_at)"
            " SELECT k.*, %s FROM unnest(%b::uuid[], %b::text[], %b::bytea[]) AS k ON CONFLICT DO NOTHING",
            [now(), ids, names, wrapped],
        )


def seal(content: bytes, *, scope: str, media_type: str = "application/json") -> models.Exhibit:
    """Store content encrypted under the key of its scope."""
    return seal_all([(content, key_for(scope))], media_type=media_type)[0]


def seal_all(
    contents: Sequence[tuple[bytes, DataKey]], *, media_type: str = "application/json"
) -> list[models.Exhibit]:
    """Store many contents in one statement, each under its key."""
    sealed = [_sealed(content, key, new_id(), media_type) for content, key in contents]
    rows = [
        models.Exhibit(
            id=each.id, ciphertext=each.ciphertext, dek_id=each.dek_id, digest=each.digest, size=each.size,
            media_type=each.media_type,
        )
        for each in sealed
    ]  # fmt: skip
    insert_all(rows)
    return rows


def seal_for_intake(content: bytes, exhibit_id: UUID | None = None, media_type: str = "application/json") -> Sealed:
    """Encrypt under today's intake key without a write of its own; the caller inserts the row."""
    return _sealed(content, _intake_key(), exhibit_id or new_id(), media_type)


def open(exhibit_id: UUID) -> bytes:  # noqa: A001  seal and open are the words of this module
    """Give the plain bytes of an exhibit, checked against its digest."""
    exhibit = models.Exhibit.objects.select_related("dek").filter(pk=exhibit_id).first()
    if exhibit is None:
        raise NotFound("There is no such exhibit.")
    return opened(exhibit)


def sealed_sha256(exhibit: models.Exhibit | None) -> Sha256:
    """Give the digest of an exhibit's sealed bytes, by which an entry binds a text and tells nothing of it.

    Nothing sealed has no digest: its bytes are none.
    """
    return Sha256(b"") if exhibit is None else sha256(bytes(exhibit.ciphertext))


def sealed_sha256_of(exhibit_id: UUID) -> Sha256:
    """Give the digest of the sealed bytes of an exhibit that is there."""
    return sealed_sha256(models.Exhibit.objects.only("ciphertext").get(pk=exhibit_id))


def opened(exhibit: models.Exhibit) -> bytes:
    """Give the plain bytes of an exhibit that was read together with its key."""
    if exhibit.dek.wrapped is None:
        raise Erased("This content was erased; its entries remain.")
    key = DataKey(exhibit.dek_id, unwrapped(exhibit.dek.wrapped))
    content = decrypt(bytes(exhibit.ciphertext), key, exhibit.id.bytes)
    if sha256(content) != bytes(exhibit.digest):
        raise Damaged(f"exhibit {exhibit.id} does not match its digest")
    return content


def encrypt(content: bytes, key: DataKey, bound_to: bytes) -> bytes:
    """Encrypt content with AES-256-GCM so that it opens only where `bound_to` is the same."""
    nonce = os.urandom(_NONCE)
    return _FORMAT + nonce + AESGCM(key.secret).encrypt(nonce, content, bound_to)


def decrypt(sealed: bytes, key: DataKey, bound_to: bytes) -> bytes:
    """Undo `encrypt`."""
    if sealed[:1] != _FORMAT:
        raise Damaged("this is not content sealed by this program")
    nonce, ciphertext = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    try:
        return AESGCM(key.secret).decrypt(nonce, ciphertext, bound_to)
    except (InvalidTag, ValueError):
        raise Damaged("sealed content does not open under its key") from None


def key_by_id(dek_id: UUID) -> DataKey | None:
    """Give a data key by its id, or nothing once it is destroyed."""
    wrapped = models.DataKey.objects.values_list("wrapped", flat=True).get(pk=dek_id)
    return None if wrapped is None else DataKey(dek_id, unwrapped(wrapped))


def destroy_key(dek_id: UUID) -> bool:
    """Destroy a key for good, and with it the trace of whose it was; say whether it was still there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_data_key SET wrapped = NULL, destroyed_at = %s,"
            " scope = CASE WHEN scope LIKE 'subject:%%' THEN %s ELSE scope END"
            " WHERE id = %s AND destroyed_at IS NULL",
            [now(), _ERASED_SCOPE, dek_id],
        )
        destroyed = bool(cursor.rowcount)
    forget_keys()
    return destroyed


def forget_keys() -> None:
    """Drop the intake keys this process remembers; the next use reads the database."""
    _remembered.clear()


# Only the day's intake key is remembered: the hot path needs it, and every other use reads the key's row
# anyway, so a destroyed key is never served. By database name, because tests and tools switch databases.
_remembered: dict[tuple[str, str], tuple[DataKey, float]] = {}


def _intake_key() -> DataKey:
    scope = f"intake:{now():%Y-%m-%d}"
    place = (str(connection.settings_dict["NAME"]), scope)
    key, until = _remembered.get(place, (None, 0.0))
    if key is not None and time.monotonic() < until:
        return key
    key = key_for(scope)
    # A key made in a transaction that rolls back must not be remembered.
    transaction.on_commit(partial(_remember, place, key))
    return key


def _remember(place: tuple[str, str], key: DataKey) -> None:
    forget_keys()
    _remembered[place] = (key, time.monotonic() + _KEPT_SECONDS)


def _live_keys(scopes: Sequence[str]) -> dict[str, DataKey]:
    found = models.DataKey.objects.filter(scope__in=scopes, destroyed_at=None).values_list("scope", "id", "wrapped")
    return {scope: DataKey(id_, unwrapped(wrapped)) for scope, id_, wrapped in found if wrapped is not None}


def unwrapped(wrapped: bytes | memoryview) -> bytes:
    """Open the wrapped secret of a data key."""
    return keyring.unwrap(bytes(wrapped), purpose=_WRAPS)


def _sealed(content: bytes, key: DataKey, exhibit_id: UUID, media_type: str) -> Sealed:
    return Sealed(
        id=exhibit_id,
        ciphertext=encrypt(content, key, exhibit_id.bytes),
        dek_id=key.id,
        digest=sha256(content),
        size=len(content),
        media_type=media_type,
    )
