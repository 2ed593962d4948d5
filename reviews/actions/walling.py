"""Walling: putting an item, or one file of it, behind a wall, where only those inside know of it at all."""

from uuid import UUID

from django.db import transaction

from portal.accounts.models import User
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import facts, files, guards, lifecycle, sighting, walls
from reviews.actions import taking
from reviews.models import FileWall, Item, Lease
from reviews.words import State


class SightLost(Problem):
    """Who puts something behind a wall they are outside of never sees it again, unless somebody lets them in."""

    code = "sight_lost"
    status = 409
    title = "You would not see this any more"


@transaction.atomic
def put_behind(item_id: ItemId, wall: str, *, by: User, seen: int, accepts_loss: bool = False) -> Item:
    """Put an open item behind a wall, or back among the ordinary ones; holds of people outside end.

    Raises WallUnknown, Refused, Stale, NotPossible, or SightLost unless who is outside themselves accepts that.
    """
    to = walls.known(wall)
    item, granted = sighting.locked(item_id, by=by, seen=seen)
    guards.insist(walls.why_not_move(granted, item, item.wall, to))
    _insist_on_sight(to in granted.walls, accepts_loss)
    lifecycle.move(item, State(item.state), facts.Walled(wall=to.value), by=by, wall=to.value)
    inside = set(walls.members(to))
    for lease in Lease.objects.filter(item_id=item.pk):
        if lease.holder_id not in inside:
            taking.let_go(lease)
    return item


@transaction.atomic
def file(item_id: ItemId, upload_id: UUID, wall: str, *, by: User, accepts_loss: bool = False) -> FileWall:
    """Put one file of an item behind a wall, or back; who is outside cannot know of it, and so cannot sign the item.

    Raises NotFound, WallUnknown, Refused, or SightLost unless who is outside themselves accepts that.
    """
    to = walls.known(wall)
    item, granted = sighting.locked(item_id, by=by)
    files.attached(item.pk, upload_id, by, granted)
    guards.insist(walls.why_not_move(granted, item, walls.around(item, upload_id), to))
    _insist_on_sight(to in granted.walls, accepts_loss)
    written = lifecycle.note(item, facts.FileWalled(upload=upload_id, wall=to.value), by=by)
    row = FileWall(submission_id=item.pk, upload_id=upload_id, wall=to.value, entry_id=written.eid, at=written.at)
    row.save(force_insert=True)
    return row


def _insist_on_sight(is_inside: bool, accepts_loss: bool) -> None:
    if not is_inside and not accepts_loss:
        raise SightLost("You are outside this wall: once it is there, you cannot see it or take this back. Confirm it.")
