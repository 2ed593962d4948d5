"""Uploading: a flow's file is sealed part by part while it comes in; what no item names is swept away later."""

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import IO
from uuid import UUID

from django.db import connection, transaction

from audit import exhibits
from audit.exhibits import DataKey
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import Problem
from reviews import files
from reviews.actions import braking
from reviews.actions.admitting import Caller
from reviews.models import Upload, UploadPart

UNUSED_FOR = timedelta(hours=24)
_SWEPT_AT_ONCE = 20
_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):(?:;.*)?")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,98}/[a-z0-9][a-z0-9!#$&^_.+-]{0,98}")
_UNKNOWN = "application/octet-stream"
_UNUSED = """
SELECT u.id FROM reviews_upload u
 WHERE u.created_at < %s AND NOT EXISTS (SELECT FROM reviews_attachment a WHERE a.upload_id = u.id)
 ORDER BY u.created_at LIMIT %s FOR UPDATE SKIP LOCKED
"""


class ContentDigestMissing(Problem):
    """An upload without the digest of its bytes."""

    code = "content_digest_missing"
    status = 400
    title = "The upload does not say its digest"


class ContentDigestInvalid(Problem):
    """A Content-Digest nobody can compare with."""

    code = "content_digest_invalid"
    status = 400
    title = "The Content-Digest cannot be read"


class ContentDigestMismatch(Problem):
    """The bytes that arrived are not those that were sent."""

    code = "content_digest_mismatch"
    status = 422
    title = "The bytes do not have the digest that was announced"


class UploadEmpty(Problem):
    """A file without a byte."""

    code = "upload_empty"
    status = 422
    title = "The file is empty"


def announced_digest(header: str) -> bytes:
    """Read the SHA-256 of a Content-Digest (RFC 9530). Raises ContentDigestMissing or ContentDigestInvalid."""
    told = "Send `Content-Digest: sha-256=:<base64 of the SHA-256>:` (RFC 9530)."
    if not header.strip():
        raise ContentDigestMissing(told)
    members = [member.strip() for member in header.split(",")]
    found = [match for member in members if (match := _SHA256.fullmatch(member))]
    if not found:
        raise ContentDigestInvalid(told)
    return base64.b64decode(found[-1].group(1))  # of one key twice, the last counts (RFC 9651)


def keep(caller: Caller, parts: Iterable[bytes], *, digest: bytes, media_type: str) -> Upload:
    """Keep a flow's file: read and sealed part by part, stored in one transaction once its digest is known.

    Raises FlowSuspended, FlowRateLimited, FlowCapped, UploadEmpty or ContentDigestMismatch.
    """
    braking.insist(caller.gate)
    if not connection.in_atomic_block:
        connection.close()  # back to the pool: a slow caller must not keep a connection from those who work
    with tempfile.TemporaryFile() as spool:
        # On the disk it lies sealed already, under a key that this block alone knows.
        own = DataKey(new_id(), os.urandom(32))
        sizes, read = _spooled(parts, spool, own)
        if not sum(sizes):
            raise UploadEmpty("Send the file's bytes as the body.")
        if read != digest:
            raise ContentDigestMismatch("Send the file again; some bytes were lost or changed on the way.")
        return _stored(caller, _unspooled(spool, sizes, own), read, sum(sizes), _sanitised(media_type))


@transaction.atomic
def sweep() -> int:
    """Remove some uploads no item named within a day; give how many went."""
    with connection.cursor() as cursor:
        cursor.execute(_UNUSED, [now() - UNUSED_FOR, _SWEPT_AT_ONCE])
        locked = [row[0] for row in cursor.fetchall()]
    # Asked again in a statement of its own: an item may have named one just before it was locked, now none can.
    unused = Upload.objects.filter(pk__in=locked, attachments=None)
    ids = list(unused.values_list("pk", flat=True))
    UploadPart.objects.filter(upload_id__in=ids).delete()
    Upload.objects.filter(pk__in=ids).delete()
    return len(ids)


def _spooled(parts: Iterable[bytes], spool: IO[bytes], key: DataKey) -> tuple[list[int], bytes]:
    """Write each part sealed; give their plain sizes and the SHA-256 of it all."""
    read = hashlib.sha256()
    sizes: list[int] = []
    for part in parts:
        read.update(part)
        spool.write(exhibits.encrypt(part, key, b"%d" % len(sizes)))
        sizes.append(len(part))
    return sizes, read.digest()


def _unspooled(spool: IO[bytes], sizes: list[int], key: DataKey) -> Iterator[bytes]:
    spool.seek(0)
    for n, size in enumerate(sizes):
        yield exhibits.decrypt(spool.read(size + exhibits.OVERHEAD), key, b"%d" % n)


@transaction.atomic
def _stored(caller: Caller, parts: Iterator[bytes], sha256: bytes, size: int, media_type: str) -> Upload:
    upload_id = new_id()
    key = exhibits.key_for(files.scope(upload_id))
    upload = Upload(
        id=upload_id, flow_id=caller.gate.flow_id, uploaded_with_id=caller.key_id, dek_id=key.id, sha256=sha256,
        size=size, media_type=media_type,
    )  # fmt: skip
    upload.save(force_insert=True)
    for n, part in enumerate(parts):
        _insert_part(upload_id, n, exhibits.encrypt(part, key, files.bound_to(upload_id, n)))
    return upload


def _insert_part(upload_id: UUID, n: int, ciphertext: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reviews_upload_part (upload_id, n, ciphertext) VALUES (%s::uuid, %s, %b)",
            [upload_id, n, ciphertext],
        )


def _sanitised(content_type: str) -> str:
    """Give the media type the caller says, without parameters; what is none becomes unknown bytes."""
    said = content_type.partition(";")[0].strip().lower()
    return said if _MEDIA_TYPE.fullmatch(said) else _UNKNOWN
