"""Opening: that a person was really shown a file, told once; nobody signs what they have not opened."""

from uuid import UUID

from django.db import connection, transaction

from portal.accounts import access
from portal.accounts.models import User
from portal.kit.clock import now
from portal.kit.problems import NotFound
from reviews import facts, files, guards, lifecycle
from reviews.models import Item

_OPENED = """
INSERT INTO reviews_opening (submission_id, upload_id, person_id, at) VALUES (%s::uuid, %s::uuid, %s::uuid, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


@transaction.atomic
def opened(item_id: UUID, upload_id: UUID, *, by: User) -> bool:
    """Note that a person was shown a file of an item they may see; say whether it was the first time.

    Of many at once, in many tabs, one writes the row and its entry. Raises NotFound.
    """
    item = Item.objects.filter(pk=item_id).first()
    if item is None:
        raise NotFound("There is no such item, or you may not see it.")
    guards.insist(guards.why_not_see(access.of(by), item))
    name = files.attached(item_id, upload_id, by).name
    with connection.cursor() as cursor:
        cursor.execute(_OPENED, [item_id, upload_id, by.pk, now()])
        first = cursor.fetchone() is not None
    if first:
        lifecycle.note(item, facts.AttachmentOpened(upload=upload_id, name=name), by=by)
    return first
