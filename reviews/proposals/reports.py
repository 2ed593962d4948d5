"""Access reviews: a report of who may do what, which another person signs; its signature is all that happens."""

from typing import Final
from uuid import UUID

from portal.kit.clock import now
from portal.kit.wording import counted
from reviews.proposals.summaries import NONE, Summary, insist_on_target
from reviews.registers import reading

_FILE: Final = "access-review.csv"


class AccessReview:
    """The export of an access review, as it was written."""

    word = "access-review"
    name = "access review"

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read the report as CSV. Raises RegisterInvalid with the place of what is wrong."""
        insist_on_target(target, None)
        rows = reading.rows(content.encode(), _FILE)
        said = counted(len(rows) - 1, "row")
        return Summary(
            title=f"Access review of {now():%Y-%m-%d}",
            told=f"Access review, {said}",
            content=content,
            base=NONE,
            differences=[f"The report has {said}; nothing else changes."],
        )
