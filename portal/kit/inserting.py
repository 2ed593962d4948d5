"""Inserting many rows at once: one array a column, so that neither Python nor the planner handles values singly."""

import json
from collections.abc import Sequence
from enum import Enum
from typing import Any

from django.db import connection, models


def insert_all(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model in one statement, with the values they carry; nothing is read back.

    Columns the database fills itself (an automatic key without a value, generated columns) are left to it.
    """
    if not rows:
        return
    fields = [field for field in rows[0]._meta.concrete_fields if not _is_left_out(field, rows[0])]
    columns = [[_value(field, row) for row in rows] for field in fields]
    arrays = ", ".join(_array(field, column) for field, column in zip(fields, columns, strict=True))
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(rows[0]._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})", columns)  # noqa: S608


def _is_left_out(field: Any, row: models.Model) -> bool:
    return field.generated or (isinstance(field, models.AutoField) and getattr(row, field.attname) is None)


def _value(field: Any, row: models.Model) -> Any:
    value = getattr(row, field.attname)
    if isinstance(value, Enum):
        return value.value
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    return value


def _array(field: Any, column: Sequence[Any]) -> str:
    """Give the placeholder: binary where it can be, text where a NULL stands in the column."""
    style = "%s" if any(value is None for value in column) else "%b"
    # Without its length or precision: a cast to varchar(20) would cut a longer text off, an assignment refuses it.
    return f"{style}::{field.db_type(connection).partition('(')[0]}[]"
