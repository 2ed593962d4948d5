"""The register of authority: what each person may sign for, where, and up to which amounts."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from portal.kit.wording import counted
from reviews.words import Effect

from .entries import money, note_overlaps, place, plain, written
from .reading import Line
from .table import ALL, Row, Table

REQUIRED: Final = ("person", "effects", "line", "jurisdiction", "currency", "up_to", "alone", "from")
OPTIONAL: Final = ("per_subject", "per_period", "period_days", "to")
COLUMNS: Final = (
    "person", "effects", "line", "jurisdiction", "currency", "up_to", "alone", "per_subject", "per_period",
    "period_days", "from", "to",
)  # fmt: skip
EFFECTS: Final = tuple(effect.value for effect in Effect)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a person may sign for in one scope; `*` stands for all, both days belong to the period."""

    person: str
    effects: frozenset[str]
    line: str
    jurisdiction: str
    currency: str
    up_to: Decimal
    alone: Decimal
    per_subject: Decimal | None
    per_period: Decimal | None
    period_days: int | None
    starts: date
    ends: date | None

    def scope(self) -> tuple[str, ...]:
        """Give person, effects, line, jurisdiction and currency."""
        return (self.person, " ".join(sorted(self.effects)), self.line, self.jurisdiction, self.currency)

    def scopes(self) -> list[tuple[str, ...]]:
        """Give one scope for each effect; `*` is one of its own, as is every other `*`."""
        return [(self.person, effect, *self.scope()[2:]) for effect in self.effects]

    def told(self) -> str:
        """Say the scope in words, without the person."""
        effects = "every effect" if ALL in self.effects else " ".join(sorted(self.effects))
        return f"{effects}, {place(self.line, self.jurisdiction)}, {self.currency}"

    def terms(self) -> dict[str, str]:
        """Give the amounts and the period, as a person reads them."""
        period = f" in {counted(self.period_days, 'day')}" if self.period_days else ""
        return {
            "up to": money(self.up_to),
            "alone": money(self.alone),
            "per subject": money(self.per_subject),
            "per period": f"{money(self.per_period)}{period}",
            "from": self.starts.isoformat(),
            "to": self.ends.isoformat() if self.ends else "open",
        }

    def record(self) -> tuple[str, ...]:
        """Give the row of the file that says the same."""
        amounts = (plain(each) for each in (self.up_to, self.alone, self.per_subject, self.per_period))
        days = str(self.period_days or "")
        return (*self.scope(), *amounts, days, self.starts.isoformat(), self.ends.isoformat() if self.ends else "")


def parse(lines: Sequence[Line], *, people: Container[str]) -> list[Entitlement]:
    """Read the register, sorted, or raise RegisterInvalid with its faults; `people` holds sign-in names."""
    table = Table(lines, REQUIRED, OPTIONAL)
    read = [(_entitlement(row, people), row) for row in table.rows()]
    note_overlaps([(entry, row) for entry, row in read if not row.wrong])
    table.faults.insist_on_none()
    return sorted((entry for entry, _ in read), key=Entitlement.record)


def text(entries: Sequence[Entitlement]) -> str:
    """Write the register as it is stored: one text for the same entries, whatever file they came from."""
    return written(COLUMNS, (entry.record() for entry in entries))


def _entitlement(row: Row, people: Container[str]) -> Entitlement:
    person = row.person(people)
    effects = row.words("effects", EFFECTS)
    line, jurisdiction, currency = row.line_of_business(), row.jurisdiction(), row.currency()
    up_to, alone = row.amount("up_to"), row.amount("alone")
    per_subject = row.amount("per_subject") if row.has("per_subject") else None
    per_period = row.amount("per_period") if row.has("per_period") else None
    days = row.number("period_days") if row.has("period_days") else None
    starts, ends = row.period()
    entry = Entitlement(
        person, effects, line, jurisdiction, currency, up_to, alone, per_subject, per_period, days, starts, ends
    )
    _note_contradictions(row, entry)
    return entry


def _note_contradictions(row: Row, entry: Entitlement) -> None:
    """Note amounts and periods that cannot all be meant."""
    if (entry.per_period is None) != (entry.period_days is None):
        missing = "period_days" if entry.period_days is None else "per_period"
        row.fault(missing, "“per_period” and “period_days” go together; fill both or neither.")
    if row.wrong:
        return
    up_to = f"“up_to”, {money(entry.up_to)}"
    if entry.alone > entry.up_to:
        row.fault("alone", f"{money(entry.alone)} is more than {up_to}; write at most that.")
    for name, amount in (("per_subject", entry.per_subject), ("per_period", entry.per_period)):
        if amount is not None and amount < entry.up_to:
            row.fault(name, f"{money(amount)} is less than {up_to}, for one item; write at least that.")
