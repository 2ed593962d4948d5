"""What entries of every register have in common: a scope, a period, terms; no two of a scope at one time."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from reviews.policies import jurisdictions

from .table import ALL, Row


class Entry(Protocol):
    """One row of a register, read."""

    @property
    def person(self) -> str:
        """The sign-in name of the person it is about."""

    @property
    def starts(self) -> date:
        """The first day on which it counts."""

    @property
    def ends(self) -> date | None:
        """The last day on which it counts, none when it stays open."""

    def scope(self) -> tuple[str, ...]:
        """Give what it is about, person first: entries of one scope follow each other in time."""

    def scopes(self) -> list[tuple[str, ...]]:
        """Give the single scopes in which it must be alone at any time."""

    def told(self) -> str:
        """Say its scope in words, without the person."""

    def terms(self) -> Mapping[str, str]:
        """Give what it grants by name, as a person reads it."""


def columns(kind: Any) -> list[str]:
    """Name what an entry of a register says of its person, as its table's columns are named."""
    return [each.name for each in fields(kind) if each.name != "person"]


def note_overlaps(found: Sequence[tuple[Entry, Row]]) -> None:
    """Note every row that says something about a scope on days on which an earlier row does."""
    groups: defaultdict[tuple[str, ...], list[tuple[Entry, Row]]] = defaultdict(list)
    for entry, row in found:
        for scope in entry.scopes():
            groups[scope].append((entry, row))
    noted: set[int] = set()
    for group in groups.values():
        group.sort(key=lambda each: (each[0].starts, each[1].line.number))
        latest, of = group[0]
        for entry, row in group[1:]:
            if entry.starts <= (latest.ends or date.max) and row.line.number not in noted:
                noted.add(row.line.number)
                row.fault("from", _overlap(latest, of, entry))
            if (entry.ends or date.max) > (latest.ends or date.max):
                latest, of = entry, row


def _overlap(before: Entry, row: Row, entry: Entry) -> str:
    until = f"to {before.ends}" if before.ends else "on"
    return (
        f"Line {row.line.number} covers {entry.person}, {before.told()}, from {before.starts} {until} already."
        " Keep one row, or end one before the other starts."
    )


def written(columns: Sequence[str], records: Iterable[tuple[str, ...]]) -> str:
    """Write records as the one CSV that stands for them: sorted, commas, a line feed after each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(sorted(records))
    return out.getvalue()


def plain(amount: Decimal | None) -> str:
    """Write an amount for a file: two decimals, up to four where they are not zero."""
    if amount is None:
        return ""
    whole, _, decimals = f"{amount:.4f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def money(amount: Decimal | None) -> str:
    """Write an amount for a person, or say that there is no bound."""
    if amount is None:
        return "no bound"
    whole, _, decimals = plain(amount).partition(".")
    return f"{int(whole):,}.{decimals}"


def place(line: str, jurisdiction: str) -> str:
    """Say where something counts."""
    of = "every line" if line == ALL else line
    where = "all jurisdictions" if jurisdiction == ALL else jurisdictions.name(jurisdiction)
    return f"{of}, {where}"
