"""Rows against the personal values of the entries that tell them, which are sealed and so opened one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from audit import disclosures, exhibits, keyring
from audit.canonical import sha256
from audit.exhibits import Damaged, DataKey
from audit.facts import Fact, personal_names


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Rows that hold what an entry of one of these facts discloses in the field.

    `rows` selects stream, key, what it is and the value as text or null; `key` writes an entry's key by `e` and `pub`.
    Where `is_hashed`, rows hold the digest of the value in hexadecimal.
    """

    fact: type[Fact]
    field: str
    key: str
    rows: str
    is_hashed: bool = False


# Rows without an entry are found by their public halves; a sealed value that is gone, by its own check.
_BESIDE = """
SELECT r.stream, r.what, r.said, e.eid, f.disclosure, f.dek_id, k.wrapped, f.entry_id IS NOT NULL
  FROM (SELECT eid, ({key}) AS key
          FROM audit_entry e, LATERAL (SELECT convert_from(e.leaf_bytes, 'UTF8')::jsonb -> 'pub' AS pub) told
         WHERE e.kind = %s) e
  JOIN ({rows}) r (stream, key, what, said) ON r.key = e.key
  LEFT JOIN audit_entry_field f ON f.entry_id = e.eid AND f.pos = %s
  LEFT JOIN audit_data_key k ON k.id = f.dek_id
"""


def differences(each_of: Sequence[Disclosed]) -> Iterator[tuple[UUID, str]]:
    """Give the stream of each row that holds another value than its entry discloses; what was erased fits anything."""
    keys = dict[UUID, DataKey]()
    for each in each_of:
        pos = personal_names(each.fact).index(each.field)
        with connection.chunked_cursor() as cursor:
            cursor.execute(_BESIDE.format(key=each.key, rows=each.rows), [each.fact.kind, pos])
            for stream, what, said, eid, sealed, dek, wrapped, is_promised in cursor:
                is_open = not is_promised or (sealed is not None and wrapped is not None)
                if is_open and not _fits(
                    each, said, _opened(keys, dek, wrapped, sealed, disclosures.bound_to(eid, pos))
                ):
                    yield stream, f"{what} is not what its entry discloses"


def _fits(each: Disclosed, said: str | None, told: tuple[str, Any] | Damaged | None) -> bool:
    if told is None or isinstance(told, Damaged):
        return isinstance(told, Damaged) or said is None
    name, value = told
    held = sha256(str(value).encode()).hex() if each.is_hashed else str(value)
    return name == each.field and held == said


def _opened(
    keys: dict[UUID, DataKey], dek: UUID | None, wrapped: bytes | None, sealed: bytes | None, bound_to: bytes
) -> tuple[str, Any] | Damaged | None:
    """Open a disclosure if there is one; one that does not open is found by its own check, whatever the row says."""
    if dek is None or wrapped is None or sealed is None:
        return None
    try:
        if dek not in keys:
            keys[dek] = DataKey(dek, exhibits.unwrapped(wrapped))
        return disclosures.read(exhibits.decrypt(bytes(sealed), keys[dek], bound_to).decode())
    except (Damaged, keyring.KeyringError, ValueError) as why:
        return Damaged(str(why))
