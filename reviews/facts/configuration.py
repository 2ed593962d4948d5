"""What can be said about flows, queues and policies; one fact a kind, each with its sentence."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.facts import Fact


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
    earlier_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyIssued(Fact):
    """An API key was issued."""

    kind = "flow.key_issued"
    sentence = "{actor} issued an API key."
    key: UUID
    digest: bytes | None = None


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


@dataclass(frozen=True, slots=True)
class QuarantineResubmitted(Fact):
    """A post that was refused and kept was submitted again and accepted."""

    kind = "quarantine.resubmitted"
    sentence = "{actor} submitted a refused post again as it was received, and it was accepted."
    flow: UUID
    item: UUID
    revision: int
    received_at: datetime
