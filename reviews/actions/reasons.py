"""Reasons people give for what they do: bounded, since they stay for good and everybody after them reads them whole."""

from portal.kit.problems import Problem

LONGEST = 4000


class ReasonTooLong(Problem):
    """The reason is a document of its own."""

    code = "reason_too_long"
    status = 422
    title = "The reason is too long"


def insist_on_length(reason: str) -> None:
    """Refuse a reason nobody would read. Raises ReasonTooLong."""
    if len(reason) > LONGEST:
        raise ReasonTooLong(f"Say it in {LONGEST:,} characters; it has {len(reason):,}.")
