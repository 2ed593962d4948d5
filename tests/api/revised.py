"""What the tests of revisions share: a document for the same item, and posting it as its flow does."""

import json
from typing import Any

from django.test import Client

from reviews.models import Item
from tests.factories import World, a_document

REASON = "The building was paid in May; take that off."


def a_revision(**action: Any) -> dict[str, Any]:
    """Give the item's document with a smaller amount."""
    amounts = {"subject": "claim/T-revised", "amount": "400.00", "amount_at_stake": "400.00"} | action
    return a_document(external_id="T-revised", action=amounts)


def post(world: World, item: Item, document: dict[str, Any], *, key: str = "", **signed: Any) -> Any:
    """Post a revision of an item as its flow does."""
    raw = json.dumps(document).encode()
    headers = world.headers(raw, **signed)
    headers |= {"authorization": f"Bearer {key}"} if key else {}
    content_type = headers.pop("content-type")
    return Client().post(f"/api/v1/items/{item.pk}/revisions", raw, content_type=content_type, headers=headers)


def code(answer: Any) -> str:
    """Give the code of a refusal."""
    return str(answer.json()["code"])
