"""Reasons people give for what they do: required where it is asked for, and bounded, since they stay for good."""

from portal.kit.problems import Problem

LONGEST = 4000


class ReasonMissing(Problem):
    """What is done here is done with a reason."""

    code = "reason_missing"
    status = 422
    title = "A reason is missing"


class ReasonTooLong(Problem):
    """The reason is a document of its own; everybody who comes after reads it whole."""

    code = "reason_too_long"
    status = 422
    title = "The reason is too long"


UNFIT = (ReasonMissing, ReasonTooLong)
"""Why a reason cannot be kept as it was given; its form says so, with what was typed."""


def given(reason: str, ask: str, *, most: int = LONGEST) -> str:
    """Give the reason without blanks around it; `ask` says what to write. Raises ReasonMissing or ReasonTooLong."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing(ask)
    return bounded(reason, most=most)


def bounded(reason: str, *, most: int = LONGEST) -> str:
    """Give a reason that may be left out. Raises ReasonTooLong."""
    if len(reason) > most:
        raise ReasonTooLong(f"Say it in {most:,} characters; it has {len(reason):,}.")
    return reason
