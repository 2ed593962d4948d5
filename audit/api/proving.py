"""The proofs of one stream: each of its entries under one checkpoint."""

from typing import Any
from uuid import UUID

from audit.models import Entry, Leaf
from audit.sealing import proofs


def proofs_of(stream: UUID) -> dict[str, Any]:
    """Give every sealed entry of a stream with its inclusion proof, and name those that wait."""
    told = Entry.objects.filter(stream=stream).order_by("at", "version")
    entries = list(told.values_list("eid", flat=True))
    placed = set(Leaf.objects.filter(entry_id__in=entries).values_list("entry_id", flat=True))
    return {
        "entries": [proof.as_document() for proof in proofs.prove_all(placed)],
        "not_sealed": [str(entry) for entry in entries if entry not in placed],
    }
