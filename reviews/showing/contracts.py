"""A flow's data contracts as a report: each version, how long it is taken, and who posted by it lately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from portal.accounts.access import Access
from portal.kit.clock import now
from reviews.models import Contract, Flow

LOOKED_AT = 50_000
DAYS = 30
# The newest posts are counted, up to a bound: a busy flow has millions in a month, and no index by contract.
_POSTED = """
WITH posts AS MATERIALIZED (
    SELECT contract_id, api_key_id, received_at FROM reviews_submission s
     WHERE flow_id = %(flow)s::uuid AND received_at > %(since)s
       AND NOT EXISTS (SELECT FROM reviews_item i WHERE i.id = s.id AND i.wall <> ALL (%(walls)s::text[]))
     ORDER BY received_at DESC LIMIT %(bound)s
), groups AS (
    SELECT contract_id, api_key_id, count(*) AS posted, max(received_at) AS last, min(received_at) AS first
      FROM posts GROUP BY contract_id, api_key_id
)
SELECT g.contract_id, g.api_key_id, g.posted, g.last, g.first, k.revoked_at IS NOT NULL,
       coalesce(u.printed_name, '')
  FROM groups g JOIN reviews_api_key k ON k.id = g.api_key_id LEFT JOIN portal_user u ON u.id = k.issued_by_id
 ORDER BY g.last DESC
"""


class _Posted(NamedTuple):
    contract: UUID | None
    key: UUID
    items: int
    last: datetime
    first: datetime
    is_revoked: bool
    issued_by: str


@dataclass(frozen=True, slots=True)
class Poster:
    """A key by which items came under a version, and who issued it."""

    key: str
    issued_by: str
    items: int
    last: datetime
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the contract: since when it is in force, until when it is taken; `ended` once it no longer is."""

    number: int
    since: datetime
    until: datetime | None
    ended: bool
    posters: tuple[Poster, ...]

    @property
    def items(self) -> int:
        """Give how many items came under this version."""
        return sum(each.items for each in self.posters)

    @property
    def last(self) -> datetime | None:
        """Give when an item last came under this version."""
        return max((each.last for each in self.posters), default=None)

    @property
    def is_earlier(self) -> bool:
        """Tell whether the version is still taken though a newer one is in force."""
        return self.until is not None and not self.ended


@dataclass(frozen=True, slots=True)
class Report:
    """All versions, the newest first; `counted_since` is set when there were too many posts to count them all."""

    versions: list[Version]
    without: tuple[Poster, ...]
    counted_since: datetime | None
    days: int = field(default=DAYS)

    @property
    def late(self) -> list[Version]:
        """Give the versions that somebody still posts by though a newer one is in force."""
        return [each for each in self.versions if each.is_earlier and each.posters]


def short(key: UUID) -> str:
    """Give a key's id as people tell keys apart: its last eight digits, since the first are a time."""
    return key.hex[-8:]


def report(flow: Flow, granted: Access) -> Report:
    """Tell the versions of a flow's contract and who posted by each in the last 30 days; two queries.

    Items behind a wall count, and are a key's last, for those inside alone.
    """
    moment = now()
    versions = list(flow.contracts.order_by("-version").defer("schema"))
    posted = _posted(flow, granted, moment - timedelta(days=DAYS))
    full = sum(each.items for each in posted) >= LOOKED_AT
    return Report(
        versions=[*_versions(versions, posted, moment)],
        without=_posters(posted, None),
        counted_since=min(each.first for each in posted) if full else None,
    )


def _posted(flow: Flow, granted: Access, since: datetime) -> list[_Posted]:
    given: dict[str, Any] = {"flow": flow.pk, "since": since, "bound": LOOKED_AT, "walls": sorted(granted.walls)}
    with connection.cursor() as cursor:
        cursor.execute(_POSTED, given)
        return [_Posted(*row) for row in cursor.fetchall()]


def _versions(newest_first: Sequence[Contract], posted: Sequence[_Posted], moment: datetime) -> Iterator[Version]:
    for place, each in enumerate(newest_first):
        until = _until(newest_first[:place])
        ended = until is not None and until <= moment
        yield Version(each.version, each.created_at, until, ended, _posters(posted, each.pk))


def _until(newer: Sequence[Contract]) -> datetime | None:
    """Give when a version stops being taken: with the next one or at its date, at the latest with the one after."""
    if not newer:
        return None
    following = newer[-1]
    until = max(following.created_at, following.earlier_until or following.created_at)
    return min(until, newer[-2].created_at) if len(newer) > 1 else until


def _posters(posted: Sequence[_Posted], contract: UUID | None) -> tuple[Poster, ...]:
    return tuple(
        Poster(short(each.key), each.issued_by, each.items, each.last, each.is_revoked)
        for each in posted
        if each.contract == contract
    )
