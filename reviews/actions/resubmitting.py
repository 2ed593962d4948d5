"""Resubmitting: refused posts that were kept go in as they were received, once the contract was put right."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, UUIDField, When
from django.db.models.functions import Coalesce

from audit import exhibits, ledger
from portal.accounts import access
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem, Refusal
from reviews import documents, facts, guards, nudges
from reviews.actions import admitting, receiving, revising
from reviews.actions.admitting import Caller
from reviews.actions.receiving import Post, Receipt
from reviews.models import Item, Quarantine, RevisionPost, Submission

AT_ONCE = 500
UNSEEN = "There is no such refused post, or you may not see it."
Reasons = list[dict[str, str]]
_DAMAGED = "What is stored is not what was received. Tell your administrator, and ask the flow to post it again."


class TooManyAtOnce(Problem):
    """More posts than one call submits again."""

    code = "too_many_at_once"
    status = 422
    title = "These are too many at once"


class KeyNotKept(Problem):
    """A post that was refused before the key it came with was kept beside it."""

    code = "key_not_kept"
    status = 409
    title = "Nobody can tell which key this came with"


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """What became of posts that were submitted again: those that are accepted now, and why the others are not."""

    accepted: list[UUID] = field(default_factory=list)
    refused: list[tuple[UUID, Reasons]] = field(default_factory=list)


def resubmit(ids: Sequence[UUID], *, by: User) -> Resubmitted:
    """Submit refused posts again, the oldest first, each checked and stored as a post is; one that is in stays.

    Raises TooManyAtOnce, and NotFound or Refused (`no_permission`) before anything is submitted.
    """
    if len(ids) > AT_ONCE:
        raise TooManyAtOnce(f"Submit at most {AT_ONCE} posts again at once.")
    found = _found(ids, access.of(by))
    told = Resubmitted()
    for each in sorted(found):
        try:
            _submit(found[each], by)
        except exhibits.Damaged:
            told.refused.append((each, [{"pointer": "", "message": _DAMAGED}]))
        except Problem as refusal:
            told.refused.append((each, refusal.errors or [{"pointer": "", "message": refusal.detail}]))
        else:
            told.accepted.append(each)
    return told


def why_not_resubmit(granted: Access, flow_id: UUID) -> Refusal | None:
    """Tell why a person may not submit refused posts of a flow again."""
    if granted.is_auditor:
        return Refusal("no_permission", "Auditors read everything and change nothing. Ask the flow's owner.")
    if granted.is_administrator:
        return None
    if granted.owns("own_flow", "flow", flow_id):
        return None
    return Refusal("no_permission", "Only the flow's owner or an administrator submits refused posts again. Ask one.")


def visible(granted: Access) -> "QuerySet[Any, Any]":
    """Give the refused posts a person may see, each with `accepted`, the item its id was accepted as since.

    They are those of flows the person may see; what belongs to an item behind a wall is there for those inside alone.
    """
    flows = {*granted.where("see_flow", "flow"), *granted.where("own_flow", "flow")}
    rows = Quarantine.objects.all() if granted.is_administrator else Quarantine.objects.filter(flow_id__in=flows)
    same_id = Q(idempotency_id=OuterRef("idempotency_id"))
    first = Submission.objects.filter(same_id, flow_id=OuterRef("flow_id")).values("pk")[:1]
    later = RevisionPost.objects.filter(same_id, item_id=OuterRef("revises_id")).values("item_id")[:1]
    walled = Item.objects.filter(pk=OuterRef("about")).exclude(wall__in=granted.walls)
    return rows.annotate(
        accepted=Case(When(revises=None, then=Subquery(first)), default=Subquery(later), output_field=UUIDField()),
        about=Coalesce("revises_id", "accepted", output_field=UUIDField()),
    ).filter(~Exists(walled))


def _found(ids: Sequence[UUID], granted: Access) -> dict[UUID, Quarantine]:
    """Find the posts, all of them or none, if the person may submit every one again."""
    rows = visible(granted).filter(pk__in=ids).select_related("flow", "exhibit__dek")
    found: dict[UUID, Quarantine] = {row.pk: row for row in rows}
    if set(ids) - found.keys():
        raise NotFound(UNSEEN)
    for flow_id in {row.flow_id for row in found.values()}:
        guards.insist(why_not_resubmit(granted, flow_id))
    return found


@transaction.atomic
def _submit(row: Quarantine, by: User) -> None:
    """Store one post and say so in the same transaction; nothing is said of one that was in already."""
    if row.api_key_id is None:
        raise KeyNotKept("It was refused before keys were kept beside posts. Ask the flow to post it again.")
    raw, kind = exhibits.opened(row.exhibit), documents.media_type(row.exhibit.media_type)
    caller = admitting.admit_kept(row.flow.slug, row.api_key_id, row.idempotency_id, row.headers, raw)
    posted = documents.read(raw, kind)
    post = Post(posted.event_id or row.idempotency_id, raw, kind, posted.document, row.headers)
    revision, receipt = _stored(row, caller, post)
    if receipt.replayed:
        return
    fact = facts.QuarantineResubmitted(
        flow=row.flow_id, item=receipt.id, revision=revision, received_at=row.received_at
    )
    ledger.append_next(fact, stream=ledger.Stream("quarantine", row.pk), by=by)
    nudges.intake()


def _stored(row: Quarantine, caller: Caller, post: Post) -> tuple[int, Receipt]:
    if row.revises_id is None:
        return 1, receiving.store(caller, post)
    return revising.store(ItemId(row.revises_id), caller, post)
