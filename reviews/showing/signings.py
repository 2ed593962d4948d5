"""A signing attempt as its page shows it: the frozen words and digests, and who must sign after."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.accounts import passkeys
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound
from reviews import plans, queries
from reviews.actions import intents
from reviews.actions.intents import Pending
from reviews.models import SignIntent, SignoffSlot
from reviews.policies.parts import FACTORS
from reviews.showing.plans import enough, stage_name
from reviews.showing.telling import role_title, roles_title
from reviews.showing.texts import visible
from reviews.words import Verdict

_TOLD = "the flow gets the decision and the evidence PDF is written."


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
    following: list[str]
    on_behalf_of: str
    is_emergency: bool
    licence: str
    enough: str
    may_type: bool
    credentials: list[str]
    rp_id: str
    at: datetime


def signing(item_id: UUID, intent_id: UUID, *, by: User, session_ref: str) -> Signing:
    """Give a person's own attempt of this session. Raises NotFound or IntentSpent."""
    pending = intents.pending(intent_id, by=by, session_ref=session_ref)
    if pending.item.pk != item_id:
        raise NotFound("There is no such signing attempt of this item. Start again from the item.")
    intent = SignIntent.objects.select_related("on_behalf_of", "slot").get(pk=intent_id)
    slots = plans.standing(plans.of(pending.item))
    mine = intent.slot
    return Signing(
        pending=pending,
        statement=visible(pending.statement),
        reason=visible(pending.reason),
        role=role_title(pending.role),
        snapshot_sha256=bytes(queries.current_revision(pending.item).digest).hex(),
        changes=[Change(*(visible(each[name]) for name in ("title", "from", "to"))) for each in pending.changes],
        following=_following(pending, _after(pending, slots, mine), slots, mine),
        on_behalf_of=visible(intent.on_behalf_of.printed_name) if intent.on_behalf_of else "",
        is_emergency=intent.break_glass_id is not None,
        licence=visible(intent.licence),
        enough=enough(pending.factors) if len(pending.factors) < len(FACTORS) else "",
        may_type=bool({"password", "password+totp"} & set(pending.factors)),
        credentials=passkeys.credential_ids(by) if "passkey" in pending.factors else [],
        rp_id=passkeys.rp_id(),
        at=now(),
    )


def was_used(intent_id: UUID, *, by: User, session_ref: str) -> bool:
    """Tell whether an attempt became a signature."""
    return intents.mine(intent_id, by=by, session_ref=session_ref).used_at is not None


def _after(pending: Pending, slots: list[SignoffSlot], mine: SignoffSlot | None) -> list[str]:
    """Name the roles that must sign after this signature; none after a rejection."""
    if pending.verdict == Verdict.REJECT:
        return []
    if pending.changes:
        return [title for told in pending.plan for title in _each(told)][1:]
    return [roles_title(slot.roles) for slot in slots if slot.signature_id is None and slot != mine]


def _following(pending: Pending, after: list[str], slots: list[SignoffSlot], mine: SignoffSlot | None) -> list[str]:
    """Say what follows the signature; to who signs blind, nothing that tells what the others said."""
    if pending.verdict == Verdict.REJECT:
        return _rejected(slots, mine)
    if after:
        people = "Somebody else than you." if len(after) == 1 else "Each of them somebody else than you."
        return [f"{', '.join(after)} must sign after you. {people}", f"After all signatures {_TOLD}"]
    if mine is not None and mine.blind:
        return ["Yours is the last signature; the decision follows from all of them.", f"After it {_TOLD}"]
    return [
        "Yours is the last signature: the item is approved.",
        "The flow gets the decision with a receipt to act on; the evidence PDF is written.",
    ]


def _rejected(slots: list[SignoffSlot], mine: SignoffSlot | None) -> list[str]:
    if mine is not None and mine.back_to is not None:
        unless = ", unless another rejection ended the review" if mine.blind else ""
        back = stage_name(mine.back_to, slots)
        return [f"It goes back to {back}{unless}. Every stage from there on is asked again, who signed it included."]
    if any(slot.blind and slot.signature_id is None and slot != mine for slot in slots):
        return [
            "Somebody signs blind after you. Your rejection waits for them, and they do not learn of it before.",
            f"The item is rejected then. After that {_TOLD}",
        ]
    return ["The item is rejected. Nobody else is asked.", "The flow gets the decision; the evidence PDF is written."]


def _each(told: str) -> list[str]:
    """Read `adjuster x 2` as two signatures."""
    roles, count = plans.read(told)
    return [roles_title(roles)] * count
