"""What a queue's manager looks after: items nobody can sign, holds, items that wait longest, and who stepped aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from audit import exhibits
from portal.accounts.access import Access
from portal.kit.clock import now
from portal.kit.problems import NotFound, Refusal
from reviews import impasses, queries
from reviews.models import Impasse, Item, Lease, Queue, Recusal
from reviews.showing import oversight, titles
from reviews.showing.telling import roles_title
from reviews.showing.texts import visible
from reviews.words import State

MOST: Final = 100
WAITING: Final = 5
WEEK: Final = timedelta(days=7)
_WHY: Final = {
    "never_signs": ("administers or audits, and decides nothing", "administer or audit, and decide nothing"),
    "identity_unverified": ("waits for their identity to be verified", "wait for their identity to be verified"),
    "signing_locked": ("is locked out of signing", "are locked out of signing"),
    "outside_wall": ("is outside the item's wall", "are outside the item's wall"),
    "recused": ("stepped aside", "stepped aside"),
    "own_work": ("submitted it themselves", "submitted it themselves"),
    "stand_in_limit": ("stands in for less than it comes to", "stand in for less than it comes to"),
    "forbidden_pair": ("holds two roles that must not be combined", "hold two roles that must not be combined"),
    "licence_missing": ("lacks a licence it asks for", "lack a licence it asks for"),
    "over_authority": ("may not approve that much", "may not approve that much"),
    "asked_elsewhere": ("is needed for another of its signatures", "are needed for another of its signatures"),
    "already_signed": ("signed it already", "signed it already"),
    "signed_by_delegate": ("had it signed in their name already", "had it signed in their name already"),
}


@dataclass(frozen=True, slots=True)
class Stuck:
    """An item nobody there can sign, and why."""

    item: Item
    title: str
    role: str
    asked: int
    able: int
    why: list[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """An item somebody holds now."""

    lease: Lease
    title: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """Who stepped aside from which item, and why."""

    item: Item
    title: str
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """One queue: how many items are open in it, as it is printed, and those that wait longest, with their titles."""

    queue: Queue
    total: str
    since: datetime | None
    oldest: list[tuple[Item, str]]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the page shows; lists are cut at the most that anybody would read."""

    stuck: list[Stuck]
    held: list[Held]
    waiting: list[Waiting]
    stepped: list[Stepped]
    most: int


def why_not_open(granted: Access) -> Refusal | None:
    """Tell why a person has nothing to manage."""
    if granted.where("manage_in_queue", "queue"):
        return None
    return Refusal(NotFound.code, oversight.UNSEEN)


def board(granted: Access) -> Board:
    """Give what there is to look after on the queues somebody manages, inside their walls."""
    theirs = granted.where("manage_in_queue", "queue")
    stuck, held, stepped = impasses.for_manager(granted, MOST), _held(theirs, granted), _stepped(theirs, granted)
    oldest = _oldest(theirs, granted)
    shown = [each.item for each in stuck] + [each.item for each in held] + [each.item for each in stepped]
    named = titles.of([*shown, *chain.from_iterable(oldest.values())])
    return Board(
        [_stuck(each, named[each.item_id]) for each in stuck],
        [Held(each, named[each.item_id]) for each in held],
        _waiting(oldest, granted, named),
        [Stepped(each.item, named[each.item_id], str(each.person), _reason(each), each.at) for each in stepped],
        MOST,
    )


def _stuck(found: Impasse, title: str) -> Stuck:
    why = [_told(each) for each in found.why]
    return Stuck(found.item, title, roles_title(found.role.split()), found.asked, found.able, why, found.since)


def _held(theirs: list[UUID], granted: Access) -> list[Lease]:
    held = Lease.objects.filter(
        item__queue__in=theirs, item__wall__in=granted.walls, expires_at__gt=now()
    ).select_related("item__queue", "holder")
    return list(held.order_by("taken_at")[:MOST])


def _oldest(theirs: list[UUID], granted: Access) -> dict[Queue, list[Item]]:
    """Give the items that wait longest in each queue, the queues by name."""
    open_items = Item.objects.filter(wall__in=granted.walls, state=State.IN_REVIEW).order_by("received_at", "pk")
    queues = Queue.objects.filter(pk__in=theirs).order_by("name")
    return {queue: list(open_items.filter(queue=queue)[:WAITING]) for queue in queues}


def _waiting(oldest: Mapping[Queue, list[Item]], granted: Access, named: Mapping[UUID, str]) -> list[Waiting]:
    counted = {each.id: each.shown for each in queries.open_counts([each.pk for each in oldest], granted.walls)}
    return [
        Waiting(queue, counted[queue.pk], items[0].received_at if items else None,
                [(item, named[item.pk]) for item in items])
        for queue, items in oldest.items()
    ]  # fmt: skip


def _stepped(theirs: list[UUID], granted: Access) -> list[Recusal]:
    recent = Recusal.objects.filter(
        item__queue__in=theirs, item__wall__in=granted.walls, at__gt=now() - WEEK
    ).select_related("item__queue", "person", "reason__dek")
    return list(recent.order_by("-at")[:MOST])


def _told(why: Any) -> str:
    """Say how many people could not sign it, and why."""
    code, people = str(why["code"]), int(why["people"])
    plain = code.replace("_", " ")
    one, many = _WHY.get(code, (plain, plain))
    return f"1 person {one}" if people == 1 else f"{people} people {many}"


def _reason(recusal: Recusal) -> str:
    """Give the reason in their words; of what was erased since there is none."""
    try:
        return visible(exhibits.opened(recusal.reason).decode())
    except exhibits.Erased:
        return ""
