"""Attempts that must fail or change nothing: replays, forgeries, a stranger's key, a second start."""

import json
from typing import Any

from audit import canonical
from portal.casting import Cast
from portal.journey import wire
from portal.journey.trips import Trip
from portal.kit import webhooks
from portal.kit.ids import new_id

Verdicts = list[tuple[str, bool]]


def at_the_door(trip: Trip) -> Verdicts:
    """Post an accepted item again in four ways."""
    flow, raw = trip.flow, trip.raw
    replay = wire.post(flow, trip.webhook_id, raw)
    conflict = wire.post(flow, trip.webhook_id, raw + b" ")
    forged = wire.post(flow, f"msg_{new_id()}", raw, secret=webhooks.Secret.generate().reveal())
    broken = json.dumps(json.loads(raw) | {"snapshot": {"output": {}}}).encode()
    refused = wire.post(flow, f"msg_{new_id()}", broken)
    same = replay.status == 200 and replay.body["id"] == trip.item_id
    return [
        ("The same post again: 200, the same item", same and "idempotent-replay" in replay.headers),
        ("Another body under the same id: 409", _is(conflict, 409, "idempotency_conflict")),
        ("A forged signature: 401", _is(forged, 401, "signature_invalid")),
        ("A document against its contract: 422", _is(refused, 422, "contract_violation")),
    ]


def at_the_end(cast: Cast, trips: list[Trip], receipts: dict[str, tuple[str, dict[str, Any]]]) -> Verdicts:
    """Use a receipt twice, start a rejected item, read with another flow's key."""
    verdicts: Verdicts = []
    executed = next((trip for trip in trips if trip.item_id in receipts), None)
    if executed:
        again = wire.report(executed.flow, executed.item_id, receipts[executed.item_id][0], "started")
        stranger = next(flow for flow in cast.flows.values() if flow.slug != executed.flow.slug)
        foreign = wire.decision(stranger, executed.item_id)
        verdicts += [
            ("A second start with the same receipt: 409", _is(again, 409, "receipt_consumed")),
            ("A decision read with another flow's key: 404", foreign.status == 404),
        ]
    rejected = next((trip for trip in trips if trip.outcome == "rejected"), None)
    if rejected:
        told = wire.decision(rejected.flow, rejected.item_id).body
        start = wire.report(rejected.flow, rejected.item_id, told["receipt"] or "", "started")
        verdicts.append(("A start of a rejected item: 422", _is(start, 422, "receipt_invalid")))
    return verdicts


def posted_as_kept(trips: list[Trip]) -> bool:
    """Read every item back and compare it with what was posted, by the digest of both."""
    return all(_kept(trip) for trip in trips)


def _kept(trip: Trip) -> bool:
    headers = {"authorization": f"Bearer {trip.flow.key}"}
    answer = wire.ask("GET", f"/api/v1/items/{trip.item_id}", headers=headers)
    posted = json.loads(trip.raw)
    same = {name: answer.body.get(name) for name in posted} == posted
    digest = canonical.prefixed(canonical.SNAPSHOT, canonical.document_bytes(posted)).hex()
    return same and bool(answer.body["digest"] == f"sha256:{digest}")


def _is(answer: wire.Answer, status: int, code: str) -> bool:
    return answer.status == status and answer.body.get("code") == code
