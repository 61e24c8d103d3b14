"""A worker's file measured, in a ledger of a million records: gathered, opened, folded, logged."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from random import Random
from statistics import median, quantiles
from typing import TypeVar

from sqlalchemy import select

from bench.provinces import EACH, Worker, fill, pair, villages
from bench.rows import Places, Row
from ledger import replay, schema
from ledger.book import Ledger, Look
from ledger.domain.ids import PersonId
from ledger.journal.database import Database, load
from ledger.journal.tables import metadata
from tests.pair import Pair

T = TypeVar("T")

AIM = 60
ROUNDS = 3
SHARED = 60
"""How many of those asked for have a life in both provinces."""


def files(place: Places) -> list[Row]:
    """Milliseconds from the question to the file, of random workers, every sixth in two provinces.

    The ledger is filled on PostgreSQL and carried over to SQLite table by table.
    """
    size = place.size(1_000_000, 50_000)
    with pair(place, "postgresql") as provinces:
        home = provinces.home
        place.tell(f"files: filling postgresql with {size:,} records")
        workers = fill(home, villages(home), size // EACH, place)
        both = _transferred(provinces)
        look = home.look()
        with home.ledger.database.at_once() as conn:
            conn.exec_driver_sql("ANALYZE")
        rows = _measured(place, home.ledger, look, workers, both, size)
        place.tell("files: carrying it over to sqlite")
        with closing(carried_over(home.ledger, place.url("sqlite"))) as ledger:
            return _measured(place, ledger, look, workers, both, size) + rows


def _transferred(provinces: Pair) -> list[PersonId]:
    """Members who are offered to the other province and taken over there."""
    members = [provinces.member() for _ in range(SHARED)]
    offers = [provinces.offer(membership) for _, membership in members]
    provinces.sync()
    for (_, membership), offer in zip(members, offers, strict=True):
        provinces.accept(membership, offer)
    provinces.sync()
    return [person for person, _ in members]


def _measured(
    place: Places, ledger: Ledger, look: Look, workers: Sequence[Worker],
    both: Sequence[PersonId], size: int,
) -> list[Row]:  # fmt: skip
    random = Random(1)
    median_of: list[float] = []
    slow: list[float] = []
    alone: list[float] = []
    for turn in range(ROUNDS + 1):
        drawn = random.sample(workers, place.size(5 * SHARED, SHARED))
        asked = [each.person for each in drawn] + list(both)
        random.shuffle(asked)
        times = _times(asked, lambda person: _file(ledger, look, person))
        raw = _times(drawn, lambda each: _records(ledger, each))
        if turn:  # the first round warms up
            median_of.append(median(times))
            slow.append(quantiles(times, n=100)[98])
            alone.append(quantiles(raw, n=100)[98])
    database = "sqlite" if ledger.database.is_sqlite else "postgresql"
    place.tell(f"files: {database} p50 {median(median_of):.1f} ms, p99 {median(slow):.1f} ms")
    name = f"a worker's file, {size:,} records"
    return [
        Row(f"{name}, p99", database, median(slow), "ms", "records alone", None, AIM, "lower"),
        Row(f"{name}, p99: records alone", database, median(alone), "ms", better="lower"),
        Row(f"{name}, p50", database, median(median_of), "ms", better="lower"),
    ]


def _times(asked: Sequence[T], work: Callable[[T], object]) -> list[float]:
    found: list[float] = []
    for each in asked:
        begun = time.perf_counter()
        work(each)
        found.append((time.perf_counter() - begun) * 1000)
    return found


def _file(ledger: Ledger, look: Look, person: PersonId) -> None:
    with ledger.looking(look) as reader:
        replay.worker(reader, person)


def _records(ledger: Ledger, worker: Worker) -> None:
    with ledger.reading() as reader:
        reader.records_of([worker.person, worker.membership])


def carried_over(source: Ledger, url: str) -> Ledger:
    """The same ledger on another database, under the same keys."""
    database = Database(url)
    schema.upgrade(database)
    with source.database.reading() as conn, database.writing() as into:
        for table in metadata.sorted_tables:
            keys = table.primary_key.columns
            read = conn.execution_options(yield_per=10_000).execute(select(table).order_by(*keys))
            for page in read.partitions():
                load(into, table, page)
    return Ledger(source.province, database, source.vault.keyring, source.clock)
