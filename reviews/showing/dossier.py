"""Everything the review page shows of one item, read in a handful of queries for one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Subquery

from audit import exhibits, stories
from audit.stories import Told
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Refusal
from reviews import files, guards
from reviews.files import Attached
from reviews.models import Decision, Item, Lease, Revision, RevisionPost, SignoffSlot, Submission
from reviews.showing import naming, plans, telling
from reviews.showing.content import Content, content
from reviews.words import DECIDED

LATEST = 100
_RELATED = (
    "item__flow", "item__queue", "item__policy_version__policy", "item__requested_by", "item__lease__holder",
    "exhibit__dek", "overrides__dek", "contract", "changed_by",
)  # fmt: skip
# A person may put these right while they read, so the form stays in sight.
_WITHIN_REACH = frozenset({"not_opened", "identity_unverified"})
_UNSEEN = "There is no such item, or you may not see it."  # word for word what lifecycle.lock() says


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
    plan: list[plans.Place]
    earlier: list[plans.Place]
    steps: list[telling.Step]
    has_more: bool
    decision: Decision | None

    @property
    def may_decide(self) -> bool:
        """Tell whether the form is shown: to who could sign now, or once a thing within reach is done."""
        return self.refusal is None or (self.is_mine and self.refusal.code in _WITHIN_REACH)

    @property
    def may_take(self) -> bool:
        """Tell whether taking the item is what this person does next."""
        return self.lease is None and self.refusal is not None and self.refusal.code == "not_taken"

    @property
    def may_put_back(self) -> bool:
        """Tell whether this person holds the item."""
        return self.is_mine

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
    attached = files.attachments(item, by)
    refusal = guards.why_not_sign(by, granted, item, _next(slots, item), lease, files.count_unopened(attached))
    told = stories.story(item.pk, latest=None if asked.story == "all" else LATEST + 1)
    shown = told if asked.story == "all" else told[-LATEST:]
    reasons = _reasons(slots)
    can_sign = refusal is None or refusal.code in _WITHIN_REACH
    return Dossier(
        item=item,
        revision=revision,
        content=content(item, revision, attached, whole=asked.whole),
        lease=lease,
        is_mine=guards.holds(by, lease),
        refusal=refusal,
        is_signed_post="webhook-signature" in _headers(revision),
        attachments=attached,
        plan=plans.places(slots, item.revision, by, reasons, is_mine=can_sign),
        earlier=plans.earlier(slots, item.revision, reasons),
        steps=telling.steps(shown, _names(revision, slots, shown, by)),
        has_more=len(told) > len(shown),
        decision=Decision.objects.filter(item=item).first() if item.state in DECIDED else None,
    )


def live_lease(item: Item) -> Lease | None:
    """Give who holds the item now; a lapsed hold is none. The lease must have been read with the item."""
    lease: Lease | None = getattr(item, "lease", None)
    return lease if lease is not None and lease.expires_at > now() else None


def _revision(item_id: ItemId, granted: Access) -> Revision:
    later = RevisionPost.objects.filter(item_id=OuterRef("item_id"), revision=OuterRef("posted_as")).values("headers")
    first = Submission.objects.filter(pk=OuterRef("item_id")).values("headers")
    rows = Revision.objects.select_related(*_RELATED).filter(item_id=item_id, revision=F("item__revision"))
    found = rows.annotate(later_headers=Subquery(later[:1]), first_headers=Subquery(first[:1])).first()
    if found is None or guards.why_not_see(granted, found.item) is not None:
        raise NotFound(_UNSEEN)
    return found


def _headers(revision: Revision) -> dict[str, str]:
    read: Any = revision
    return read.later_headers or read.first_headers or {}


def _slots(item: Item) -> Any:
    related = "signer", "signature__reason__dek"
    return SignoffSlot.objects.filter(item=item).select_related(*related).order_by("revision", "stage", "n")


def _next(slots: Sequence[SignoffSlot], item: Item) -> SignoffSlot | None:
    return next((each for each in slots if each.revision == item.revision and each.signature_id is None), None)


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
