"""Tiles of somebody else's tree: their addresses, and what a whole tile proves."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from ledger.journal.database import Database
from ledger.journal.merkle import Frontier, leaf_hash
from ledger.journal.recorder import grow, make_head, move_head, read_head
from ledger.journal.tables import tile
from ledger.journal.tiles import Asked, Foreign, read


class Tree:
    """A tree in memory that gives out its tiles, and counts how often."""

    def __init__(self, size: int) -> None:
        self.levels: list[Sequence[bytes]] = [[leaf_hash(b"%d" % at) for at in range(size)]]
        while len(self.levels[-1]) >= 256:
            row = self.levels[-1]
            parts = [row[at : at + 256] for at in range(0, len(row) - 255, 256)]
            self.levels.append([Frontier().extend(each).root() for each in parts])
        self.root = Frontier().extend(self.levels[0]).root()
        self.asked: list[Asked] = []

    def fetch(self, asked: Asked) -> bytes:
        self.asked.append(asked)
        return b"".join(self.levels[asked.level][asked.start : asked.stop])


@given(st.integers(0, 63), st.integers(0, 10**9), st.integers(1, 256))
def test_an_address_is_read_as_it_was_written(level: int, number: int, width: int) -> None:
    asked = Asked(level, number, width)

    assert Asked.parse(str(level), asked.path) == asked


@pytest.mark.parametrize(
    "path", ["", "1", "0001", "x000/000", "x1/000", "000.p/0", "000.p/256", "000.p/01", "../000"]
)
def test_what_is_no_address_is_refused(path: str) -> None:
    with pytest.raises(LookupError):
        Asked.parse("0", path)
    with pytest.raises(LookupError):
        Asked.parse("64", "000")


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 1000, 65_536, 66_000])
def test_a_tile_stands_as_a_whole_or_not_at_all(size: int) -> None:
    tree = Tree(size)

    for number in {0, (size - 1) // 256, (size - 1) // 512}:
        foreign = Foreign(tree.fetch, size, tree.root)
        start = number * 256
        assert foreign.standing(number) == tree.levels[0][start : start + 256]
        for at in {0, min(size - start, 256) - 1, min(size - start, 256) // 2}:
            changed = Changed(tree, number, at)
            assert Foreign(changed.fetch, size, tree.root).standing(number) is None
    assert all(asked.within(size) for asked in tree.asked)


class Changed:
    """The same tree with one hash of one tile changed."""

    def __init__(self, tree: Tree, number: int, at: int) -> None:
        self._tree, self._number, self._at = tree, number, at

    def fetch(self, asked: Asked) -> bytes:
        data = bytearray(self._tree.fetch(asked))
        if (asked.level, asked.number) == (0, self._number):
            data[self._at * 32] ^= 1
        return bytes(data)


def test_a_tile_of_another_length_is_no_tile() -> None:
    tree = Tree(300)

    with pytest.raises(ValueError, match="31 bytes"):
        Foreign(lambda _: b"x" * 31, 300, tree.root).standing(0)


def test_a_tile_that_storage_has_lost_is_said_and_not_given_out_short(database: Database) -> None:
    leaves = [leaf_hash(b"%d" % at) for at in range(300)]
    with database.writing() as conn:
        now = read_head(conn, "log")
        grown = grow(conn, "log", now.frontier, leaves)
        make_head(conn, "log")
        move_head(conn, "log", now, now._replace(frontier=grown))
    with database.reading() as conn:
        assert read(conn, "log", Asked(0, 0, 8)) == b"".join(leaves[:8])
        with pytest.raises(ValueError, match="storage has 0 hashes of level 0 from 256 on"):
            read(conn, "log", Asked(0, 1, 44))  # no records stand behind the last 44
    with database.writing() as conn:
        conn.execute(delete(tile))

    with database.reading() as conn, pytest.raises(ValueError, match="run fsck"):
        read(conn, "log", Asked(0, 0))
