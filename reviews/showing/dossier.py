"""Everything the review page shows of one item, read in a handful of queries for one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery

from audit import exhibits, stories
from audit.stories import Told
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Refusal
from reviews import conflicts, files, guards, required
from reviews.files import Attached
from reviews.models import Comment, Decision, Item, Lease, Revision, RevisionPost, SignoffSlot, Submission
from reviews.policies.parts import ALL_VERDICTS
from reviews.showing import inside, naming, plans, remarks, telling, veil, walled
from reviews.showing.content import Content, content
from reviews.showing.entitlement import Entitlement, entitlement
from reviews.turns import Turn
from reviews.words import DECIDED, State

LATEST = 100
_RELATED = (
    "item__flow", "item__queue", "item__policy_version__policy", "item__requested_by", "item__lease__holder",
    "exhibit__dek", "overrides__dek", "contract", "changed_by", "rerouted_by",
)  # fmt: skip
# A person may put these right while they read, so the form stays in sight.
_WITHIN_REACH = frozenset({"not_opened", "not_read", "identity_unverified", "factor_missing"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the page was asked for in full: a section by its name, or the whole story."""

    whole: str = ""
    story: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One item as one person sees it."""

    item: Item
    revision: Revision
    content: Content
    lease: Lease | None
    is_mine: bool
    refusal: Refusal | None
    is_signed_post: bool
    attachments: list[Attached]
    signoff: plans.Signoff
    reading: list[required.Required]
    turn: Turn | None
    entitlement: Entitlement | None
    steps: list[telling.Step]
    has_more: bool
    decision: Decision | None
    remarks: remarks.Remarks
    walled: walled.Walled

    @property
    def plan(self) -> list[plans.Place]:
        """Give the places of the plan that count."""
        return self.signoff.places

    @property
    def allowed(self) -> frozenset[str]:
        """Name the verdicts the routing rule allows."""
        return frozenset(self.item.verdicts.split()) or ALL_VERDICTS

    @property
    def may_recuse(self) -> bool:
        """Tell whether stepping aside is offered: to who could be asked to sign, or already works on it."""
        return self.turn is not None and (self.refusal is None or self.refusal.code != "recused")

    @property
    def unread(self) -> int:
        """Count the required texts that this person has not opened."""
        return sum(each.opened_at is None for each in self.reading)

    @property
    def may_decide(self) -> bool:
        """Tell whether the form is shown: to who could sign now, or once a thing within reach is done."""
        return self.refusal is None or (self.is_mine and self.refusal.code in _WITHIN_REACH)

    @property
    def may_take(self) -> bool:
        """Tell whether taking the item is what this person does next."""
        return self.lease is None and self.refusal is not None and self.refusal.code == "not_taken"

    @property
    def left(self) -> int:
        """Count the signatures that are missing."""
        return sum(place.standing != "signed" for place in self.plan)

    @property
    def nth(self) -> int:
        """Give the number of the signature that is asked for next."""
        return len(self.plan) - self.left + 1

    @property
    def signed(self) -> int:
        """Count the signatures that are there."""
        return len(self.plan) - self.left


def dossier(item_id: ItemId, asked: Asked, *, by: User, granted: Access) -> Dossier:
    """Give an item's dossier to somebody who may see the item. Raises NotFound."""
    revision = _revision(item_id, granted)
    item = revision.item
    lease = live_lease(item)
    slots = list(_slots(item))
    current = _current(slots, item)
    seen = files.seen(item, by, granted)
    reading = required.readings(item, by)
    unread = [each.title for each in reading if each.opened_at is None]
    refusal = guards.why_not_sign(by, granted, item, current, lease, seen.unopened, unread)
    is_veiled = veil.covers(by, granted, item, current)
    count, veiled_from = None if asked.story == "all" else LATEST + 1, by if is_veiled else None
    told = inside.newest(item, count, seen.hidden, granted, veiled_from=veiled_from)
    shown = told if asked.story == "all" else told[-LATEST:]
    turn = _turn(by, granted, item, current)
    can_sign = refusal is None or refusal.code in _WITHIN_REACH
    plan_seen = plans.Seen(by, _reasons(slots), turn if can_sign else None, is_veiled)
    return Dossier(
        item=item,
        revision=revision,
        content=content(item, revision, seen, whole=asked.whole),
        lease=lease,
        is_mine=guards.holds(by, lease),
        refusal=refusal,
        is_signed_post="webhook-signature" in _headers(revision),
        attachments=seen.files,
        signoff=plans.signoff(slots, item.revision, plan_seen),
        reading=reading,
        turn=turn,
        entitlement=entitlement(by, turn, item, current),
        steps=telling.steps(shown, _names(revision, slots, shown, by)),
        has_more=len(told) > LATEST and asked.story != "all",
        decision=Decision.objects.filter(item=item).first() if item.state in DECIDED else None,
        remarks=remarks.remarks(revision, granted),
        walled=walled.walled(item, granted),
    )


def live_lease(item: Item) -> Lease | None:
    """Give who holds the item now; a lapsed hold is none. The lease must have been read with the item."""
    lease: Lease | None = getattr(item, "lease", None)
    return lease if lease is not None and lease.expires_at > now() else None


def _revision(item_id: ItemId, granted: Access) -> Revision:
    later = RevisionPost.objects.filter(item_id=OuterRef("item_id"), revision=OuterRef("posted_as")).values("headers")
    first = Submission.objects.filter(pk=OuterRef("item_id")).values("headers")
    rows = Revision.objects.select_related(*_RELATED).filter(item_id=item_id, revision=F("item__revision"))
    said = Exists(Comment.objects.filter(item=OuterRef("item_id")))
    found = rows.annotate(
        later_headers=Subquery(later[:1]), first_headers=Subquery(first[:1]), is_commented=said
    ).first()
    if found is None or guards.why_not_see(granted, found.item) is not None:
        raise NotFound(guards.UNSEEN)
    return found


def _headers(revision: Revision) -> dict[str, str]:
    read: Any = revision
    return read.later_headers or read.first_headers or {}


def _slots(item: Item) -> Any:
    related = "signer", "signature__reason__dek", "signature__on_behalf_of"
    return SignoffSlot.objects.filter(item=item).select_related(*related).order_by("revision", "stage", "round", "n")


def _current(slots: Sequence[SignoffSlot], item: Item) -> list[SignoffSlot]:
    return [each for each in slots if each.revision == item.revision]


def _turn(by: User, granted: Access, item: Item, slots: Sequence[SignoffSlot]) -> Turn | None:
    found = conflicts.turn_told(by, granted, item, slots) if item.state == State.IN_REVIEW else None
    return found if isinstance(found, Turn) else None


def _reasons(slots: Sequence[SignoffSlot]) -> dict[Any, str]:
    """Give what the signers said, by signature."""
    made = {}
    for slot in slots:
        if slot.signature is not None and slot.signature.reason is not None:
            sealed = slot.signature.reason
            erased = sealed.dek.wrapped is None
            made[slot.signature.pk] = stories.ERASED if erased else exhibits.opened(sealed).decode()
    return made


def _names(revision: Revision, slots: Sequence[SignoffSlot], told: Sequence[Told], by: User) -> telling.Names:
    schema = revision.contract.schema if revision.contract else {}
    signers = [slot.signer for slot in slots if slot.signer]
    return naming.names(revision.item, schema, told, known=[by, *signers])
