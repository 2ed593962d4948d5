"""Inclusion proofs: that one entry stands at one place under a signed checkpoint, as a file and as JSON."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.models import Checkpoint, Leaf
from audit.sealing import merkle, notes, storage
from portal.kit.problems import Problem

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9]\d{0,18})")


class NotSealed(Problem):
    """The entry is not under a signed checkpoint yet."""

    code = "not_sealed"
    status = 409
    title = "This entry is not sealed yet"


@dataclass(frozen=True, slots=True)
class Proof:
    """A leaf's index, its path to the root, and the checkpoint that signed the root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def as_text(self) -> str:
        """Write the proof in C2SP's tlog-proof form, the content of a `.tlog-proof` file."""
        steps = "".join(f"{b64encode(step).decode()}\n" for step in self.hashes)
        return f"{_HEADER}\nindex {self.index}\n{steps}\n{self.checkpoint}"


@dataclass(frozen=True, slots=True)
class EntryProof:
    """An entry's leaf with its proof."""

    entry: UUID
    origin: str
    leaf: bytes
    proof: Proof

    def as_document(self) -> dict[str, Any]:
        """Give the proof for JSON; `leaf` is the exact text whose hash the proof is about."""
        return {
            "entry": str(self.entry),
            "log": self.origin,
            "index": self.proof.index,
            "leaf": self.leaf.decode(),
            "leaf_hash": merkle.leaf_hash(self.leaf).hex(),
            "hashes": [b64encode(step).decode() for step in self.proof.hashes],
            "checkpoint": self.proof.checkpoint,
            "tlog_proof": self.proof.as_text(),
        }


def prove(entry_id: UUID, checkpoint: Checkpoint | None = None) -> EntryProof:
    """Prove one entry against the newest checkpoint or a given one."""
    return prove_all([entry_id], checkpoint)[0]


def prove_all(entry_ids: Iterable[UUID], checkpoint: Checkpoint | None = None) -> list[EntryProof]:
    """Prove several entries against one checkpoint, in the order of the log; tiles are read once."""
    wanted = set(entry_ids)
    leaves = list(Leaf.objects.filter(entry_id__in=wanted).select_related("entry", "log").order_by("idx"))
    if len(leaves) < len(wanted):
        raise NotSealed("An entry waits for its place in the log; try again in a second.")
    if not leaves:
        return []
    log = leaves[0].log
    signed = checkpoint or storage.newest_checkpoint(log.pk)
    if signed is None or leaves[-1].idx >= signed.size:
        raise NotSealed("This checkpoint was signed before the entry had its place.")
    stored = storage.StoredTree(log.pk)
    return [
        EntryProof(leaf.entry_id, log.origin, bytes(leaf.entry.leaf_bytes), _proof(leaf.idx, signed, stored))
        for leaf in leaves
    ]


def verify(text: str, leaf: bytes, origin: str, keys: Iterable[bytes]) -> notes.Note:
    """Give the checkpoint a leaf is proved under; ValueError with a sentence when it is not."""
    proof = parse(text)
    note, _ = notes.verify(proof.checkpoint, origin, keys)
    if not merkle.includes(merkle.leaf_hash(leaf), proof.index, note.size, proof.hashes, note.root):
        raise ValueError("The proof does not lead from this leaf to the root that was signed.")
    return note


def parse(text: str) -> Proof:
    """Read a tlog-proof; ValueError with a sentence when it is malformed."""
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != _HEADER:
        raise ValueError(f"A proof begins with {_HEADER} and holds a checkpoint after a blank line.")
    lines = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    if not lines or (match := _INDEX.fullmatch(lines[0])) is None:
        raise ValueError("A proof names the index of its leaf.")
    return Proof(int(match[1]), tuple(_step(line) for line in lines[1:]), checkpoint)


def _proof(index: int, signed: Checkpoint, stored: storage.StoredTree) -> Proof:
    return Proof(index, tuple(merkle.inclusion_proof(index, signed.size, stored.hash_at)), signed.note)


def _step(line: str) -> bytes:
    try:
        step = b64decode(line, validate=True)
    except (NotBase64, ValueError) as error:
        raise ValueError("A step of a proof is not base64.") from error
    if len(step) != 32:
        raise ValueError("A step of a proof is 32 bytes.")
    return step
