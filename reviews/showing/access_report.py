"""The access review as it is signed: its text, and which quarter's is due."""

import csv as writing
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from portal.kit.clock import stamp_or_none
from reviews.models import Proposal
from reviews.showing.access_review import COLUMNS, Row
from reviews.words import ProposalState

KIND = "access-review"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a year; its access review is due on its last day."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """Give it as people write it: 2026-Q4."""
        return f"{self.year}-Q{self.number}"

    @property
    def starts(self) -> date:
        """Give its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def due(self) -> date:
        """Give its last day, by the end of which its review is signed."""
        return self.after.starts - timedelta(days=1)

    @property
    def after(self) -> "Quarter":
        """Give the quarter that follows."""
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)

    @property
    def before(self) -> "Quarter":
        """Give the quarter that came before."""
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the review of a quarter stands: signed by whom and when, or due."""

    quarter: Quarter
    signed_at: datetime | None
    signed_by: str

    def is_late(self, moment: datetime) -> bool:
        """Tell whether it should have been signed before this moment."""
        return self.signed_at is None and moment.astimezone(UTC).date() > self.quarter.due


def csv(rows: Iterable[Row]) -> str:
    """Write the review as CSV: the same rows give the same text, and no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    lines = writing.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows([_cell(_said(row, name)) for name in COLUMNS] for row in rows)
    return text.getvalue()


def quarter(moment: datetime) -> Quarter:
    """Give the quarter of a moment, in UTC."""
    on = moment.astimezone(UTC)
    return Quarter(on.year, (on.month + 2) // 3)


def standing(of: Quarter) -> Standing:
    """Tell how the review of a quarter stands: the first written within it that was signed."""
    signed = Proposal.objects.filter(
        kind=KIND, state=ProposalState.IN_FORCE, proposed_at__gte=_midnight(of.starts),
        proposed_at__lt=_midnight(of.after.starts),
    )  # fmt: skip
    found = signed.select_related("decided_by").order_by("decided_at").first()
    return Standing(of, found.decided_at if found else None, str(found.decided_by) if found else "")


def _said(row: Row, name: str) -> object:
    return "not recorded" if name == "last_used" and not row.is_recorded else getattr(row, name)


def _cell(value: object) -> str:
    text = (stamp_or_none(value) or "") if isinstance(value, datetime) else str(value or "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
