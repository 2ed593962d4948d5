"""Identifiers: UUIDv7 (RFC 9562), which sort by time of birth."""

import os
import time
import uuid
from typing import NewType

ItemId = NewType("ItemId", uuid.UUID)
FlowId = NewType("FlowId", uuid.UUID)

_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)


def new_id() -> uuid.UUID:
    """Make a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high, low = noise >> 68, noise & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT | (high << 64) | low)
