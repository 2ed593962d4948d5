"""Opening: that a person was really shown a file, told once; nobody signs what they have not opened."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.facts import Fact
from portal.accounts import access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound
from reviews import facts, files, lifecycle, sighting
from reviews.models import Item, PolicyVersion

_OPENED = """
INSERT INTO reviews_opening (submission_id, upload_id, person_id, at) VALUES (%s::uuid, %s::uuid, %s::uuid, %s)
ON CONFLICT DO NOTHING RETURNING id
"""
_READ = """
INSERT INTO reviews_reading_opened (item_id, title, policy_version_id, person_id, at)
VALUES (%s::uuid, %s, %s::uuid, %s::uuid, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


@transaction.atomic
def opened(item_id: UUID, upload_id: UUID, *, by: User) -> bool:
    """Note that a person was shown a file of an item they see; say whether it was the first time. Raises NotFound."""
    granted = access.of(by)
    item = sighting.found(item_id, granted)
    name = files.attached(item_id, upload_id, by, granted).name
    fact = facts.AttachmentOpened(upload=upload_id, name=name)
    return _note(item, fact, _OPENED, [item_id, upload_id, by.pk, now()], by=by)


@transaction.atomic
def read(item_id: UUID, title: str, *, by: User, rules: PolicyVersion | None = None) -> bool:
    """Note that a person opened a text an item's rule requires; say whether it was the first time. Raises NotFound.

    `rules` are those whose text was shown, the item's own unless told: they may have changed since.
    """
    item = sighting.found(item_id, access.of(by))
    if title not in item.reading:
        raise NotFound("The routing rule of this item requires no such text.")
    rules = rules or item.policy_version
    fact = facts.ReadingOpened(title, policy=rules.policy_id, policy_version=rules.version)
    return _note(item, fact, _READ, [item_id, title, rules.pk, by.pk, now()], by=by)


def _note(item: Item, fact: Fact, statement: str, row: list[Any], *, by: User) -> bool:
    """Write a row and its entry unless the row is there: of many at once, in many tabs, one writes them."""
    with connection.cursor() as cursor:
        cursor.execute(statement, row)
        if cursor.fetchone() is None:
            return False
    lifecycle.note(item, fact, by=by)
    return True
