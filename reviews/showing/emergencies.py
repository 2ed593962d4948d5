"""Emergency accesses as people see them: who took which role where and why, who is told, and what was done under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.problems import NotFound
from reviews import guards, plans
from reviews.actions import breaking_glass
from reviews.models import BreakGlass, GlassNotice, Item, Queue, Signature
from reviews.showing import oversight, veil
from reviews.showing.telling import role_title
from reviews.showing.texts import visible
from reviews.words import State

MOST: Final = 100
UNSEEN: Final = "There is no such emergency access, or you were not told of it."
_VERDICTS = {"approve": "Approved", "reject": "Rejected"}
_VEILED: Final = "Shows once you have signed the item, or it is decided"


@dataclass(frozen=True, slots=True)
class Row:
    """One emergency access in a list."""

    glass: BreakGlass
    role: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """One signature given under it; the title is there for who may see the item."""

    at: datetime
    verdict: str
    meaning: str
    item: Item
    title: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """Everything the page of one emergency access shows."""

    row: Row
    reason: str
    told: list[User]
    deeds: list[Deed]
    is_mine: bool
    may_end: bool
    may_look: bool
    most: int = MOST


@dataclass(frozen=True, slots=True)
class Told:
    """A queue and who would be told at once of an emergency there."""

    queue: Queue
    people: list[User]


def may_take(granted: Access) -> bool:
    """Tell whether the form is of any use to a person."""
    return not granted.reads_all and oversight.why_not_sign_or_read(granted) is None


def listed(by: User, granted: Access) -> list[Row]:
    """Give the emergency accesses a person may know of, the newest first."""
    rows = _known(by, granted).select_related("person", "queue", "seen_by").order_by("-starts_at")
    return [_row(each) for each in rows[:MOST]]


def one(glass_id: UUID, by: User, granted: Access) -> Emergency:
    """Give one with everything done under it. Raises NotFound."""
    glass = _known(by, granted).filter(pk=glass_id).select_related("person", "queue", "seen_by").first()
    if glass is None:
        raise NotFound(UNSEEN)
    was_told = GlassNotice.objects.filter(break_glass=glass, person=by).exists()
    row, is_mine = _row(glass), glass.person_id == by.pk
    told = list(User.objects.filter(pk__in=glass.told).order_by("printed_name"))
    return Emergency(
        row, visible(breaking_glass.reason_of(glass)), told, _deeds(glass, by, granted), is_mine,
        may_end=row.is_live and (is_mine or was_told),
        may_look=not row.is_live and was_told and not is_mine and glass.seen_at is None,
    )  # fmt: skip


def queues(granted: Access) -> "QuerySet[Queue]":
    """Give the queues a person may know of, by name; of no other an emergency tells that it is there."""
    return Queue.objects.filter(pk__in=granted.seen_queues()).order_by("name")


def told_of(by: User, granted: Access) -> list[Told]:
    """Give every queue the person may know of with who would be told of an emergency of theirs there."""
    return [Told(queue, breaking_glass.witnesses(queue, by)) for queue in queues(granted)]


def _known(by: User, granted: Access) -> "QuerySet[BreakGlass]":
    rows = BreakGlass.objects.all()
    if granted.reads_all:
        return rows
    return rows.filter(Q(person=by) | Q(pk__in=GlassNotice.objects.filter(person=by).values("break_glass")))


def _row(glass: BreakGlass) -> Row:
    return Row(glass, role_title(glass.role), breaking_glass.is_live(glass))


def _deeds(glass: BreakGlass, by: User, granted: Access) -> list[Deed]:
    """Give what was signed under it on items inside the reader's walls; of others nothing shows, not in the count."""
    done = Signature.objects.filter(signer=glass.person_id, break_glass=glass, signed_at__gte=glass.starts_at)
    return [_deed(each, by, granted) for each in _read(done.filter(item__wall__in=granted.walls))]


def _read(done: "QuerySet[Signature]") -> Sequence[Signature]:
    return list(done.select_related("item").order_by("signed_at")[:MOST])


def _deed(signature: Signature, by: User, granted: Access) -> Deed:
    item = signature.item
    sees = guards.why_not_see(granted, item) is None
    verdict = _VEILED if _is_veiled(signature, by, granted) else _VERDICTS.get(signature.verdict, signature.verdict)
    return Deed(signature.signed_at, verdict, signature.meaning, item, visible(str(item)) if sees else "")


def _is_veiled(signature: Signature, by: User, granted: Access) -> bool:
    """Tell whether the verdict is kept from a reader who may still sign the item blind."""
    item = signature.item
    if signature.signer_id == by.pk or item.state != State.IN_REVIEW:
        return False
    return veil.covers(by, granted, item, plans.of(item))
