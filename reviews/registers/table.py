"""A register's rows under their headings, read cell by cell as the kinds asked for."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from reviews.policies import jurisdictions
from reviews.policies.calendars import DATE
from reviews.policies.nodes import hidden, hidden_message
from reviews.policies.suggesting import meant

from .faults import Faults, fault
from .reading import Line

ALL: Final = "*"

_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_NUMBERLIKE = re.compile(r"[+-]?[0-9][0-9.,' ]*")
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})


@dataclass(slots=True)
class Row:
    """One row and what was wrong with it; what its readers return counts only when nothing was."""

    line: Line
    places: dict[str, int]
    faults: Faults
    wrong: bool = False

    def fault(self, name: str, message: str) -> None:
        """Note what is wrong in one column of this row."""
        self.wrong = True
        column = self.line.column(self.places[name]) if name in self.places else ""
        self.faults.add(fault(self.line.file, message, line=self.line.number, column=column, name=name))

    def has(self, name: str) -> bool:
        """Tell whether a cell is filled."""
        return name in self.places and self.line.cell(self.places[name]) != ""

    def text(self, name: str, *, most: int, wanted: str) -> str:
        """Read a text of 1 to `most` characters; `wanted` says in words what is right."""
        value = self.line.cell(self.places[name]) if name in self.places else ""
        if not value:
            self.fault(name, f"This is empty; {wanted}.")
        elif value[0] in "=+-@" and not _NUMBERLIKE.fullmatch(value):
            self.fault(name, f"“{value[:40]}” looks like a formula; {wanted}, as a plain value.")
        elif value.upper() in _ERRORS:
            self.fault(name, f"“{value}” is the error of a formula; {wanted}.")
        elif sign := hidden(value) or next((each for each in value if not each.isprintable()), ""):
            self.fault(name, hidden_message(sign))
        elif len(value) > most:
            self.fault(name, f"This has {len(value)} characters; {most} at most are allowed.")
        else:
            return value
        return ""

    def shaped(self, name: str, shape: re.Pattern[str], wanted: str) -> str:
        """Read a text of a given shape."""
        value = self.text(name, most=1_000, wanted=wanted)
        if value and not shape.fullmatch(value):
            self.fault(name, f"“{value[:60]}” is not right here; {wanted}.")
            return ""
        return value

    def person(self, people: Container[str]) -> str:
        """Read the sign-in name of somebody the portal knows."""
        value = self.text("person", most=150, wanted="write the person's sign-in name")
        if value and value not in people:
            known = people if isinstance(people, Iterable) else ()
            self.fault("person", f"There is nobody with the sign-in name “{value[:60]}”.{meant(value, known)}")
        return value

    def words(self, name: str, among: Sequence[str]) -> frozenset[str]:
        """Read words out of a few, or `*` for all of them."""
        wanted = f"use {', '.join(among)}, or * for all"
        value = self.text(name, most=1_000, wanted=wanted)
        words = re.split(r"[\s,;|]+", value.strip(" ,;|")) if value else []
        for word in (each for each in words if each not in (*among, ALL)):
            self.fault(name, f"“{word[:40]}” is not right here; {wanted}.{meant(word, among)}")
        if ALL in words and len(words) > 1:
            self.fault(name, "There is * for all beside single ones; keep either.")
        return frozenset(words)

    def line_of_business(self) -> str:
        """Read a line of business, or `*` for every one."""
        value = self.text("line", most=100, wanted="write a line of business as the flows do, or * for every one")
        return self._whole("line", value)

    def jurisdiction(self) -> str:
        """Read the code of a country or a part of one, or `*` for all."""
        wanted = "write a code such as US or US-TX, or * for all"
        value = self.text("jurisdiction", most=1_000, wanted=wanted)
        if value and value != ALL and not jurisdictions.is_known(value):
            near = " or ".join(f"{code} ({jurisdictions.name(code)})" for code in jurisdictions.nearest(value))
            self.fault("jurisdiction", f"There is no jurisdiction “{value[:60]}”; {f'use {near}' if near else wanted}.")
        return value

    def currency(self) -> str:
        """Read a currency's three capitals."""
        return self.shaped("currency", _CURRENCY, "write three capitals, ISO 4217, such as USD")

    def amount(self, name: str) -> Decimal:
        """Read an amount of money, not below zero."""
        wanted = "write an amount such as 10000.00, without a sign, a currency or separators of thousands"
        value = self.shaped(name, _MONEY, f"{wanted}, 12 digits and 4 decimals at most")
        return Decimal(value or 0)

    def number(self, name: str) -> int:
        """Read a whole number of days."""
        return int(self.shaped(name, _NUMBER, "write a whole number from 1 to 9999") or 0)

    def day(self, name: str) -> date:
        """Read a day."""
        wanted = "write year, month and day, such as 2026-12-31"
        value = self.shaped(name, DATE, wanted)
        try:
            return date.fromisoformat(value) if value else date.min
        except ValueError:
            self.fault(name, f"{value} is no day of the calendar; {wanted}.")
        return date.min

    def period(self) -> tuple[date, date | None]:
        """Read `from` and `to`: the first and the last day on which the row counts, the last may stay open."""
        starts = self.day("from")
        ends = self.day("to") if self.has("to") else None
        if ends and date.min not in (starts, ends) and ends < starts:
            self.fault("to", f"{ends} is before {starts}, the day it starts; write a later day or leave it empty.")
        return starts, ends

    def _whole(self, name: str, value: str) -> str:
        if ALL in value and value != ALL:
            self.fault(name, f"“{value[:60]}” is not right here; * stands alone and means every one.")
        return value


@dataclass(slots=True)
class Table:
    """The rows of one register's file under its headings, in any order."""

    lines: Sequence[Line]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    faults: Faults = field(default_factory=Faults)

    def rows(self) -> Iterator[Row]:
        """Give the rows to read, none when the headings are wrong, no more after the most faults to tell."""
        places = self._places()
        self.faults.insist_on_none()
        for line in self.lines[1:]:
            if self.faults.full:
                return
            row = Row(line, places, self.faults)
            beyond = next((at for at, cell in enumerate(line.cells) if cell and at not in places.values()), None)
            if beyond is not None:
                message = "There is a value under no heading. Check the separators of this row, or name the column."
                self.faults.add(fault(line.file, message, line=line.number, column=line.column(beyond)))
            yield row

    def _places(self) -> dict[str, int]:
        """Find the columns by their headings."""
        head, known = self.lines[0], (*self.required, *self.optional)
        places: dict[str, int] = {}
        for index, heading in enumerate(head.cells):
            name = re.sub(r"[\s-]+", "_", heading.casefold())
            if name in places:
                self._heading(index, heading, f"This column stands here twice, in {head.column(places[name])} too.")
            elif name in known:
                places[name] = index
            elif heading:
                there = f"There are {', '.join(known)}.{meant(name, known)}"
                self._heading(index, heading, f"There is no such column. {there}")
        for name in self.required:
            if name not in places:
                self.faults.add(fault(head.file, f"The column “{name}” is missing.", line=head.number))
        return places

    def _heading(self, index: int, heading: str, message: str) -> None:
        head = self.lines[0]
        column = head.column(index)
        self.faults.add(fault(head.file, message, line=head.number, column=column, name=heading[:60]))
