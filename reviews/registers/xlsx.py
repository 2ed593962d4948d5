"""Reads the first sheet of an XLSX as texts, after looking whether the file is safe to open."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, time
from typing import Final
from xml.parsers import expat

import openpyxl
from openpyxl.utils import get_column_letter

from .faults import refused

MAX_PARTS: Final = 1_000
MAX_UNPACKED: Final = 32 * 1024 * 1024
MAX_WRITTEN_ROWS: Final = 50_000
# Explicit, because a sheet's own word on its size may be wrong: the rows Excel has, and more columns than we take.
LAST_ROW: Final = 1_048_576
LAST_COLUMN: Final = 100

_CHUNK = 1024 * 1024
_NO_WORKBOOK = "This is no workbook that can be read. Save it as XLSX again, or as CSV UTF-8."
# What openpyxl and zipfile stumble over when a part is not as it should be; none of it is ours.
_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error, expat.ExpatError,
)  # fmt: skip


class _Unsafe(Exception):
    """The file would grow or reach out when opened."""


def letter(index: int) -> str:
    """Give the letter of a column, counted from 0."""
    return str(get_column_letter(index + 1))


def rows(content: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    """Give number and cells of each row: texts, ISO dates, plain decimals, and the last results of formulas."""
    try:
        _insist_on_safe(content)
        yield from _first_sheet(content)
    except _Unsafe as unsafe:
        raise refused(file, str(unsafe)) from None
    except _BROKEN:
        raise refused(file, _NO_WORKBOOK) from None


def _first_sheet(content: bytes) -> Iterator[tuple[int, list[str]]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    sheet = next((each for each in book.worksheets if each.sheet_state == "visible"), None)
    if sheet is None:
        raise _Unsafe("The workbook has no visible sheet. Show the one that holds the register.")
    found = sheet.iter_rows(max_row=LAST_ROW, max_col=LAST_COLUMN, values_only=True)
    blank: object = None
    written = 0
    for number, values in enumerate(found, start=1):
        if values is blank:  # one and the same row stands for all that the file leaves out
            continue
        written += 1
        if written > MAX_WRITTEN_ROWS:
            raise _Unsafe(
                f"The sheet has more than {MAX_WRITTEN_ROWS:,} rows, most of them blank. Delete the blank ones."
            )
        if values.count(None) < len(values):
            yield number, [_text(value) for value in values]
        else:
            blank = values


def _insist_on_safe(content: bytes) -> None:
    """Refuse what unpacks to too much, and XML that declares entities, whatever parser reads it later."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        # `zipfile` never gives more of a part than its entry says, so a false entry only makes the part unreadable.
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _Unsafe("The workbook unpacks to far more than a register needs. Save the one sheet as CSV UTF-8.")
        if len({part.filename for part in parts}) < len(parts):
            raise _Unsafe("The workbook holds two parts of one name. Save it as XLSX again.")
        for part in parts:
            if part.filename.casefold().endswith((".xml", ".rels", ".vml")):
                _insist_on_plain_xml(archive, part)


def _insist_on_plain_xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def _refuse_doctype(*_: object) -> None:
    raise _Unsafe("The workbook declares a document type, which no spreadsheet program writes. Save it as XLSX again.")


def _text(value: object) -> str:
    """Write a cell's value plainly, floats with the fifteen digits that spreadsheets keep."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value)


def _decimal(value: float) -> str:
    from_digits = f"{value:.15g}"
    if "e" not in from_digits:
        return from_digits
    return f"{float(from_digits):.20f}".rstrip("0").rstrip(".")
