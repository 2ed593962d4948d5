"""What the journey knows about each item, and the posting and routing of all of them."""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from portal.casting import Cast, Staged
from portal.journey import wire
from portal.kit.ids import new_id
from reviews.models import Item

_PATIENCE = 60.0
_LOOK = 0.01


class Stuck(Exception):
    """Something did not happen in time; the message says what."""


@dataclass(slots=True)
class Trip:
    """One item's way: moments are seconds of the wall clock, zero until they came."""

    external_id: str
    flow: Staged
    raw: bytes
    to_reject: bool
    webhook_id: str
    item_id: str = ""
    status: int = 0
    seconds: float = 0.0
    posted_at: float = 0.0
    routed_at: float = 0.0
    signed_at: float = 0.0
    visible_at: float = 0.0
    outcome: str = ""


def plan(cast: Cast, claims: int, complaints: int) -> list[Trip]:
    """Choose the records, and which of them people will reject."""
    from examples import items

    letters = (
        _trip(cast.flows["complaint-replies"], document, index % 5 == 4)
        for index, document in enumerate(items.complaint_replies(complaints))
    )
    payouts = (
        _trip(cast.flows["claims-triage"], document, index % 7 == 3)
        for index, document in enumerate(items.claims(claims))
    )
    return [*payouts, *letters]


def post_all(trips: list[Trip]) -> None:
    """Post every item one after the other, and see each turn up where people find it. Raises Stuck."""
    poster = threading.Thread(target=_post, args=[trips], daemon=True)
    poster.start()
    end = time.monotonic() + _PATIENCE
    while poster.is_alive() or not all(trip.routed_at or trip.status != 202 for trip in trips):
        _note_routed(trip for trip in trips if trip.item_id and not trip.routed_at)
        if time.monotonic() > end:
            missing = sum(not trip.routed_at for trip in trips)
            raise Stuck(f"{missing} of {len(trips)} items were not posted and routed within {_PATIENCE:.0f} s.")
        time.sleep(_LOOK)


def _trip(flow: Staged, document: dict[str, object], to_reject: bool) -> Trip:
    raw = json.dumps(document).encode()
    return Trip(str(document["external_id"]), flow, raw, to_reject, webhook_id=f"msg_{new_id()}")


def _post(trips: list[Trip]) -> None:
    for trip in trips:
        answer = wire.post(trip.flow, trip.webhook_id, trip.raw)
        trip.posted_at, trip.seconds, trip.status = time.time(), answer.seconds, answer.status
        if answer.status == 202:
            trip.item_id = answer.body["id"]


def _note_routed(waiting: Iterable[Trip]) -> None:
    by_id = {trip.item_id: trip for trip in waiting}
    for found in Item.objects.filter(pk__in=by_id).values_list("pk", flat=True):
        by_id[str(found)].routed_at = time.time()
