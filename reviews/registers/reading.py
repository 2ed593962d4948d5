"""Reads a register's file, CSV or XLSX, into lines of plain texts."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from . import xlsx
from .faults import refused

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 50
MAX_CELL: Final = 1_000

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: where it begins and its cells as texts; blank rows are left out."""

    file: str
    number: int
    cells: tuple[str, ...]
    lettered: bool = False

    def cell(self, index: int) -> str:
        """Give a cell, empty where the row ends before."""
        return self.cells[index] if index < len(self.cells) else ""

    def column(self, index: int) -> str:
        """Name a column as the program does that shows the file: C in a spreadsheet, 3 in a CSV."""
        return xlsx.letter(index) if self.lettered else str(index + 1)


def rows(content: bytes, filename: str) -> list[Line]:
    """Read a CSV or the first sheet of an XLSX, headings first, or raise RegisterInvalid."""
    file = _shown(filename)
    if len(content) > MAX_BYTES:
        raise refused(file, f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB. Split it or leave out columns.")
    if content.startswith(_OLD_OFFICE):
        raise refused(file, "This is an older or a protected workbook. Save it as XLSX without a password, or as CSV.")
    lettered = content.startswith(_ZIP)
    if filename.casefold().endswith(".xlsx") and not lettered:
        raise refused(file, "This is no XLSX, although its name says so. Save it from the spreadsheet program again.")
    found = xlsx.rows(content, file) if lettered else _csv(content, file)
    lines = _bounded(file, found, lettered=lettered)
    if not lines:
        raise refused(file, "The file is empty. Its first line names the columns, the next lines hold the entries.")
    return lines


def _bounded(file: str, found: Iterator[tuple[int, list[str]]], *, lettered: bool) -> list[Line]:
    """Take what is not blank, and refuse more than anybody would look through."""
    lines: list[Line] = []
    for number, cells in found:
        texts = _filled(cells)
        if not texts:
            continue
        if len(lines) > MAX_ROWS:
            raise refused(file, f"There are more than {MAX_ROWS:,} rows. Split the register.", line=number)
        if len(texts) > MAX_COLUMNS:
            raise refused(file, f"There are more than {MAX_COLUMNS} columns. Leave out those not needed.", line=number)
        if any(len(text) > MAX_CELL for text in texts):
            raise refused(file, f"A cell holds more than {MAX_CELL:,} characters. Shorten it.", line=number)
        lines.append(Line(file, number, texts, lettered))
    return lines


def _filled(cells: list[str]) -> tuple[str, ...]:
    """Give a row's texts up to the last that is not empty."""
    texts = [cell.strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _csv(content: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content, file)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            wrong = f"This is not CSV: {error}. Look for a quotation mark that is not closed or not doubled."
            raise refused(file, wrong, line=begins) from None
        yield begins, cells
        begins = reader.line_num + 1


def _decoded(content: bytes, file: str) -> str:
    """Read UTF-8 with or without its mark; say where another encoding shows."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise refused(file, "This line is not UTF-8. Save the file as “CSV UTF-8”.", line=line) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise refused(file, "There is a zero character. Save the file as “CSV UTF-8”.", line=line)
    return text


def _delimiter(text: str) -> str:
    """Choose between comma and semicolon by the headings alone, so that no entry can change the choice."""
    headings = next((line for line in text.splitlines() if line.strip()), "")
    plain = _QUOTED.sub("", headings)
    return ";" if plain.count(";") > plain.count(",") else ","


def _shown(filename: str) -> str:
    """Give a file's name as it can stand in a sentence: without its path and what cannot be read."""
    name = re.split(r"[/\\]", filename)[-1]
    return "".join(sign for sign in name if sign.isprintable())[:100] or "register"
