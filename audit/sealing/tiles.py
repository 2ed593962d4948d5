"""Tiles (C2SP tlog-tiles): where hashes lie, which tiles a growing tree fills, their paths. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from audit.sealing import merkle

WIDTH = 256
HEIGHT = 8
HASH = 32

ReadTile = Callable[[int, int], bytes]
_PATH = re.compile(r"(?P<level>0|[1-9]\d?)/(?P<n>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True)
class FullTile:
    """256 hashes in a row and the root above them."""

    level: int
    n: int
    hashes: bytes
    root: bytes


def entries_at(level: int, size: int) -> int:
    """Give how many hashes level `level` holds in a tree of `size` leaves."""
    return size >> HEIGHT * level


def width_of(level: int, n: int, size: int) -> int:
    """Give how many hashes tile `n` of a level has in a tree of `size` leaves: 0 to 256."""
    return max(0, min(WIDTH, entries_at(level, size) - n * WIDTH))


def split(row: bytes) -> list[bytes]:
    """Cut a tile into its hashes."""
    return [row[at : at + HASH] for at in range(0, len(row), HASH)]


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """Give the root over a power of two of hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [merkle.node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def new_tiles(old_size: int, leaves: Sequence[bytes], edge: Callable[[int], Sequence[bytes]]) -> Iterator[FullTile]:
    """Give the tiles filled by appending leaf hashes; `edge(level)` gives the old partial tile of a level."""
    level, fresh = 0, list(leaves)
    while fresh:
        before = entries_at(level, old_size)
        row = [*edge(level), *fresh] if before % WIDTH else fresh
        if len(row) < WIDTH:
            return
        first, fresh = before // WIDTH, []
        for nth in range(len(row) // WIDTH):
            hashes = row[nth * WIDTH : (nth + 1) * WIDTH]
            fresh.append(tile_root(hashes))
            yield FullTile(level, first + nth, b"".join(hashes), fresh[-1])
        level += 1


def hash_reader(read: ReadTile) -> merkle.HashAt:
    """Make `hash_at(level, index)` of the binary tree from a reader of tiles, full or partial."""

    def hash_at(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        start = index << height
        n, offset = divmod(start, WIDTH)
        row = read(tile_level, n)[offset * HASH : (offset + (1 << height)) * HASH]
        if len(row) != HASH << height:
            raise ValueError(f"Tile {path(tile_level, n)} is too short for the hash at {level}/{index}.")
        return tile_root(split(row))

    return hash_at


def path(level: int, n: int, width: int = WIDTH) -> str:
    """Write a tile's path below `tile/`: level, zero-padded groups of three, `.p/W` when partial."""
    digits = f"{n:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    written = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"{level}/{written}" + (f".p/{width}" if width < WIDTH else "")


def parse_path(text: str) -> tuple[int, int, int]:
    """Read level, number and width from a path that `path` could have written; ValueError otherwise."""
    if (match := _PATH.fullmatch(text)) is None:
        raise ValueError(f"{text!r} is not the path of a tile.")
    level, n = int(match["level"]), int(match["n"].replace("x", "").replace("/", ""))
    width = int(match["width"] or WIDTH)
    if level > 63 or path(level, n, width) != text:
        raise ValueError(f"{text!r} is not the path of a tile.")
    return level, n, width
