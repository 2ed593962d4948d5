"""What can be said about proposed changes, registers, calendars, substitutes and broken glass."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.facts import Fact, Personal


@dataclass(frozen=True, slots=True)
class Proposed(Fact):
    """Somebody proposed a change of configuration."""

    kind = "proposal.opened"
    sentence = "{actor} proposed a change of {of}."
    of: str
    target: UUID | None
    content_sha256: bytes
    base: str


@dataclass(frozen=True, slots=True)
class ProposalSigned(Fact):
    """Somebody else signed the change, which is in force with this entry."""

    kind = "proposal.signed"
    sentence = "{actor} signed the change as {role} and put it in force."
    signature: UUID
    role: str
    meaning: str
    auth_method: str
    assurance: str
    intent_sha256: bytes
    content_sha256: bytes
    printed_name: Personal[str]
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProposalRefused(Fact):
    """Somebody else refused the change."""

    kind = "proposal.refused"
    sentence = "{actor} refused the change."
    reason: Personal[str]


@dataclass(frozen=True, slots=True)
class ProposalWithdrawn(Fact):
    """Who proposed the change took it back."""

    kind = "proposal.withdrawn"
    sentence = "{actor} withdrew the change."


@dataclass(frozen=True, slots=True)
class CalendarOpened(Fact):
    """A working calendar got its name."""

    kind = "calendar.opened"
    sentence = "{actor} opened the working calendar {name}."
    name: str


@dataclass(frozen=True, slots=True)
class CalendarApplied(Fact):
    """A version of a working calendar is in force."""

    kind = "calendar.applied"
    sentence = "{actor} put version {version} in force."
    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class RegisterApplied(Fact):
    """A version of a register is in force; the stream is the register's own."""

    kind = "register.applied"
    sentence = "{actor} put version {version} of the register of {of} in force."
    register: UUID
    of: str
    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class SubstitutionMade(Fact):
    """Somebody signs for somebody who is away."""

    kind = "substitution.made"
    sentence = "{actor} named {substitute} to sign for {absent} from {starts} to {ends}."
    absent: UUID
    substitute: UUID
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class SubstitutionEnded(Fact):
    """A substitution ended before its time."""

    kind = "substitution.ended"
    sentence = "{actor} ended the substitution."


@dataclass(frozen=True, slots=True)
class GlassBroken(Fact):
    """A person took a role on a queue in an emergency; the others were told at once."""

    kind = "glass.broken"
    sentence = "{actor} took the role {role} on {queue} until {ends}, in an emergency."
    role: str
    queue: UUID
    ends: datetime
    told: list[str]
    reason: Personal[str]


@dataclass(frozen=True, slots=True)
class GlassMended(Fact):
    """Emergency access ended before its time."""

    kind = "glass.mended"
    sentence = "{actor} ended the emergency access."


@dataclass(frozen=True, slots=True)
class GlassSeen(Fact):
    """A second person looked at what was done in an emergency."""

    kind = "glass.seen"
    sentence = "{actor} looked at the emergency access and what was done under it."
