"""The page of the access review: who may do what, filtered, and how the reviews of the last quarters stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from portal.kit.clock import now
from portal.models import Installation
from reviews.models import Proposal
from reviews.showing import access_report, access_review
from reviews.showing.access_report import Standing
from reviews.showing.access_review import Row
from reviews.words import ProposalState

PAGE: Final = 200
QUARTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Quarter:
    """How the review of one quarter stands, in words."""

    standing: Standing
    state: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page shows; `open` are reviews that wait for their signature."""

    rows: list[Row]
    total: int
    kinds: list[str]
    number: int
    pages: int
    quarters: list[Quarter]
    open: list[Proposal]

    @property
    def next(self) -> int | None:
        """Give the number of the next page."""
        return self.number + 1 if self.number < self.pages else None

    @property
    def back(self) -> int | None:
        """Give the number of the page before."""
        return self.number - 1 if self.number > 1 else None


def report(*, asked: str = "", kind: str = "", number: int = 1) -> Report:
    """Give one page of who may do what, by words in a row and by kind."""
    everything = access_review.rows()
    found = [each for each in everything if _fits(each, asked.casefold().split(), kind)]
    pages = max(1, -(-len(found) // PAGE))
    number = min(max(number, 1), pages)
    waiting = Proposal.objects.filter(kind=access_report.KIND, state=ProposalState.OPEN)
    return Report(
        found[(number - 1) * PAGE : number * PAGE], len(found), sorted({each.kind for each in everything}), number,
        pages, quarters(), list(waiting.select_related("proposed_by").order_by("-proposed_at")),
    )  # fmt: skip


def quarters() -> list[Quarter]:
    """Give how the reviews of this quarter and of those before stand, since the installation was opened."""
    wanted = [access_report.quarter(now())]
    opened = Installation.objects.first()
    first = access_report.quarter(opened.opened_at) if opened else wanted[0]
    while len(wanted) < QUARTERS and wanted[-1] > first:
        wanted.append(wanted[-1].before)
    standings = map(access_report.standing, wanted)
    return [Quarter(each, _state(each)) for each in standings]


def csv() -> str:
    """Give the whole report as CSV."""
    return access_report.csv(access_review.rows())


def _fits(row: Row, words: Iterable[str], kind: str) -> bool:
    said = " ".join((row.person, row.name, row.role, row.permission, row.where, row.said)).casefold()
    return kind in ("", row.kind) and all(word in said for word in words)


def _state(standing: Standing) -> tuple[str, str, str]:
    if standing.signed_at is not None:
        return "check", "ok", "Signed"
    return ("warn", "bad", "Not signed in time") if standing.is_late(now()) else ("clock", "warn", "Due")
