"""The Merkle tree of RFC 6962: hashes, the right edge (frontier), inclusion and consistency proofs. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Sequence

Frontier = list[tuple[int, bytes]]
HashAt = Callable[[int, int], bytes]

EMPTY_ROOT = hashlib.sha256(b"").digest()
_PACKED = 33


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf: SHA-256(0x00 || leaf)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def extended(frontier: Frontier, leaves: Iterable[bytes]) -> Frontier:
    """Give the frontier after appending leaf hashes; the old one stays as it was."""
    edge = list(frontier)
    for leaf in leaves:
        push(edge, leaf)
    return edge


def push(edge: Frontier, digest: bytes, level: int = 0) -> None:
    """Append one leaf hash, or the root of a complete subtree, in place."""
    while edge and edge[-1][0] == level:
        digest = hashlib.sha256(b"\1" + edge.pop()[1] + digest).digest()
        level += 1
    edge.append((level, digest))


def root_of(frontier: Frontier) -> bytes:
    """Give the root of the tree whose right edge this is."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1][1]
    for _, left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def size_of(frontier: Frontier) -> int:
    """Give the number of leaves under a frontier."""
    return sum(1 << level for level, _ in frontier)


def pack(frontier: Frontier) -> bytes:
    """Write a frontier as repeated 1-byte level and 32-byte hash, highest level first."""
    return b"".join(bytes([level]) + digest for level, digest in frontier)


def unpack(packed: bytes) -> Frontier:
    """Read what `pack` wrote; ValueError when levels do not fall strictly or bytes are missing."""
    if len(packed) % _PACKED:
        raise ValueError("A frontier is a whole number of 33-byte steps.")
    steps = [packed[at : at + _PACKED] for at in range(0, len(packed), _PACKED)]
    frontier = [(step[0], step[1:]) for step in steps]
    levels = [level for level, _ in frontier]
    if any(above <= below for above, below in zip(levels, levels[1:], strict=False)) or any(v > 62 for v in levels):
        raise ValueError("The levels of a frontier must fall from left to right.")
    return frontier


def frontier_at(size: int, hash_at: HashAt) -> Frontier:
    """Give the frontier of the first `size` leaves, read from complete subtrees."""
    return _cover(0, size, hash_at)


def root_at(size: int, hash_at: HashAt) -> bytes:
    """Give the root of the first `size` leaves."""
    return root_of(frontier_at(size, hash_at))


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Prove that the leaf at `index` is in the tree of `size` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"Leaf {index} is not in a tree of {size}.")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_root(middle, high, hash_at))
            high = middle
        else:
            path.append(_range_root(low, middle, hash_at))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, hash_at: HashAt) -> list[bytes]:
    """Prove that the tree of `new` leaves begins with the tree of `old` leaves (RFC 6962, 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} leaves cannot continue one of {old}.")
    if old in (0, new):
        return []
    path, low, high, whole = [], 0, new, True
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range_root(middle, high, hash_at))
            high = middle
        else:
            path.append(_range_root(low, middle, hash_at))
            low, whole = middle, False
    return ([] if whole else [_range_root(low, high, hash_at)]) + path[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether an inclusion proof leads from a leaf hash to a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != 32 for step in proof):
        return False
    at, last, digest = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            digest = node_hash(step, digest)
            at, last = _skip_right_edge(at, last)
        else:
            digest = node_hash(digest, step)
        at, last = at >> 1, last >> 1
    return last == 0 and digest == root


def continues(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a consistency proof leads from an old root to a new one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new or any(len(step) != 32 for step in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(steps) and _walk_both(old - 1, new - 1, steps) == (old_root, new_root)


def _walk_both(at: int, last: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            at, last = _skip_right_edge(at, last)
        else:
            newer = node_hash(newer, step)
        at, last = at >> 1, last >> 1
    return (older, newer) if last == 0 else None


def _skip_right_edge(at: int, last: int) -> tuple[int, int]:
    while not at & 1 and at:
        at, last = at >> 1, last >> 1
    return at, last


def _split(width: int) -> int:
    return 1 << (width - 1).bit_length() - 1


def _cover(low: int, high: int, hash_at: HashAt) -> Frontier:
    """Give the complete subtrees that make up [low, high), largest first; low lies on their borders."""
    subtrees: Frontier = []
    while low < high:
        level = (high - low).bit_length() - 1
        subtrees.append((level, hash_at(level, low >> level)))
        low += 1 << level
    return subtrees


def _range_root(low: int, high: int, hash_at: HashAt) -> bytes:
    return root_of(_cover(low, high, hash_at))
