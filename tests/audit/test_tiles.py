"""Tiles: the geometry the C2SP page describes, and proofs read from tiles alone."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.sealing import merkle, tiles


@cache
def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(b"leaf %d" % nth) for nth in range(size)]


class Shelf:
    """Tiles kept as the database keeps them: full ones only; the right edge comes from leaves and roots."""

    def __init__(self) -> None:
        self.full: dict[tuple[int, int], tiles.FullTile] = {}
        self.leaves: list[bytes] = []

    def grow(self, fresh: list[bytes]) -> None:
        for tile in tiles.new_tiles(len(self.leaves), fresh, self.edge):
            self.full[tile.level, tile.n] = tile
        self.leaves = [*self.leaves, *fresh]

    def row(self, level: int) -> list[bytes]:
        if level == 0:
            return self.leaves
        return [self.full[level - 1, n].root for n in range(tiles.entries_at(level, len(self.leaves)))]

    def edge(self, level: int) -> list[bytes]:
        row = self.row(level)
        return row[len(row) // 256 * 256 :]

    def read(self, level: int, n: int) -> bytes:
        if (level, n) in self.full:
            return self.full[level, n].hashes
        return b"".join(self.row(level)[n * 256 : (n + 1) * 256])


@pytest.mark.parametrize(
    ("level", "n", "width", "written"),
    [
        (0, 0, 256, "0/000"),
        (0, 67, 256, "0/067"),
        (1, 1067, 256, "1/x001/067"),
        (0, 1234067, 256, "0/x001/x234/067"),
        (2, 0, 1, "2/000.p/1"),
        (0, 273, 112, "0/273.p/112"),
    ],
)
def test_paths_are_written_and_read_as_the_specification_says(level, n, width, written):
    assert tiles.path(level, n, width) == written
    assert tiles.parse_path(written) == (level, n, width)


@pytest.mark.parametrize(
    "text",
    ["", "0/1", "00/001", "0/001/", "64/000", "0/x001", "0/x000/067", "0/000.p/0", "0/000.p/256", "0/../000"],
)
def test_a_path_nobody_would_write_is_refused(text):
    with pytest.raises(ValueError, match="not the path of a tile"):
        tiles.parse_path(text)


@given(st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_every_path_reads_back(level, n, width):
    assert tiles.parse_path(tiles.path(level, n, width)) == (level, n, width)


def test_a_tree_of_70000_has_the_tiles_the_specification_lists():
    assert tiles.entries_at(0, 70_000) // 256 == 273
    assert tiles.width_of(0, 273, 70_000) == 112
    assert tiles.width_of(1, 0, 70_000) == 256
    assert tiles.width_of(1, 1, 70_000) == 17
    assert tiles.width_of(2, 0, 70_000) == 1
    assert tiles.width_of(3, 0, 70_000) == 0


def test_a_tree_of_256_has_one_full_tile_and_one_hash_above_it():
    shelf = Shelf()

    shelf.grow(leaves(256))

    assert list(shelf.full) == [(0, 0)]
    assert shelf.full[0, 0].root == merkle.root_of(merkle.extended([], leaves(256)))
    assert tiles.width_of(1, 0, 256) == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_growing_in_steps_fills_the_same_tiles_as_growing_at_once(steps):
    slowly, at_once = Shelf(), Shelf()
    for step in steps:
        slowly.grow(leaves(5000)[len(slowly.leaves) : len(slowly.leaves) + step])

    at_once.grow(leaves(5000)[: sum(steps)])

    assert slowly.full == at_once.full
    assert len(slowly.full) == sum(steps) // 256


def test_a_tile_of_the_second_level_is_filled_by_65536_leaves():
    shelf = Shelf()
    shelf.grow(leaves(65_700)[:65_000])

    shelf.grow(leaves(65_700)[65_000:])

    assert (1, 0) in shelf.full
    assert shelf.full[1, 0].root == merkle.root_of(merkle.extended([], leaves(65_700)[:65_536]))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3000), st.data())
def test_proofs_read_from_tiles_verify(size, data):
    shelf = Shelf()
    shelf.grow(leaves(3000)[:size])
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    hash_at = tiles.hash_reader(shelf.read)
    root = merkle.root_at(size, hash_at)

    inclusion = merkle.inclusion_proof(index, size, hash_at)
    consistency = merkle.consistency_proof(old, size, hash_at)

    assert root == merkle.root_of(merkle.extended([], leaves(3000)[:size]))
    assert merkle.includes(leaves(3000)[index], index, size, inclusion, root)
    assert merkle.continues(old, merkle.root_at(old, hash_at), size, root, consistency)


def test_a_tile_too_short_for_a_hash_is_told():
    with pytest.raises(ValueError, match="too short"):
        tiles.hash_reader(lambda level, n: b"")(0, 0)
