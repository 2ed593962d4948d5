"""The people of the journey: each takes the next item and signs it in a web session, until nothing waits."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal.casting import Cast
from portal.journey import wire
from portal.journey.browsing import Browser, Page
from portal.journey.desks import Desk
from portal.journey.trips import Trip
from reviews.models import Item, Signature, SignoffSlot
from reviews.words import DECIDED, State

_LONGEST_WAIT = 30
_TOLD_EVERY = 10
_APPROVED = "approve", ""
_REJECTED = "reject", "The record does not support what is proposed."


@dataclass(slots=True)
class Work:
    """What the people did: how long each signature took, and by which factors it was proved."""

    seconds: list[float] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    bare_password_refused: bool = False


def sign_all(cast: Cast, trips: list[Trip], base_url: str, tell: Callable[[int], None]) -> Work:
    """Let everybody work in turn until nobody finds anything; watch each decision become visible."""
    by_item = {trip.item_id: trip for trip in trips}
    work, told = Work(), 0
    desks = [Desk(member, Browser(base_url)) for member in cast.people.values()]
    for desk in desks:
        desk.sign_in()
    # Two, so that most of the portal's places for waiters stay free for others.
    with ThreadPoolExecutor(max_workers=2) as watchers:
        while sum(_one(desk, by_item, work, watchers) for desk in desks):
            if len(work.seconds) >= told + _TOLD_EVERY:
                told = len(work.seconds)
                tell(told)
    work.methods += Signature.objects.order_by("signed_at").values_list("auth_method", flat=True)
    return work


def _one(desk: Desk, by_item: dict[str, Trip], work: Work, watchers: ThreadPoolExecutor) -> bool:
    """Take, read and sign one item; say whether there was one."""
    page = desk.take_next()
    if page is None:
        return False
    trip = by_item[urlsplit(page.address).path.split("/")[2]]
    asking = desk.decide(desk.open_files(page), *(_REJECTED if trip.to_reject and _is_last(trip) else _APPROVED))
    if not work.seconds:
        work.bare_password_refused = _is_refused(desk.sign(asking, with_code=False))
    began = time.monotonic()
    desk.insist_signed(desk.sign(asking))
    work.seconds.append(time.monotonic() - began)
    state = State(Item.objects.get(pk=trip.item_id).state)
    if state in DECIDED:
        trip.signed_at, trip.outcome = time.time(), state
        watchers.submit(_watch, trip)
    return True


def _is_last(trip: Trip) -> bool:
    item = Item.objects.get(pk=trip.item_id)
    return SignoffSlot.objects.filter(item=item, revision=item.revision, signature=None).count() == 1


def _is_refused(page: Page) -> bool:
    """Tell whether the first signature of a period without its one-time code was refused, as it must be."""
    return page.status == 403 and not page.address.endswith("/done/")


def _watch(trip: Trip) -> None:
    if wire.decision(trip.flow, trip.item_id, wait=_LONGEST_WAIT).status == 200:
        trip.visible_at = time.time()
