"""The journal measured: single records, lists, several writers, replay, fsck, and the raw limits.

Each function returns rows; `python -m bench.journal [name …]` prints those of the functions named.
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import count
from threading import BrokenBarrierError
from typing import Any, cast
from uuid import uuid4

from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatetimeAsISO,
    DecimalAsStr,
    InfrastructureFactory,
    JSONTranscoder,
    StoredEvent,
    UUIDAsHex,
)
from eventsourcing.utils import Environment
from sqlalchemy import make_url

from bench.provinces import EACH, fill, pair, villages
from bench.rows import Places, Row, in_turns, median_rate, places
from ledger import schema
from ledger.clock import Clock
from ledger.domain.ids import PersonId, UnionId, new, new_person
from ledger.domain.kernel import Act, Event, Office
from ledger.journal import canonical, codec, fsck
from ledger.journal.database import Database, Statement, load
from ledger.journal.record import PLAIN, Particulars, Record, header_of, place
from ledger.journal.recorder import JournalRecorder, Visit, make_head
from ledger.journal.tables import record
from ledger.journal.vault import Keyring, Vault
from ledger.projections.posting import fact_in
from tools.history import sample

DATABASES = ("sqlite", "postgresql")
ORIGIN = "liangdi.example/guangxi"
ROUNDS = 7
SINGLE = 400
LIST = 1000
WRITERS = 8

TODAY = date(2026, 3, 2)
CLERK = Act(PersonId(new("per")), UnionId(new("uni")), Office.CLERK, TODAY, TODAY)
PRIVATE = {
    "identity": {
        "name": "韦秀英", "number": "45122419900101001X", "sex": "女",
        "birth": "1990-01-01", "division": "451224", "residence": "451224",
    },
}  # fmt: skip


def applied() -> bytes:
    """The body of an application for membership, as the product has it."""
    return canonical.encode(codec.encode(sample(Event.kinds["MembershipApplied"])).body)


BODY = applied()


def events(many: int, *, uuids: bool = False) -> list[StoredEvent]:
    """As many events, each of a stream of its own."""
    return [
        StoredEvent(uuid4() if uuids else new("mem"), 1, "MembershipApplied", BODY)
        for _ in range(many)
    ]


def visit(many: int) -> Visit:
    """What the book gives with so many records, apart from sealed groups and claims."""
    return Visit([Particulars(header_of(CLERK))] * many, Clock().now(), new("ent"))


def database_at(url: str, *origins: str) -> Database:
    """A database with its tables, and a journal for each origin."""
    database = Database(url)
    schema.upgrade(database)
    with database.writing() as conn:
        for origin in origins or (ORIGIN,):
            make_head(conn, origin)
    return database


def library(
    url: str, name: str = "bench", *, has_tables: bool = False
) -> InfrastructureFactory[Any]:
    """The library's own recorders on a database of their own."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(parsed.database)}
    else:
        env = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parsed.database),
            "POSTGRES_HOST": str(parsed.query["host"]),
            "POSTGRES_PORT": "5432",
            "POSTGRES_USER": str(parsed.username),
            "POSTGRES_PASSWORD": "none",
        }
    env["CREATE_TABLE"] = "no" if has_tables else "yes"
    return InfrastructureFactory[Any].construct(Environment(name, env))


def one_by_one(recorder: ApplicationRecorder, all_: Sequence[StoredEvent]) -> None:
    for each in all_:
        recorder.insert_events([each])


# ── single records ───────────────────────────────────────────────────────────────────────────


def singles(place_: Places) -> list[Row]:
    """One record an entry, hashed, beside the library's recorder, which does not hash."""
    rows: list[Row] = []
    for name, aim in zip(DATABASES, (0.8, 2.0), strict=True):
        with (
            closing(database_at(place_.url(name))) as database,
            closing(library(place_.url(name))) as factory,
        ):
            ours, theirs = (
                JournalRecorder(database, ORIGIN, Clock()),
                factory.application_recorder(),
            )
            mine = [events(SINGLE) for _ in range(ROUNDS + 1)]
            other = [events(SINGLE, uuids=True) for _ in range(ROUNDS + 1)]
            value, peer, ratio = in_turns(
                ROUNDS,
                SINGLE,
                lambda turn, mine=mine, ours=ours: one_by_one(ours, mine[turn]),
                lambda turn, other=other, theirs=theirs: one_by_one(theirs, other[turn]),
            )
        rows += [
            Row("single records", name, value, "records/s", "eventsourcing", ratio, aim),
            Row("single records: eventsourcing", name, peer, "records/s"),
        ]
    return rows


# ── lists ────────────────────────────────────────────────────────────────────────────────────


def lists(place_: Places) -> list[Row]:
    """A thousand records an entry, hashed, beside the library and beside COPY of the same rows."""
    rows: list[Row] = []
    for name, aim in zip(DATABASES, (None, 60_000), strict=True):
        with (
            closing(database_at(place_.url(name))) as database,
            closing(library(place_.url(name))) as factory,
        ):
            ours, theirs = (
                JournalRecorder(database, ORIGIN, Clock()),
                factory.application_recorder(),
            )
            mine = [events(LIST) for _ in range(ROUNDS + 1)]
            other = [events(LIST, uuids=True) for _ in range(ROUNDS + 1)]
            value, peer, _ = in_turns(
                ROUNDS,
                LIST,
                lambda turn, m=mine, r=ours: r.insert_events(m[turn], visit=visit(LIST)),
                lambda turn, other=other, theirs=theirs: theirs.insert_events(other[turn]),
            )
        rows += [
            Row("lists of 1,000", name, value, "records/s", aim=aim),
            Row("lists of 1,000: eventsourcing", name, peer, "records/s"),
        ]
    return rows


def sealed_lists(place_: Places) -> list[Row]:
    """A thousand new people an entry: a key, a sealed group, tokens and a claim for each."""
    rows: list[Row] = []
    for name, aim in zip(DATABASES, (None, 30_000), strict=True):
        with closing(database_at(place_.url(name))) as database:
            vault = Vault(Keyring(place_.folder / f"keys-{name}"))
            recorder = JournalRecorder(database, ORIGIN, Clock())
            register = partial(registered, recorder, vault)
            value = median_rate(ROUNDS, LIST, lambda _, register=register: register(LIST))
            bare = median_rate(
                ROUNDS, LIST, lambda _, register=register: register(LIST, found_by=False)
            )
        rows += [
            Row("lists of 1,000, one sealed person each", name, bare, "records/s", aim=aim),
            Row("the same, found by eight tokens each", name, value, "records/s"),
        ]
    return rows


_numbers = count()


def registered(
    recorder: JournalRecorder, vault: Vault, many: int, *, found_by: bool = True
) -> None:
    """An entry as the book makes it: new people, sealed, found by tokens, their numbers claimed."""
    people = [new_person() for _ in range(many)]
    sealer, header = vault.sealer(), header_of(CLERK)
    with recorder.database.reading() as conn:
        sealer.ready(conn, people)
    stored: list[StoredEvent] = []
    particulars: list[Particulars] = []
    for person in people:
        texts = {"identity": {**PRIVATE["identity"], "number": f"45122419{next(_numbers):010}"}}
        made = sealer.seal(ORIGIN, person, 1, person, texts)
        body = {
            "person": person,
            "document": "citizen_number",
            "sealed": {person: made.commitments},
        }
        stored.append(StoredEvent(person, 1, "PersonRegistered", canonical.encode_own(body)))
        claims = [("NumberTaken", vault.number_token(texts["identity"]["number"]).hex())]
        tokens = vault.tokens_of(person, "PersonRegistered", texts["identity"]) if found_by else ()
        particulars.append(Particulars(header, claims, (), made.boxes, tokens))
    recorder.insert_events(
        stored,
        visit=Visit(particulars, Clock().now(), new("ent"), before=sealer.keep),
    )
    sealer.committed()


# ── several writers ──────────────────────────────────────────────────────────────────────────


def writers(place_: Places) -> list[Row]:
    """Eight processes, each on an origin of its own in one PostgreSQL database.

    The library is measured as one application of eight writers, which is what one table is to it,
    and as eight applications of one writer, a table each.
    """
    url, shared, apart = (place_.url("postgresql") for _ in range(3))
    origins = [f"{n}.example" for n in range(WRITERS)]
    database_at(url, *origins).close()
    for each, name in ((shared, "bench"), *((apart, f"bench{n}") for n in range(WRITERS))):
        with closing(library(each, name)) as factory:  # its tables do not bear to be made at once
            factory.application_recorder()
    ours = at_once([(_write_ours, url, origin) for origin in origins])
    one_table = at_once([(_write_theirs, shared, "bench")] * WRITERS)
    tables = at_once([(_write_theirs, apart, f"bench{n}") for n in range(WRITERS)])
    name = "8 writers on 8 origins"
    return [
        Row(name, "postgresql", ours, "records/s", "eventsourcing", ours / one_table, 2.0),
        Row(f"{name}: eventsourcing", "postgresql", one_table, "records/s"),
        Row(f"{name}: eventsourcing, own tables", "postgresql", tables, "records/s"),
    ]


Work = Callable[[str, str, Callable[[], object]], None]


def at_once(work: Sequence[tuple[Work, str, str]], most: float = 120) -> float:
    """Lets so many processes write at once; records a second, all together."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(len(work)), context.SimpleQueue()
    processes = [context.Process(target=_timed, args=(ready, times, *each)) for each in work]
    for each in processes:
        each.start()
    for each in processes:
        each.join(most)
    if any(each.exitcode != 0 for each in processes):
        raise RuntimeError("a writer did not come to its end")
    spans = [times.get() for _ in processes]
    return SINGLE * len(work) / (max(end for _, end in spans) - min(start for start, _ in spans))


def _timed(ready: Any, times: Any, write: Work, url: str, name: str) -> None:
    begun: list[float] = []

    def begin() -> None:
        try:
            ready.wait(60)
        except BrokenBarrierError:
            sys.exit("a neighbour did not come")
        begun.append(time.monotonic())  # one clock for all processes

    write(url, name, begin)
    times.put((begun[0], time.monotonic()))


def _write_ours(url: str, origin: str, begin: Callable[[], object]) -> None:
    with closing(Database(url)) as database:
        recorder = JournalRecorder(database, origin, Clock())
        one_by_one(recorder, events(20))
        mine = events(SINGLE)
        begin()
        one_by_one(recorder, mine)


def _write_theirs(url: str, name: str, begin: Callable[[], object]) -> None:
    with closing(library(url, name, has_tables=True)) as factory:
        recorder = factory.application_recorder()
        one_by_one(recorder, events(20, uuids=True))
        mine = events(SINGLE, uuids=True)
        begin()
        one_by_one(recorder, mine)


# ── replay ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Applied(DomainEvent):
    """The library's counterpart of a fact."""

    person: str
    union: str
    channel: str
    employer: str


def replay(place_: Places, many: int = 20_000) -> list[Row]:
    """Stored records to facts, in pages of a thousand, beside the library's stored events."""
    rows: list[Row] = []
    for name in DATABASES:
        with (
            closing(database_at(place_.url(name))) as database,
            closing(library(place_.url(name))) as factory,
        ):
            ours, theirs = (
                JournalRecorder(database, ORIGIN, Clock()),
                factory.application_recorder(),
            )
            mapper = cast(Any, factory.mapper(transcoder()))
            # The library sends a list in one pipeline, in which thousands of records never return.
            for start in range(0, many, LIST):
                ours.insert_events(events(LIST), visit=visit(LIST))
                stored = [
                    mapper.to_stored_event(
                        Applied(
                            uuid4(), 1, DomainEvent.create_timestamp(), f"per_{n}", "uni", "p", "e"
                        )
                    )
                    for n in range(start, start + LIST)
                ]
                theirs.insert_events(stored)
            value, peer, _ = in_turns(
                ROUNDS,
                many,
                lambda _, ours=ours: facts(ours),
                lambda _, theirs=theirs, mapper=mapper: domain_events(theirs, mapper),
            )
        rows += [
            Row("replay to facts", name, value, "records/s", aim=120_000),
            Row("replay to facts: eventsourcing", name, peer, "records/s"),
        ]
    return rows


def transcoder() -> JSONTranscoder:
    """As an application of the library makes it."""
    made = JSONTranscoder()
    for each in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        made.register(each)
    return made


def facts(recorder: JournalRecorder) -> int:
    after = 0
    with recorder.database.reading() as conn:
        while page := recorder.page(conn, after, 1000):
            for each in page:
                fact_in(each)
            after = page[-1].position
    return after


def domain_events(recorder: ApplicationRecorder, mapper: Any) -> int:
    after = 0
    while page := recorder.select_notifications(after, 1000, inclusive_of_start=False):
        for each in page:
            mapper.to_domain_event(each)
        after = page[-1].id
    return after


# ── fsck ─────────────────────────────────────────────────────────────────────────────────────


def checks(place_: Places, many: int = 300_000) -> list[Row]:
    """Both passes of fsck: hashes alone; and what the records of a filled ledger say, boxes open."""
    rows: list[Row] = []
    for name in DATABASES:
        with closing(database_at(place_.url(name))) as database:
            recorder = JournalRecorder(database, ORIGIN, Clock())
            for _ in range(0, many, 10_000):
                recorder.insert_events(events(10_000), visit=visit(10_000))
            quick = max(
                _pass("hashes", fsck.check(database, ORIGIN, deep=False, processes=n))
                for n in {1, min(os.cpu_count() or 1, 4)}
            )
        with pair(place_, name) as provinces:
            home = provinces.home
            fill(home, villages(home), place_.size(50_000, 5_000) // EACH)
            ledger = home.ledger
            deep = _pass("contents", fsck.check(ledger.database, home.origin, vault=ledger.vault))
        rows += [
            Row("fsck: hashes", name, quick, "records/s", aim=300_000),
            Row("fsck: contents", name, deep, "records/s"),
        ]
    return rows


def _pass(name: str, report: fsck.Report) -> float:
    """The rate of one pass, which went through to its end: a fault too many would have stopped it."""
    assert report.sound, report.first
    return next(each.rate for each in report.passes if each.name == name)


# ── raw limits ───────────────────────────────────────────────────────────────────────────────

_INSERT = Statement(record.insert())


def limits(place_: Places) -> list[Row]:
    """What the databases give to rows like ours, without heads, hashes and headers to make."""
    rows: list[Row] = []
    for name in DATABASES:
        with closing(database_at(place_.url(name))) as database:
            made = iter([made_rows(turn) for turn in range(3 * (ROUNDS + 1))])

            def single(_: int, database: Database = database, made: Any = made) -> None:
                for each in next(made)[:SINGLE]:
                    with database.writing() as conn:
                        _INSERT.drive(conn, **each._asdict())

            def executemany(_: int, database: Database = database, made: Any = made) -> None:
                with database.writing() as conn:
                    _INSERT.run_many(conn, [each._asdict() for each in next(made)])

            def copy(_: int, database: Database = database, made: Any = made) -> None:
                with database.writing() as conn:
                    load(conn, record, next(made))

            rows.append(
                Row("raw: single insert", name, median_rate(ROUNDS, SINGLE, single), "rows/s")
            )
            many = median_rate(ROUNDS, LIST, executemany)
            rows.append(Row("raw: executemany by 1,000", name, many, "rows/s"))
            if name == "postgresql":
                copied = median_rate(ROUNDS, LIST, copy)
                rows.append(Row("raw: COPY by 1,000", name, copied, "rows/s"))
    return rows


def made_rows(turn: int) -> list[Record]:
    at, entry = "2026-03-02T04:00:00.000000Z", new("ent")
    return [
        place("raw.example", turn * LIST + n, at, entry, (n, LIST), each, PLAIN.header)
        for n, each in enumerate(events(LIST), 1)
    ]


MEASURES: dict[str, Callable[[Places], list[Row]]] = {
    "singles": singles, "lists": lists, "sealed_lists": sealed_lists, "writers": writers,
    "replay": replay, "checks": checks, "limits": limits,
}  # fmt: skip


def main(names: Sequence[str]) -> None:
    with places() as place_:
        for name in names or MEASURES:
            for row in MEASURES[name](place_):
                print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
