"""Sampling: the draw of an item, which says whether a person looks at what the rules approve by themselves."""

import hashlib
import hmac
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from audit import exhibits

PLACES: Final = 12
_SCOPE: Final = "sampling"
_PURPOSE: Final = b"countersign sample 1\x00"
_BITS: Final = 64

# The key is made once and never changes; by database name, because tests and tools switch databases.
_remembered: dict[str, bytes] = {}


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
