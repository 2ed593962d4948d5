"""Evidence: written once for every decision as soon as it is sealed, and handed out to those who may see the item."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib import import_module
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection, transaction

from audit import exhibits
from audit.actors import SystemJob
from audit.canonical import sha256
from portal.accounts import access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.ids import ItemId
from portal.kit.problems import NotFound, Problem, Refusal, Refused
from reviews import evidence, facts, files, lifecycle, sighting
from reviews.models import ApiKey, Decision, Evidence, Item, Submission

log = logging.getLogger(__name__)

_PAGE = 50
_LOCK = 730
_FIRST_PAUSE, _LONGEST_PAUSE = 60, 3600

# Decisions and evidence are both found by their time-ordered ids, so that only the days asked for are read.
_MISSING = """
SELECT d.id FROM reviews_decision d
 WHERE d.id > %s::uuid AND NOT EXISTS (SELECT FROM reviews_evidence e WHERE e.decision_id = d.id)
   AND EXISTS (SELECT FROM audit_leaf l WHERE l.entry_id = d.entry_id)
 ORDER BY d.id LIMIT %s
"""


class Format(StrEnum):
    """What evidence is handed out as."""

    PDF = "pdf"
    JSON = "json"

    @property
    def media_type(self) -> str:
        """Give the media type of the file."""
        return f"application/{self.value}"


class EvidenceNotReady(Problem):
    """The decision stands, and its evidence is being written."""

    code = "evidence_not_ready"
    status = 409
    title = "The evidence is being written"


@dataclass(frozen=True, slots=True)
class Exported:
    """Evidence on its way out: the bytes, what to call the file, what kind it is."""

    content: bytes
    filename: str
    media_type: str


def make_missing(*, days: int | None = None) -> int:
    """Write every missing evidence of the last days, or of all time, and give how many were written.

    A decision whose record cannot be written is logged and tried again later, in growing pauses; it keeps no other.
    """
    since = UUID(int=0) if days is None else _first_id(now() - timedelta(days=days))
    return sum(_try(decision_id) for decision_id in _missing(since))


def missing(*, before: datetime) -> int:
    """Count the sealed decisions made before a moment that still have no evidence, up to a page of them."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, [UUID(int=0), _PAGE])
        found = [row[0] for row in cursor.fetchall()]
    return Decision.objects.filter(pk__in=found, decided_at__lt=before).count()


def make(decision_id: UUID) -> Evidence | None:
    """Write the evidence of one sealed decision; None where it is there already or another worker is at it."""
    with transaction.atomic():
        if not _alone(decision_id) or Evidence.objects.filter(decision_id=decision_id).exists():
            return None
        decision = Decision.objects.select_related("item").get(pk=decision_id)
        record = evidence.as_bytes(evidence.record(decision))
        printed = _render(record)
        key = lifecycle.subject_key(decision.item)
        (sealed,) = exhibits.seal_all([(record, key)])
        (pdf,) = exhibits.seal_all([(printed.content, key)], media_type=Format.PDF.media_type)
        made = Evidence.objects.create(
            item=decision.item,
            decision=decision,
            record_id=sealed.pk,
            pdf_id=pdf.pk,
            record_sha256=sha256(record),
            pdf_sha256=sha256(printed.content),
            pages=printed.pages,
        )
        lifecycle.note(decision.item, _fact(made), by=SystemJob.ARCHIVIST)
        return made


def export(item_id: ItemId, format: Format, *, by: User | ApiKey) -> Exported:
    """Hand out the evidence of an item's decision and note who took it.

    Raises NotFound, EvidenceNotReady, or Refused to people outside the wall around one of the item's files.
    """
    item = _visible(item_id, by)
    decision = Decision.objects.filter(item=item).first()
    if decision is None:
        raise NotFound("Evidence is written of decisions, and this item has none. Come back once it is decided.")
    made = Evidence.objects.filter(decision=decision).first()
    if made is None:
        raise EvidenceNotReady("The decision stands; its evidence is ready in a few seconds. Try again.", retry_after=2)
    _insist_on_whole(item, by)
    content = exhibits.open(made.pdf_id if format is Format.PDF else made.record_id)
    with transaction.atomic():
        fact = facts.EvidenceExported(evidence=made.pk, format=format.value, sha256=sha256(content))
        lifecycle.note(item, fact, by=by)
    return Exported(content, filename(item, decision.outcome, format), format.media_type)


def filename(item: Item, outcome: str, format: Format) -> str:
    """Name the file after the item and its outcome, in characters every system takes."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", item.external_id).strip("-._")[:80]
    return f"countersign-{plain or item.pk.hex[-12:]}-{outcome}.{format.value}"


def _visible(item_id: ItemId, by: User | ApiKey) -> Item:
    if isinstance(by, ApiKey):
        found = Item.objects.filter(pk=item_id).first()
        if not Submission.objects.filter(pk=item_id, flow_id=by.flow_id).exists():
            raise NotFound("There is no such item of this flow.")
        if found is None:
            raise NotFound("Evidence is written of decisions, and this item is not decided yet. Come back later.")
        return found
    return sighting.found(item_id, access.of(by))


def _insist_on_whole(item: Item, by: User | ApiKey) -> None:
    """Refuse evidence that tells of files behind a wall the person is outside of; a flow sent them itself."""
    if isinstance(by, User) and files.seen(item, by, access.of(by)).hidden.uploads:
        raise Refused(Refusal("outside_file_wall", "Somebody else must hand out the evidence of this item."))


def _missing(since: UUID) -> Iterator[UUID]:
    """Give the decisions without evidence, oldest first, without those whose pause is not over."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_MISSING, [since, _PAGE])
            page = [row[0] for row in cursor.fetchall()]
        if not page:
            return
        paused = cache.get_many([_pause(each) for each in page])
        yield from (each for each in page if _pause(each) not in paused)
        since = page[-1]


def _try(decision_id: UUID) -> bool:
    try:
        return make(decision_id) is not None
    except Exception:  # noqa: BLE001  one bad record must not keep the others waiting
        seconds = _put_off(decision_id)
        log.exception("the evidence of decision %s could not be written; next try in %s s", decision_id, seconds)
        return False


def _put_off(decision_id: UUID) -> int:
    """Pause a decision, twice as long each time; a lost cache costs one try more."""
    failures = f"{_pause(decision_id)}:failures"
    cache.add(failures, 0, timeout=24 * 3600)
    seconds = min(_FIRST_PAUSE << min(int(cache.incr(failures)) - 1, 6), _LONGEST_PAUSE)
    cache.set(_pause(decision_id), 1, timeout=seconds)
    return seconds


def _pause(decision_id: UUID) -> str:
    return f"evidence-pause:{decision_id}"


def _alone(decision_id: UUID) -> bool:
    """Tell whether no other worker writes this evidence; decisions are append-only and cannot be locked as rows."""
    number = int.from_bytes(decision_id.bytes[-4:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s::int, %s::int)", [_LOCK, number])
        return bool(cursor.fetchone()[0])


def _render(record: bytes) -> Any:
    """Print a record; the printer takes a second to import and stays out of every process that prints nothing."""
    render: Callable[[bytes], Any] = import_module("audit.evidence.pdf").render
    return render(record)


def _fact(made: Evidence) -> facts.EvidenceMade:
    return facts.EvidenceMade(
        evidence=made.pk, record_sha256=bytes(made.record_sha256), pdf_sha256=bytes(made.pdf_sha256)
    )


def _first_id(moment: datetime) -> UUID:
    """Give the lowest id that a row born at this moment can have."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
