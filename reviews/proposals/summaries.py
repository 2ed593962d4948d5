"""What a proposed change comes to: its canonical content, what it changes, and what it was written on."""

from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from portal.kit.problems import Problem

NONE = "none"
"""The base of what has no version yet."""


class ProposalInvalid(Problem):
    """The content is no change of its kind; `errors` points at each fault."""

    code = "proposal_invalid"
    status = 422
    title = "The change cannot be proposed"


class NothingChanges(Problem):
    """What is proposed is so already."""

    code = "nothing_changes"
    status = 409
    title = "This is in force already"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a change comes to, worked out from its content and from what is in force now.

    `title` names no person, because it is kept in the clear; `told` is the sentence that is signed. `content` is the
    text that is sealed, signed and put in force; `target` the stream it belongs to, `base` what was in force. Of a
    register, `entries` are its rows, so that nobody reads it twice.
    """

    title: str
    told: str
    content: str = field(repr=False)
    base: str
    target: UUID | None = None
    differences: list[str] = field(default_factory=list)
    entries: list[Any] = field(default_factory=list, repr=False)


class Kind(Protocol):
    """One kind of configuration that one person proposes and another puts in force."""

    @property
    def word(self) -> str:
        """The word proposals are stored under."""

    @property
    def name(self) -> str:
        """What pages and entries call it, such as “routing rules”."""

    def check(self, content: str, *, target: UUID | None) -> Summary:
        """Read the content against what is in force now, or raise a Problem with every fault and its place."""


def insist_on_target(asked: UUID | None, found: UUID | None) -> None:
    """Refuse content that is about something else than what it was proposed for."""
    if asked is not None and asked != found:
        raise ProposalInvalid("This text is about something else than what you opened. Propose it where it belongs.")


def version_of(number: int | None) -> str:
    """Write the base that a version is."""
    return NONE if number is None else f"version {number}"
