"""Sampling: the draw of an item, which says whether a person looks at what the rules approve by themselves.

Who takes back what was drawn and posts it again draws no second lot: while an item that was drawn waits, or after it
left without a decision, its draw stands for later items of its flow on its subject too.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from audit import exhibits

PLACES: Final = 12
_SCOPE: Final = "sampling"
_PURPOSE: Final = b"countersign sample 1\x00"
_BITS: Final = 64
_STANDING = """
SELECT c.n, o.id
  FROM unnest(%(ids)s::uuid[], %(flows)s::text[], %(subjects)s::text[], %(moments)s::timestamptz[])
       WITH ORDINALITY AS c (id, flow, subject, at, n)
  JOIN reviews_flow f ON f.slug = c.flow
  JOIN reviews_item o ON o.subject = c.subject AND o.subject <> '' AND o.flow_id = f.id AND o.id <> c.id
 WHERE o.received_at > c.at - interval '30 days' AND (NOT %(looking_back)s OR o.received_at <= c.at)
   AND o.state NOT IN ('approved', 'rejected') AND o.reasons @> '[{"code": "sampled"}]'
"""

# The key is made once and never changes; by database name, because tests and tools switch databases.
_remembered: dict[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Lot:
    """Who draws: an item of a flow about a subject, at a moment."""

    item_id: UUID
    flow: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draw:
    """The number that decides about a sample; `earlier` when it is that of an earlier item on the subject."""

    number: Decimal
    earlier: bool = False


def draws(lots: Sequence[Lot], *, looking_back: bool = False) -> list[Draw]:
    """Give the draw that counts for each, in one statement: the lowest of its own and those still standing."""
    own = [draw(each.item_id) for each in lots]
    lowest = dict(enumerate(own))
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "ids": [each.item_id for each in lots], "flows": [each.flow for each in lots],
            "subjects": [each.subject for each in lots], "moments": [each.at for each in lots],
            "looking_back": looking_back,
        }  # fmt: skip
        cursor.execute(_STANDING, given)
        for place, item_id in cursor.fetchall():
            lowest[place - 1] = min(lowest[place - 1], draw(item_id))
    return [Draw(lowest[place], earlier=lowest[place] < number) for place, number in enumerate(own)]


def draw(item_id: UUID) -> Decimal:
    """Give a number from 0 to below 1 that belongs to the item: the same each time, unknown to who lacks the key."""
    digest = hmac.digest(_key(), _PURPOSE + item_id.bytes, hashlib.sha256)
    number = int.from_bytes(digest[: _BITS // 8], "big")
    return Decimal(number * 10**PLACES >> _BITS).scaleb(-PLACES)


def _key() -> bytes:
    """Give the installation's own random key, which lies wrapped under the keyring like every data key."""
    name = str(connection.settings_dict["NAME"])
    if name not in _remembered:
        key = exhibits.key_for(_SCOPE).secret
        # A key made in a transaction that rolls back must not be remembered.
        transaction.on_commit(partial(_remembered.__setitem__, name, key))
        return key
    return _remembered[name]
