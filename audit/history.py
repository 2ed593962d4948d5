"""Row history (django-simple-history), written by the ledger alone: each version is hashed into its entry."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, models
from simple_history.models import HistoricalRecords

from audit.actors import HasActor
from audit.canonical import HISTORY_ROW, Sha256, prefixed, strict_bytes


class Recorded(models.Model):
    """Base of models with `history = records()`: saving alone writes none, `ledger.append(rows=…)` does."""

    # django-simple-history asks hasattr() for this name before it writes; the class answers for every row.
    skip_history_when_saving: ClassVar[bool] = True

    class Meta:
        abstract = True


def records(**options: Any) -> HistoricalRecords:
    """Declare the history of a model; name its personal columns in `excluded_fields`."""
    defaults: dict[str, Any] = {
        "history_id_field": models.BigAutoField(),
        "user_model": settings.AUTH_USER_MODEL,
        "use_base_model_db": True,
    }
    return HistoricalRecords(**defaults | options)


@dataclass(frozen=True, slots=True)
class Version:
    """A live row read back from the database, about to become a history row."""

    row: models.Model
    label: str
    history_type: str
    columns: dict[str, str | None]
    salt: bytes
    digest: Sha256

    def as_public(self) -> dict[str, Any]:
        """Give what the entry says about this row; names are listed, so a new column breaks no old digest."""
        return {"model": self.label, "sha256": self.digest.hex(), "columns": sorted(self.columns)}


def label_of(model: type[models.Model]) -> str:
    """Name a model as links and leaves do: `reviews.flow`."""
    return model._meta.label_lower


def reread(row: models.Model) -> Version:
    """Read one saved row back and hash it as the database holds it: '100.5' is not 100.50."""
    return reread_all([row])[0]


def reread_all(rows: Sequence[models.Model]) -> list[Version]:
    """Read saved rows back, one statement a model; give their versions in the order asked for."""
    found: dict[tuple[type[models.Model], Any], Version] = {}
    for model in {type(row): None for row in rows}:
        names = _tracked(model)
        for row, values in _read([row for row in rows if type(row) is model]):
            columns = dict(zip(names, values[1:], strict=True))
            found[model, row.pk] = _version(row, "~" if values[0] else "+", columns)
    return [found[type(row), row.pk] for row in rows]


def _read(rows: Sequence[models.Model]) -> list[tuple[models.Model, Sequence[Any]]]:
    model, by_key = type(rows[0]), {row.pk: row for row in rows}
    key, texts = key_of(model), ", ".join(_tracked(model).values())
    sql = (
        f"SELECT t.{key}, EXISTS (SELECT FROM {table_of(model)} h WHERE h.{key} = t.{key}),"  # noqa: S608
        f" {texts} FROM {_quoted(model._meta.db_table)} t"
        f" WHERE t.{key} = ANY (%b::{_key_type(model)}[]) FOR NO KEY UPDATE"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(by_key)])
        found = {values[0]: values[1:] for values in cursor.fetchall()}
    for key_value, row in by_key.items():
        if key_value not in found:
            raise RuntimeError(f"{row!r} is not in the database; save it before it is recorded")
    return [(row, found[key_value]) for key_value, row in by_key.items()]


def digest_of(label: str, history_type: str, columns: Mapping[str, str | None], salt: bytes) -> Sha256:
    """Hash a row: its model, how it changed, its columns as text and a salt."""
    document = {"model": label, "type": history_type, "columns": dict(columns), "salt": salt.hex()}
    return prefixed(HISTORY_ROW, strict_bytes(document))


def stored_digest(model: type[models.Model], history_id: int, names: Sequence[str], salt: bytes) -> Sha256 | None:
    """Hash a stored history row over the columns its entry names, or give nothing if the row is gone."""
    tracked = _tracked(model)
    texts = ", ".join(tracked[name] for name in names)
    sql = f"SELECT history_type, {texts} FROM {table_of(model)} t WHERE history_id = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [history_id])
        found = cursor.fetchone()
    if found is None:
        return None
    return digest_of(label_of(model), found[0], dict(zip(names, found[1:], strict=True)), salt)


def texts(model: type[models.Model]) -> dict[str, str]:
    """Give the columns a history keeps, each with the SQL that writes it as text, of a row called `t`."""
    return _tracked(model)


@dataclass(frozen=True, slots=True)
class Change:
    """A version with what its history row says about who and when, and the entry it belongs to."""

    version: Version
    entry: UUID
    at: datetime
    by: HasActor


def insertions(changes: Sequence[Change]) -> tuple[str, list[Any]]:
    """Give the parts of a WITH, after its `entries`, that copy live rows into history and link them."""
    sql, values = "", list[Any]()
    for number, model in enumerate({type(change.version.row): None for change in changes}):
        part, more = _insertion([c for c in changes if type(c.version.row) is model], f"rows{number}")
        sql, values = f"{sql},\n{part}", values + more
    return sql, values


def _insertion(changes: Sequence[Change], name: str) -> tuple[str, list[Any]]:
    model = type(changes[0].version.row)
    table, key, kind = _quoted(model._meta.db_table), key_of(model), _key_type(model)
    columns = [_quoted(column) for column in changes[0].version.columns]
    sql = (
        f"{name} AS (INSERT INTO {table_of(model)}"  # noqa: S608
        f" ({', '.join(columns)}, history_date, history_type, history_user_id)"
        f" SELECT {', '.join(f't.{column}' for column in columns)}, c.at, c.type, c.person"
        f" FROM unnest(%b::{kind}[], %b::timestamptz[], %b::text[], %s::uuid[]) AS c (key, at, type, person)"
        f" JOIN {table} t ON t.{key} = c.key WHERE EXISTS (SELECT FROM entries)"
        f" RETURNING history_id, {key} AS key),\n"
        f"{name}_links AS (INSERT INTO audit_history_link (model, history_id, salt, digest, entry_id)"
        f" SELECT %s, {name}.history_id, l.salt, l.digest, l.entry FROM {name}"
        f" JOIN unnest(%b::{kind}[], %b::bytea[], %b::bytea[], %b::uuid[]) AS l (key, salt, digest, entry)"
        f" USING (key))"
    )
    keys = [change.version.row.pk for change in changes]
    versions = [change.version for change in changes]
    return sql, [
        keys, [change.at for change in changes], [version.history_type for version in versions],
        [_person(change.by) for change in changes], versions[0].label, keys, [version.salt for version in versions],
        [bytes(version.digest) for version in versions], [change.entry for change in changes],
    ]  # fmt: skip


def _person(by: HasActor) -> Any:
    return by.pk if isinstance(by, get_user_model()) else None


def _version(row: models.Model, history_type: str, columns: dict[str, str | None]) -> Version:
    label, salt = label_of(type(row)), os.urandom(16)
    digest = digest_of(label, history_type, columns, salt)
    return Version(row, label, history_type, columns, salt, digest)


# Times, dates and bytes are spelled out, so that no setting of a session changes a digest.
_SPELLED = {
    "timestamp with time zone": """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "date": "to_char({0}, 'YYYY-MM-DD')",
    "bytea": "encode({0}, 'hex')",
}


@cache
def _tracked(model: type[models.Model]) -> dict[str, str]:
    """Give the columns a history keeps, each with the SQL that writes it as text."""
    kept: Any = _history_model(model)
    return {
        field.column: _SPELLED.get(field.db_type(connection), "{0}::text").format(f"t.{_quoted(field.column)}")
        for field in kept.tracked_fields
        if not field.generated
    }


def _history_model(model: type[models.Model]) -> type[models.Model]:
    options: Any = model._meta
    history_model: type[models.Model] = getattr(model, options.simple_history_manager_attribute).model
    return history_model


def table_of(model: type[models.Model]) -> str:
    """Name the table of a model's history, quoted."""
    return _quoted(_history_model(model)._meta.db_table)


def key_of(model: type[models.Model]) -> str:
    """Name the column of a model's key, quoted."""
    key: Any = model._meta.pk
    return _quoted(key.column)


def _key_type(model: type[models.Model]) -> str:
    key: Any = model._meta.pk
    return str(key.rel_db_type(connection))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
