"""Makes the files that registers are imported from, the honest ones and the hostile ones."""

import io
import zipfile
from collections.abc import Sequence

import openpyxl

HEADINGS = "person,effects,line,jurisdiction,currency,up_to,alone,per_subject,per_period,period_days,from,to"
ROW = "ana,pay,auto,US-TX,USD,10000,5000,20000,100000,30,2026-01-01,2026-12-31"
PEOPLE = frozenset({"ana", "ben", "cleo"})


def csv_with(**cells: str) -> bytes:
    """Give a register of one row in which some cells say something else."""
    named = dict(zip(HEADINGS.split(","), ROW.split(","), strict=True)) | cells
    return f"{HEADINGS}\n{','.join(named.values())}\n".encode()


def workbook(*rows: Sequence[object]) -> bytes:
    """Give an XLSX whose first sheet holds these rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, written: bytes) -> bytes:
    """Replace one part of an XLSX, or add it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part))
        new.writestr(name, written)
    return out.getvalue()


def sheet(inside: str, *, before: str = "", dimension: str = "A1:B2") -> bytes:
    """Give an XLSX whose first sheet is written by hand."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    written = (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="{main}"><dimension ref="{dimension}"/>'
        f"<sheetData>{inside}</sheetData></worksheet>"
    )
    return with_part(workbook(["person"]), "xl/worksheets/sheet1.xml", written.encode())
