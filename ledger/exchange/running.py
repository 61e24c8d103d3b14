"""The exchange at work (交换运行): both directions until nothing moves, and on and on for `serve`.

A slow or dead partner never stops local work: it is asked again after a while that grows, and
what it missed drains in order once it is back.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import random
from threading import Event, Thread
from typing import NamedTuple, Protocol

from eventsourcing.persistence import OperationalError
from sqlalchemy import exc as sql
from sqlalchemy import func, select

from ledger.book import Conflict, Ledger
from ledger.clock import ClockJumped
from ledger.exchange.ahead import Ahead
from ledger.exchange.giving import Giving
from ledger.exchange.mirroring import Mirroring
from ledger.exchange.nodes import Directory, OwnNode
from ledger.exchange.reading import Reading, note_contact
from ledger.exchange.remote import PartnerBusy, Patience, Remote
from ledger.exchange.wire import Partner, Unproven
from ledger.exchange.witnessing import attest, introduce
from ledger.journal import checkpoints, epochs
from ledger.journal.keys import Role
from ledger.journal.record import instant, written
from ledger.journal.recorder import read_head
from ledger.journal.signing import ReadOnly
from ledger.journal.tables import contact, parked, wanted
from ledger.procedures import due, lapse_shares
from ledger.projections.channels import partners
from ledger.projections.posting import channel_name

log = logging.getLogger("liangdi.exchange")

PASSING = (OSError, Conflict, OperationalError, sql.OperationalError, ReadOnly, ClockJumped)
"""What passes: the partner is away, the database is busy, another reader was faster, or people
have yet to settle what became of our own records, or to look at the clock."""


class InTheBackground(Protocol):
    """What runs while a ledger is served."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Ends it cleanly. Raises what ended it before, if anything did."""
        ...


def sync(a: Ledger, b: Ledger, *, limit: int = 1000) -> int:
    """Lets two ledgers read each other until nothing moves; returns how much moved.

    Each then signs how far it is, and the other is its witness and its mirror.

    Raises: Unproven, NotWitnessed, ReadOnly.
    """
    introduce(a, b)
    pairs = [(a, Giving(b, a.origin)), (b, Giving(a, b.origin))]
    ways = [Reading(ledger, partner) for ledger, partner in pairs]
    moved = 0
    while True:
        now = sum(drain(way, limit) for way in ways)
        if now == 0:
            break
        moved += now
    attest(a, [b.witness])
    attest(b, [a.witness])
    for ledger, partner in pairs:
        Mirroring(ledger, partner).once()
    return moved


def drain(way: Reading, limit: int = 1000, stopped: Callable[[], bool] = lambda: False) -> int:
    """Reads one partner's channel to its end; returns how much there was. Raises: Unproven."""
    read = 0
    while not stopped():
        try:
            now = way.once(limit, further=read > 0)
        except Conflict:
            continue  # a clerk or another reader was faster: once more, from where it stands
        if now == 0:
            return read
        read += now
    return read


def in_process(ledgers: Sequence[Ledger]) -> "Exchanger":
    """The exchange between ledgers that one process serves, each with every other."""
    return Exchanger(
        [
            (here, Giving(there, here.origin))
            for here in ledgers
            for there in ledgers
            if here is not there
        ]
    )


class Neighbours:
    """The partners of one ledger that have nodes of their own: how they are read, and who witnesses.

    `look` is called at every turn: who listens for partners learns there of new ones.
    """

    def __init__(
        self, ledger: Ledger, directory: Directory, own: OwnNode,
        look: Callable[[], None] = lambda: None, patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self._ledger, self._directory, self._own, self._look = ledger, directory, own, look
        self._patience = patience
        self._partners: dict[str, Remote] = {}
        self._witnesses: dict[str, Remote] = {}

    def start(self) -> None:
        """Nothing to begin: who is near is asked for."""

    def stop(self) -> None:
        """Gives the lines up."""
        for each in (*self._partners.values(), *self._witnesses.values()):
            each.close()

    def ways(self) -> list[tuple[Ledger, Partner]]:
        """Every partner that can be reached now."""
        self._look()
        return [(self._ledger, Ahead(each)) for each in self._near(self._partners)]

    def witnesses(self, ledger: Ledger) -> list[Remote]:
        """The same as witnesses of our journal; asked by another thread, over lines of their own."""
        return self._near(self._witnesses) if ledger is self._ledger else []

    def _near(self, known: dict[str, Remote]) -> list[Remote]:
        for origin in self._directory.nodes():
            if origin not in known:
                known[origin] = Remote(
                    self._directory, self._own, origin, self._ledger.origin, self._patience
                )
        return list(known.values())


class Daily:
    """What the clock asks for (到期办理), done in the background: late offers lapse, links of
    agreements and consents that are over close. Looked at when it starts, and every hour.
    """

    def __init__(self, ledgers: Sequence[Ledger], *, every: float = 3600.0) -> None:
        self._ledgers, self._every = list(ledgers), every
        self._stopping = Event()
        self._thread: Thread | None = None
        self._failure: BaseException | None = None

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="daily", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the ledger at hand. Raises what ended it before, if anything did."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                for ledger in self._ledgers:
                    try:
                        due(ledger)
                        lapse_shares(ledger)
                    except PASSING:
                        log.warning("%s: busy or away; looked at again later", ledger.origin)
                self._stopping.wait(self._every)
        except BaseException as fault:
            log.exception("the daily work stopped")
            self._failure = fault


@dataclass
class _Way:
    """One partner that is read in the background, and when it is asked next."""

    ledger: Ledger
    partner: Partner
    reading: Reading | None = None
    mirroring: Mirroring | None = None
    pause: float = 0.0
    failure: Exception | None = None  # what it met last that nobody had foreseen


class Exchanger:
    """Reads partners in the background, each as often as it has news; starts and stops cleanly.

    A partner that is away or unproven is asked again after a pause that doubles up to `longest`
    seconds. So it is after anything else, which is our bug: it is logged, and `stop` raises what
    has not passed by then.
    """

    def __init__(
        self,
        ways: Sequence[tuple[Ledger, Partner]],
        *,
        every: float = 2.0,
        longest: float = 300.0,
        find: Callable[[], Iterable[tuple[Ledger, Partner]]] | None = None,
    ) -> None:
        """`find` is asked every so often for partners that were not there before."""
        self._ways = [_Way(ledger, partner) for ledger, partner in ways]
        self._every, self._longest, self._find = every, longest, find
        self._stopping = Event()
        self._threads: list[Thread] = []
        self._bells: dict[int, Event] = {}
        self._failure: Exception | None = None

    def start(self) -> None:
        for way in self._ways:
            self._begin(way)
        if self._find is not None:
            finder = Thread(target=self._look_around, name="exchange partners", daemon=True)
            self._threads.append(finder)
            finder.start()

    def _begin(self, way: _Way) -> None:
        bell = Event()
        self._bells[id(way)] = bell
        for ledger in _beside(way):
            ledger.recorder.news.join(bell.set)
        thread = Thread(
            target=self._run, args=(way, bell), name=f"exchange {way.partner.origin}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _look_around(self) -> None:
        """Begins to read the partners that come to be known while we run."""
        assert self._find is not None
        while not self._stopping.is_set():
            found: list[tuple[Ledger, Partner]] = []
            try:
                found = list(self._find())
                self._failure = None
            except PASSING:
                pass
            except Exception as fault:
                if repr(fault) != repr(self._failure):  # once, as long as it lasts
                    log.exception("partners cannot be looked for")
                self._failure = fault
            read = {(way.ledger.origin, way.partner.origin) for way in self._ways}
            for ledger, partner in found:
                if (ledger.origin, partner.origin) not in read:
                    way = _Way(ledger, partner)
                    self._ways.append(way)
                    self._begin(way)
            self._stopping.wait(self._every)

    def stop(self) -> None:
        """Ends the reading after the page at hand. Raises what nobody had foreseen and still is so."""
        self._stopping.set()
        for way in list(self._ways):
            if isinstance(way.partner, Ahead):
                way.partner.hang_up()  # a node that is slow to answer is not waited for
            bell = self._bells.get(id(way))
            if bell is not None:
                bell.set()
                for ledger in _beside(way):
                    ledger.recorder.news.leave(bell.set)
        for thread in list(self._threads):
            thread.join()
        self._threads.clear()
        self._bells.clear()
        for failure in (self._failure, *(way.failure for way in self._ways)):
            if failure is not None:
                raise failure

    def __enter__(self) -> "Exchanger":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, way: _Way, bell: Event) -> None:
        while not self._stopping.is_set():
            bell.clear()
            self._turn(way)
            if way.pause:
                self._stopping.wait(way.pause)
            else:
                bell.wait(self._every)

    def _turn(self, way: _Way) -> None:
        try:
            if way.reading is None or way.mirroring is None:
                way.reading = Reading(way.ledger, way.partner)
                way.mirroring = Mirroring(way.ledger, way.partner)
                way.reading.unpark()
            # What does not stand in its journal stops the reading: so it is looked at first.
            way.mirroring.once()
            drain(way.reading, stopped=self._stopping.is_set)
            way.mirroring.once()
            way.pause, way.failure = 0.0, None
        except (Unproven, *PASSING) as fault:
            way.pause = self._after(way.pause, fault)
            _note(way, fault)
        except Exception as fault:  # what one partner has said ends nobody's reading, nor its own
            log.exception("%s: reading %s failed", way.ledger.origin, way.partner.origin)
            way.pause, way.failure = self._after(way.pause, fault), fault
            _note(way, fault)

    def _after(self, pause: float, fault: Exception) -> float:
        """How long to leave a partner alone: twice as long each time, and never in step."""
        longer = max(self._every, pause * 2)
        if isinstance(fault, PartnerBusy):
            longer = max(longer, fault.seconds)
        return min(self._longest, longer * (0.75 + random() / 2))  # noqa: S311 (it keeps no secret)


def _beside(way: _Way) -> list[Ledger]:
    """A partner in this process wakes us; one over a network is asked every so often."""
    return [way.partner.ledger] if isinstance(way.partner, Giving) else []


def _note(way: _Way, fault: Exception) -> None:
    log = channel_name(way.partner.origin, way.ledger.origin)
    try:
        with way.ledger.database.writing() as conn:
            at = written(way.ledger.clock.now())
            note_contact(conn, log, at, fault=type(fault).__name__)
    except PASSING:
        pass  # our own database is away: the next turn will say so again


class Standing(NamedTuple):
    """How a partner's channel stands with us, for people to read."""

    partner: str
    heard: datetime | None  # when it last answered
    read: int  # how far it is read
    size: int  # how long it was then
    fault: str  # what was wrong the last time, by kind; empty where nothing was
    fault_at: datetime | None
    parked: int  # records that wait
    owed: int  # links of which openings are still to come
    shared: int  # how many records of ours its channel holds
    own: int  # how many records our journal has
    cosigned: int  # how many of them the partner's witness has cosigned
    cosigned_at: datetime | None  # and when, the last time
    witnessed: int  # how much of its journal we have cosigned


def standings(ledger: Ledger) -> list[Standing]:
    """How we stand with every partner with which there is an agreement, or that we read."""
    found: list[Standing] = []
    with ledger.reading() as reader:
        conn = reader.conn
        own = read_head(conn, ledger.origin).frontier.size
        for partner in sorted({*partners(conn), *reader.partners}):
            log = channel_name(partner, ledger.origin)
            theirs = checkpoints.last_vouched(conn, epochs.present(conn, partner))
            said = conn.execute(select(contact).where(contact.c.log == log)).mappings().first()
            waits = select(func.count()).select_from(parked).where(parked.c.log == log)
            owed = select(func.count()).select_from(wanted).where(wanted.c.log == log)
            found.append(
                Standing(
                    partner,
                    instant(said["heard"]) if said and said["heard"] else None,
                    read_head(conn, log).frontier.size,
                    said["size"] if said else 0,
                    said["fault"] if said else "",
                    instant(said["fault_at"]) if said and said["fault_at"] else None,
                    conn.execute(waits).scalar_one(),
                    conn.execute(owed).scalar_one(),
                    read_head(conn, channel_name(ledger.origin, partner)).frontier.size,
                    own,
                    *checkpoints.newest_by(conn, ledger.log, f"{partner}/{Role.WITNESS}"),
                    theirs.size if theirs else 0,
                )
            )
    return found
