"""Reading content for a record: what was erased is named as erased and keeps nothing else from being told."""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from audit import exhibits
from audit.stories import ERASED

__all__ = ["ERASED", "document", "opened", "text"]

T = TypeVar("T")


def opened(read: Callable[[], T]) -> Any:
    """Give what a function reads, or the word for erased content."""
    try:
        return read()
    except exhibits.Erased:
        return ERASED


def document(exhibit_id: UUID | None) -> Any:
    """Give the JSON of an exhibit; nothing stays nothing."""
    return None if exhibit_id is None else opened(lambda: json.loads(exhibits.open(exhibit_id)))


def text(exhibit_id: UUID | None) -> str:
    """Give the text of an exhibit; nothing is an empty one."""
    return "" if exhibit_id is None else opened(lambda: exhibits.open(exhibit_id).decode())
