"""Lists of items for machines: newest first, page by page, with what waits to be routed."""

import base64
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from audit import exhibits
from portal.kit.problems import NotFound, Problem
from reviews import documents, readings
from reviews.models import ApiKey, Item, Revision, SignoffSlot, Submission

RECEIVED = "received"
_LOOKED_AT = 1000  # waiting items are sealed, so a search opens each; workers route them within a moment
_Row = TypeVar("_Row", bound=Model)
_Told = dict[str, Any]


class CursorInvalid(Problem):
    """A cursor that no answer of ours gave."""

    code = "cursor_invalid"
    status = 422
    title = "The cursor is not one of ours"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asks for; None asks for all."""

    flow: str | None = None
    state: str | None = None
    external_id: str | None = None
    tenant: str | None = None
    created_after: datetime | None = None
    limit: int = 50
    cursor: str | None = None


def items(wanted: Wanted, *, by: ApiKey) -> _Told:
    """List items of the caller's flow as reading one tells them, without the snapshot."""
    if wanted.flow is not None and wanted.flow != by.flow.slug:
        raise NotFound("There is no such flow for this key.")
    # Those that wait come first: one that is routed in between is then found twice, not never.
    found = {told["id"]: told for told in (*_waiting(wanted, by), *_routed(wanted, by))}
    listed = sorted(found.values(), key=lambda told: (told["received_at"], told["id"]), reverse=True)
    page = listed[: wanted.limit]
    more = len(listed) > wanted.limit
    return {"items": page, "next": _cursor(page[-1]) if more else None}


def _waiting(wanted: Wanted, by: ApiKey) -> list[_Told]:
    if wanted.state not in (None, RECEIVED):
        return []
    rows = Submission.objects.filter(flow_id=by.flow_id, intakequeue__isnull=False)
    told = (
        readings.told_waiting(each, _content(each.exhibit, each.exhibit.media_type))
        for each in _after(rows.select_related("exhibit__dek"), wanted)[:_LOOKED_AT]
    )
    return list(islice((_without_snapshot(each) for each in told if _fits(each, wanted)), wanted.limit + 1))


def _routed(wanted: Wanted, by: ApiKey) -> list[_Told]:
    if wanted.state == RECEIVED:
        return []
    asked = {"state": wanted.state, "external_id": wanted.external_id, "tenant": wanted.tenant}
    rows = Item.objects.filter(flow_id=by.flow_id, **{name: value for name, value in asked.items() if value})
    page = list(_after(rows.select_related("queue", "policy_version__policy"), wanted)[: wanted.limit + 1])
    revisions, plans = _revisions(page), _plans(page)
    told = []
    for each in page:
        revision = revisions[each.pk, each.revision]
        document = _content(revision.exhibit, documents.JSON)
        told.append(_without_snapshot(readings.told(each, revision, plans[each.pk, each.revision], document)))
    return told


def _revisions(page: Sequence[Item]) -> dict[tuple[UUID, int], Revision]:
    rows = Revision.objects.filter(item__in=page).select_related("exhibit__dek")
    return {(each.item_id, each.revision): each for each in rows}


def _plans(page: Sequence[Item]) -> dict[tuple[UUID, int], list[SignoffSlot]]:
    plans: dict[tuple[UUID, int], list[SignoffSlot]] = defaultdict(list)
    for slot in SignoffSlot.objects.filter(item__in=page).order_by("stage", "n"):
        plans[slot.item_id, slot.revision].append(slot)
    return plans


def _content(exhibit: Any, media_type: str) -> _Told:
    """Open a document; an item whose content was erased keeps its place in the list."""
    try:
        return documents.read(exhibits.opened(exhibit), documents.media_type(media_type)).document
    except exhibits.Erased:
        return {}


def _without_snapshot(told: _Told) -> _Told:
    return {name: value for name, value in told.items() if name != "snapshot"}


def _fits(told: _Told, wanted: Wanted) -> bool:
    asked = (("external_id", wanted.external_id), ("tenant", wanted.tenant))
    return all(not value or told.get(name) == value for name, value in asked)


def _after(rows: "QuerySet[_Row]", wanted: Wanted) -> "QuerySet[_Row]":
    if wanted.created_after is not None:
        rows = rows.filter(received_at__gt=wanted.created_after)
    if wanted.cursor is not None:
        at, last = _read_cursor(wanted.cursor)
        rows = rows.filter(Q(received_at__lt=at) | Q(received_at=at, pk__lt=last))
    return rows.order_by("-received_at", "-pk")


def _cursor(last: _Told) -> str:
    return base64.urlsafe_b64encode(json.dumps([last["received_at"], last["id"]]).encode()).decode()


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    try:
        at, last = json.loads(base64.urlsafe_b64decode(text.encode()))
        moment = datetime.fromisoformat(at)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC), UUID(last)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CursorInvalid("Take `next` of the page before, unchanged, or leave it out.") from None
