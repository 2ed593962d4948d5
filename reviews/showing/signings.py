"""A signing attempt as its page shows it: the frozen words and digests, and who must sign after."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.accounts import passkeys
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound
from reviews import queries
from reviews.actions import intents
from reviews.actions.intents import Pending
from reviews.models import SignoffSlot
from reviews.showing.telling import role_title
from reviews.showing.texts import visible
from reviews.words import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field, before and after."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Signing:
    """Everything a person sees before they sign."""

    pending: Pending
    statement: str
    reason: str
    role: str
    snapshot_sha256: str
    changes: list[Change]
    after: list[str]
    credentials: list[str]
    rp_id: str
    at: datetime

    @property
    def is_rejection(self) -> bool:
        """Tell whether this signature ends the review with a no."""
        return self.pending.verdict == Verdict.REJECT


def signing(item_id: UUID, intent_id: UUID, *, by: User, session_ref: str) -> Signing:
    """Give a person's own attempt of this session. Raises NotFound or IntentSpent."""
    pending = intents.pending(intent_id, by=by, session_ref=session_ref)
    if pending.item.pk != item_id:
        raise NotFound("There is no such signing attempt of this item. Start again from the item.")
    return Signing(
        pending=pending,
        statement=visible(pending.statement),
        reason=visible(pending.reason),
        role=role_title(pending.role),
        snapshot_sha256=bytes(queries.current_revision(pending.item).digest).hex(),
        changes=[Change(*(visible(each[name]) for name in ("title", "from", "to"))) for each in pending.changes],
        after=_after(pending),
        credentials=passkeys.credential_ids(by),
        rp_id=passkeys.rp_id(),
        at=now(),
    )


def was_used(intent_id: UUID, *, by: User, session_ref: str) -> bool:
    """Tell whether an attempt became a signature."""
    return intents.mine(intent_id, by=by, session_ref=session_ref).used_at is not None


def _after(pending: Pending) -> list[str]:
    """Name the roles that must sign after this signature; none after a rejection."""
    if pending.verdict == Verdict.REJECT:
        return []
    if pending.changes:
        return [title for told in pending.plan for title in _each(told)][1:]
    slots = SignoffSlot.objects.filter(item_id=pending.item.pk, revision=pending.revision, signature=None)
    return [role_title(role) for role in slots.order_by("stage", "n").values_list("role", flat=True)][1:]


def _each(told: str) -> list[str]:
    """Read `adjuster x 2` as two signatures."""
    role, _, count = told.rpartition(" x ")
    return [role_title(role)] * int(count)
