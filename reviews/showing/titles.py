"""What items are called in lists: what the flow proposes, in its own words, from the documents that are sealed."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from audit import exhibits
from reviews.models import Item, Revision
from reviews.showing.texts import visible


def of(items: Iterable[Item]) -> dict[UUID, str]:
    """Give the titles of items by their ids, with one query; who reads them must be somebody who may see the items."""
    known = {item.pk: item for item in items}
    read = documents(known.values())
    return {key: title(item, read.get(key, {})) for key, item in known.items()}


def title(item: Item, document: Mapping[str, Any]) -> str:
    """Give an item's title as pages show it; of one whose content was erased, what it is known by."""
    return visible(document.get("action", {}).get("title") or f"{item} (erased)")


def documents(items: Iterable[Item]) -> dict[UUID, dict[str, Any]]:
    """Open the documents of items by their ids, as they were posted; erased ones are empty."""
    current = {(item.pk, item.revision) for item in items}
    found = Revision.objects.filter(item__in=[pk for pk, _ in current]).select_related("exhibit__dek")
    return {each.item_id: _opened(each) for each in found if (each.item_id, each.revision) in current}


def _opened(revision: Revision) -> dict[str, Any]:
    """Open a document; an item whose content was erased keeps its place in the list."""
    try:
        document: dict[str, Any] = json.loads(exhibits.opened(revision.exhibit))
    except exhibits.Erased:
        return {}
    return document
