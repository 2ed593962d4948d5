"""The register of licences: which licences and trainings each person holds, where and until when."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from reviews.policies.stages import NAME, NAME_WANTED

from .entries import note_overlaps, place, written
from .reading import Line
from .table import Row, Table

REQUIRED: Final = ("person", "kind", "number", "jurisdiction", "line", "from")
OPTIONAL: Final = ("to",)
COLUMNS: Final = (*REQUIRED, *OPTIONAL)

_KIND_WANTED = f"{NAME_WANTED}, such as claims-adjuster"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence or training of a person; `*` stands for all, both days belong to the period."""

    person: str
    kind: str
    number: str
    jurisdiction: str
    line: str
    starts: date
    ends: date | None

    def scope(self) -> tuple[str, ...]:
        """Give person, kind, jurisdiction and line."""
        return (self.person, self.kind, self.jurisdiction, self.line)

    def scopes(self) -> list[tuple[str, ...]]:
        """Give the one scope in which one number is printed at any time."""
        return [self.scope()]

    def told(self) -> str:
        """Say the scope in words, without the person."""
        return f"{self.kind}, {place(self.line, self.jurisdiction)}"

    def terms(self) -> dict[str, str]:
        """Give number and period, as a person reads them."""
        return {
            "number": self.number,
            "from": self.starts.isoformat(),
            "to": self.ends.isoformat() if self.ends else "open",
        }

    def record(self) -> tuple[str, ...]:
        """Give the row of the file that says the same."""
        ends = self.ends.isoformat() if self.ends else ""
        return (self.person, self.kind, self.number, self.jurisdiction, self.line, self.starts.isoformat(), ends)


def parse(lines: Sequence[Line], *, people: Container[str]) -> list[Licence]:
    """Read the register, sorted, or raise RegisterInvalid with its faults; `people` holds sign-in names."""
    table = Table(lines, REQUIRED, OPTIONAL)
    read = [(_licence(row, people), row) for row in table.rows()]
    note_overlaps([(entry, row) for entry, row in read if not row.wrong])
    table.faults.insist_on_none()
    return sorted((entry for entry, _ in read), key=Licence.record)


def text(entries: Sequence[Licence]) -> str:
    """Write the register as it is stored: one text for the same entries, whatever file they came from."""
    return written(COLUMNS, (entry.record() for entry in entries))


def _licence(row: Row, people: Container[str]) -> Licence:
    person = row.person(people)
    kind = row.shaped("kind", NAME, _KIND_WANTED)
    number = row.text("number", most=100, wanted="write the number as it is printed")
    jurisdiction, line = row.jurisdiction(), row.line_of_business()
    starts, ends = row.period()
    return Licence(person, kind, number, jurisdiction, line, starts, ends)
