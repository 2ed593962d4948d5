"""Commenting: what people say about an item to those inside the same wall; it decides nothing."""

from django.db import transaction

from audit import exhibits
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.ids import ItemId, new_id
from portal.kit.problems import Problem, Refusal
from reviews import facts, guards, lifecycle, sighting, walls
from reviews.models import Comment, Item
from reviews.words import Wall

LONGEST = 4000


class CommentInvalid(Problem):
    """The comment is empty, or a document of its own."""

    code = "comment_invalid"
    status = 422
    title = "This comment cannot be kept"


@transaction.atomic
def comment(item_id: ItemId, text: str, *, by: User, wall: str = Wall.ORDINARY) -> Comment:
    """Keep what a person says about an item they may see, sealed, for those inside a wall they are inside of.

    Raises NotFound, CommentInvalid, WallUnknown or Refused.
    """
    item, granted = sighting.locked(item_id, by=by)
    said, behind = _checked(text), walls.known(wall)
    guards.insist(why_not_comment(granted, behind))
    return _kept(item, said, behind, by=by)


def why_not_comment(granted: Access, wall: Wall) -> Refusal | None:
    """Tell why somebody who may see an item may not comment to those inside a wall."""
    if granted.is_auditor:
        return Refusal("no_permission", "Auditors read everything and change nothing, so they do not comment.")
    if wall not in granted.walls:
        return Refusal("outside_wall", "You can comment only to those inside a wall that you are inside of yourself.")
    return None


def _checked(text: str) -> str:
    said = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not said:
        raise CommentInvalid("Write what you want to say, then send it.")
    if len(said) > LONGEST:
        raise CommentInvalid(f"Say it in {LONGEST:,} characters; it has {len(said):,}.")
    return said


def _kept(item: Item, said: str, wall: Wall, *, by: User) -> Comment:
    comment_id = new_id()
    sealed = lifecycle.sealed(item, said)
    fact = facts.Commented(comment=comment_id, wall=wall.value, sealed_sha256=exhibits.sealed_sha256(sealed))
    written = lifecycle.note(item, fact, by=by)
    made = Comment(
        id=comment_id, item=item, author=by, wall=wall.value, text_id=sealed.pk, entry_id=written.eid, at=written.at
    )
    made.save(force_insert=True)
    return made
