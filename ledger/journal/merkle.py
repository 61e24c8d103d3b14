"""The tree of hashes over a journal: RFC 6962 and RFC 9162, arithmetic only.

A journal is a growing list of leaves. One hash, the root, stands for all of them at a size, and
two short lists of hashes prove what two provinces need to know of each other: that a record is in
the journal (inclusion), and that a longer journal begins with the shorter one (consistency).

Nothing here reads or writes a database. What is kept there comes in as values:

    Frontier      the roots of the complete subtrees: all that is needed to append
    Tile          256 neighbouring hashes of one level, kept once they are all there
    HashReader    how a prover asks storage for leaves, tiles and the roots of tiles

Tile level 0 holds leaves, level 1 the roots of full level-0 tiles, and so on, so that a proof in a
journal of a million records reads a handful of rows. The verifiers at the end share with the
provers nothing but the hash: a mistake in the one is caught by the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from itertools import chain, pairwise
from typing import NamedTuple, Protocol, Self

HASH_SIZE = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962 2.1, RFC 9162 2.1.1)."""


# ── The two hashes ──────────────────────────────────────────────────────────────────────────────
# Their first byte keeps them apart: no node can be passed off as a record, and no record as a node.


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a record as a leaf: SHA-256(0x00 ‖ data) (RFC 9162 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side: SHA-256(0x01 ‖ l ‖ r) (RFC 9162 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def _parents(row: Sequence[bytes]) -> list[bytes]:
    """Hash a row two by two; a last one without a neighbour is left out."""
    each = iter(row)
    # node_hash written out: a call for each node would cost a third of the bulk rate.
    return [
        sha256(b"\x01" + left + right).digest() for left, right in zip(each, each, strict=False)
    ]


def _complete_root(row: Sequence[bytes]) -> bytes:
    """Return the root over a row whose length is a power of two."""
    while len(row) > 1:
        row = _parents(row)
    return row[0]


def _joined_root(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, biggest first: the smallest ones are joined first."""
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))


# ── Growing ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: its size, and the roots of its complete subtrees, biggest first.

    A tree of 11 leaves is 8 + 2 + 1, one subtree for each 1 in the binary size: the peaks. They
    are all that the root and every later root depend on (RFC 9162 2.1.1, and 2.1.2, where they
    are the stack of the verifier that is given the whole tree).
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"{len(self.peaks)} peaks do not make a tree of {self.size} leaves")
        _expect_hashes(self.peaks)

    def extend(self, leaves: Sequence[bytes]) -> "Frontier":
        """Return the frontier after these leaf hashes are appended (RFC 9162 2.1.2)."""
        frontier, _ = self._climb(leaves)
        return frontier

    def extend_with_tiles(
        self, leaves: Sequence[bytes], reader: "HashReader"
    ) -> "tuple[Frontier, list[Tile]]":
        """Return the frontier after these leaf hashes, and the tiles that they make full.

        `reader` is asked only for what earlier appends left in a tile that is full now.
        """
        frontier, fresh = self._climb(leaves)
        tiles: list[Tile] = []
        # What is fresh at one level fills tiles exactly where something is fresh at the next.
        for level, (hashes, roots) in enumerate(pairwise(fresh)):
            size = self.size >> (level * TILE_HEIGHT)
            index = size // TILE_WIDTH
            ragged = Row(level, index * TILE_WIDTH, size, full=False)
            (held,) = read(reader, [ragged]) if ragged.start < size else ((),)
            row = [*held, *hashes]
            for place, root in enumerate(roots):
                entries = row[place * TILE_WIDTH : (place + 1) * TILE_WIDTH]
                tiles.append(Tile(level, index + place, b"".join(entries), root))
        return frontier, tiles

    def _climb(self, leaves: Sequence[bytes]) -> "tuple[Frontier, list[Sequence[bytes]]]":
        """Hash the leaves upwards, one row for each height, as far as there is anything new.

        Beside the frontier, return the rows at the heights where tiles begin (0, 8, 16 …): the new
        entries of each tile level. A root of a full tile is thus never computed twice.
        """
        _expect_hashes(leaves)
        waiting = list(self.peaks)
        fresh: list[Sequence[bytes]] = []
        grown: list[bytes] = []
        size, height, row = self.size, 0, leaves
        while row:
            if height % TILE_HEIGHT == 0:
                fresh.append(row)
            if size & 1:  # the smallest old peak waits at this height for its right neighbour
                row = [waiting.pop(), *row]
            if len(row) & 1:
                grown.append(row[-1])
            row = _parents(row)
            size >>= 1
            height += 1
        peaks = (*waiting, *reversed(grown))
        return Frontier(self.size + len(leaves), peaks), fresh

    def root(self) -> bytes:
        """Return the root of the tree, MTH(D[size]) (RFC 9162 2.1.1)."""
        return _joined_root(self.peaks) if self.peaks else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """Return the frontier as it is kept in the head row: u64be(size) ‖ peaks."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote; refuse anything else (ValueError)."""
        if len(data) < 8:
            raise ValueError("a frontier begins with a size of eight bytes")
        return cls(int.from_bytes(data[:8], "big"), tuple(split(data[8:])))


# ── What storage keeps ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 neighbouring hashes of one level, end to end, and the root over them.

    The root is an entry of the tile above. It is kept beside the hashes, because that tile is not
    written before it is full, which takes 65,536 leaves at level 1.
    """

    level: int
    index: int
    hashes: bytes
    root: bytes


class Row(NamedTuple):
    """Entries [start, stop) of one level, within one tile: leaves, above them roots of full tiles.

    `full`: all of a tile that is full in storage, which keeps its entries end to end in one row.
    """

    level: int
    start: int
    stop: int
    full: bool


class HashReader(Protocol):
    """How storage is asked: for a few rows at a time, because each question costs a journey."""

    def rows(self, asked: Sequence[Row]) -> Sequence[Sequence[bytes]]:
        """Return the entries of each; fewer, where storage has not as many."""
        ...


def read(reader: HashReader, asked: Sequence[Row]) -> list[Sequence[bytes]]:
    """The entries of each row. Raises: ValueError where storage has not exactly as many."""
    found = reader.rows(asked) if asked else ()
    for row, entries in zip(asked, found, strict=True):
        if len(entries) != row.stop - row.start:
            raise ValueError(
                f"storage has {len(entries)} hashes of level {row.level} from {row.start} on, where"
                f" {row.stop - row.start} belong: run fsck"
            )
        _expect_hashes(entries)
    return list(found)


class _Subtrees:
    """The subtrees of a tree of one size; each tile that they lie in is read once, and all at once.

    `stored` is how far storage has grown beyond it: a tile that has become full since is one row
    to read, where its beginning would be up to 255.
    """

    def __init__(self, reader: HashReader, size: int, stored: int | None = None) -> None:
        self._reader = reader
        self._size = size
        self._stored = size if stored is None else stored
        self._rows: dict[tuple[int, int], Sequence[bytes]] = {}

    def peaks(self, start: int, stop: int) -> tuple[bytes, ...]:
        """Return the complete subtrees that make up the leaves [start, stop), biggest first.

        `start` is a multiple of the biggest one, as it is wherever RFC 9162 splits a tree.
        """
        self._read([(start, stop)])
        return self._peaks(start, stop)

    def roots(self, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return MTH(D[start:stop]) of each span (RFC 9162 2.1.1)."""
        self._read(spans)
        return [_joined_root(self._peaks(*span)) for span in spans]

    def _peaks(self, start: int, stop: int) -> tuple[bytes, ...]:
        return tuple(self._complete(height, index) for height, index in _complete_in(start, stop))

    def _complete(self, height: int, index: int) -> bytes:
        """Return the root of the subtree of 2^height leaves that has this index at its height."""
        level, rise = divmod(height, TILE_HEIGHT)
        tile, offset = divmod(index << rise, TILE_WIDTH)
        return _complete_root(self._rows[level, tile][offset : offset + (1 << rise)])

    def _read(self, spans: Sequence[tuple[int, int]]) -> None:
        """Read every tile that these spans lie in: all of it, or its ragged start at this size."""
        wanted: dict[tuple[int, int], Row] = {}
        for height, index in chain.from_iterable(_complete_in(*span) for span in spans):
            level, rise = divmod(height, TILE_HEIGHT)
            tile = (index << rise) // TILE_WIDTH
            start = tile * TILE_WIDTH
            full = start + TILE_WIDTH <= self._stored >> (level * TILE_HEIGHT)
            stop = start + TILE_WIDTH if full else self._size >> (level * TILE_HEIGHT)
            wanted[level, tile] = Row(level, start, stop, full)
        self._rows |= zip(wanted, read(self._reader, list(wanted.values())), strict=True)


def _complete_in(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield height and index of the complete subtrees of the leaves [start, stop), biggest first."""
    while start < stop:
        height = (stop - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


# ── Proving ─────────────────────────────────────────────────────────────────────────────────────


# Everywhere `stored` may say how long the log is by now, so that older sizes read fewer rows.


def frontier_at(reader: HashReader, size: int, stored: int | None = None) -> Frontier:
    """Return the frontier that the journal had at a size."""
    return Frontier(size, _Subtrees(reader, size, stored).peaks(0, size))


def root_at(reader: HashReader, size: int, stored: int | None = None) -> bytes:
    """Return the root that the journal had at a size (RFC 9162 2.1.1)."""
    return frontier_at(reader, size, stored).root()


def inclusion_proof(
    reader: HashReader, index: int, size: int, stored: int | None = None
) -> list[bytes]:
    """Return PATH(index, D[size]): the neighbours from leaf to root (RFC 9162 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, stop = 0, size
    beside: list[tuple[int, int]] = []
    while stop - start > 1:
        middle = start + _split_point(stop - start)
        if index < middle:
            beside.append((middle, stop))
            stop = middle
        else:
            beside.append((start, middle))
            start = middle
    beside.reverse()  # collected on the way down, written on the way up
    return _Subtrees(reader, size, stored).roots(beside)


def consistency_proof(
    reader: HashReader, old: int, new: int, stored: int | None = None
) -> list[bytes]:
    """Return PROOF(old, D[new]) (RFC 9162 2.1.4.1).

    It is empty where the RFC has none: an empty tree begins every tree, and a tree begins itself.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot begin with a tree of {old}")
    if old == 0:
        return []
    start, stop = 0, new
    beside: list[tuple[int, int]] = []
    while stop != old:
        middle = start + _split_point(stop - start)
        if old <= middle:
            beside.append((middle, stop))
            stop = middle
        else:
            beside.append((start, middle))
            start = middle
    if start:  # otherwise what is left is the whole old tree, whose root the verifier has
        beside.append((start, stop))
    beside.reverse()
    return _Subtrees(reader, new, stored).roots(beside)


def _split_point(width: int) -> int:
    """Return the biggest power of two that is smaller than the width: k in RFC 9162 2.1.1."""
    return 1 << ((width - 1).bit_length() - 1)


# ── Verifying ───────────────────────────────────────────────────────────────────────────────────
# The RFC's own steps and names, so that the two can be read side by side. The arguments come from
# a stranger: whatever they are, the answer is True or False.


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether the proof puts this leaf hash at the index of that tree (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes((leaf, *proof, root)):
        return False
    fn, sn = index, size - 1
    r = leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the new tree begins with the whole old tree (RFC 9162 2.1.4.2).

    False for an old size of 0, as in the RFC: nothing can be proven of an empty tree. A witness
    that has seen nothing of a journal yet does not ask here; it asks for an empty proof
    (C2SP tlog-witness). Of two equal sizes the proof is empty and the roots are equal.
    """
    if not 0 < old_size <= new_size or not _all_hashes((old_root, new_root, *proof)):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof:
        return False
    # A whole power of two is a node of the new tree: the proof starts from the old root itself.
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr = node_hash(c, fr)
            sr = node_hash(c, sr)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == old_root and sr == new_root


# ── Guards ──────────────────────────────────────────────────────────────────────────────────────


def _all_hashes(values: Sequence[bytes]) -> bool:
    return {*map(len, values)} <= {HASH_SIZE}


def _expect_hashes(values: Sequence[bytes]) -> None:
    # A record handed in where its leaf hash belongs would give a root that nobody can verify.
    if not _all_hashes(values):
        raise ValueError("a hash has 32 bytes")


def split(data: bytes) -> list[bytes]:
    """Hashes that lie end to end."""
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]
