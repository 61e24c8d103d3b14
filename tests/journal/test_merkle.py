"""The tree of hashes: against the RFC's own definitions, its known vectors, and a liar."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.journal.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Frontier,
    Row,
    Tile,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

# ── The oracle: RFC 6962 2.1 as it is written, recursion and all ────────────────────────────────

Leaves = Sequence[bytes]


def k(n: int) -> int:
    """The largest power of two smaller than n."""
    power = 1
    while power * 2 < n:
        power *= 2
    return power


def mth(d: Leaves) -> bytes:
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return d[0]
    left, right = mth(d[: k(len(d))]), mth(d[k(len(d)) :])
    return sha256(b"\x01" + left + right).digest()


def path(m: int, d: Leaves) -> list[bytes]:
    if len(d) == 1:
        return []
    split = k(len(d))
    if m < split:
        return [*path(m, d[:split]), mth(d[split:])]
    return [*path(m - split, d[split:]), mth(d[:split])]


def subproof(m: int, d: Leaves, *, known: bool) -> list[bytes]:
    if m == len(d):
        return [] if known else [mth(d)]
    split = k(len(d))
    if m <= split:
        return [*subproof(m, d[:split], known=known), mth(d[split:])]
    return [*subproof(m - split, d[split:], known=False), mth(d[:split])]


# ── A fake: what a database keeps, in lists ─────────────────────────────────────────────────────


@dataclass
class Shelf:
    """Storage that appends as the recorder does, and counts how often it is asked."""

    frontier: Frontier = field(default_factory=Frontier)
    stored: list[bytes] = field(default_factory=list[bytes])
    tiles: dict[tuple[int, int], Tile] = field(default_factory=dict[tuple[int, int], Tile])
    asked: int = field(default=0, compare=False)
    reads: int = field(default=0, compare=False)

    def append(self, leaves: Leaves) -> list[Tile]:
        self.frontier, full = self.frontier.extend_with_tiles(leaves, self)
        self.stored.extend(leaves)
        self.tiles.update({(tile.level, tile.index): tile for tile in full})
        return full

    def rows(self, asked: Sequence[Row]) -> list[Leaves]:
        self.asked += 1
        self.reads += len(asked)
        return [self._row(each) for each in asked]

    def _row(self, one: Row) -> Leaves:
        if one.full:
            hashes = self.tiles[one.level, one.start // TILE_WIDTH].hashes
            return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
        assert one.stop - one.start < TILE_WIDTH
        if one.level:
            return [self.tiles[one.level - 1, at].root for at in range(one.start, one.stop)]
        return self.stored[one.start : one.stop]


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


LEAVES = some_leaves(65_536 + 700)


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.append(LEAVES)
    return shelf


# Where trees change their shape: powers of two, tiles, and the first tile of level 1.
EDGES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, len(LEAVES)]
sizes = st.sampled_from(EDGES) | st.integers(1, len(LEAVES))

# The definition hashes the whole tree for each answer, which takes its time at 65,536 leaves.
against_the_definition = settings(deadline=None, max_examples=25)


# ── Known vectors ───────────────────────────────────────────────────────────────────────────────

# The leaves and roots that Certificate Transparency implementations have tested with since 2012.
CT_RECORDS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_PATH_OF_THE_SIXTH_IN_EIGHT = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
CT_PROOF_FROM_SIX_TO_EIGHT = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


def test_a_record_is_never_taken_for_a_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")

    assert leaf_hash(left + right) != node_hash(left, right)


def test_the_known_roots_of_certificate_transparency_are_met() -> None:
    frontier = Frontier()
    roots: list[str] = []

    for record in CT_RECORDS:
        frontier = frontier.extend([leaf_hash(record)])
        roots.append(frontier.root().hex())

    assert roots == CT_ROOTS


def test_the_known_proofs_of_certificate_transparency_are_met() -> None:
    shelf = Shelf()
    shelf.append([leaf_hash(record) for record in CT_RECORDS])

    inclusion = inclusion_proof(shelf, 5, 8)
    consistency = consistency_proof(shelf, 6, 8)

    assert [step.hex() for step in inclusion] == CT_PATH_OF_THE_SIXTH_IN_EIGHT
    assert [step.hex() for step in consistency] == CT_PROOF_FROM_SIX_TO_EIGHT


# ── Against the definition ──────────────────────────────────────────────────────────────────────


def test_every_root_up_to_three_hundred_is_the_root_by_definition() -> None:
    shelf = Shelf()

    for size in range(1, 301):
        shelf.append(LEAVES[size - 1 : size])

        assert shelf.frontier.root() == root_at(shelf, size) == mth(LEAVES[:size])


@pytest.mark.parametrize("size", [*range(1, 36), 64, 100, 127, 128, 255, 256, 257, 300])
def test_every_leaf_is_proven_as_the_definition_says(shelf: Shelf, size: int) -> None:
    root = mth(LEAVES[:size])

    for index in range(size):
        proof = inclusion_proof(shelf, index, size)

        assert proof == path(index, LEAVES[:size])
        assert verify_inclusion(LEAVES[index], index, size, proof, root)


@pytest.mark.parametrize("new", [*range(1, 36), 64, 100, 127, 128, 255, 256, 257, 300])
def test_every_beginning_is_proven_as_the_definition_says(shelf: Shelf, new: int) -> None:
    root = mth(LEAVES[:new])

    for old in range(1, new + 1):
        proof = consistency_proof(shelf, old, new)

        assert proof == subproof(old, LEAVES[:new], known=True)
        assert verify_consistency(old, mth(LEAVES[:old]), new, root, proof)


@against_the_definition
@given(size=sizes)
def test_a_root_of_any_size_is_the_root_by_definition(shelf: Shelf, size: int) -> None:
    frontier = Frontier().extend(LEAVES[:size])

    assert frontier.root() == root_at(shelf, size) == mth(LEAVES[:size])


@given(ends=st.tuples(sizes, sizes, sizes))
@against_the_definition
def test_a_longer_storage_answers_for_an_older_size_as_it_did_then(
    shelf: Shelf, ends: tuple[int, int, int]
) -> None:
    old, new, _ = sorted(ends)
    index = old - 1
    stored = len(LEAVES)

    assert root_at(shelf, old, stored) == root_at(shelf, old)
    assert inclusion_proof(shelf, index, new, stored) == inclusion_proof(shelf, index, new)
    assert consistency_proof(shelf, old, new, stored) == consistency_proof(shelf, old, new)


@against_the_definition
@given(size=sizes, data=st.data())
def test_a_leaf_of_any_tree_is_proven(shelf: Shelf, size: int, data: st.DataObject) -> None:
    edges = st.sampled_from([edge - 1 for edge in EDGES if edge <= size])
    index = data.draw(edges | st.integers(0, size - 1))

    proof = inclusion_proof(shelf, index, size)

    assert proof == path(index, LEAVES[:size])
    assert verify_inclusion(LEAVES[index], index, size, proof, root_at(shelf, size))


@against_the_definition
@given(ends=st.tuples(sizes, sizes))
def test_a_beginning_of_any_tree_is_proven(shelf: Shelf, ends: tuple[int, int]) -> None:
    old, new = sorted(ends)

    proof = consistency_proof(shelf, old, new)

    assert proof == subproof(old, LEAVES[:new], known=True)
    assert verify_consistency(old, root_at(shelf, old), new, root_at(shelf, new), proof)


@pytest.mark.parametrize("new", [65_535, 65_536, 65_537])
def test_the_edge_of_the_first_high_tile_is_proven_as_the_definition_says(
    shelf: Shelf, new: int
) -> None:
    leaves = LEAVES[:new]
    edges = [edge for edge in EDGES if edge <= new]

    inclusions = [inclusion_proof(shelf, edge - 1, new) for edge in edges]
    consistencies = [consistency_proof(shelf, edge, new) for edge in edges]

    assert root_at(shelf, new) == mth(leaves)
    assert inclusions == [path(edge - 1, leaves) for edge in edges]
    assert consistencies == [subproof(edge, leaves, known=True) for edge in edges]


def test_a_tree_begins_with_itself_and_with_nothing_without_proof(shelf: Shelf) -> None:
    assert consistency_proof(shelf, 300, 300) == []
    assert consistency_proof(shelf, 0, 300) == []


def test_what_was_never_there_cannot_be_asked_for(shelf: Shelf) -> None:
    for index, size in [(-1, 8), (8, 8), (0, 0)]:
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(shelf, index, size)

    for old, new in [(-1, 8), (9, 8)]:
        with pytest.raises(ValueError, match="cannot begin"):
            consistency_proof(shelf, old, new)


# ── The frontier ────────────────────────────────────────────────────────────────────────────────


@given(parts=st.lists(st.integers(0, 700), max_size=6))
def test_how_the_leaves_were_portioned_makes_no_difference(parts: list[int]) -> None:
    shelf = Shelf()

    for part in parts:
        shelf.append(LEAVES[shelf.frontier.size :][:part])

    whole = Shelf()
    whole.append(LEAVES[: sum(parts)])
    assert shelf == whole
    assert shelf.frontier == Frontier().extend(LEAVES[: sum(parts)])


@given(size=sizes)
def test_a_frontier_comes_back_from_its_bytes(shelf: Shelf, size: int) -> None:
    frontier = frontier_at(shelf, size)

    data = frontier.to_bytes()

    assert Frontier.from_bytes(data) == frontier
    assert len(data) == 8 + 32 * size.bit_count()


def test_bytes_that_are_no_frontier_are_refused() -> None:
    eleven = Frontier().extend(LEAVES[:11]).to_bytes()
    twelve = (12).to_bytes(8, "big")

    for data in [b"", eleven[:7], eleven[:-1], eleven[:-32], eleven + b"\0", eleven + bytes(32)]:
        with pytest.raises(ValueError, match=r"frontier|peaks|32 bytes"):
            Frontier.from_bytes(data)
    with pytest.raises(ValueError, match="3 peaks do not make a tree of 12 leaves"):
        Frontier.from_bytes(twelve + eleven[8:])


def test_a_record_in_the_place_of_its_leaf_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="a hash has 32 bytes"):
        Frontier().extend([b"the record itself"])


# ── Tiles ───────────────────────────────────────────────────────────────────────────────────────


def test_a_tile_is_written_when_its_last_leaf_comes_and_not_before() -> None:
    shelf = Shelf()

    assert shelf.append(LEAVES[:255]) == []
    [tile] = shelf.append(LEAVES[255:256])
    assert shelf.append(LEAVES[256:258]) == []

    assert (tile.level, tile.index) == (0, 0)
    assert tile.hashes == b"".join(LEAVES[:256])
    assert tile.root == mth(LEAVES[:256])


def test_the_last_leaf_of_a_higher_tile_fills_both() -> None:
    shelf = Shelf()
    shelf.append(LEAVES[:65_535])

    below, above = shelf.append(LEAVES[65_535:65_536])

    assert (below.level, below.index) == (0, 255)
    assert (above.level, above.index) == (1, 0)
    assert above.hashes == b"".join(shelf.tiles[0, index].root for index in range(256))
    assert above.root == mth(LEAVES[:65_536])


def test_an_append_reads_only_what_stands_in_the_tile_that_it_fills() -> None:
    shelf = Shelf()
    shelf.append(LEAVES[:65_000])

    shelf.reads = 0
    shelf.append(LEAVES[65_000:65_010])
    quiet = shelf.reads
    shelf.append(LEAVES[65_010:65_536])
    filling = shelf.reads

    assert quiet == 0
    assert filling == 2  # the leaves of a ragged tile 0/253, the roots of 253 tiles


def test_a_proof_asks_once_and_reads_a_handful_of_rows(shelf: Shelf) -> None:
    size = len(LEAVES)

    for prove in (inclusion_proof, consistency_proof):
        shelf.asked = shelf.reads = 0
        prove(shelf, 12_345, size)

        assert shelf.asked == 1
        assert shelf.reads <= 5


def test_storage_that_has_lost_a_hash_is_not_believed() -> None:
    shelf = Shelf()
    shelf.append(LEAVES[:600])

    shelf.tiles[0, 0] = Tile(0, 0, bytes(32 * 255), bytes(32))
    del shelf.stored[590:]

    for index in (7, 599):
        with pytest.raises(ValueError, match="run fsck"):
            inclusion_proof(shelf, index, 600)


# ── A liar ──────────────────────────────────────────────────────────────────────────────────────


@st.composite
def spoilt(draw: st.DrawFn, proof: list[bytes]) -> list[bytes]:
    """A proof that is not this one: a bit turned, a step lost, added, repeated or misplaced."""
    steps = list(proof)
    at = draw(st.integers(0, len(steps)))
    deed = draw(st.sampled_from(["turn", "drop", "add", "swap", "cut", "lengthen"]))
    match deed:
        case "turn" if at < len(steps):
            bit = draw(st.integers(0, 255))
            steps[at] = (int.from_bytes(steps[at], "big") ^ 1 << bit).to_bytes(32, "big")
        case "drop" if at < len(steps):
            del steps[at]
        case "swap" if at < len(steps) - 1 and steps[at] != steps[at + 1]:
            steps[at], steps[at + 1] = steps[at + 1], steps[at]
        case "cut" if at < len(steps):
            steps[at] = steps[at][:-1]
        case "lengthen" if at < len(steps):
            steps[at] += b"\0"
        case _:
            steps.insert(at, draw(st.sampled_from([*proof, *LEAVES[:2]])))
    return steps


@given(size=st.integers(1, 300), data=st.data())
def test_a_spoilt_inclusion_proof_always_fails(
    shelf: Shelf, size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(shelf, index, size)
    root = root_at(shelf, size)

    lie = data.draw(spoilt(proof))

    assert not verify_inclusion(LEAVES[index], index, size, lie, root)


@given(new=st.integers(1, 300), data=st.data())
def test_a_spoilt_consistency_proof_always_fails(
    shelf: Shelf, new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(shelf, old, new)

    lie = data.draw(spoilt(proof))

    assert not verify_consistency(old, root_at(shelf, old), new, root_at(shelf, new), lie)


@given(size=st.integers(2, 300), data=st.data())
def test_a_proof_serves_its_own_leaf_place_and_root_only(
    shelf: Shelf, size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index))
    proof, root = inclusion_proof(shelf, index, size), root_at(shelf, size)

    assert not verify_inclusion(LEAVES[other], index, size, proof, root)
    assert not verify_inclusion(LEAVES[index], other, size, proof, root)
    assert not verify_inclusion(LEAVES[index], index, size, proof, root_at(shelf, size - 1))


@given(size=st.integers(2, 300), data=st.data())
def test_a_history_rewritten_anywhere_does_not_begin_the_new_one(
    shelf: Shelf, size: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, size))
    rewritten = list(LEAVES[:size])
    rewritten[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
    forger = Shelf()
    forger.append(rewritten)

    proof = consistency_proof(forger, old, size)

    assert not verify_consistency(old, root_at(shelf, old), size, root_at(forger, size), proof)


def test_a_proof_that_stops_below_the_root_or_climbs_past_it_fails(shelf: Shelf) -> None:
    four, seven, eight = root_at(shelf, 4), root_at(shelf, 7), root_at(shelf, 8)
    low, high = inclusion_proof(shelf, 3, 4), inclusion_proof(shelf, 7, 8)
    short, long = consistency_proof(shelf, 3, 4), consistency_proof(shelf, 7, 8)

    # the last leaf of four and of eight turn the same way at every step
    assert not verify_inclusion(LEAVES[3], 7, 8, low, four)
    assert not verify_inclusion(LEAVES[7], 3, 4, high, eight)
    assert not verify_consistency(7, root_at(shelf, 3), 8, four, short)
    assert not verify_consistency(3, seven, 4, eight, long)


def test_impossible_sizes_and_hashes_are_answered_with_no() -> None:
    h = bytes(32)

    for index, size in [(-1, 1), (0, 0), (1, 1), (0, -1), (2**70, 2**69)]:
        assert not verify_inclusion(h, index, size, [], h)
    for old, new in [(-1, 1), (2, 1), (-2, -1), (2**70, 2**69)]:
        assert not verify_consistency(old, h, new, h, [])
    assert not verify_inclusion(b"short", 0, 1, [], b"short")
    assert not verify_consistency(1, b"short", 1, b"short", [])
    assert not verify_inclusion(h, 0, 2**63, [h] * 1000, h)


def test_nothing_is_proven_of_an_empty_tree() -> None:
    root = mth(LEAVES[:3])

    assert not verify_consistency(0, EMPTY_ROOT, 3, root, [])
    assert not verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])


def test_a_tree_is_consistent_with_itself_and_no_proof_is_read() -> None:
    root, other = mth(LEAVES[:3]), mth(LEAVES[:4])

    assert verify_consistency(3, root, 3, root, [])
    assert not verify_consistency(3, root, 3, other, [])
    assert not verify_consistency(3, root, 3, root, [root])
