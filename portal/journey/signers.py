"""The people of the journey: each takes the next item and signs it with a ceremony, until nothing waits."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from portal.accounts.ceremony import CeremonyFailed, Factors
from portal.casting import Cast, Member
from portal.journey import wire
from portal.journey.trips import Trip
from portal.kit.ids import ItemId
from reviews.actions import signing, taking
from reviews.actions.taking import NothingToTake
from reviews.models import Item, SignIntent, SignoffSlot
from reviews.words import DECIDED, State, Verdict

_LONGEST_WAIT = 30
_TOLD_EVERY = 10


@dataclass(slots=True)
class Work:
    """What the people did: how long each signature took, and by which factors it was proved."""

    seconds: list[float] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    bare_password_refused: bool = False


def sign_all(cast: Cast, trips: list[Trip], tell: Callable[[int], None]) -> Work:
    """Let everybody work in turn until nobody finds anything; watch each decision become visible."""
    by_item = {trip.item_id: trip for trip in trips}
    work, told = Work(), 0
    # Two, so that most of the portal's places for waiters stay free for others.
    with ThreadPoolExecutor(max_workers=2) as watchers:
        while sum(_one(member, by_item, work, watchers) for member in cast.people.values()):
            if len(work.seconds) >= told + _TOLD_EVERY:
                told = len(work.seconds)
                tell(told)
    return work


def _one(member: Member, by_item: dict[str, Trip], work: Work, watchers: ThreadPoolExecutor) -> bool:
    """Take and sign one item; say whether there was one."""
    try:
        lease = taking.take_next(by=member.user)
    except NothingToTake:
        return False
    trip = by_item[str(lease.item_id)]
    if not work.seconds:
        work.bare_password_refused = _bare_password_is_refused(member, trip)
    began = time.monotonic()
    item = _sign(member, trip, work)
    work.seconds.append(time.monotonic() - began)
    if State(item.state) in DECIDED:
        trip.signed_at, trip.outcome = time.time(), item.state
        watchers.submit(_watch, trip)
    return True


def _sign(member: Member, trip: Trip, work: Work) -> Item:
    intent = _prepare(member, trip)
    factors = member.factors(intent.item.queue.profile)
    signature = signing.sign(intent.pk, by=member.user, session_ref=member.session, factors=factors)
    work.methods.append(signature.auth_method)
    return Item.objects.get(pk=trip.item_id)


def _prepare(member: Member, trip: Trip) -> SignIntent:
    item = Item.objects.get(pk=trip.item_id)
    verdict, reason = Verdict.APPROVE, ""
    if trip.to_reject and _is_last(item):
        verdict, reason = Verdict.REJECT, "The record does not support what is proposed."
    return signing.prepare(
        ItemId(item.pk), by=member.user, session_ref=member.session, seen=item.version, verdict=verdict,
        reason=reason,
    )  # fmt: skip


def _is_last(item: Item) -> bool:
    return SignoffSlot.objects.filter(item=item, revision=item.revision, signature=None).count() == 1


def _bare_password_is_refused(member: Member, trip: Trip) -> bool:
    """Try the first signature of a period without the one-time code: it must not count."""
    intent = _prepare(member, trip)
    try:
        factors = Factors(member.password)
        signing.sign(intent.pk, by=member.user, session_ref=member.session, factors=factors)
    except CeremonyFailed:
        return True
    return False


def _watch(trip: Trip) -> None:
    if wire.decision(trip.flow, trip.item_id, wait=_LONGEST_WAIT).status == 200:
        trip.visible_at = time.time()
