"""Checks of what hangs on the entries: disclosures, history rows, and the tables built from the story."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import DataError, connection, models, transaction

from audit import disclosures, exhibits, history, keyring
from audit.canonical import b64url
from audit.exhibits import DataKey
from audit.models import Entry, Log
from audit.sealing import history_checks, projections
from audit.sealing.findings import Code, Finding

ERASED = "payload.erased"

_FIELDS = """SELECT e.eid, e.leaf_bytes, f.pos, f.digest, f.disclosure, f.dek_id, k.wrapped
 FROM audit_entry e LEFT JOIN audit_entry_field f ON f.entry_id = e.eid
 LEFT JOIN audit_data_key k ON k.id = f.dek_id
 WHERE e.log_id = %s AND (substr(e.leaf_bytes, 1, 9) <> '{"_sd":[]'::bytea OR f.entry_id IS NOT NULL)
 ORDER BY e.eid, f.pos"""
_LINKS = """SELECT coalesce(t.history_id, l.history_id), l.salt, l.digest, e.leaf_bytes, t.history_type, {texts}
 FROM {table} t FULL JOIN (SELECT * FROM audit_history_link WHERE model = %s) l ON l.history_id = t.history_id
 LEFT JOIN audit_entry e ON e.eid = l.entry_id ORDER BY 1"""

_CHANGED = """SELECT t.{key}, differ.names FROM {table} t LEFT JOIN LATERAL (
 SELECT * FROM {history} h WHERE h.{key} = t.{key} ORDER BY h.history_id DESC LIMIT 1) h ON true
 CROSS JOIN LATERAL (SELECT array_agg(key ORDER BY key) AS names
  FROM jsonb_each(to_jsonb(t)) AS now JOIN jsonb_each(to_jsonb(h)) AS was USING (key)
  WHERE now.value <> was.value) differ
 WHERE h.history_id IS NULL OR differ.names IS NOT NULL"""

_GONE = """SELECT DISTINCT h.{key} FROM {history} h
 WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.{key} = h.{key})"""


@dataclass(frozen=True, slots=True)
class _Field:
    entry: UUID
    pos: int
    digest: bytes
    disclosure: bytes | None
    key: DataKey | None

    @property
    def where(self) -> str:
        return f"entry {self.entry} field {self.pos}"


@dataclass(frozen=True, slots=True)
class _Kept:
    history_type: str
    columns: dict[str, str | None]

    def digest(self, label: str, names: Iterable[str], salt: bytes) -> bytes:
        """Hash the row over the columns its entry names."""
        return history.digest_of(label, self.history_type, {name: self.columns[name] for name in names}, salt)


def wrong_disclosures(log: Log) -> Iterator[Finding]:
    """Open every disclosure and compare it with the digest in its leaf; what is gone needs a tombstone."""
    erased, opened = _tombstones(log), dict[UUID, DataKey | None]()
    with connection.chunked_cursor() as cursor:
        cursor.execute(_FIELDS, [log.pk])
        for eid, rows in groupby(cursor, key=lambda row: row[0]):
            held = list(rows)
            fields = [
                _Field(eid, pos, bytes(digest), disclosure, _key(opened, dek, wrapped))
                for _, _, pos, digest, disclosure, dek, wrapped in held
                if pos is not None
            ]
            yield from _wrong_fields(eid, bytes(held[0][1]), fields, erased)


def unlinked_history() -> Iterator[Finding]:
    """Find history rows whose entry does not vouch for them, and entries whose history rows are gone."""
    wrong = set[str]()
    for model in history_checks.recorded():
        for finding in _unlinked(model):
            wrong.add(history.label_of(model))
            yield finding
    yield from _compared("history", lambda: history_checks.taken_away(wrong))
    yield from history_checks.out_of_order()


def changed_rows() -> Iterator[Finding]:
    """Find live rows that are not what their newest history row, which an entry vouches for, says they are.

    Nothing that has a history is ever deleted, so a row that is gone is found too.
    """
    for model in history_checks.recorded():
        yield from _changed(model)


def differing_projections() -> Iterator[Finding]:
    """Ask each registered projection where it differs from the story."""
    for name, differences in sorted(projections.REGISTER.items()):
        yield from _compared(name, partial(_named, name, differences))


def _named(name: str, differences: projections.Projection) -> Iterator[Finding]:
    for stream, what in differences():
        yield Finding(Code.PROJECTION_DIFFERS, f"{name} {stream}", what)


def _compared(name: str, findings: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Give findings, or one that says why rows cannot be compared: a leaf that is no JSON ends the database's work."""
    try:
        with transaction.atomic():
            found = list(findings())
    except DataError as why:
        found = [Finding(Code.PROJECTION_DIFFERS, name, f"An entry or a row cannot be read to be compared: {why}")]
    yield from found


def _changed(model: type[models.Model]) -> Iterator[Finding]:
    names = {"table": model._meta.db_table, "history": history.table_of(model), "key": history.key_of(model)}
    label = history.label_of(model)
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CHANGED.format(**names))
        for key, columns in cursor:
            what = f"the row differs from its history in {', '.join(columns or ['everything: it has none'])}"
            yield Finding(Code.PROJECTION_DIFFERS, f"{label} {key}", what)
        cursor.execute(_GONE.format(**names))
        for (key,) in cursor:
            yield Finding(Code.PROJECTION_DIFFERS, f"{label} {key}", "the row is gone and its history is there")


def _tombstones(log: Log) -> set[tuple[str, int]]:
    """Give entry and position of everything the log says was erased."""
    tombs: set[tuple[str, int]] = set()
    for leaf in Entry.objects.filter(log_id=log.pk, kind=ERASED).values_list("leaf_bytes", flat=True):
        for erased in _parsed(leaf).get("pub", {}).get("entries", []):
            tombs.update((erased["eid"], pos) for pos in erased["pos"])
    return tombs


def _key(opened: dict[UUID, DataKey | None], dek: UUID, wrapped: bytes | None) -> DataKey | None:
    if dek not in opened:
        try:
            opened[dek] = None if wrapped is None else DataKey(dek, exhibits.unwrapped(wrapped))
        except keyring.KeyringError:
            opened[dek] = DataKey(dek, bytes(32))
    return opened[dek]


def _wrong_fields(eid: UUID, leaf: bytes, fields: list[_Field], erased: set[tuple[str, int]]) -> Iterator[Finding]:
    if not (parsed := _parsed(leaf)):
        return  # told as LEAF_HASH_MISMATCH already
    promised = set(parsed.get("_sd", []))
    for each in fields:
        if each.disclosure is None or each.key is None:
            if (str(eid), each.pos) not in erased:
                yield Finding(Code.DISCLOSURE_MISSING, each.where, "The value is gone and no entry says it was erased.")
        elif b64url(each.digest) not in promised or not _fits(each, each.disclosure, each.key):
            yield Finding(Code.DISCLOSURE_DIGEST_MISMATCH, each.where, "The value is not the one the leaf vouches for.")
    if len(fields) < len(promised):
        said = f"The leaf promises {len(promised)} values, {len(fields)} are there."
        yield Finding(Code.DISCLOSURE_MISSING, f"entry {eid}", said)


def _fits(field: _Field, sealed: bytes, key: DataKey) -> bool:
    try:
        text = exhibits.decrypt(bytes(sealed), key, disclosures.bound_to(field.entry, field.pos)).decode()
        return disclosures.digest_of(text) == field.digest
    except (exhibits.Damaged, ValueError):
        return False


def _unlinked(model: type[models.Model]) -> Iterator[Finding]:
    label, texts = history.label_of(model), history.texts(model)
    sql = _LINKS.format(table=history.table_of(model), texts=", ".join(texts.values()))
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [label])
        for history_id, salt, digest, leaf, history_type, *values in cursor:
            row = None if history_type is None else _Kept(history_type, dict(zip(texts, values, strict=True)))
            if why := _why_unlinked(label, row, salt, digest, leaf):
                yield Finding(Code.HISTORY_UNLINKED, f"{label} history {history_id}", why)


def _why_unlinked(
    label: str, row: _Kept | None, salt: bytes | None, digest: bytes | None, leaf: bytes | None
) -> str | None:
    if salt is None or digest is None or leaf is None:
        return "No entry vouches for this row."
    columns = _vouched(_parsed(leaf).get("pub", {}).get("rows", []), label, bytes(digest))
    if columns is None:
        return "The entry it is linked to does not hold its digest."
    if row is None or row.digest(label, columns, bytes(salt)) != bytes(digest):
        return "The row is gone or not the one its entry vouches for."
    return None


def _vouched(rows: Iterable[dict[str, Any]], label: str, digest: bytes) -> list[str] | None:
    for row in rows:
        if (row["model"], row["sha256"]) == (label, digest.hex()):
            return list(row["columns"])
    return None


def _parsed(leaf: bytes | memoryview) -> dict[str, Any]:
    try:
        parsed = json.loads(bytes(leaf))
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
