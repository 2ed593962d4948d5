"""What can be said about items, flows, queues and policies; one fact a kind, each with its sentence."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.facts import Fact, Personal

# --- the life of an item --------------------------------------------------------------------------------


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


# --- configuration --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FlowRegistered(Fact):
    """A flow was registered."""

    kind = "flow.registered"
    sentence = "{actor} registered the flow {slug}."
    slug: str


@dataclass(frozen=True, slots=True)
class FlowSuspended(Fact):
    """A flow's kill switch was pulled."""

    kind = "flow.suspended"
    sentence = "{actor} suspended the flow."


@dataclass(frozen=True, slots=True)
class FlowResumed(Fact):
    """A suspended flow may post again."""

    kind = "flow.resumed"
    sentence = "{actor} let the flow post again."


@dataclass(frozen=True, slots=True)
class ContractApplied(Fact):
    """A new version of a flow's data contract is in force."""

    kind = "flow.contract_applied"
    sentence = "{actor} put version {version} of the data contract in force."
    contract: UUID
    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class KeyIssued(Fact):
    """An API key was issued."""

    kind = "flow.key_issued"
    sentence = "{actor} issued an API key."
    key: UUID


@dataclass(frozen=True, slots=True)
class KeyRevoked(Fact):
    """An API key was revoked."""

    kind = "flow.key_revoked"
    sentence = "{actor} revoked an API key."
    key: UUID


@dataclass(frozen=True, slots=True)
class SecretIssued(Fact):
    """A webhook secret was issued."""

    kind = "flow.secret_issued"
    sentence = "{actor} issued a webhook secret."
    secret: UUID


@dataclass(frozen=True, slots=True)
class SecretRetired(Fact):
    """A webhook secret no longer counts."""

    kind = "flow.secret_retired"
    sentence = "{actor} retired a webhook secret."
    secret: UUID


@dataclass(frozen=True, slots=True)
class EndpointRegistered(Fact):
    """A callback endpoint was registered."""

    kind = "flow.endpoint_registered"
    sentence = "{actor} registered a callback endpoint."
    endpoint: UUID


@dataclass(frozen=True, slots=True)
class EndpointStopped(Fact):
    """An endpoint is no longer called: it answered 410, or failed for too long."""

    kind = "flow.endpoint_stopped"
    sentence = "The callback endpoint was stopped: {why}."
    endpoint: UUID
    why: str


@dataclass(frozen=True, slots=True)
class QueueOpened(Fact):
    """A queue was opened."""

    kind = "queue.opened"
    sentence = "{actor} opened the queue {slug}."
    slug: str


@dataclass(frozen=True, slots=True)
class PolicyOpened(Fact):
    """A policy got its name."""

    kind = "policy.opened"
    sentence = "{actor} opened the routing rules {name}."
    name: str


@dataclass(frozen=True, slots=True)
class PolicyApplied(Fact):
    """A version of a policy is in force."""

    kind = "policy.applied"
    sentence = "{actor} put version {version} in force."
    version: int
    digest: bytes
