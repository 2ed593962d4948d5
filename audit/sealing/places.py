"""Where an entry stands in the log, once the sequencer gave it a place."""

from dataclasses import dataclass
from uuid import UUID

from audit.models import Leaf


@dataclass(frozen=True, slots=True)
class Place:
    """An entry's index in the log, covered by a signed checkpoint."""

    origin: str
    index: int
    leaf_hash: bytes


def place_of(entry_id: UUID) -> Place | None:
    """Give an entry's place, or nothing while it is not sealed; leaf and checkpoint commit together."""
    leaf = Leaf.objects.select_related("log").filter(entry_id=entry_id).first()
    return None if leaf is None else Place(leaf.log.origin, leaf.idx, bytes(leaf.leaf_hash))
