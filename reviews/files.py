"""Files as they are read: what an item attaches, who opened what, and the bytes, part by part, checked."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from audit import exhibits
from portal.accounts.access import Access
from portal.accounts.models import User
from portal.kit.problems import NotFound
from reviews.models import Item, Upload, UploadPart

PART = 1_048_576
_ERASED = "This file was erased; its digest remains."
# The newest row of a file's wall counts; a file without one is ordinary.
_WALL = """
  LEFT JOIN LATERAL (SELECT w.wall FROM reviews_file_wall w
                      WHERE (w.submission_id, w.upload_id) = (a.submission_id, a.upload_id)
                      ORDER BY w.id DESC LIMIT 1) w ON true
"""
_ATTACHED = f"""
SELECT a.n, a.name, u.id, u.size, u.media_type, u.sha256, o.at,
       coalesce(w.wall, 'ordinary') = ANY (%(walls)s) AS shown, a.revision = r.posted_as AS current
  FROM reviews_revision r
  JOIN reviews_attachment a ON a.submission_id = r.item_id
  JOIN reviews_upload u ON u.id = a.upload_id
  LEFT JOIN reviews_opening o ON (o.submission_id, o.upload_id) = (a.submission_id, a.upload_id)
                             AND o.person_id = %(person)s::uuid
  {_WALL}
 WHERE r.item_id = %(item)s::uuid AND r.revision = %(revision)s ORDER BY a.n
"""  # noqa: S608  a text of this module
_UNOPENED = f"""
SELECT count(*) FILTER (WHERE shown AND at IS NULL), count(*) FILTER (WHERE shown), coalesce(bool_and(shown), true)
  FROM ({_ATTACHED}) attached WHERE current
"""  # noqa: S608  a text of this module
_EVER_ATTACHED = f"""
SELECT a.n, a.name, u.id, u.size, u.media_type, u.sha256, o.at
  FROM reviews_attachment a
  JOIN reviews_upload u ON u.id = a.upload_id
  LEFT JOIN reviews_opening o ON (o.submission_id, o.upload_id) = (a.submission_id, a.upload_id)
                             AND o.person_id = %(person)s::uuid
  {_WALL}
 WHERE a.submission_id = %(item)s::uuid AND a.upload_id = %(upload)s::uuid
   AND coalesce(w.wall, 'ordinary') = ANY (%(walls)s) ORDER BY a.revision DESC, a.n LIMIT 1
"""  # noqa: S608  a text of this module
OUTSIDE = Access(frozenset(), frozenset())
"""The access of somebody who is inside no wall."""
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of an item as one person sees it."""

    n: int
    name: str
    upload: UUID
    size: int
    media_type: str
    sha256: bytes
    opened_at: datetime | None

    @property
    def shown_name(self) -> str:
        """Give the name with nothing in it that is invisible or turns the reading order around."""
        return "".join(each if each.isprintable() else f"[U+{ord(each):04X}]" for each in self.name)

    @property
    def is_picture(self) -> bool:
        """Tell whether it was uploaded as a picture that may be shown."""
        return self.media_type in PICTURES


class Around(NamedTuple):
    """The files before and after one, and its place among how many."""

    before: Attached | None
    after: Attached | None
    place: int
    total: int


class Unopened(NamedTuple):
    """How many of the files that a person may see they have not opened, of how many, and whether those are all."""

    left: int
    total: int
    is_whole: bool = True


class Hidden(NamedTuple):
    """The files an item ever attached that a person is outside the wall of: their ids, and the names they had."""

    uploads: frozenset[UUID]
    names: frozenset[str]


class Seen(NamedTuple):
    """The files of an item inside the walls that a person is inside of, and whether those are all."""

    files: list[Attached]
    is_whole: bool
    hidden: Hidden

    @property
    def unopened(self) -> Unopened:
        """Count those that the person has not opened."""
        return Unopened(sum(each.opened_at is None for each in self.files), len(self.files), self.is_whole)


def scope(upload_id: UUID) -> str:
    """Name the data key of an upload: each has its own, so that each can be erased alone."""
    return f"upload:{upload_id}"


def bound_to(upload_id: UUID, n: int) -> bytes:
    """Say which upload and place a sealed part is bound to: no part opens as another."""
    return upload_id.bytes + n.to_bytes(4, "big")


def seen(item: Item, person: User, granted: Access) -> Seen:
    """Give the files of the revision an item stands at that a person may know of, in their order; one query."""
    given = {"item": item.pk, "revision": item.revision, "person": person.pk, "walls": list(granted.walls)}
    rows = [(_attached(row), *row[7:]) for row in _rows(_ATTACHED, given)]
    behind = [file for file, shown, _ in rows if not shown]
    first = min((file.n for file, _, current in rows if current), default=1)
    known = [file for file, shown, current in rows if shown and current]
    return Seen(
        [replace(file, n=n) for n, file in enumerate(known, start=first)],  # without gaps where some are left out
        all(shown for _, shown, current in rows if current),
        Hidden(frozenset(file.upload for file in behind), frozenset(file.name for file in behind)),
    )


def attachments(item: Item, person: User, granted: Access = OUTSIDE) -> list[Attached]:
    """Give the files of the revision an item stands at that a person may know of; without access, the ordinary ones."""
    return seen(item, person, granted).files


def unopened(item: Item, person: User, granted: Access = OUTSIDE) -> Unopened:
    """Count the files of the revision an item stands at that a person has not opened; one query."""
    given = {"item": item.pk, "revision": item.revision, "person": person.pk, "walls": list(granted.walls)}
    return Unopened(*_rows(_UNOPENED, given)[0])


def attached(item_id: UUID, upload_id: UUID, person: User, granted: Access = OUTSIDE) -> Attached:
    """Give one file of an item as whichever of its revisions named it last. Raises NotFound, also outside its wall."""
    given = {"item": item_id, "upload": upload_id, "person": person.pk, "walls": list(granted.walls)}
    rows = _rows(_EVER_ATTACHED, given)
    if not rows:
        raise NotFound("There is no such file, or you may not see it.")
    return _attached(rows[0])


def neighbours(attached: list[Attached], upload_id: UUID) -> Around | None:
    """Give what lies before and after a file; nothing when it is not among these."""
    places = [place for place, each in enumerate(attached) if each.upload == upload_id]
    if not places:
        return None
    (place, *_), last = places, len(attached) - 1
    before = attached[place - 1] if place > 0 else None
    return Around(before, attached[place + 1] if place < last else None, place + 1, last + 1)


def heads(upload_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Give the first part of each of several files in one query; an erased file has none."""
    rows = UploadPart.objects.filter(upload_id__in=upload_ids, n=0).select_related("upload__dek") if upload_ids else ()
    return {
        row.upload_id: exhibits.decrypt(
            bytes(row.ciphertext),
            exhibits.DataKey(row.upload.dek_id, exhibits.unwrapped(row.upload.dek.wrapped)),
            bound_to(row.upload_id, 0),
        )
        for row in rows
        if row.upload.dek.wrapped is not None
    }


def head(upload_id: UUID) -> bytes:
    """Give the first part of a file; one query. Raises Erased or Damaged as `content` does."""
    first = UploadPart.objects.select_related("upload__dek").filter(upload_id=upload_id, n=0).first()
    if first is None:
        raise exhibits.Damaged(f"part 0 of upload {upload_id} is missing")
    if first.upload.dek.wrapped is None:
        raise exhibits.Erased(_ERASED)
    key = exhibits.DataKey(first.upload.dek_id, exhibits.unwrapped(first.upload.dek.wrapped))
    return exhibits.decrypt(bytes(first.ciphertext), key, bound_to(upload_id, 0))


def content(upload_id: UUID) -> Iterator[bytes]:
    """Give a file's bytes part by part; the last part only once the whole has the digest of the upload.

    Raises Erased when the key was destroyed, Damaged when a part is missing, changed or out of its place.
    """
    upload = Upload.objects.get(pk=upload_id)
    read, size, held = hashlib.sha256(), 0, b""
    for part in _opened(upload):
        read.update(part)
        size += len(part)
        if held:
            yield held
        held = part
    if (read.digest(), size) != (bytes(upload.sha256), upload.size):
        raise exhibits.Damaged(f"upload {upload_id} does not match its digest")
    yield held


def whole(upload_id: UUID) -> bytes:
    """Give all bytes of a small file at once."""
    return b"".join(content(upload_id))


def _opened(upload: Upload) -> Iterator[bytes]:
    key = exhibits.key_by_id(upload.dek_id)
    if key is None:
        raise exhibits.Erased(_ERASED)
    for n in range(-(-upload.size // PART)):
        sealed = UploadPart.objects.filter(upload_id=upload.pk, n=n).values_list("ciphertext", flat=True).first()
        if sealed is None:
            raise exhibits.Damaged(f"part {n} of upload {upload.pk} is missing")
        yield exhibits.decrypt(bytes(sealed), key, bound_to(upload.pk, n))


def _attached(row: Any) -> Attached:
    n, name, upload, size, media_type, sha256, opened_at = row[:7]
    return Attached(n, name, upload, size, media_type, bytes(sha256), opened_at)


def _rows(statement: str, given: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
