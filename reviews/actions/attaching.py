"""Attaching: an item names uploads of its flow by their digests; checked here, held by a foreign key for good."""

import re
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from reviews import documents
from reviews.documents import AttachmentDigestMismatch, AttachmentUnknown, ContractViolation
from reviews.models import Upload

INSERT = """INSERT INTO reviews_attachment (submission_id, revision, n, name, flow_id, upload_id, sha256)
 SELECT submission.id, %(revision)s, file.n, file.name, %(flow)s::uuid, file.upload, file.sha256"""
ROWS = (
    "unnest(%(names)s::text[], %(uploads)b::uuid[], %(sha256s)b::bytea[])"
    " WITH ORDINALITY AS file (name, upload, sha256, n)"
)
_ALONE = f"{INSERT} FROM (SELECT %(id)s::uuid AS id) submission, {ROWS}"
_HANDLE = re.compile(r"upl_([0-9a-f]{32})")
_RULE = "reviews_attachment_is_the_upload"


def handle(upload_id: UUID) -> str:
    """Write an upload's id as flows name it: `upl_` and 32 hexadecimal digits."""
    return f"upl_{upload_id.hex}"


def named(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the files a document names."""
    return document.get("attachments") or []


def insist(flow_id: UUID, document: dict[str, Any]) -> None:
    """Refuse a document whose files are not uploads of its flow, exactly as it says. One query, none without files.

    Raises AttachmentUnknown, AttachmentDigestMismatch or ContractViolation, whichever is found first.
    """
    attachments = named(document)
    if not attachments:
        return
    ids = [each for each in map(_upload_id, attachments) if each is not None]
    uploads = {upload.pk: upload for upload in Upload.objects.filter(pk__in=ids, flow_id=flow_id)}
    pairs = [(each, uploads.get(id_) if (id_ := _upload_id(each)) else None) for each in attachments]
    missing = [
        _fault(n, "upload", "There is no such upload of this flow.") for n, (_, it) in enumerate(pairs) if not it
    ]
    if missing:
        raise AttachmentUnknown("Upload the files first, then name them in the item.", errors=missing)
    known = [(each, upload) for each, upload in pairs if upload]
    _insist_on_digests(known)
    _insist_on_particulars(known)


def attach(submission_id: UUID, revision: int, flow_id: UUID, document: dict[str, Any]) -> None:
    """Write what a later revision attaches, in the caller's transaction; what `insist` said may be out of date.

    Raises AttachmentUnknown when a file was removed meanwhile.
    """
    files = named(document)
    if not files:
        return
    given = columns(files) | {"id": submission_id, "revision": revision, "flow": flow_id}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ALONE, given)
    except IntegrityError as error:
        if is_gone(error):
            raise AttachmentUnknown("A file was removed meanwhile: upload it again.") from None
        raise


def columns(attachments: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the parameters of `INSERT` for the files of a first revision."""
    return {
        "revision": 1,
        "names": [each["name"] for each in attachments],
        "uploads": [_upload_id(each) for each in attachments],
        "sha256s": [_sha256(each) for each in attachments],
    }


def is_gone(error: IntegrityError) -> bool:
    """Tell whether the database refused a file that is not, or no longer, an upload of this flow and digest."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) == _RULE


def _insist_on_digests(pairs: list[tuple[dict[str, Any], Upload]]) -> None:
    told = "The upload's bytes have the SHA-256 {}."
    wrong = [
        _fault(n, "sha256", told.format(bytes(upload.sha256).hex()))
        for n, (each, upload) in enumerate(pairs)
        if _sha256(each) != bytes(upload.sha256)
    ]
    if wrong:
        raise AttachmentDigestMismatch("Name each file by the digest of its bytes.", errors=wrong)


def _insist_on_particulars(pairs: list[tuple[dict[str, Any], Upload]]) -> None:
    wrong = []
    for n, (each, upload) in enumerate(pairs):
        if each.get("size", upload.size) != upload.size:
            wrong.append(_fault(n, "size", f"The upload has {upload.size} bytes."))
        if documents.media_type(each.get("media_type", upload.media_type)) != upload.media_type:
            wrong.append(_fault(n, "media_type", f"It was uploaded as {upload.media_type}."))
    if wrong:
        raise ContractViolation("Say of each file what was uploaded, or leave it out.", errors=wrong)


def _upload_id(attachment: dict[str, Any]) -> UUID | None:
    found = _HANDLE.fullmatch(attachment["upload"])
    return UUID(hex=found.group(1)) if found else None


def _sha256(attachment: dict[str, Any]) -> bytes:
    return bytes.fromhex(attachment["sha256"].removeprefix("sha256:"))


def _fault(index: int, member: str, message: str) -> dict[str, str]:
    return {"pointer": f"/attachments/{index}/{member}", "message": message}
