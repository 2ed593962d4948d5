"""What came of a signature: the decision or what is still missing, how far the proof is, what the executor said."""

from dataclasses import dataclass

from audit.sealing import places
from audit.sealing.places import Place
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.ids import ItemId
from reviews import lifecycle, plans, sighting
from reviews.models import Decision, Evidence, ExecutionReport, Item, Signature
from reviews.showing.telling import roles_title
from reviews.showing.texts import visible
from reviews.words import DECIDED


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an item stands right after somebody signed it."""

    item: Item
    name: str
    mine: Signature | None
    missing: list[str]
    decision: Decision | None
    place: Place | None
    evidence: Evidence | None
    report: ExecutionReport | None

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing more is to come on this page by itself."""
        return self.place is not None and (self.decision is None or self.evidence is not None)

    @property
    def is_approved(self) -> bool:
        """Tell whether an executor may act on the decision."""
        return self.decision is not None and self.decision.outcome == "approved"


def outcome(item_id: ItemId, *, by: User, granted: Access) -> Outcome:
    """Give what became of an item to somebody who may see it. Raises NotFound."""
    item = sighting.found(item_id, granted, "flow", "queue")
    decision = Decision.objects.filter(item=item).first() if item.state in DECIDED else None
    return Outcome(
        item=item,
        name=visible(item.subject or item.external_id or str(item.pk)),
        mine=Signature.objects.filter(item=item, signer=by).order_by("-signed_at").first(),
        missing=[] if decision else _missing(item),
        decision=decision,
        place=places.place_of(decision.entry_id if decision else lifecycle.entry_at(item)),
        evidence=Evidence.objects.filter(decision=decision).first() if decision else None,
        report=ExecutionReport.objects.filter(decision=decision).order_by("-at").first() if decision else None,
    )


def _missing(item: Item) -> list[str]:
    return [roles_title(slot.roles) for slot in plans.standing(plans.of(item)) if slot.signature_id is None]
