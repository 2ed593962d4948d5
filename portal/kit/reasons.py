"""Reasons people give for what they do: required where it is asked for, and bounded, since they stay for good."""

from portal.kit.problems import Problem

LONGEST = 4000


class ReasonUnfit(Problem):
    """A reason cannot be kept as it was given; its form says why, with what was typed."""

    status = 422


class ReasonMissing(ReasonUnfit):
    """What is done here is done with a reason."""

    code = "reason_missing"
    title = "A reason is missing"


class ReasonTooLong(ReasonUnfit):
    """The reason is a document of its own; everybody who comes after reads it whole."""

    code = "reason_too_long"
    title = "The reason is too long"


def given(reason: str, ask: str) -> str:
    """Give the reason without blanks around it; `ask` says what to write. Raises ReasonMissing or ReasonTooLong."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing(ask)
    return bounded(reason)


def bounded(reason: str) -> str:
    """Give a reason that may be left out. Raises ReasonTooLong."""
    if len(reason) > LONGEST:
        raise ReasonTooLong(f"Say it in {LONGEST:,} characters; it has {len(reason):,}.")
    return reason
