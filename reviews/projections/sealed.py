"""Which rows of items hold what an entry only discloses: digests of documents, and the licence signed under."""

# ruff: noqa: S608  columns and tables of this program, no values
from typing import Final

from audit.sealing.disclosed import Disclosed
from reviews import facts

_REVISION: Final = "e.stream || '/' || (pub ->> 'revision')"
_DIGEST: Final = "encode(digest, 'hex') FROM reviews_revision WHERE changed_by_id IS NULL AND rerouted_by_id IS NULL"
_NAMED: Final = "item_id || '/' || revision, 'the document of revision ' || revision"

OF_ITEMS: Final = (
    Disclosed(facts.Received, "document_sha256", _REVISION, f"SELECT item_id, {_NAMED}, {_DIGEST} AND revision = 1"),
    Disclosed(facts.Revised, "document_sha256", _REVISION, f"SELECT item_id, {_NAMED}, {_DIGEST} AND revision > 1"),
    Disclosed(
        facts.Received, "body_sha256", "e.stream::text",
        "SELECT id, id::text, 'the body as received', encode(body_sha256, 'hex') FROM reviews_submission",
    ),
    Disclosed(
        facts.Revised, "body_sha256", _REVISION,
        f"SELECT item_id, {_NAMED}, encode(body_sha256, 'hex') FROM reviews_revision_post",
    ),
    Disclosed(
        facts.Signed, "licence", "pub ->> 'signature'",
        """SELECT item_id, id::text, 'the licence of the signature ' || id, nullif(normalize(licence), '')
             FROM reviews_signature""",
    ),
)  # fmt: skip
