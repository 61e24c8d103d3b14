"""Proofs measured (证明): inclusion, consistency and roots, in trees of a thousand to ten million.

A tree is kept as the journal keeps it, but its records are left out: only tiles, the head, and
the rows of the few leaves that fill no tile are read for a proof.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from random import Random
from statistics import median, quantiles

from bench.journal import ORIGIN, database_at
from bench.rows import Places, Row
from ledger.journal.database import Database, load
from ledger.journal.merkle import (
    TILE_WIDTH,
    consistency_proof,
    inclusion_proof,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from ledger.journal.recorder import Head, LogReader, grow, move_head, read_head
from ledger.journal.tables import record

DATABASES = ("sqlite", "postgresql")
SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
AIMED = 1_000_000
PROOF_MS, ROOT_MS = 2.0, 5.0
CHUNK = 1 << 18


def proofs(place: Places) -> list[Row]:
    """What a proof takes, and the root after a restart; every answer is verified."""
    rows: list[Row] = []
    for name in DATABASES:
        with closing(database_at(place.url(name))) as database:
            for size in SIZES[:2] if place.quick else SIZES:
                _fill(database, size)
                place.tell(f"proofs: {name} holds {size:,} leaves")
                rows += _measured(database, name, size, place.size(400, 40))
    return rows


def _leaf(index: int) -> bytes:
    return sha256(index.to_bytes(8, "big")).digest()


def _fill(database: Database, size: int) -> None:
    """Lets the tree grow to this size; rows stand only where a tile is not full."""
    while True:
        with database.writing() as conn:
            now = read_head(conn, ORIGIN, lock=True)
            start = now.frontier.size
            if start == size:
                return
            stop = min(size, start - start % CHUNK + CHUNK)
            leaves = [_leaf(index) for index in range(start, stop)]
            frontier = grow(conn, ORIGIN, now.frontier, leaves)
            move_head(conn, ORIGIN, now, Head(frontier, ""))
            ragged = range(max(start, stop - stop % TILE_WIDTH), stop)
            load(conn, record, [
                (ORIGIN, at + 1, f"{at}", 1, "", b"", b"", leaves[at - start]) for at in ragged
            ])  # fmt: skip


def _measured(database: Database, name: str, size: int, rounds: int) -> list[Row]:
    dice = Random(size)
    indices = [dice.randrange(size) for _ in range(rounds)]
    olds = [dice.randrange(1, size) for _ in range(rounds)]

    def included(index: int) -> None:
        with database.reading() as conn:
            path = inclusion_proof(LogReader(conn, ORIGIN), index, size)
        assert verify_inclusion(_leaf(index), index, size, path, root)

    def consistent(old: int) -> None:
        with database.reading() as conn:
            path = consistency_proof(LogReader(conn, ORIGIN), old, size)
        assert verify_consistency(old, before[old], size, root, path)

    def restarted(_: int) -> None:
        with database.reading() as conn:
            assert read_head(conn, ORIGIN).frontier.root() == root

    def then(old: int) -> None:
        with database.reading() as conn:
            root_at(LogReader(conn, ORIGIN), old, size)

    with database.reading() as conn:
        root = read_head(conn, ORIGIN).frontier.root()
        before = {old: root_at(LogReader(conn, ORIGIN), old, size) for old in olds}
    aim, restart_aim = (PROOF_MS, ROOT_MS) if size == AIMED else (None, None)
    rows: list[Row] = []
    for what, work, asked, wanted in (
        ("an inclusion proof", included, indices, aim),
        ("a consistency proof", consistent, olds, aim),
        ("the root at any size", then, olds, aim),
        ("the root after a restart", restarted, olds, restart_aim),
    ):
        times = _times(asked, work)
        told = f"{what}, {size:,} leaves"
        rows.append(Row(told, name, median(times), "ms", aim=wanted, better="lower"))
        if size == AIMED:
            slow = quantiles(times, n=100)[98]
            rows.append(Row(f"{told}, p99", name, slow, "ms", better="lower"))
    return rows


def _times(asked: Sequence[int], work: Callable[[int], object]) -> list[float]:
    """Milliseconds of each; the first one warms up."""
    found: list[float] = []
    for each in (asked[0], *asked):
        begun = time.perf_counter()
        work(each)
        found.append((time.perf_counter() - begun) * 1000)
    return found[1:]
