"""Why not: one function a question, used by the action that refuses, the page and the API."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from portal.accounts import ceremony
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound, Refusal
from portal.kit.problems import insist as insist
from portal.kit.problems import problem as problem
from reviews import authority, capacities, conflicts, files, licences, plans, required
from reviews.authority import Left
from reviews.files import Unopened
from reviews.models import Item, Lease, SignoffSlot
from reviews.policies.parts import VERDICT_WORDS
from reviews.turns import Turn
from reviews.words import State

UNSEEN = "There is no such item, or you may not see it."  # word for word what lifecycle.lock() says


def why_not_see(access: Access, item: Item) -> Refusal | None:
    """Tell why a person may not see the item: outside its wall it is not there, whatever they are permitted."""
    if item.wall not in access.walls:
        return Refusal(NotFound.code, UNSEEN)
    if item.queue_id in access.seen_queues():
        return None
    if access.may("see_flow", "flow", item.flow_id):
        return None
    return Refusal(NotFound.code, UNSEEN)


def visible_to(access: Access) -> Q:
    """Give the condition on items that `why_not_see` is for one."""
    seen = Q(queue_id__in=access.seen_queues()) | Q(flow_id__in=access.where("see_flow", "flow"))
    return seen & Q(wall__in=access.walls)


def why_not_take(person: User, access: Access, item: Item, slots: Sequence[SignoffSlot]) -> Refusal | None:
    """Tell why a person may not take the item, leases apart."""
    mine = turn_to_take(person, access, item, slots)
    return mine if isinstance(mine, Refusal) else None


def turn_to_take(person: User, access: Access, item: Item, slots: Sequence[SignoffSlot]) -> Turn | Refusal:
    """Give the turn for which a person would take the item, or why they may not, leases apart."""
    if item.state != State.IN_REVIEW:
        return Refusal("not_open", "This item is decided or waits for the flow; there is nothing to take.")
    if item.expires_at is not None and item.expires_at <= now():
        return Refusal("deadline_passed", "The item's own deadline passed; it will be marked as expired.")
    if access.is_auditor:
        return Refusal("no_permission", "Auditors read everything and change nothing. Somebody else must decide this.")
    if access.is_administrator:
        return Refusal("administrator_never_decides", "Administrators configure and never decide. Ask a reviewer.")
    if not access.may("review_in_queue", "queue", item.queue_id):
        return Refusal("no_permission", "You may not review in this queue. Ask the queue's manager for access.")
    mine = conflicts.turn(person, access, item, slots)
    return mine if isinstance(mine, Refusal) else licences.why_not(person, item) or mine


def why_not_sign(
    person: User,
    access: Access,
    item: Item,
    slots: Sequence[SignoffSlot],
    lease: Lease | None,
    unopened: Unopened | None = None,
    unread: Sequence[str] | None = None,
) -> Refusal | None:
    """Tell why a person may not sign the item now; who knows already what they have not opened gives it."""
    mine = turn_to_sign(person, access, item, slots, lease, unopened, unread)
    return mine if isinstance(mine, Refusal) else None


def turn_to_sign(
    person: User,
    access: Access,
    item: Item,
    slots: Sequence[SignoffSlot],
    lease: Lease | None,
    unopened: Unopened | None = None,
    unread: Sequence[str] | None = None,
) -> Turn | Refusal:
    """Give the turn in which a person signs the item now, or why they may not."""
    unopened = unopened or files.unopened(item, person, access)
    mine = turn_to_take(person, access, item, slots)
    if isinstance(mine, Refusal):
        return mine
    refusal = why_not_whole(unopened)
    if refusal is not None:
        return refusal
    if not holds(person, lease):
        return Refusal("not_taken", "Take this item before you sign it; your hold on it may have lapsed.")
    if person.identity_verified_at is None:
        return Refusal("identity_unverified", "An administrator must verify your identity before you sign.")
    refusal = why_not_opened(unopened) or why_not_read(person, item, unread)
    return refusal or why_not_prove(person, mine.slot.factors.split()) or mine


def why_not_read(person: User, item: Item, unread: Sequence[str] | None = None) -> Refusal | None:
    """Tell which text that the item's rule requires a person has not opened yet."""
    unread = required.unread(item, person) if unread is None else unread
    if not unread:
        return None
    return Refusal("not_read", f"Open the required reading first: {'; '.join(unread)}.")


def why_not_prove(person: User, factors: Sequence[str]) -> Refusal | None:
    """Tell which factor a person must enrol before they can sign where only these suffice."""
    if not factors or ceremony.enrolled(person) & ceremony.sufficient(factors):
        return None
    wanted = " or ".join(sorted({"a passkey" if each == "passkey" else "an authenticator app" for each in factors}))
    return Refusal("factor_missing", f"Signing this takes {wanted}. Enrol one under your account, then sign.")


def why_not_stand_in(turn: Turn, queue_id: UUID, amount: Decimal | None, currency: str) -> Refusal | None:
    """Tell why somebody who stands in may not sign what their changes make of an item."""
    return turn.capacity.why_not_cover(queue_id, amount, currency)


def why_not_say(item: Item, word: str) -> Refusal | None:
    """Tell why the item's rule does not allow a verdict: approve, reject, change or send_back."""
    if not item.verdicts or word in item.verdicts.split():
        return None
    allowed = " or ".join(VERDICT_WORDS[each] for each in item.verdicts.split() if each in VERDICT_WORDS)
    return Refusal(
        "verdict_not_allowed",
        f"The routing rule of this item does not let you {VERDICT_WORDS[word]} it; it allows you to {allowed}.",
    )


def why_not_leave(slots: Sequence[SignoffSlot]) -> Refusal | None:
    """Tell that nobody changes or sends back what somebody signed already, while somebody who signs blind has not.

    A rejection may be held for them. Whether there is one must make no difference here, or the refusal would tell it.
    """
    if not plans.is_veiled(slots):
        return None
    return Refusal(
        "verdict_not_allowed",
        "Somebody signed this and a blind signature is missing: approve or reject it as it is, or put it back.",
    )


def why_not_recuse(person: User, access: Access, item: Item, slots: Sequence[SignoffSlot]) -> Refusal | None:
    """Tell why a person cannot step aside from an item: their signature stands, or it is not theirs to decide."""
    if item.state != State.IN_REVIEW:
        return Refusal("not_open", "This item is decided or waits for the flow; there is nothing to step aside from.")
    if conflicts.has_recused(person, item):
        return Refusal("recused", "You stepped aside from this item already.")
    if any(slot.signer_id == person.pk for slot in plans.standing(slots)):
        return Refusal("already_signed", "You signed this already; your signature stands.")
    held = capacities.of(access).by_queue().get(item.queue_id, frozenset())
    if any(held.intersection(slot.roles) for slot in plans.standing(slots) if slot.signature_id is None):
        return None
    return Refusal("role_missing", "No signature that is missing here is yours to give; you need not step aside.")


def why_not_manage(access: Access, item: Item) -> Refusal | None:
    """Tell why a person may not end somebody else's hold on the item."""
    if access.may("manage_in_queue", "queue", item.queue_id):
        return None
    return Refusal("no_permission", "Only a manager of the item's queue may do this. Ask one.")


def why_not_take_next(person: User, access: Access, item: Item, slots: Sequence[SignoffSlot]) -> Refusal | None:
    """Tell why an item is not offered to a person as their next: they could not take it, or not approve it."""
    refusal = why_not_take(person, access, item, slots)
    left = None if refusal else authority_left(person, access, item, slots)
    return left.why_not(len(plans.standing(slots))) if left else refusal


def authority_left(person: User, access: Access, item: Item, slots: Sequence[SignoffSlot]) -> Left | None:
    """Give what approving may come to for whose turn it is; None for others and where no register is in force."""
    mine = conflicts.turn_told(person, access, item, slots)
    return None if isinstance(mine, Refusal) else authority.left(person, item, on_behalf_of=mine.on_behalf_of)


def why_not_approve(
    person: User, turn: Turn, item: Item, signatures: int, amount: Decimal | None = None
) -> Refusal | None:
    """Tell why a person may not approve, by the authority of whose name they sign in; rejecting needs none."""
    return authority.why_not(person, item, amount, signatures, on_behalf_of=turn.on_behalf_of)


def why_not_whole(unopened: Unopened) -> Refusal | None:
    """Tell that a person does not sign what they cannot see the whole of; not even that there is more is told."""
    if unopened.is_whole:
        return None
    return Refusal("outside_file_wall", "Somebody else must sign this item.")


def why_not_opened(unopened: Unopened) -> Refusal | None:
    """Tell which part of the item's files a person has not opened; nobody signs those unseen."""
    left, total = unopened.left, unopened.total
    if not left:
        return None
    if total == 1:
        return Refusal("not_opened", "The file is not opened yet. Open it before you sign.")
    return Refusal("not_opened", f"{left} of {total} files are not opened yet. Open them before you sign.")


def why_not_send_back(
    person: User, access: Access, item: Item, slots: Sequence[SignoffSlot], lease: Lease | None
) -> Refusal | None:
    """Tell why a person may not ask the flow for changes: what signing asks, files and identity apart."""
    refusal = why_not_take(person, access, item, slots) or why_not_say(item, "send_back")
    if refusal is None and not holds(person, lease):
        return Refusal("not_taken", "Take this item before you send it back; your hold on it may have lapsed.")
    return refusal


def why_not_revise(item: Item, *, signed: bool) -> Refusal | None:
    """Tell why a flow may not post a new revision."""
    if item.state == State.CHANGES_REQUESTED or (item.state == State.IN_REVIEW and not signed):
        return None
    if item.state == State.IN_REVIEW:
        return Refusal("revision_refused", "A person has signed this revision. Wait for the decision, or be asked.")
    state = item.state.replace("_", " ")
    return Refusal("revision_refused", f"The item is {state}; it takes no new revision. Post a new item.")


def holds(person: User, lease: Lease | None) -> bool:
    """Tell whether the lease is this person's and has not lapsed."""
    return lease is not None and lease.holder_id == person.pk and lease.expires_at > now()


def why_not_cancel(item: Item) -> Refusal | None:
    """Tell why a flow may not take its item back."""
    if item.state not in (State.IN_REVIEW, State.CHANGES_REQUESTED):
        return Refusal("already_decided", f"The item is {item.state.replace('_', ' ')}; it cannot be cancelled.")
    return None
