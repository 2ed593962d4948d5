"""Delivering: due events go to their endpoints, each attempt is kept, and nothing is sent before it is sealed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from audit import exhibits, keyring, ledger
from audit.actors import SystemJob
from portal.kit import webhooks
from portal.kit.clock import now
from reviews import backoff, callbacks, facts, lifecycle
from reviews.callbacks import Answer
from reviews.models import Attempt, Delivery, Endpoint

_BATCH = 20
_HOLD = timedelta(seconds=60)
_GONE = 410
_random = random.SystemRandom()

Poster = Callable[..., Answer]

_TAKE = """
UPDATE reviews_delivery SET attempts = attempts + 1, due_at = %s
 WHERE id IN (
    SELECT d.id FROM reviews_delivery d JOIN reviews_endpoint e ON e.id = d.endpoint_id
     WHERE d.delivered_at IS NULL AND d.given_up_at IS NULL AND d.due_at <= %s AND e.disabled_at IS NULL
       AND EXISTS (SELECT FROM audit_leaf l WHERE l.entry_id = d.entry_id)
     ORDER BY d.due_at LIMIT %s FOR UPDATE OF d SKIP LOCKED)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one attempt sends: the stored bytes under a fresh timestamp and signature."""

    url: str
    body: bytes
    headers: dict[str, str]


def deliver_due(*, post: Poster = callbacks.post, limit: int = _BATCH) -> int:
    """Attempt every due delivery whose entry is sealed; give how many were attempted.

    A worker that dies during an attempt leaves a row that is due again a minute later.
    """
    taken = take_due(limit)
    for delivery_id in taken:
        attempt(delivery_id, post=post)
    return len(taken)


def attempt(delivery_id: UUID, *, post: Poster = callbacks.post) -> Answer:
    """Send one event once, outside any transaction, and keep what came back."""
    delivery = Delivery.objects.select_related("endpoint").get(pk=delivery_id)
    letter = _letter(delivery)
    answer = post(letter.url, letter.body, letter.headers, allow_private=settings.CALLBACKS_ALLOW_PRIVATE)
    _record(delivery, answer)
    return answer


def send_again(delivery: Delivery) -> None:
    """Make an event due again by hand; its bytes and id stay."""
    Delivery.objects.filter(pk=delivery.pk).update(due_at=now(), delivered_at=None, given_up_at=None)


def take_due(limit: int) -> list[UUID]:
    moment = now()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [moment + _HOLD, moment, limit])
        return [row[0] for row in cursor.fetchall()]


def _letter(delivery: Delivery) -> Letter:
    body = exhibits.open(delivery.body_id)
    secret = keyring.unwrap(bytes(delivery.endpoint.wrapped_secret), purpose="webhook-secret")
    signed = webhooks.signed_headers(str(delivery.pk), now(), body, [secret])
    return Letter(delivery.endpoint.url, body, {"content-type": "application/cloudevents+json"} | signed)


@transaction.atomic
def _record(delivery: Delivery, answer: Answer) -> None:
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint", "item").get(pk=delivery.pk)
    number = Attempt.objects.filter(delivery=delivery).count() + 1
    Attempt.objects.create(
        delivery=delivery,
        n=number,
        status=answer.status,
        error=(answer.error or "")[:60],
        duration_ms=answer.duration_ms,
    )
    if answer.delivered:
        _end(delivery, "delivered", number)
    elif answer.status == _GONE:
        _end(delivery, "gone", number)
        _stop(delivery.endpoint, "it answered 410 Gone")
    else:
        _try_later(delivery, answer, number)


def _try_later(delivery: Delivery, answer: Answer, number: int) -> None:
    delay = backoff.next_delay(number, answer.retry_after, chance=_random)
    if delay is None:
        _end(delivery, "given up", number)
        _stop(delivery.endpoint, "every attempt failed")
        return
    delivery.due_at = now() + delay
    delivery.save(update_fields=["due_at"])


def _end(delivery: Delivery, outcome: str, number: int) -> None:
    if outcome == "delivered":
        delivery.delivered_at, delivery.due_at = now(), None
    else:
        delivery.given_up_at, delivery.due_at = now(), None
    delivery.save(update_fields=["delivered_at", "given_up_at", "due_at"])
    if delivery.item is not None:
        fact = facts.Delivered(delivery=delivery.pk, event_type=delivery.event_type, outcome=outcome, attempts=number)
        lifecycle.note(delivery.item, fact, by=SystemJob.DELIVERER)


def _stop(endpoint: Endpoint, why: str) -> None:
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if why.startswith("it answered"):
        endpoint.disabled_at = now()
    else:
        endpoint.failing_at = now()
    endpoint.save(update_fields=["disabled_at", "failing_at"])
    fact = facts.EndpointStopped(endpoint=endpoint.pk, why=why)
    ledger.append_next(fact, stream=ledger.Stream("flow", endpoint.flow_id), by=SystemJob.DELIVERER, rows=[endpoint])
