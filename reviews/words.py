"""The closed vocabularies of reviews, used by models, policies, facts and the wire."""

from enum import StrEnum

from portal.accounts.roles import Wall as Wall


class State(StrEnum):
    """Where an item stands. Expired, cancelled, invalidated and withdrawn are never called rejected."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "changes_requested"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    INVALIDATED = "invalidated"
    WITHDRAWN = "withdrawn"


class Effect(StrEnum):
    """What happens outside when the item is approved."""

    PAY = "pay"
    RESERVE = "reserve"
    DENY = "deny"
    PARTIAL = "partial"
    LETTER = "letter"
    RELEASE = "release"
    OTHER = "other"


MOVES_MONEY = frozenset({Effect.PAY, Effect.RESERVE})
"""The effects that nobody approves without an amount; a denial and a partial payment cannot be posted without one."""


class Basis(StrEnum):
    """What a decision rests on."""

    SIGNATURES = "signatures"
    POLICY = "policy"


class Verdict(StrEnum):
    """What one signer said."""

    APPROVE = "approve"
    REJECT = "reject"


class Priority(StrEnum):
    """How a flow or a rule ranks an item."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """Give the sort key: urgent is 0, low is 3."""
        return (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW).index(self)


class Execution(StrEnum):
    """What an executor reports."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ProposalState(StrEnum):
    """What became of a proposed change of configuration."""

    OPEN = "open"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


HARMFUL = frozenset({Effect.DENY, Effect.PARTIAL, Effect.RELEASE})
"""Effects that are never decided by a policy alone (PRODUCT.md, rule 10); the database holds the same list."""

DECIDED = frozenset({State.APPROVED, State.REJECTED})
OPEN = frozenset({State.IN_REVIEW, State.CHANGES_REQUESTED})
OUTCOMES = frozenset(State) - {State.IN_REVIEW}
"""States that `/decision` answers with 200."""
