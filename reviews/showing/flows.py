"""Flows as their owners and auditors see them: which one may see, its keys and endpoints, whether it is suspended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from portal.accounts.access import Access
from portal.kit.problems import NotFound
from reviews.actions import resubmitting
from reviews.models import ApiKey, Endpoint, Flow
from reviews.showing.contracts import short
from reviews.showing.texts import visible


@dataclass(frozen=True, slots=True)
class Key:
    """A live API key of a flow; nobody can tell the key itself."""

    short: str
    issued_by: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a flow is called back, without what its address may keep secret, and how that goes."""

    address: str
    state: str
    shade: str
    sign: str
    since: datetime


def seen(granted: Access) -> "QuerySet[Flow, Any]":
    """Give the flows a person may see, by name; an administrator configures all of them."""
    rows = Flow.objects.select_related("contract", "policy").order_by("name", "slug")
    ids: set[UUID] = {*granted.where("see_flow", "flow"), *granted.where("own_flow", "flow")}
    return rows if granted.is_administrator else rows.filter(pk__in=ids)


def listed(granted: Access) -> "QuerySet[Flow, Any]":
    """Give the flows a person may see, each with whether there are refused posts of it that they may see."""
    return seen(granted).annotate(has_refused=Exists(resubmitting.visible(granted).filter(flow_id=OuterRef("pk"))))


def found(slug: str, granted: Access) -> Flow:
    """Give a flow by its name; of one the person may not see, not even that it is there is told. Raises NotFound."""
    flow: Flow | None = seen(granted).filter(slug=slug).first()
    if flow is None:
        raise NotFound("There is no such flow, or you may not see it.")
    return flow


def keys(flow: Flow) -> list[Key]:
    """Give the live keys of a flow, the newest first."""
    rows = ApiKey.objects.filter(flow=flow, revoked_at=None).select_related("issued_by").order_by("-issued_at")
    return [Key(short(row.pk), str(row.issued_by or ""), row.issued_at) for row in rows]


def callbacks(flow: Flow) -> list[Callback]:
    """Give the endpoints of a flow with how calling them goes."""
    rows: Iterable[Endpoint] = flow.endpoints.order_by("created_at")
    return [_callback(row) for row in rows]


def _callback(row: Endpoint) -> Callback:
    parts = urlsplit(row.url)
    address = visible(f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}")
    if row.disabled_at is not None:
        return Callback(address, "Stopped", "bad", "x", row.disabled_at)
    if row.failing_at is not None:
        return Callback(address, "Failing", "warn", "warn", row.failing_at)
    return Callback(address, "Working", "ok", "check", row.created_at)
