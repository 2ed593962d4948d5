"""Row history (django-simple-history), written by the ledger alone: each version is hashed into its entry."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
    """Read a saved row back and hash it as the database holds it: '100.5' is not 100.50."""
    tracked, key = _tracked(type(row)), _key(row)
    sql = (
        f"SELECT EXISTS (SELECT FROM {_history_table(type(row))} h WHERE h.{key} = t.{key}),"  # noqa: S608
        f" {', '.join(tracked.values())} FROM {_quoted(row._meta.db_table)} t"
        f" WHERE t.{key} = %s FOR NO KEY UPDATE"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [row.pk])
        found = cursor.fetchone()
    if found is None:
        raise RuntimeError(f"{row!r} is not in the database; save it before it is recorded")
    return _version(row, "~" if found[0] else "+", dict(zip(tracked, found[1:], strict=True)))


def digest_of(label: str, history_type: str, columns: Mapping[str, str | None], salt: bytes) -> Sha256:
    """Hash a row: its model, how it changed, its columns as text and a salt."""
    document = {"model": label, "type": history_type, "columns": dict(columns), "salt": salt.hex()}
    return prefixed(HISTORY_ROW, strict_bytes(document))


def stored_digest(
    model: type[models.Model], history_id: int, names: Sequence[str], salt: bytes
) -> Sha256 | None:
    """Hash a stored history row over the columns its entry names, or give nothing if the row is gone."""
    tracked = _tracked(model)
    texts = ", ".join(tracked[name] for name in names)
    sql = f"SELECT history_type, {texts} FROM {_history_table(model)} t WHERE history_id = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [history_id])
        found = cursor.fetchone()
    if found is None:
        return None
    return digest_of(label_of(model), found[0], dict(zip(names, found[1:], strict=True)), salt)


def insertion(version: Version, name: str, by: HasActor) -> tuple[str, list[Any]]:
    """Give the parts of a WITH that copy the live row into history and link it to the CTE `entry`."""
    model = type(version.row)
    table, key = _quoted(model._meta.db_table), _key(version.row)
    names = [_quoted(column) for column in version.columns]
    user = by.pk if isinstance(by, get_user_model()) else None
    sql = (
        f"{name} AS (INSERT INTO {_history_table(model)}"  # noqa: S608
        f" ({', '.join(names)}, history_date, history_type, history_user_id)"
        f" SELECT {', '.join(f't.{column}' for column in names)}, entry.at, %s, %s FROM entry, {table} t"
        f" WHERE t.{key} = %s RETURNING history_id),"
        f" {name}_link AS (INSERT INTO audit_history_link (model, history_id, salt, digest, entry_id)"
        f" SELECT %s, {name}.history_id, %s, %s, entry.eid FROM {name}, entry)"
    )
    return sql, [version.history_type, user, version.row.pk, version.label, version.salt, version.digest]


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


def _tracked(model: type[models.Model]) -> dict[str, str]:
    """Give the columns a history keeps, each with the SQL that writes it as text."""
    kept: Any = _history_model(model)
    return {
        field.column: _SPELLED.get(field.db_type(connection), "{0}::text").format(
            f"t.{_quoted(field.column)}"
        )
        for field in kept.tracked_fields
        if not field.generated
    }


def _history_model(model: type[models.Model]) -> type[models.Model]:
    options: Any = model._meta
    history_model: type[models.Model] = getattr(model, options.simple_history_manager_attribute).model
    return history_model


def _history_table(model: type[models.Model]) -> str:
    return _quoted(_history_model(model)._meta.db_table)


def _key(row: models.Model) -> str:
    key: Any = row._meta.pk
    return _quoted(key.column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
