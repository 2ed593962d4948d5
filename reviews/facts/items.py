"""What can be said about an item; one fact a kind, each with its sentence.

`sealed_sha256` and `overrides_sha256` are digests of sealed bytes: they bind a content and tell nothing of it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.facts import Fact, Personal


@dataclass(frozen=True, slots=True)
class Received(Fact):
    """An item came in and was routed: version 1 of every item."""

    kind = "item.received"
    sentence = "Received from {flow} and routed to {queue} by {rule}."
    flow: UUID
    received_at: datetime
    revision: int
    action_sha256: bytes
    queue: UUID
    policy: UUID
    policy_version: int
    rule: str
    reasons: list[str]
    plan: list[str]
    effect: str
    basis: str
    contract: UUID | None
    document_sha256: Personal[bytes]
    body_sha256: Personal[bytes]
    sealed_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Taken(Fact):
    """Somebody took the item. A note: leases are no moves."""

    kind = "item.taken"
    sentence = "{actor} took it."
    until: datetime


@dataclass(frozen=True, slots=True)
class PutBack(Fact):
    """Somebody put the item back."""

    kind = "item.put_back"
    sentence = "{actor} put it back."


@dataclass(frozen=True, slots=True)
class SignatureRefused(Fact):
    """An attempt to sign was refused; nothing changed."""

    kind = "signature.refused"
    sentence = "A signature by {actor} was refused: {code}."
    code: str
    intent: UUID | None


@dataclass(frozen=True, slots=True)
class Signed(Fact):
    """A person signed exactly this."""

    kind = "signature.executed"
    sentence = "{actor} signed as {role}: {verdict}."
    signature: UUID
    revision: int
    verdict: str
    role: str
    meaning: str
    auth_method: str
    assurance: str
    intent_sha256: bytes
    action_sha256: bytes
    shown_sha256: bytes
    policy_version: UUID
    stage: int
    printed_name: Personal[str]
    reason: Personal[str | None]
    on_behalf_of: UUID | None = None
    break_glass: UUID | None = None
    round: int | None = None
    licence: Personal[str | None] = None
    for_name: Personal[str | None] = None
    duties_waived: list[str] | None = None
    signed_at: datetime | None = None
    sealed_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finalised(Fact):
    """The plan is complete, or somebody rejected: the decision stands."""

    kind = "decision.finalised"
    sentence = "Decided: {outcome}, on the basis of {basis}."
    decision: UUID
    outcome: str
    basis: str
    revision: int
    action_sha256: bytes
    policy: UUID
    policy_version: int
    rule: str
    overridden: bool
    signatures: list[str]


@dataclass(frozen=True, slots=True)
class Cancelled(Fact):
    """The flow took its item back before a decision."""

    kind = "item.cancelled"
    sentence = "Cancelled by the flow."
    reason: Personal[str]


@dataclass(frozen=True, slots=True)
class Expired(Fact):
    """The item's own deadline passed before a decision."""

    kind = "item.expired"
    sentence = "Expired: its deadline {deadline} passed without a decision."
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Executed(Fact):
    """An executor reported what it did."""

    kind = "execution.reported"
    sentence = "The executor reported {status}."
    report: UUID
    decision: UUID
    status: str


@dataclass(frozen=True, slots=True)
class Delivered(Fact):
    """An event reached its endpoint, or was given up."""

    kind = "delivery.ended"
    sentence = "The event {event_type} was {outcome} after {attempts} attempts."
    delivery: UUID
    event_type: str
    outcome: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ChangesRequested(Fact):
    """The holder sent the item back to its flow with what should be different."""

    kind = "item.changes_requested"
    sentence = "{actor} asked the flow for changes to revision {revision}."
    revision: int
    reason: Personal[str]
    sealed_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Revised(Fact):
    """The flow posted a new revision, which was routed anew; its plan counts from here on."""

    kind = "item.revised"
    sentence = "The flow posted revision {revision}, routed to {queue} by {rule}."
    received_at: datetime
    revision: int
    action_sha256: bytes
    queue: UUID
    policy: UUID
    policy_version: int
    rule: str
    reasons: list[str]
    plan: list[str]
    effect: str
    basis: str
    contract: UUID | None
    document_sha256: Personal[bytes]
    body_sha256: Personal[bytes]
    sealed_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Overridden(Fact):
    """A signer changed what is proposed: a new revision with a plan of its own, signed in the same transaction."""

    kind = "item.overridden"
    sentence = "{actor} changed {changed}: revision {revision}, with a new sign-off plan."
    revision: int
    action_sha256: bytes
    queue: UUID
    policy: UUID
    policy_version: int
    rule: str
    reasons: list[str]
    plan: list[str]
    effect: str
    basis: str
    changed: list[str]
    direction: str
    changes: Personal[str]
    overrides_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttachmentOpened(Fact):
    """Somebody opened a file for the first time. A note."""

    kind = "attachment.opened"
    sentence = "{actor} opened {name}."
    upload: UUID
    name: Personal[str]


@dataclass(frozen=True, slots=True)
class EvidenceMade(Fact):
    """The evidence of a decision was written. A note."""

    kind = "evidence.made"
    sentence = "The evidence of the decision was written."
    evidence: UUID
    record_sha256: bytes
    pdf_sha256: bytes


@dataclass(frozen=True, slots=True)
class EvidenceExported(Fact):
    """Somebody took the evidence out of the portal. A note."""

    kind = "evidence.exported"
    sentence = "{actor} exported the evidence as {format}."
    evidence: UUID
    format: str
    sha256: bytes
