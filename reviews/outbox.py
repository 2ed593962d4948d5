"""The outbox: events for a flow's endpoints, written in the transaction of what they tell."""

import json
from typing import Any

from django.conf import settings

from audit import exhibits, ledger
from portal.kit.clock import stamp
from portal.kit.ids import new_id
from reviews import lifecycle
from reviews.models import Delivery, Endpoint, Item, Revision


def enqueue(item: Item, event_type: str, told: dict[str, Any], *, written: ledger.Written) -> None:
    """Queue one event for every live endpoint of the item's flow; its bytes are fixed here, once."""
    endpoints = Endpoint.objects.filter(flow_id=item.flow_id, disabled_at=None)
    for endpoint in endpoints:
        delivery_id = new_id()
        body = _event(item, event_type, told, written, delivery_id=str(delivery_id))
        exhibit = exhibits.seal(body, scope=lifecycle.scope(item), media_type="application/cloudevents+json")
        Delivery.objects.create(
            id=delivery_id,
            endpoint=endpoint,
            item=item,
            event_type=event_type,
            sequence=item.version,
            body_id=exhibit.pk,
            entry_id=written.eid,
        )


def _event(item: Item, event_type: str, told: dict[str, Any], written: ledger.Written, *, delivery_id: str) -> bytes:
    """Write a CloudEvents 1.0 structured event; never a receipt in it."""
    revision = Revision.objects.get(item_id=item.pk, revision=item.revision)
    event = {
        "specversion": "1.0",
        "id": delivery_id,
        "source": f"{settings.PORTAL_URL}/api/v1/flows/{item.flow.slug}",
        "type": event_type,
        "subject": str(item.pk),
        "time": stamp(written.at),
        "datacontenttype": "application/json",
        "sequence": f"{item.version:010d}",
        "data": told
        | {
            "revision": item.revision,
            "sequence": item.version,
            "digest": f"sha256:{bytes(revision.digest).hex()}",
            "decision": f"{settings.PORTAL_URL}/api/v1/items/{item.pk}/decision",
        },
    }
    return json.dumps(event, separators=(",", ":"), sort_keys=True).encode()
