"""A process that writes until it is killed, and says after each entry where it stands."""

import multiprocessing
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from multiprocessing.connection import Connection, wait
from pathlib import Path

from eventsourcing.persistence import OperationalError, StoredEvent

from ledger.book import Conflict, Ledger, Province
from ledger.domain.funds import Fund, FundExhausted, Source
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import (
    FundId,
    PersonId,
    UnionId,
    new,
    new_fund,
    new_grant,
    new_membership,
    new_person,
)
from ledger.domain.kernel import Act, Code, Decision, Fen, Office
from ledger.domain.membership import Channel, Confirmed, Membership
from ledger.domain.persons import Particulars, Person
from ledger.journal.database import AWAY, Database
from ledger.journal.vault import Keyring
from tests.world import citizen_number

# A server that has everything imported forks a writer in milliseconds.
_apart = multiprocessing.get_context("forkserver")
_apart.set_forkserver_preload(["tests.journal.writing"])

LIST = 40
FIRST_BORN = date(1960, 1, 1)


@dataclass(frozen=True)
class Place:
    """Where to write, and as whom."""

    url: str
    keys: Path
    province: Province
    clerk: PersonId
    union: UnionId


def bare(ledger: Ledger, place: Place, name: str) -> Callable[[int], list[int]]:
    """Single records and nothing else."""
    return lambda n: [
        *(ledger.recorder.insert_events([StoredEvent(f"s{name}", n, "Noted", b"{}")]) or ())
    ]


def lists(ledger: Ledger, place: Place, name: str) -> Callable[[int], list[int]]:
    """Lists of bare records."""
    return lambda n: [
        *(
            ledger.recorder.insert_events(
                [StoredEvent(f"l{name}-{n}", at, "Noted", b"{}") for at in range(1, 300)]
            )
            or ()
        )
    ]


def entries(ledger: Ledger, place: Place, name: str, each: int = 1) -> Callable[[int], list[int]]:
    """Entries of the book: people registered and applying, with sealed groups, claims, views."""
    numbers = _numbers(int(name.rpartition("-")[2]))

    def write(n: int) -> list[int]:
        act = Act(place.clerk, place.union, Office.CLERK, ledger.today, ledger.today)
        with ledger.entry(act, command=("clerk", new("cmd"), b"")) as entry:
            for _ in range(each):
                who = new_person()
                told = Particulars("韦秀英", DocumentKind.CITIZEN_NUMBER, next(numbers))
                entry.write(Person.register(act, who, told))
                applied = Membership.apply(
                    act, new_membership(), who, place.union, Channel.PLAIN, of_age=True,
                    confirmed=Confirmed.SIGNED, employer="东江电子厂", trade="装配工",
                )  # fmt: skip
                entry.write(applied)
        assert entry.receipt is not None
        return entry.receipt.positions

    return write


def rosters(ledger: Ledger, place: Place, name: str) -> Callable[[int], list[int]]:
    """Lists of people, each an entry."""
    return entries(ledger, place, name, LIST)


def payments(ledger: Ledger, place: Place, name: str) -> Callable[[int], list[int]]:
    """Money promised and paid out of one fund, promise and payment in one entry."""
    fund, told = open_fund(ledger, place, Fen(2**50))

    def write(n: int) -> list[int]:
        act, grant = ledger.procedure(place.union), new_grant()
        with ledger.entry(act) as entry:
            held = entry.read(Fund, fund)
            entry.write(held.reserve(act, grant, Fen(n)))
            entry.write(held.draw(act, grant, 1, Fen(n)))
        assert entry.receipt is not None
        return [*(told if n == 1 else ()), *entry.receipt.positions]

    return write


def open_fund(ledger: Ledger, place: Place, amount: Fen) -> tuple[FundId, list[int]]:
    """A fund with money in it, as the clerk enters it from paper; and its positions."""

    def decided(office: Office) -> Act:
        paper = Decision(place.union, office, Code("纪要1"))
        return Act(place.clerk, place.union, Office.CLERK, ledger.today, ledger.today, paper)

    fund, told = new_fund(), list[int]()
    opened = Fund.open(decided(Office.APPROVER), fund, place.union, "帮扶资金", Source.OWN)
    credited = Fund.told(opened).contribute(decided(Office.ACCOUNTANT), amount)
    for office, event in ((Office.APPROVER, opened), (Office.ACCOUNTANT, credited)):
        with ledger.entry(decided(office)) as entry:
            entry.write(event)
        assert entry.receipt is not None
        told += entry.receipt.positions
    return fund, told


WAYS = {
    "bare": bare, "lists": lists, "entries": entries, "rosters": rosters, "payments": payments,
}  # fmt: skip


def _numbers(writer: int) -> Iterator[str]:
    """Citizen numbers that no other writer uses."""
    for each in count(writer * 30_000):
        day, serial = divmod(each, 1000)
        yield citizen_number("451224", FIRST_BORN + timedelta(day % 16_000), serial)


def _write(place: Place, way: str, name: str, most: int, told: Connection) -> None:
    database = Database(place.url)
    ledger = Ledger(place.province, database, Keyring(place.keys))
    write = WAYS[way](ledger, place, name)
    try:
        for n in range(1, most + 1):
            told.send(write(n))  # only what has returned is told
    except (OperationalError, *AWAY):
        pass  # the server went away: nothing more is told
    finally:
        told.close()
        ledger.close()


class Writer:
    """A writer in a process of its own; `told` are the positions that it was given."""

    _names = count()

    def __init__(self, place: Place, way: str, most: int = 1_000_000) -> None:
        self.told: list[int] = []
        self._ear, mouth = _apart.Pipe(duplex=False)
        self._process = _apart.Process(
            target=_write, args=(place, way, f"{new('ent')}-{next(self._names)}", most, mouth)
        )
        self._process.start()
        mouth.close()

    def hear(self, entries_: int) -> None:
        """Listens until so many entries were told, or there are no more."""
        for _ in range(entries_):
            try:
                self.told += self._ear.recv()
            except EOFError:
                return

    def kill(self) -> None:
        """Kills it wherever it is, and listens to what it had said until then."""
        self._process.kill()
        self._process.join()
        try:
            while wait([self._ear], 0):
                self.told += self._ear.recv()
        except (EOFError, OSError):
            pass
        self._ear.close()

    def finish(self) -> None:
        """Listens until it has ended by itself."""
        try:
            while True:
                self.told += self._ear.recv()
        except EOFError:
            self._process.join()
            self._ear.close()


@contextmanager
def writer(place: Place, way: str, most: int = 1_000_000) -> Generator[Writer]:
    """A writer that does not outlive the block."""
    made = Writer(place, way, most)
    try:
        yield made
    finally:
        if made._process.is_alive():
            made.kill()


# ── the last yuan ────────────────────────────────────────────────────────────────────────────


def _take_all(place: Place, fund: FundId, each: Fen, told: Connection) -> None:
    """Promises so much again and again, until there is no more; tells how often it could."""
    ledger = Ledger(place.province, Database(place.url), Keyring(place.keys))
    taken = 0
    told.send(ledger.today)  # ready
    try:
        while True:
            try:
                with ledger.entry(ledger.procedure(place.union)) as entry:
                    held = entry.read(Fund, fund)
                    entry.write(held.reserve(entry.act, new_grant(), each))
                taken += 1
            except Conflict:
                continue  # the other was first: read again
    except FundExhausted:
        told.send(taken)
    finally:
        told.close()
        ledger.close()


def race(place: Place, fund: FundId, each: Fen, racers: int = 2) -> list[int]:
    """How often each of several processes could take its part, all at once, until nothing was left."""
    pipes = [_apart.Pipe(duplex=False) for _ in range(racers)]
    started = [
        _apart.Process(target=_take_all, args=(place, fund, each, mouth)) for _, mouth in pipes
    ]
    for process, (_, mouth) in zip(started, pipes, strict=True):
        process.start()
        mouth.close()
    for ear, _ in pipes:
        ear.recv()
    found: list[int] = [ear.recv() for ear, _ in pipes]
    for process in started:
        process.join()
    return found
