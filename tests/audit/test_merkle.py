"""The tree: what every proof must show and no altered proof may."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.sealing import merkle

SIZES = st.integers(1, 300)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(b"leaf %d" % nth) for nth in range(size)]


def naive_root(row: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not row:
        return hashlib.sha256(b"").digest()
    if len(row) == 1:
        return row[0]
    half = 1
    while half * 2 < len(row):
        half *= 2
    return hashlib.sha256(b"\1" + naive_root(row[:half]) + naive_root(row[half:])).digest()


def reader(row: list[bytes]) -> merkle.HashAt:
    def hash_at(level: int, index: int) -> bytes:
        part = row[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "only complete subtrees may be asked for"
        return naive_root(part)

    return hash_at


def flipped(digest: bytes, bit: int) -> bytes:
    changed = bytearray(digest)
    changed[bit // 8 % 32] ^= 1 << bit % 8
    return bytes(changed)


def test_hashes_of_leaves_and_nodes_differ_by_their_prefix():
    assert merkle.leaf_hash(b"") == hashlib.sha256(b"\0").digest()
    assert merkle.node_hash(b"a", b"b") == hashlib.sha256(b"\1ab").digest()
    assert merkle.root_of([]) == hashlib.sha256(b"").digest()


@given(SIZES)
def test_the_root_of_a_frontier_equals_a_naive_recursion(size):
    row = leaves(size)

    frontier = merkle.extended([], row)

    assert merkle.root_of(frontier) == naive_root(row) == merkle.root_at(size, reader(row))
    assert merkle.size_of(frontier) == size


@given(SIZES, st.data())
def test_a_frontier_can_be_put_away_and_continued(size, data):
    row = leaves(size)
    first = data.draw(st.integers(0, size))

    kept = merkle.pack(merkle.extended([], row[:first]))

    assert merkle.root_of(merkle.extended(merkle.unpack(kept), row[first:])) == naive_root(row)


def test_extending_a_frontier_leaves_the_old_one_alone():
    old = merkle.extended([], leaves(3))
    before = merkle.pack(old)

    merkle.extended(old, leaves(5))

    assert merkle.pack(old) == before


@pytest.mark.parametrize("packed", [b"x", bytes([1]) + bytes(32) + bytes([1]) + bytes(32), bytes([99]) + bytes(32)])
def test_a_malformed_frontier_is_refused(packed):
    with pytest.raises(ValueError, match="frontier"):
        merkle.unpack(packed)


@given(SIZES, st.data())
def test_every_inclusion_proof_verifies(size, data):
    row = leaves(size)
    index = data.draw(st.integers(0, size - 1))

    proof = merkle.inclusion_proof(index, size, reader(row))

    assert merkle.includes(row[index], index, size, proof, naive_root(row))


@given(SIZES, st.data())
def test_every_altered_inclusion_proof_fails(size, data):
    row = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    root = naive_root(row)
    proof = merkle.inclusion_proof(index, size, reader(row))
    bit = data.draw(st.integers(0, 255))

    assert not merkle.includes(flipped(row[index], bit), index, size, proof, root)
    assert not merkle.includes(row[index], index, size, proof, flipped(root, bit))
    assert not merkle.includes(row[index], index, size, [*proof, root], root)
    for at, step in enumerate(proof):
        assert not merkle.includes(row[index], index, size, [*proof[:at], flipped(step, bit), *proof[at + 1 :]], root)
        assert not merkle.includes(row[index], index, size, [*proof[:at], *proof[at + 1 :]], root)


@given(SIZES, st.data())
def test_an_inclusion_proof_speaks_of_one_place_only(size, data):
    row = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size).filter(lambda place: place != index))
    proof = merkle.inclusion_proof(index, size, reader(row))

    assert not merkle.includes(row[index], other, size, proof, naive_root(row))


@given(SIZES, st.data())
def test_every_consistency_proof_verifies(size, data):
    row = leaves(size)
    old = data.draw(st.integers(0, size))

    proof = merkle.consistency_proof(old, size, reader(row))

    assert merkle.continues(old, naive_root(row[:old]), size, naive_root(row), proof)


@given(SIZES, st.data())
def test_every_altered_consistency_proof_fails(size, data):
    row = leaves(size)
    old = data.draw(st.integers(0, size))
    older, newer = naive_root(row[:old]), naive_root(row)
    proof = merkle.consistency_proof(old, size, reader(row))
    bit = data.draw(st.integers(0, 255))

    assert not merkle.continues(old, flipped(older, bit), size, newer, proof)
    assert not merkle.continues(old, older, size, newer, [*proof, newer])
    if 0 < old < size:
        assert not merkle.continues(old, older, size, flipped(newer, bit), proof)
    for at, step in enumerate(proof):
        assert not merkle.continues(old, older, size, newer, [*proof[:at], flipped(step, bit), *proof[at + 1 :]])
        assert not merkle.continues(old, older, size, newer, [*proof[:at], *proof[at + 1 :]])


@given(st.integers(2, 300), st.data())
def test_a_tree_with_one_old_leaf_exchanged_is_no_continuation(size, data):
    row = leaves(size)
    old = data.draw(st.integers(1, size - 1))
    forged = [merkle.leaf_hash(b"forged"), *row[1:]]

    proof = merkle.consistency_proof(old, size, reader(forged))

    assert not merkle.continues(old, naive_root(row[:old]), size, naive_root(forged), proof)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_no_proof_is_made_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_proof(index, size, reader(leaves(size)))


def test_a_smaller_tree_never_continues_a_larger_one():
    with pytest.raises(ValueError, match="cannot continue"):
        merkle.consistency_proof(4, 3, reader(leaves(4)))

    assert not merkle.continues(4, naive_root(leaves(4)), 3, naive_root(leaves(3)), [])


@pytest.mark.parametrize("claimed", [2, 3, 4, 5, 300])
def test_a_proof_says_nothing_about_a_larger_tree(claimed):
    row = leaves(1)

    assert not merkle.includes(row[0], 0, claimed, [], naive_root(row))
    assert not merkle.continues(1, row[0], claimed, row[0], [])


def test_a_consistency_proof_too_short_for_its_sizes_fails():
    row = leaves(3)
    proof = merkle.consistency_proof(2, 3, reader(row))

    assert merkle.continues(2, naive_root(row[:2]), 3, naive_root(row), proof)
    assert not merkle.continues(2, naive_root(row[:2]), 5, naive_root(row), proof)


def test_a_proof_with_a_step_of_another_length_fails():
    row = leaves(2)

    assert not merkle.includes(row[0], 0, 2, [row[1][:31]], naive_root(row))
    assert not merkle.continues(1, row[0], 2, naive_root(row), [row[1] + b"x"])


def test_roots_match_the_published_vectors_of_certificate_transparency():
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    row = [merkle.leaf_hash(bytes.fromhex(each)) for each in inputs]

    assert naive_root(row).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert merkle.root_of(merkle.extended([], row[:3])).hex() == (
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    )
