"""Tiles as strangers ask for them (散列瓦片): C2SP's tlog-tiles, and what they prove.

`0/x001/234` are 256 hashes of level 0, `0/x001/234.p/8` the first eight of them. Who has the tiles
from a leaf up to the root can recompute every hash on the way: so one proof through a tile says of
each of its hashes where it stands in the tree.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

from sqlalchemy import Connection

from ledger.journal import merkle
from ledger.journal.merkle import (
    HASH_SIZE,
    TILE_HEIGHT,
    TILE_WIDTH,
    Row,
    inclusion_proof,
    split,
    verify_inclusion,
)
from ledger.journal.recorder import LogReader, read_head

MOST_LEVELS = 64
_PATH = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class Asked(NamedTuple):
    """A tile that is asked for: its level, its number, and how many of its entries."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def start(self) -> int:
        return self.number * TILE_WIDTH

    @property
    def stop(self) -> int:
        return self.start + self.width

    @property
    def path(self) -> str:
        """As it stands in an address, after the level."""
        groups = [f"{self.number % 1000:03}"]
        above = self.number // 1000
        while above:
            groups.insert(0, f"x{above % 1000:03}")
            above //= 1000
        part = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return "/".join(groups) + part

    @classmethod
    def parse(cls, level: str, path: str) -> Self:
        """Reads `x001/x234/067` or `x001/x234/067.p/8`. Raises: LookupError."""
        found = _PATH.fullmatch(path)
        width = int(found[2] or TILE_WIDTH) if found else 0
        known = re.fullmatch("[0-9]|[1-5][0-9]|6[0-3]", level, re.ASCII)
        if known is None or found is None or len(path) > 40 or (found[2] and width >= TILE_WIDTH):
            raise LookupError(f"tile {level}/{path}")
        if path.startswith("x000/"):
            raise LookupError(f"tile {level}/{path}")  # an index is written in one way only
        return cls(int(level), int(found[1].replace("x", "").replace("/", "")), width)

    def within(self, size: int) -> bool:
        """Whether a tree of this size has all of these entries."""
        return self.stop <= size >> (self.level * TILE_HEIGHT)


def read(conn: Connection, log: str, asked: Asked) -> bytes:
    """The hashes of a tile of a journal. Raises: LookupError where it has not as many; ValueError
    where storage has lost some.
    """
    size = read_head(conn, log).frontier.size
    if not asked.within(size):
        raise LookupError(f"tile {asked.level}/{asked.path}")
    full = asked.start + TILE_WIDTH <= size >> (asked.level * TILE_HEIGHT)
    stop = asked.start + TILE_WIDTH if full else asked.stop
    (row,) = merkle.read(LogReader(conn, log), [Row(asked.level, asked.start, stop, full)])
    return b"".join(row[: asked.width])


class Foreign:
    """The tiles of a tree of one size that somebody else keeps; each is fetched once."""

    def __init__(self, fetch: Callable[[Asked], bytes], size: int, root: bytes) -> None:
        self._fetch, self.size, self._root = fetch, size, root
        self._held: dict[Asked, bytes] = {}

    def standing(self, number: int) -> Sequence[bytes] | None:
        """The leaves of a tile that stand in the tree with that root; None where they do not.

        The proof of the tile's first leaf is computed from all the others: where it leads to the
        root, each of them stands where it should.
        """
        start = number * TILE_WIDTH
        stop = min(start + TILE_WIDTH, self.size)
        leaves = self._entries(Row(0, start, stop, full=False))
        path = inclusion_proof(self, start, self.size)
        stands = verify_inclusion(leaves[0], start, self.size, path, self._root)
        return leaves if stands else None

    def rows(self, asked: Sequence[Row]) -> Sequence[Sequence[bytes]]:
        """As a `HashReader`; they are fetched one by one, a full tile in no other form."""
        return [self._entries(row) for row in asked]

    def _entries(self, row: Row) -> Sequence[bytes]:
        return split(self._get(Asked(row.level, row.start // TILE_WIDTH, row.stop - row.start)))

    def _get(self, asked: Asked) -> bytes:
        data = self._held.get(asked)
        if data is None:
            data = self._fetch(asked)
            if len(data) != asked.width * HASH_SIZE:
                raise ValueError(f"tile {asked.level}/{asked.path} has {len(data)} bytes")
            self._held[asked] = data
        return data
