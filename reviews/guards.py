"""Why not: one function a question, used by the action that refuses, the page and the API."""

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound, Refusal, Refused
from reviews import files
from reviews.files import Unopened
from reviews.models import ApiKey, Item, Lease, Revision, SignoffSlot
from reviews.words import State


def insist(refusal: Refusal | None) -> None:
    """Turn a guard's no into a Refused, or into the NotFound a missing row gives; do nothing on a yes."""
    if refusal is None:
        return
    if refusal.code == NotFound.code:
        raise NotFound(refusal.sentence)
    raise Refused(refusal)


def why_not_see(access: Access, item: Item) -> Refusal | None:
    """Tell why a person may not see the item."""
    if access.may("see_queue", "queue", item.queue_id):
        return None
    if access.may("review_in_queue", "queue", item.queue_id):
        return None
    if access.may("see_flow", "flow", item.flow_id):
        return None
    # Word for word what lifecycle.lock() says of an item that is not there.
    return Refusal(NotFound.code, "There is no such item, or you may not see it.")


def why_not_take(person: User, access: Access, item: Item, slot: SignoffSlot | None) -> Refusal | None:
    """Tell why a person may not take the item, leases apart."""
    if item.state != State.IN_REVIEW:
        return Refusal("not_open", "This item is decided or waits for the flow; there is nothing to take.")
    if item.expires_at is not None and item.expires_at <= now():
        return Refusal("deadline_passed", "The item's own deadline passed; it will be marked as expired.")
    if not access.may("review_in_queue", "queue", item.queue_id):
        return Refusal("no_permission", "You may not review in this queue. Ask the queue's manager for access.")
    if slot is None:
        return Refusal("nothing_to_sign", "No signature is missing here.")
    if slot.role not in access.roles:
        return Refusal("role_missing", f"The next signature is for the role {slot.role}, which you do not hold.")
    if is_submitter(person, access, item):
        return Refusal("own_work", "Someone else must sign work you submitted.")
    if has_signed(person, item):
        return Refusal("already_signed", "You signed this already. The next signature must be another person's.")
    return None


def why_not_sign(
    person: User,
    access: Access,
    item: Item,
    slot: SignoffSlot | None,
    lease: Lease | None,
    unopened: Unopened | None = None,
) -> Refusal | None:
    """Tell why a person may not sign the item now; who counted the files to open already gives the count."""
    refusal = why_not_take(person, access, item, slot)
    if refusal is not None:
        return refusal
    if not holds(person, lease):
        return Refusal("not_taken", "Take this item before you sign it; your hold on it may have lapsed.")
    if person.identity_verified_at is None:
        return Refusal("identity_unverified", "An administrator must verify your identity before you sign.")
    return why_not_opened(person, item, unopened)


def why_not_opened(person: User, item: Item, unopened: Unopened | None = None) -> Refusal | None:
    """Tell which part of the item's files a person has not opened; nobody signs those unseen."""
    left, total = unopened or files.unopened(item, person)
    if not left:
        return None
    if total == 1:
        return Refusal("not_opened", "The file is not opened yet. Open it before you sign.")
    return Refusal("not_opened", f"{left} of {total} files are not opened yet. Open them before you sign.")


def why_not_send_back(
    person: User, access: Access, item: Item, slot: SignoffSlot | None, lease: Lease | None
) -> Refusal | None:
    """Tell why a person may not ask the flow for changes: what signing asks, files and identity apart."""
    refusal = why_not_take(person, access, item, slot)
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


def is_submitter(person: User, access: Access, item: Item) -> bool:
    """Tell whether the person stands behind the item: asked for it, owns its flow, issued its key."""
    if item.requested_by_id == person.pk or access.may("own_flow", "flow", item.flow_id):
        return True
    keys = Revision.objects.filter(item_id=item.pk).values("authored_with")
    return ApiKey.objects.filter(pk__in=keys, issued_by=person).exists()


def has_signed(person: User, item: Item) -> bool:
    """Tell whether the person signed this revision already."""
    return SignoffSlot.objects.filter(item_id=item.pk, revision=item.revision, signer=person).exists()


def why_not_cancel(item: Item) -> Refusal | None:
    """Tell why a flow may not take its item back."""
    if item.state not in (State.IN_REVIEW, State.CHANGES_REQUESTED):
        return Refusal("already_decided", f"The item is {item.state.replace('_', ' ')}; it cannot be cancelled.")
    return None
