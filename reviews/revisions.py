"""Revisions as what they propose: the document as posted, with a signer's changes on top, and its act."""

import json
from functools import lru_cache
from typing import Any
from uuid import UUID

from audit import exhibits
from reviews import acts, contracts, documents, lifecycle, overriding
from reviews.models import Contract, Item, Revision


def posted(revision: Revision) -> dict[str, Any]:
    """Give the document as its flow posted it, making sure that it is that one."""
    document: dict[str, Any] = json.loads(exhibits.open(revision.exhibit_id))
    if documents.digest(document) != bytes(revision.digest):
        raise exhibits.Damaged(f"revision {revision.pk} does not match its digest")
    return document


def overrides(revision: Revision) -> dict[str, str]:
    """Give the texts by pointer that signers put over the output; empty for a revision as posted."""
    if revision.overrides_id is None:
        return {}
    found: dict[str, str] = json.loads(exhibits.open(revision.overrides_id))
    return found


def contract(revision: Revision) -> contracts.Contract | None:
    """Give the compiled contract the revision was checked against, if its flow had one."""
    return _compiled(revision.contract_id) if revision.contract_id else None


def document(revision: Revision) -> dict[str, Any]:
    """Give what the revision proposes: the posted document with its overrides."""
    texts = overrides(revision)
    proposed = posted(revision)
    return overriding.apply(proposed, contract(revision), texts) if texts else proposed


def act(item: Item, revision: Revision) -> dict[str, Any]:
    """Give the act of a revision, making sure that it is the one its signers were shown."""
    return built(item, revision, document(revision))


def built(item: Item, revision: Revision, proposed: dict[str, Any]) -> dict[str, Any]:
    """Give the act of a revision whose document is at hand."""
    made = acts.build(proposed, acts.salt(lifecycle.subject_key(item), item.pk, revision.revision))
    if acts.digest(made) != bytes(revision.action_sha256):
        raise exhibits.Damaged(f"revision {revision.pk} does not match the digest of its act")
    return made


@lru_cache(maxsize=64)
def _compiled(contract_id: UUID) -> contracts.Contract:
    """Compile a contract once per process; a contract never changes."""
    return contracts.compile(Contract.objects.get(pk=contract_id).schema)


def after(current: Revision, number: int, action_sha256: bytes, **own: Any) -> Revision:
    """Give the next revision, not yet written: what was posted and changed stays, but for what is its own."""
    fresh = ("id", "changed_by_id", "rerouted_by_id", "created_at")
    kept = {each.attname: getattr(current, each.attname) for each in Revision._meta.concrete_fields}
    kept = {name: value for name, value in kept.items() if name not in fresh}
    return Revision(**kept | {"revision": number, "action_sha256": action_sha256} | own)
