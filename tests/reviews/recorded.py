"""What the tests of evidence share: a decision, and its record as an examiner reads it."""

import json
from typing import Any

from reviews import evidence
from reviews.models import Decision, Item


def decision_of(item: Item) -> Decision:
    """Give the decision on an item."""
    return Decision.objects.get(item=item)


def record_of(item: Item) -> dict[str, Any]:
    """Give the record as an examiner reads it: from its bytes."""
    told: dict[str, Any] = json.loads(evidence.as_bytes(evidence.record(decision_of(item))))
    return told
