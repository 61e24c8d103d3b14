"""The recorders of the eventsourcing library, on SQLAlchemy Core (记录器).

The product appends and reads through them, and so can any `Application` of the library: set
`PERSISTENCE_MODULE=ledger.journal.recorder`, `LIANGDI_URL` and `LIANGDI_ORIGIN`. A notification's
id is the record's position: gapless, in commit order, one sequence an origin.

An append locks one row, the head. One record is hashed for the head as it was last seen and
written by a compare-and-swap on it, on its frontier too: a head that somebody saw and that was
then rolled back may have the right size. A miss hashes again, under the lock. Lists take the lock
first. Encoding and sealing come before, views after, all in one transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.utils import resolve_topic
from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from ledger.clock import Clock
from ledger.domain.ids import new
from ledger.journal.database import AWAY, TAKEN, ByKey, Database, Statement, load, pour
from ledger.journal.merkle import TILE_WIDTH, Frontier, Row, Tile, split
from ledger.journal.record import PLAIN, Particulars, Record, place, written
from ledger.journal.tables import (
    channel_leaf,
    claim,
    command,
    head,
    record,
    sealed,
    stored_event,
    tile,
    token,
    tracking,
)

Unique = tuple[str, str]
"""A unique fact: the rule, and the key that one record at a time may hold under it."""


class ClaimHeld(IntegrityError):
    """A unique fact is held already: the rule's refusal, not a conflict."""

    def __init__(self, rule: str, key: str, position: int, holder: str) -> None:
        super().__init__(f"{rule} is held by record {position}")
        self.rule, self.key, self.position, self.holder = rule, key, position, holder


class Moved(IntegrityError):
    """Somebody wrote to a stream after it was read for this entry."""


class Repeated(Exception):
    """This command was carried out before: `answer` is what was said then."""

    def __init__(self, mac: bytes, answer: bytes) -> None:
        super().__init__("this command was carried out before")
        self.mac, self.answer = mac, answer


class Head(NamedTuple):
    """Where a log ends: its frontier (and so its size), and the time of its newest record."""

    frontier: Frontier
    at: str


class Command(NamedTuple):
    """A client's command, remembered so that the same one is carried out once."""

    account: str
    id: str
    mac: bytes
    answer: Callable[[Sequence[Record]], bytes]


@dataclass
class Visit:
    """What the book adds to an append; without it a record says just what the library knows."""

    particulars: Sequence[Particulars]
    at: datetime
    entry: str
    seen: int | None = None  # the journal's size when the entry began to read
    streams: frozenset[str] = frozenset()  # what it read
    partner: bool = False  # whether it read a partner's facts too
    command: Command | None = None
    before: Callable[[Connection], None] | None = None
    then: Callable[[Connection, Sequence[Record]], None] | None = None
    conn: Connection | None = None  # a transaction that holds the head already

    @property
    def is_bare(self) -> bool:
        """Whether nothing is written but the records themselves."""
        guarded = self.conn or self.seen is not None or self.command or self.before or self.then
        return not guarded and all(each.is_bare for each in self.particulars)


# ── statements ───────────────────────────────────────────────────────────────────────────────

_READ_HEAD = Statement(select(head.c.frontier, head.c.at).where(head.c.log == bindparam("log")))
_LOCK_HEAD = Statement(
    select(head.c.frontier, head.c.at).where(head.c.log == bindparam("log")).with_for_update()
)
_MOVE = (
    update(head)
    .where(
        head.c.log == bindparam("log_"),
        head.c.size == bindparam("was"),
        head.c.frontier == bindparam("was_frontier"),
    )
    .values(size=bindparam("size_"), frontier=bindparam("frontier_"), at=bindparam("at_"))
)
_MOVE_HEAD = Statement(_MOVE)
_INSERT_RECORD = Statement(insert(record))
_SWAP_AND_INSERT = Statement(
    # One statement, one round trip (PostgreSQL): the record goes in only where the head moved.
    insert(record).from_select(
        [c.name for c in record.columns],
        select(*(bindparam(c.name, type_=c.type) for c in record.columns)).select_from(
            _MOVE.returning(head.c.size).cte("moved")
        ),
    )
)
_STREAM = Statement(
    select(record)
    .where(
        record.c.origin == bindparam("origin"), record.c.stream == bindparam("stream"),
        record.c.version >= bindparam("since"),
    )
    .order_by(record.c.version)
)  # fmt: skip
_PAGE = Statement(
    select(record)
    .where(record.c.origin == bindparam("origin"), record.c.position > bindparam("after"))
    .order_by(record.c.position)
    .limit(bindparam("most"))
)
_ADD_COMMAND = Statement(insert(command))
_GET_COMMAND = Statement(
    select(command.c.mac, command.c.answer).where(
        command.c.origin == bindparam("origin"),
        command.c.account == bindparam("account"),
        command.c.id == bindparam("id"),
    )
)
_CLAIMED = ByKey(
    select(claim.c.key, claim.c.position, claim.c.holder).where(
        claim.c.origin == bindparam("origin"), claim.c.rule == bindparam("rule")
    ),
    claim.c.key,
)
_HELD_BY = ByKey(
    select(claim.c.holder, claim.c.rule, claim.c.key).where(claim.c.origin == bindparam("origin")),
    claim.c.holder,
)
_RELEASE = Statement(
    delete(claim).where(
        claim.c.origin == bindparam("the_origin"),
        claim.c.rule == bindparam("the_rule"),
        claim.c.key == bindparam("the_key"),
    )
)
_ADD_TILE = Statement(insert(tile))
_IN_JOURNAL = (record.c.leaf, record.c.origin, record.c.position)
_IN_CHANNEL = (channel_leaf.c.leaf, channel_leaf.c.log, channel_leaf.c.number)
_LEAVES, _CHANNEL_LEAVES = (
    Statement(
        select(leaf)
        .where(log == bindparam("log"), at > bindparam("start"), at <= bindparam("stop"))
        .order_by(at)
    )
    for leaf, log, at in (_IN_JOURNAL, _IN_CHANNEL)
)


@cache
def _rows_of(shape: tuple[str, ...], *, channel: bool) -> Statement:
    """Asks for several rows of hashes at once, each of its kind (`_kind`); the hashes in order."""
    leaf, log, at = _IN_CHANNEL if channel else _IN_JOURNAL
    parts: list[Any] = []
    for number, kind in enumerate(shape):
        level, start, stop = (
            bindparam(f"{name}{number}", type_=BigInteger) for name in ("level", "start", "stop")
        )
        which = literal_column(str(number), Integer).label("which")
        if kind == "leaves":
            found = select(which, at.label("at"), leaf.label("hash"))
            parts.append(found.where(log == bindparam("log"), at > start, at <= stop))
            continue
        held = tile.c.hashes if kind == "tile" else tile.c.root
        found = select(which, tile.c.number.label("at"), held.label("hash"))
        parts.append(
            found.where(
                tile.c.log == bindparam("log"), tile.c.level == level,
                tile.c.number >= start, tile.c.number < stop,
            )
        )  # fmt: skip
    return Statement(union_all(*parts).order_by("which", "at"))


def _kind(row: Row) -> str:
    if row.full:
        return "tile"
    return "roots" if row.level else "leaves"


def remembered(
    conn: Connection, origin: str, account: str, command_id: str
) -> tuple[bytes, bytes] | None:
    """(mac, answer) of a command that was carried out before."""
    row = _GET_COMMAND.drive(conn, origin=origin, account=account, id=command_id).fetchone()
    if row is None:
        return None
    mac, answer = row
    return bytes(mac), bytes(answer)


def claimed(conn: Connection, origin: str, rule: str, key: str) -> tuple[int, str] | None:
    """(position, stream) of the record that holds a unique fact."""
    for _, position, holder in _CLAIMED.rows(conn, [key], origin=origin, rule=rule):
        return position, holder
    return None


# ── a log's hashes, as merkle.HashReader asks for them ───────────────────────────────────────


class LogReader:
    """The hashes of one log in storage: a journal's (by origin) or a channel's (by name)."""

    def __init__(self, conn: Connection, log: str, *, channel: bool = False) -> None:
        self._conn, self._log, self._channel = conn, log, channel
        self._leaves = _CHANNEL_LEAVES if channel else _LEAVES

    def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        return self._leaves.blobs(self._conn, log=self._log, start=start, stop=stop)

    def rows(self, asked: Sequence[Row]) -> Sequence[Sequence[bytes]]:
        """The entries of each row, in one question."""
        values: dict[str, Any] = {"log": self._log}
        for number, row in enumerate(asked):
            whole = row.full  # one row of storage, by the number of the tile
            values[f"level{number}"] = row.level if whole else row.level - 1
            values[f"start{number}"] = row.start // TILE_WIDTH if whole else row.start
            values[f"stop{number}"] = row.start // TILE_WIDTH + 1 if whole else row.stop
        found: list[list[bytes]] = [[] for _ in asked]
        statement = _rows_of(tuple(map(_kind, asked)), channel=self._channel)
        which: int
        for which, _, data in statement.bare(self._conn, **values):
            found[which] += split(bytes(data)) if asked[which].full else [bytes(data)]
        return found


def read_head(conn: Connection, log: str, *, lock: bool = False) -> Head:
    """Where a log ends; with `lock` nobody else appends to it until the transaction ends."""
    row = (_LOCK_HEAD if lock else _READ_HEAD).drive(conn, log=log).fetchone()
    if row is None:
        return Head(Frontier(), "")
    frontier, at = row
    return Head(Frontier.from_bytes(bytes(frontier)), at)


def make_head(conn: Connection, log: str) -> None:
    """Begins a log that does not exist yet; nothing where it does, or is being begun beside us."""
    if conn.execute(select(head.c.log).where(head.c.log == log)).first() is None:
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        row = {"log": log, "size": 0, "frontier": Frontier().to_bytes(), "at": ""}
        conn.execute(dialect.insert(head).values(row).on_conflict_do_nothing())


def grow(
    conn: Connection, log: str, frontier: Frontier, leaves: Sequence[bytes], *, channel: bool = False
) -> Frontier:  # fmt: skip
    """The frontier after these leaves, whose rows are stored; writes the tiles that became full."""
    if (frontier.size & 0xFF) + len(leaves) < 256:
        return frontier.extend(leaves)
    grown, tiles = frontier.extend_with_tiles(leaves, LogReader(conn, log, channel=channel))
    _ADD_TILE.run_many(conn, [_tile_row(log, each) for each in tiles])
    return grown


def move_head(conn: Connection, log: str, current: Head, now: Head) -> bool:
    """Lets a log end elsewhere; False where it no longer ends where it did."""
    return _MOVE_HEAD.drive(conn, **_step(log, current, now)).rowcount == 1


def _tile_row(log: str, full: Tile) -> dict[str, Any]:
    return {
        "log": log, "level": full.level, "number": full.index,
        "hashes": full.hashes, "root": full.root,
    }  # fmt: skip


# ── recorders ────────────────────────────────────────────────────────────────────────────────


class JournalRecorder(ProcessRecorder, ApplicationRecorder):
    """The record of one origin: application recorder and process recorder in one."""

    def __init__(
        self, database: Database, origin: str, clock: Clock, *, uuids: bool = False
    ) -> None:
        self.database = database
        self.origin = origin
        self._clock = clock
        self._uuids = uuids
        self._head: Head | None = None
        self._news = _News()

    # ── appending ──

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        visit: Visit | None = None,
        tracking: Tracking | None = None,
        **_: Any,
    ) -> Sequence[int] | None:
        """Appends these events as one entry, all or none; returns their positions.

        Raises: ClaimHeld, Moved, Repeated, NotCanonical; the library's IntegrityError where a
        version is taken, OperationalError where the database is away.
        """
        if visit is None:
            visit = Visit([PLAIN] * len(stored_events), self._clock.now(), new("ent"))
        try:
            if visit.conn is not None:
                records = self._append(visit.conn, stored_events, visit, tracking)
            elif len(stored_events) == 1 and tracking is None and visit.is_bare:
                records = self._alone(stored_events, visit)
            else:
                with self.database.writing() as conn:
                    records = self._append(conn, stored_events, visit, tracking)
        except (*TAKEN, IntegrityError) as fault:
            self._head = None
            self._carried_out(visit)
            if isinstance(fault, IntegrityError):
                raise
            raise IntegrityError(_words(fault)) from fault
        except AWAY as fault:
            self._head = None
            raise OperationalError(_words(fault)) from fault
        except BaseException:
            self._head = None
            raise
        if records:
            self._news.tell()
        return [each.position for each in records]

    def _carried_out(self, visit: Visit) -> None:
        """Where the same command was carried out at the same time, that is why we failed.

        Raises: Repeated.
        """
        if visit.command is not None and visit.conn is None:
            with self.database.reading() as conn:
                before = remembered(conn, self.origin, visit.command.account, visit.command.id)
            if before is not None:
                raise Repeated(*before)

    def _alone(self, events: Sequence[StoredEvent], visit: Visit) -> list[Record]:
        """Appends one bare record, in one statement where nothing has come in between."""
        known = self._head
        if known is not None and not self.database.is_sqlite:
            with self.database.at_once() as conn:
                swapped = self._swapped(conn, known, events, visit)
            if swapped is not None:
                self._head = swapped[1]
                return swapped[0]
        with self.database.writing() as conn:
            return self._append(conn, events, visit, None)

    def _append(
        self,
        conn: Connection,
        events: Sequence[StoredEvent],
        visit: Visit,
        follow: Tracking | None,
    ) -> list[Record]:
        if follow is not None:
            _track(conn, self.origin, follow)
        if not events:
            return []
        records, now = self._write(conn, events, visit)
        self._unmoved(conn, visit, records[0].position - 1)
        if visit.command is not None:
            self._remember(conn, visit.command, records)
        if visit.before is not None:
            visit.before(conn)
        self._claims(conn, records, visit.particulars)
        _keep_sealed(conn, records, visit.particulars)
        if visit.then is not None:
            visit.then(conn, records)
        if visit.conn is None:
            # What is kept here is a guess that the next swap proves; a rollback makes it miss.
            self._head = now
        return records

    def _write(
        self, conn: Connection, events: Sequence[StoredEvent], visit: Visit
    ) -> tuple[list[Record], Head]:
        """Places, hashes and inserts; returns the records and the new head, which is locked now."""
        if len(events) == 1 and visit.conn is None:
            current = self._head or read_head(conn, self.origin)
            swapped = self._swapped(conn, current, events, visit)
            if swapped is not None:
                return swapped
        current = read_head(conn, self.origin, lock=True)
        records = self._inserted(conn, self._placed(current, events, visit), len(events))
        frontier = grow(conn, self.origin, current.frontier, [each.leaf for each in records])
        now = Head(frontier, _at(current, visit))
        if _MOVE_HEAD.drive(conn, **_step(self.origin, current, now)).rowcount != 1:
            raise OperationalError(f"journal {self.origin} has no head here: it was never begun")
        return records, now

    def _placed(
        self, current: Head, events: Sequence[StoredEvent], visit: Visit
    ) -> Iterator[Record]:
        """Gives each event its place behind the head."""
        origin, size, at = self.origin, current.frontier.size, _at(current, visit)
        count, entry = len(events), visit.entry
        for index, (each, what) in enumerate(zip(events, visit.particulars, strict=True), 1):
            yield place(origin, size + index, at, entry, (index, count), each, what.header)

    def _inserted(self, conn: Connection, placed: Iterator[Record], count: int) -> list[Record]:
        if conn.dialect.name == "postgresql" and count > 20:
            records: list[Record] = []
            pour(conn, record, _kept(placed, records))
        else:
            records = list(placed)
            load(conn, record, records)
        return records

    def _swapped(
        self, conn: Connection, current: Head, events: Sequence[StoredEvent], visit: Visit
    ) -> tuple[list[Record], Head] | None:
        """Writes one record where the head is what we took it for; else nothing at all."""
        if current.frontier.size & 0xFF == 0xFF:
            return None  # it fills a tile, and must be there before the tile is made
        (one,) = self._placed(current, events, visit)
        now = Head(current.frontier.extend([one.leaf]), _at(current, visit))
        step = _step(self.origin, current, now)
        if conn.dialect.name == "postgresql":
            done = _SWAP_AND_INSERT.drive(conn, **step, **one._asdict()).rowcount == 1
        else:
            done = _MOVE_HEAD.drive(conn, **step).rowcount == 1
            if done:
                _INSERT_RECORD.drive(conn, **one._asdict())
        return ([one], now) if done else None

    def _unmoved(self, conn: Connection, visit: Visit, before: int) -> None:
        """Refuses where something that the entry read was written after it was read."""
        if visit.seen is None or visit.seen == before:
            return
        rows = conn.execute(
            select(record.c.stream, record.c.kind).where(
                record.c.origin == self.origin,
                record.c.position > visit.seen,
                record.c.position <= before,
            )
        )
        for stream, kind in rows:
            if stream in visit.streams or (visit.partner and kind == "PartnerRead"):
                raise Moved(f"{stream} was written while it was being read")

    def _remember(self, conn: Connection, this: Command, records: Sequence[Record]) -> None:
        _ADD_COMMAND.drive(
            conn, origin=self.origin, account=this.account, id=this.id, mac=this.mac,
            answer=this.answer(records),
        )  # fmt: skip

    def put_back(self, conn: Connection, records: Sequence[Record], at: str) -> None:
        """Puts records back behind the head, whose bytes and places are known, after a loss.

        Unique facts are another step (`take_back`), for a record may have to be opened first.
        """
        current = read_head(conn, self.origin, lock=True)
        load(conn, record, records)
        frontier = grow(conn, self.origin, current.frontier, [each.leaf for each in records])
        move_head(conn, self.origin, current, Head(frontier, max(at, current.at)))
        self._head = None

    def take_back(self, conn: Connection, one: Record, what: Particulars) -> None:
        """The unique facts of a record that was put back; whoever held them has lost its release."""
        self._claims(conn, [one], [what], taking_over=True)

    # ── unique facts ──

    def _claims(
        self, conn: Connection, records: Sequence[Record], particulars: Sequence[Particulars],
        *, taking_over: bool = False,
    ) -> None:  # fmt: skip
        """Frees and takes the unique facts of an entry, in the order of its records.

        The head is locked: what is free now is free until we commit. Raises: ClaimHeld.
        """
        pairs = [
            (each, what)
            for each, what in zip(records, particulars, strict=True)
            if what.takes or what.frees
        ]
        if not pairs:
            return
        held = self._held(conn, [each.stream for each, what in pairs if what.frees])
        taken: dict[Unique, tuple[int, str]] = {}
        wanted: list[Unique] = []  # what nobody may hold, as nothing here has freed it before
        freed: dict[Unique, None] = {}
        for each, what in pairs:
            mine = held.setdefault(each.stream, set())
            for rule, key in what.frees:
                for fact in [(rule, key)] if key is not None else [u for u in mine if u[0] == rule]:
                    mine.discard(fact)
                    if key is None and fact in taken and taken[fact][1] != each.stream:
                        continue  # it was freed before, by its key, and taken by another
                    if taken.pop(fact, None) is None:
                        freed[fact] = None
            for fact in what.takes:
                if fact in taken:
                    raise ClaimHeld(*fact, *taken[fact])
                if fact not in freed:
                    wanted.append(fact)
                taken[fact] = (each.position, each.stream)
                mine.add(fact)
        if taking_over:
            freed |= dict.fromkeys(wanted)
        else:
            self._free(conn, wanted)
        _RELEASE.run_many(
            conn, [{"the_origin": self.origin, "the_rule": r, "the_key": k} for r, k in freed]
        )
        # In the order of their keys: neighbours then stand on one page, read and written once.
        load(conn, claim, [(self.origin, *fact, *taken[fact]) for fact in sorted(taken)])

    def _held(self, conn: Connection, streams: Sequence[str]) -> dict[str, set[Unique]]:
        """What these streams hold, by stream."""
        found: dict[str, set[Unique]] = {}
        for holder, rule, key in _HELD_BY.rows(conn, streams, origin=self.origin):
            found.setdefault(holder, set()).add((rule, key))
        return found

    def _free(self, conn: Connection, wanted: Sequence[Unique]) -> None:
        """Finds nobody who holds one of these. Raises: ClaimHeld."""
        rules: dict[str, list[str]] = {}
        for rule, key in wanted:
            rules.setdefault(rule, []).append(key)
        for rule, keys in rules.items():
            for key, position, holder in _CLAIMED.rows(conn, keys, origin=self.origin, rule=rule):
                raise ClaimHeld(rule, key, position, holder)

    # ── reading ──

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = select(record.c.version, record.c.kind, record.c.body).where(
            record.c.origin == self.origin, record.c.stream == str(originator_id)
        )
        if gt is not None:
            query = query.where(record.c.version > gt)
        if lte is not None:
            query = query.where(record.c.version <= lte)
        query = query.order_by(record.c.version.desc() if desc else record.c.version).limit(limit)
        with self.database.reading() as conn:
            return [
                StoredEvent(originator_id, version, kind, bytes(body))
                for version, kind, body in conn.execute(query)
            ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        query = select(
            record.c.position, record.c.stream, record.c.version, record.c.kind, record.c.body
        ).where(record.c.origin == self.origin)
        if start is not None:
            at = record.c.position
            query = query.where(at >= start if inclusive_of_start else at > start)
        if stop is not None:
            query = query.where(record.c.position <= stop)
        if topics:
            query = query.where(record.c.kind.in_(topics))
        query = query.order_by(record.c.position).limit(limit)
        with self.database.reading() as conn:
            return [
                Notification(
                    UUID(stream) if self._uuids else stream, version, kind, bytes(body), position
                )
                for position, stream, version, kind, body in conn.execute(query)
            ]

    def max_notification_id(self) -> int | None:
        with self.database.reading() as conn:
            return read_head(conn, self.origin).frontier.size or None

    def stream(self, conn: Connection, stream: str, since: int = 1) -> list[Record]:
        """The records of one stream of this origin from a version on, whole and in their order."""
        rows = _STREAM.drive(conn, origin=self.origin, stream=stream, since=since)
        return [_record(row) for row in rows]

    def page(self, conn: Connection, after: int, limit: int) -> list[Record]:
        """The records after a position, whole, in order."""
        rows = _PAGE.drive(conn, origin=self.origin, after=after, most=limit)
        return [_record(row) for row in rows]

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "JournalSubscription":
        """Records as they come; what other processes append is found by polling."""
        return JournalSubscription(self, gt=gt, topics=topics)

    @property
    def news(self) -> "_News":
        return self._news

    # ── tracking ──

    def insert_tracking(self, tracking: Tracking) -> None:
        try:
            with self.database.writing() as conn:
                _track(conn, self.origin, tracking)
        except TAKEN as fault:
            raise IntegrityError(_words(fault)) from fault

    def max_tracking_id(self, application_name: str) -> int | None:
        with self.database.reading() as conn:
            return tracked(conn, self.origin, application_name)


def _at(current: Head, visit: Visit) -> str:
    """When the records of a visit are recorded: time never goes back within a journal."""
    return max(written(visit.at), current.at)


def _step(log: str, current: Head, now: Head) -> dict[str, Any]:
    """The values of `_MOVE`: from the head as it was to the head as it is to be."""
    return {
        "log_": log, "was": current.frontier.size, "was_frontier": current.frontier.to_bytes(),
        "size_": now.frontier.size, "frontier_": now.frontier.to_bytes(), "at_": now.at,
    }  # fmt: skip


def _kept(records: Iterator[Record], kept: list[Record]) -> Iterator[Record]:
    for each in records:
        kept.append(each)
        yield each


def _keep_sealed(
    conn: Connection, records: Sequence[Record], particulars: Sequence[Particulars]
) -> None:
    """Stores the boxes and the search tokens of an entry."""
    boxes: list[tuple[Any, ...]] = []
    tokens: set[tuple[Any, ...]] = set()  # a name and its old spelling may give the same
    for each, what in zip(records, particulars, strict=True):
        boxes += [(each.origin, each.position, *box) for box in what.sealed]
        for kind, value, person in what.tokens:
            tokens.add((kind, value, person, each.origin, each.position))
    load(conn, sealed, boxes)
    load(conn, token, sorted(tokens))  # as the claims


def _record(row: Any) -> Record:
    return Record._make(row)


def _words(fault: BaseException) -> str:
    """What the driver said, also where SQLAlchemy says it after it."""
    return str(getattr(fault, "orig", None) or fault)


def tracked(conn: Connection, origin: str, application: str) -> int | None:
    """How far another application's sequence has been followed."""
    return conn.execute(
        select(tracking.c.position).where(
            tracking.c.origin == origin, tracking.c.application == application
        )
    ).scalar()


def _track(conn: Connection, origin: str, to: Tracking) -> None:
    before = tracked(conn, origin, to.application_name)
    if before is None:
        conn.execute(
            insert(tracking).values(
                origin=origin, application=to.application_name, position=to.notification_id
            )
        )
        return
    # The lower one loses also where two follow at once: the row is locked by whoever is first.
    moved = conn.execute(
        update(tracking)
        .where(
            tracking.c.origin == origin,
            tracking.c.application == to.application_name,
            tracking.c.position < to.notification_id,
        )
        .values(position=to.notification_id)
    )
    if moved.rowcount == 0:
        raise IntegrityError(f"{to.application_name} was followed to {before} already")


class _News:
    """Wakes the subscriptions of this process when something was appended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: set[Callable[[], None]] = set()

    def join(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.add(wake)

    def leave(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.discard(wake)

    def tell(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for wake in waiting:
            wake()


class JournalSubscription(ListenNotifySubscription[JournalRecorder]):
    """The library's subscription, woken by our appends and, for other processes', by a poll."""

    POLL_SECONDS = 0.5

    def __init__(
        self, recorder: JournalRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._wake = self._has_been_notified.set
        recorder.news.join(self._wake)
        self._wake()  # the thread above has begun: what came before we joined is found now

    def _loop_on_pull(self) -> None:
        try:
            pulled: int | None = None
            while not self._has_been_stopped:
                size = self._recorder.max_notification_id()  # one row, however long the journal
                if size != pulled:
                    self._pull()
                    pulled = size
                self._has_been_notified.wait(self.POLL_SECONDS)
                self._has_been_notified.clear()
        except BaseException as fault:  # noqa: BLE001  (the reader's thread raises it: `__next__`)
            if self._thread_error is None:
                self._thread_error = fault
            self.stop()

    def stop(self) -> None:
        self._recorder.news.leave(self._has_been_notified.set)
        super().stop()


class SnapshotRecorder(AggregateRecorder):
    """The library's aggregate recorder: sequences without a common order, in a table apart."""

    def __init__(self, database: Database, origin: str, purpose: str) -> None:
        self._database, self._origin, self._purpose = database, origin, purpose

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        rows = [
            (self._origin, self._purpose, str(e.originator_id), e.originator_version, e.topic, e.state)
            for e in stored_events
        ]  # fmt: skip
        try:
            with self._database.writing() as conn:
                load(conn, stored_event, rows)
        except TAKEN as fault:
            raise IntegrityError(_words(fault)) from fault
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        table = stored_event.c
        query = select(table.version, table.topic, table.state).where(
            table.origin == self._origin,
            table.purpose == self._purpose,
            table.stream == str(originator_id),
        )
        if gt is not None:
            query = query.where(table.version > gt)
        if lte is not None:
            query = query.where(table.version <= lte)
        query = query.order_by(table.version.desc() if desc else table.version).limit(limit)
        with self._database.reading() as conn:
            return [
                StoredEvent(originator_id, version, topic, bytes(state))
                for version, topic, state in conn.execute(query)
            ]


class JournalFactory(InfrastructureFactory[Any]):
    """Makes the recorders of one origin from the library's environment.

    `LIANGDI_URL` (SQLAlchemy's), `LIANGDI_ORIGIN`, and `LIANGDI_ORIGINATOR_IDS` = `text` (the
    default here) or `uuid`. The schema is made by `liangdi migrate`, never here.
    """

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        url = self.env.get("LIANGDI_URL")
        if not url:
            raise OSError("LIANGDI_URL is not set: the URL of the province's database")
        self.database = Database(url)
        self.origin = self.env.get("LIANGDI_ORIGIN") or self.env.name or "local"
        self._uuids = self.env.get("LIANGDI_ORIGINATOR_IDS", "text") == "uuid"
        self._clock = Clock()
        with self.database.writing() as conn:
            make_head(conn, self.origin)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return SnapshotRecorder(self.database, self.origin, purpose)

    def application_recorder(self) -> ApplicationRecorder:
        return self._recorder(self.env.get(self.APPLICATION_RECORDER_TOPIC))

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        chosen: Any = tracking_recorder_class or self.env.get(self.TRACKING_RECORDER_TOPIC)
        return self._recorder(chosen)

    def process_recorder(self) -> ProcessRecorder:
        return self._recorder(self.env.get(self.PROCESS_RECORDER_TOPIC))

    def _recorder(self, chosen: type[JournalRecorder] | str | None) -> JournalRecorder:
        """The journal's recorder, or the subclass of it that the environment or a caller names."""
        cls = resolve_topic(chosen) if isinstance(chosen, str) and chosen else chosen
        made: type[JournalRecorder] = cls or JournalRecorder
        return made(self.database, self.origin, self._clock, uuids=self._uuids)

    def close(self) -> None:
        self.database.close()


def max_position(conn: Connection, origin: str) -> int:
    """The highest position stored of an origin, its own or a mirrored one."""
    return (
        conn.execute(select(func.max(record.c.position)).where(record.c.origin == origin)).scalar()
        or 0
    )
