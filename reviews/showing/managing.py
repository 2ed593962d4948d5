"""What a queue's manager looks after: items nobody can sign, holds, items that wait longest, and who stepped aside."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from audit import exhibits
from portal.accounts.access import Access
from portal.kit.clock import now
from portal.kit.problems import NotFound, Refusal
from reviews import impasses, queries
from reviews.models import Item, Lease, Queue, Recusal
from reviews.showing import oversight
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
    role: str
    asked: int
    able: int
    why: list[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Stepped:
    """Who stepped aside from which item, and why."""

    item: Item
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """One queue: how many items are open in it, as it is printed, and those that wait longest."""

    queue: Queue
    total: str
    since: datetime | None
    oldest: list[Item]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the page shows; lists are cut at the most that anybody would read."""

    stuck: list[Stuck]
    held: list[Lease]
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
    stuck = [
        Stuck(each.item, roles_title(each.role.split()), each.asked, each.able, list(map(_told, each.why)), each.since)
        for each in impasses.for_manager(granted, MOST)
    ]
    return Board(stuck, _held(theirs, granted), _waiting(theirs, granted), _stepped(theirs, granted), MOST)


def _held(theirs: list[UUID], granted: Access) -> list[Lease]:
    held = Lease.objects.filter(
        item__queue__in=theirs, item__wall__in=granted.walls, expires_at__gt=now()
    ).select_related("item__queue", "holder")
    return list(held.order_by("taken_at")[:MOST])


def _waiting(theirs: list[UUID], granted: Access) -> list[Waiting]:
    open_items = Item.objects.filter(queue__in=theirs, wall__in=granted.walls, state=State.IN_REVIEW)
    counted = {each.id: each.shown for each in queries.open_counts(theirs, granted.walls)}
    found = Queue.objects.filter(pk__in=theirs).order_by("name")
    oldest = [(queue, _oldest(open_items, queue)) for queue in found]
    return [Waiting(each, counted[each.pk], items[0].received_at if items else None, items) for each, items in oldest]


def _oldest(open_items: "QuerySet[Item]", queue: Queue) -> list[Item]:
    return list(open_items.filter(queue=queue).order_by("received_at", "pk")[:WAITING])


def _stepped(theirs: list[UUID], granted: Access) -> list[Stepped]:
    recent = Recusal.objects.filter(
        item__queue__in=theirs, item__wall__in=granted.walls, at__gt=now() - WEEK
    ).select_related("item__queue", "person", "reason__dek")
    return [Stepped(each.item, str(each.person), _reason(each), each.at) for each in recent.order_by("-at")[:MOST]]


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
