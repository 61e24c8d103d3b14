"""The first pass (哈希): every record against its leaf, leaves against tiles, tiles against the head."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from ledger.journal.database import Database, Statement
from ledger.journal.fsck.reading import UNREADABLE, End, gap, streamed
from ledger.journal.fsck.report import Fault, Progress, Tell
from ledger.journal.merkle import HASH_SIZE, TILE_WIDTH
from ledger.journal.tables import record, tile

CHUNK = 1 << 16
"""Records that are hashed in one go; as many leaves as a tile of the second level stands for."""

PARALLEL_FROM = 4 * CHUNK
"""From this many records on, a second process is worth its start."""

LEAVES = Statement(
    select(record.c.position, record.c.header, record.c.body, record.c.leaf)
    .where(
        record.c.origin == bindparam("origin"),
        record.c.position > bindparam("after"),
        record.c.position <= bindparam("last"),
    )
    .order_by(record.c.position)
)
TILES = Statement(
    select(tile.c.number, tile.c.hashes, tile.c.root)
    .where(
        tile.c.log == bindparam("log"),
        tile.c.level == bindparam("level"),
        tile.c.number >= bindparam("first"),
        tile.c.number < bindparam("stop"),
    )
    .order_by(tile.c.number)
)


class Hashed(NamedTuple):
    """What hashing a part of a log gives: its leaves as roots of tiles and a rest, and faults."""

    roots: list[bytes]
    rest: list[bytes]
    faults: list[Fault]


def hashes_of(
    database: Database, conn: Connection, origin: str, end: End, processes: int | None, tell: Tell
) -> Iterator[Fault]:
    parts = [(after, min(after + CHUNK, end.size)) for after in range(0, end.size, CHUNK)]
    wanted = processes or (min(os.cpu_count() or 1, 4) if end.size >= PARALLEL_FROM else 1)
    done: list[Hashed] = []
    with ExitStack() as stack:
        if wanted > 1 and len(parts) > 1:
            url = database.url.render_as_string(hide_password=False)
            apart = multiprocessing.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(wanted, mp_context=apart))
            hashed = pool.map(_hash_apart, *zip(*((url, origin, *p) for p in parts), strict=True))
        else:
            hashed = (_hash_part(conn, origin, *part) for part in parts)
        for (_, last), each in zip(parts, hashed, strict=True):
            yield from each.faults
            done.append(each)
            tell(Progress("hashes", last, end.size))
    yield from tree(conn, origin, end, done)


def _hash_apart(url: str, origin: str, after: int, last: int) -> Hashed:
    """As `_hash_part`, in a process of its own: records up to the size once seen never change."""
    database = Database(url)
    try:
        with database.reading() as conn:
            return _hash_part(conn, origin, after, last)
    finally:
        database.close()


def _hash_part(conn: Connection, origin: str, after: int, last: int) -> Hashed:
    """Hashes the records (after, last], compares them with their leaves, these with their tiles."""
    faults: list[Fault] = []
    leaves: list[bytes] = []
    keep, expected = leaves.append, after
    try:
        for position, header, body, leaf in streamed(
            conn, LEAVES, origin=origin, after=after, last=last
        ):
            expected += 1
            if position != expected:
                faults += gap(origin, expected, position)
                leaves += [b""] * (position - expected)
                expected = position
            try:
                # leaf_hash written out: this line is most of a check of a million records.
                matches = sha256(b"\x00" + header + b"\n" + body).digest() == leaf
            except TypeError:  # SQLite keeps whatever somebody puts there
                matches = False
            if not matches:
                faults.append(Fault(origin, position, "does not match its leaf hash"))
                leaf = leaf if isinstance(leaf, bytes) else b""
            keep(leaf)
    except UNREADABLE as fault:
        position = _first_unreadable(conn, origin, expected, last)
        faults.append(Fault(origin, position, f"unreadable: {fault}"))
        return Hashed([], [], faults)
    if expected < last:
        faults += gap(origin, expected + 1, last + 1)
        leaves += [b""] * (last - expected)
    roots, rest, off = tiled(conn, origin, after, leaves)
    return Hashed(roots, rest, faults + off)


def _first_unreadable(conn: Connection, origin: str, after: int, last: int) -> int:
    """The first position in (after, last] that the database cannot give us."""
    while last - after > 1:
        middle = (after + last) // 2
        try:
            for _ in streamed(conn, LEAVES, origin=origin, after=after, last=middle):
                pass
        except UNREADABLE:
            last = middle
        else:
            after = middle
    return last


def tiled(
    conn: Connection, log: str, after: int, leaves: Sequence[bytes]
) -> tuple[list[bytes], list[bytes], list[Fault]]:
    """Compares leaves with their tiles: (the tiles' roots, the leaves that fill none, faults)."""
    first, full = after // TILE_WIDTH, len(leaves) // TILE_WIDTH
    stored = {
        number: (hashes, root)
        for number, hashes, root in streamed(
            conn, TILES, log=log, level=0, first=first, stop=first + full
        )
    }
    roots: list[bytes] = []
    faults: list[Fault] = []
    for index in range(full):
        row = leaves[index * TILE_WIDTH : (index + 1) * TILE_WIDTH]
        faults += _same(log, 0, first + index, row, stored.get(first + index), roots)
    return roots, list(leaves[full * TILE_WIDTH :]), faults


def _same(
    log: str, level: int, number: int, entries: Sequence[bytes],
    stored: tuple[object, object] | None, roots: list[bytes],
) -> Iterator[Fault]:  # fmt: skip
    """Compares the entries that a tile should have with those it has; adds its root to `roots`."""
    width = TILE_WIDTH**level  # leaves that an entry stands for
    start = number * TILE_WIDTH * width + 1
    hashes, root = stored or (None, None)
    if not isinstance(hashes, bytes) or not isinstance(root, bytes):
        roots.append(_root(entries))
        yield Fault(log, start, f"tile {level}/{number} is missing")
        return
    roots.append(root)
    if hashes == b"".join(entries):
        if _root(entries) != root:
            yield Fault(log, start, f"the root of tile {level}/{number} is another one")
        return
    for place, entry in enumerate(entries):
        if entry and hashes[place * HASH_SIZE : (place + 1) * HASH_SIZE] != entry:
            yield Fault(log, start + place * width, f"tile {level}/{number} has another hash")
    if len(hashes) != TILE_WIDTH * HASH_SIZE:
        yield Fault(log, start, f"tile {level}/{number} is not of 256 hashes")


def _root(row: Sequence[bytes]) -> bytes:
    """The root over a row, however long; what is damaged gives some other hash, and no exception."""
    while len(row) > 1:
        each = iter(row)
        row = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(each, each, strict=False)
        ]
    return row[0] if row else b""


def tree(conn: Connection, log: str, end: End, parts: Sequence[Hashed]) -> list[Fault]:
    """Compares the tiles above the first level, and the head, with what lies below them."""
    faults: list[Fault] = []
    row = [root for part in parts for root in part.roots]
    rest = parts[-1].rest if parts else []
    if len(row) != end.size // TILE_WIDTH:
        return faults  # a part could not be read, and that is reported
    peaks: list[bytes] = _peaks(rest)
    level = 1
    while row:
        full = len(row) // TILE_WIDTH
        stored = {
            number: (hashes, root)
            for number, hashes, root in streamed(
                conn, TILES, log=log, level=level, first=0, stop=full
            )
        }
        above: list[bytes] = []
        for number in range(full):
            entries = row[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            faults += _same(log, level, number, entries, stored.get(number), above)
        peaks = _peaks(row[full * TILE_WIDTH :]) + peaks
        row, level = above, level + 1
    if end.frontier is not None and all(rest) and tuple(peaks) != end.frontier.peaks:
        faults.append(Fault(log, end.size, "the head has another frontier"))
    return faults + _stray_tiles(conn, log, end.size)


def _peaks(row: Sequence[bytes]) -> list[bytes]:
    """The roots of the complete subtrees in the ragged end of a tile, biggest first."""
    made: list[bytes] = []
    start = 0
    while start < len(row):
        width = 1 << ((len(row) - start).bit_length() - 1)
        made.append(_root(row[start : start + width]))
        start += width
    return made


def _stray_tiles(conn: Connection, log: str, size: int) -> list[Fault]:
    rows = conn.execute(select(tile.c.level, tile.c.number).where(tile.c.log == log))
    return [
        Fault(log, size, f"tile {level}/{number} stands beyond the head")
        for level, number in rows
        if level < 0 or number < 0 or (number + 1) << (8 * (level + 1)) > size
    ]
