"""The members each mapping of a policy may have; the published schema says the same in its own way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Members:
    """What a mapping must have and what it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Give all names, the required ones first."""
        return self.required + self.optional


POLICY = Members(("policy", "fallback", "rules"), ("calendar",))
FALLBACK = Members(("queue", "plan"), ("priority", "due"))
RULE = Members(
    ("name", "when", "reason"),
    (
        "queue", "priority", "due", "plan", "auto_approve", "sample", "effects", "refuse", "reading", "verdicts",
        "wall", "licences",
    ),
)  # fmt: skip
STAGE = Members(("meaning",), ("role", "roles", "signatures", "name", "factors", "blind", "reject_to"))
PARALLEL = Members(("parallel",))
READING = Members(("title", "text"))

NOT_WHEN_REFUSED = (
    "queue", "plan", "auto_approve", "sample", "effects", "priority", "due", "reading", "verdicts", "licences",
)  # fmt: skip
"""What a rule that refuses has no use for: nobody is asked, so nothing is queued, read or signed."""
