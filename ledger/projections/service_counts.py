"""Service counts (普惠服务统计): what was done, by kind, unit, station, union and period; and trips.

Nothing here was typed as a total. What was counted without names adds up within one unit and one
kind, and stays "more than" where one of its parts was; what was given by name is counted twice
over, as persons and as person-times. Every line is one record, with the time for which it stood.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    and_,
    case,
    func,
    select,
    tuple_,
)

from ledger.domain.ids import FundId, PersonId, TripId, UnionId
from ledger.domain.kernel import Fact, Fen
from ledger.domain.services import (
    Bound,
    CostRecorded,
    PassengerDeparted,
    ServiceGiven,
    ServiceKind,
    ServicesTallied,
    Trip,
    TripEnd,
    Unit,
)
from ledger.journal.tables import metadata
from ledger.projections import union_tree, worker_files
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import UNCHANGED, Known, histories, knew, rewrite

NAME = "service_counts"

service_line = Table(
    "service_line",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("thing", Text, primary_key=True),  # the service, the tally or the trip
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("union", Text, nullable=False),
    Column("station", Text),
    Column("on", Text, nullable=False),
    Column("person", Text),  # by name; all below only without
    Column("unit", Text),
    Column("number", BigInteger),
    Column("bound", Text),
    Column("known_from", Text, nullable=False),
    Column("known_to", Text, nullable=False),
    Index("service_line_on", "generation", "on"),
    Index("service_line_union", "generation", "union", "on"),
)

service_cost = Table(
    "service_cost",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("thing", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("union", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("bearer", Text),
    Column("name", Text, nullable=False),
    Column("fund", Text),
    Column("source", Text),
    Column("amount", BigInteger, nullable=False),  # 分
    Column("known_from", Text, nullable=False),
    Column("known_to", Text, nullable=False),
    Index("service_cost_fund", "generation", "fund"),
)

trip = Table(
    "trip",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("trip", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("union", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("quota", BigInteger, nullable=False),
    Column("seats", BigInteger, nullable=False),
    Column("departed", BigInteger, nullable=False),
    Column("awaiting", BigInteger, nullable=False),  # minors for whom nobody has agreed yet
    Column("leaves", Text, nullable=False),
    Column("cancelled", Text),
    Index("trip_leaves", "generation", "leaves"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────

_THINGS = frozenset({"ser_", "tal_", "tri_"})


class _View:
    name, zh = NAME, "普惠服务统计"
    tables: Sequence[Table] = (service_line, service_cost, trip)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        touched = {p.record.stream for p in page if p.record.stream[:4] in _THINGS}
        if not touched:
            return
        lines: list[Sequence[Any]] = []
        costs: list[Sequence[Any]] = []
        trips: list[Sequence[Any]] = []
        for thing, history in histories(conn, page, touched).items():
            told = Trip.of(known.fact for known in history) if thing.startswith("tri_") else None
            kind = told.announced.kind if told and told.announced else ServiceKind.TRAVEL
            for known, until in _spans(history):
                fact = known.fact
                at = (generation, thing, fact.origin, fact.position)
                if isinstance(fact.event, CostRecorded):
                    costs.append((*at, *_cost(fact, fact.event), known.at, until))
                elif (line := _line(fact, kind)) is not None:
                    lines.append((*at, *line, known.at, until))
            if told is not None and told.announced is not None:
                trips.append((generation, thing, *_trip(told)))
        rewrite(conn, service_line, generation, "thing", touched, lines)
        rewrite(conn, service_cost, generation, "thing", touched, costs)
        rewrite(conn, trip, generation, "trip", touched, trips)


VIEW: Projection = _View()


def _spans(history: Sequence[Known]) -> Iterable[tuple[Known, str]]:
    """Each record with the instant until which it was known to stand."""
    replaced = {
        (known.fact.origin, known.fact.corrects): known.at
        for known in reversed(history)
        if known.fact.corrects is not None
    }
    for known in history:
        yield known, replaced.get((known.fact.origin, known.fact.position), UNCHANGED)


def _line(fact: Fact, kind: ServiceKind) -> Sequence[Any] | None:
    on = fact.on.isoformat()
    match fact.event:
        case ServiceGiven() as e:
            return (e.kind, e.union, e.station, on, e.person, None, None, None)
        case PassengerDeparted() as e:
            return (kind, e.union, None, on, e.person, None, None, None)
        case ServicesTallied() as e:
            return (e.kind, e.union, e.station, on, None, e.unit, e.count, e.bound)
        case _:
            return None


def _cost(fact: Fact, e: CostRecorded) -> Sequence[Any]:
    return (e.union, fact.on.isoformat(), e.bearer, e.name, e.fund, e.source, e.amount)


def _trip(told: Trip) -> Sequence[Any]:
    e = told.announced
    assert e is not None
    return (
        e.name, e.kind, e.union, told.origin, e.quota, len(told.seats), len(told.departed),
        len(told.awaiting_guardian), e.leaves.isoformat(), told.cancelled,
    )  # fmt: skip


# ── asking ───────────────────────────────────────────────────────────────────────────────────


class By(StrEnum):
    """By what the counts are split further (分组)."""

    STATION = "station"  # 站点
    UNION = "union"  # 工会
    MONTH = "month"  # 月份
    PROVINCE = "province"  # 由哪省登记


@dataclass(frozen=True)
class Sought:
    """Which services: of a kind, at a station, of a union and those below, in a period.

    Both ends of the period are included. `own` False counts the partners' too.
    """

    kind: ServiceKind | None = None
    station: str | None = None
    union: str | None = None
    below: bool = True
    since: date | None = None
    until: date | None = None
    own: bool = True
    by: By | None = None
    known_on: date | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(**read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "kind": ("kind", ServiceKind),
    "station": ("station", str),
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "since": ("since", date.fromisoformat),
    "until": ("until", date.fromisoformat),
    "own": ("own", yes_or_no),
    "by": ("by", By),
    "known_on": ("known_on", date.fromisoformat),
}


class Counted(NamedTuple):
    """What was counted without names, of one kind in one unit; bounds of the parts stay marked."""

    kind: ServiceKind
    unit: Unit
    by: str | None
    number: int
    more: bool  # one part at least is "more than"
    nearly: bool  # one part at least is "nearly"
    tallies: int


class Named(NamedTuple):
    """What was given by name: how many persons, and how many times."""

    kind: ServiceKind | None  # None: of all kinds together, each person once
    by: str | None
    persons: int
    times: int


class Cost(NamedTuple):
    """What was borne by whom, from which fund."""

    bearer: UnionId | None
    name: str
    fund: FundId | None
    source: str | None
    amount: Fen
    lines: int


class TripRow(NamedTuple):
    """One trip: its seats, and who has departed."""

    trip: TripId
    name: str
    kind: ServiceKind
    union: UnionId
    origin: str
    quota: int
    seats: int
    departed: int
    awaiting: int
    leaves: date
    cancelled: TripEnd | None

    @property
    def left(self) -> int:
        return self.quota - self.seats


def counted(conn: Connection, origin: str, sought: Sought) -> list[Counted]:
    """The tallies added up, unit by unit, never one unit with another."""
    table = service_line.c
    keys = [table.kind, table.unit, *_by(sought)]
    query = select(
        func.sum(table.number),
        func.sum(case((table.bound == Bound.MORE_THAN.value, 1), else_=0)),
        func.sum(case((table.bound == Bound.NEARLY.value, 1), else_=0)),
        func.count(),
        *keys,
    ).where(_where(conn, origin, service_line, sought), table.person.is_(None))
    found: list[tuple[Any, ...]] = [
        tuple(row) for row in conn.execute(query.group_by(*keys).order_by(*keys))
    ]
    return [
        Counted(
            ServiceKind(kind), Unit(unit), by[0] if by else None, int(total), bool(more),
            bool(nearly), tallies,
        )
        for total, more, nearly, tallies, kind, unit, *by in found
    ]  # fmt: skip


def of_partners(conn: Connection, origin: str, sought: Sought) -> list[Counted]:
    """What partners have counted without names, by province: beside ours, never added to it.

    A union of ours, and a split of ours, are not asked for: these are theirs.
    """
    asked = replace(sought, own=False, by=By.PROVINCE, union=None)
    return [each for each in counted(conn, origin, asked) if each.by != origin]


def named(conn: Connection, origin: str, sought: Sought) -> list[Named]:
    """What was given by name, kind by kind; and last, of all kinds together, each person once."""
    same = worker_files.same_person
    generation = live(conn, origin, worker_files.NAME)
    first = (
        select(same.c.person, func.min(same.c.other).label("other"))
        .where(knew(same, generation, sought.known_on))
        .group_by(same.c.person)
        .subquery()
    )
    table = service_line.c
    # Two ids of one person are counted under the smaller one.
    person = case((first.c.other < table.person, first.c.other), else_=table.person)
    query = (
        select(func.count(person.distinct()), func.count())
        .select_from(service_line.outerjoin(first, first.c.person == table.person))
        .where(_where(conn, origin, service_line, sought), table.person.is_not(None))
    )
    keys = [table.kind, *_by(sought)]
    rows = conn.execute(query.add_columns(*keys).group_by(*keys).order_by(*keys))
    found = [
        Named(ServiceKind(kind), by[0] if by else None, persons, times)
        for persons, times, kind, *by in rows
    ]
    persons, times = conn.execute(query).one()
    return [*found, Named(None, None, persons, times)]


def costs(
    conn: Connection, origin: str, sought: Sought, things: Sequence[str] | None = None
) -> list[Cost]:
    """What it cost, by who bore it and from which fund; of these services alone, if any are named."""
    table = service_cost.c
    keys = (table.bearer, table.name, table.fund, table.source)
    where = [_where(conn, origin, service_cost, sought)]
    if things is not None:
        where.append(table.thing.in_(things))
    rows = conn.execute(
        select(*keys, func.sum(table.amount), func.count())
        .where(*where)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [Cost(*row[:4], Fen(int(row[4])), row[5]) for row in rows]


class ServiceRow(NamedTuple):
    """One record of a service: given to a person, or counted without names in a unit."""

    thing: str
    origin: str
    position: int
    kind: ServiceKind
    union: UnionId
    station: str | None
    on: date
    person: PersonId | None
    unit: Unit | None
    number: int | None
    bound: Bound | None

    @property
    def place(self) -> tuple[str, str, int]:
        """Where it stands in the list."""
        return self.on.isoformat(), self.thing, self.position


class Lines(NamedTuple):
    """Some records, and where the next ones begin; None: these were the last."""

    rows: list[ServiceRow]
    next: tuple[str, str, int] | None


def lines(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str, int] | None = None,
) -> Lines:  # fmt: skip
    """A page of what the counts are made of, the latest first."""
    c = service_line.c
    where = [_where(conn, origin, service_line, sought)]
    if after is not None:
        where.append(tuple_(c.on, c.thing, c.position) < tuple_(*after))
    order = (c.on.desc(), c.thing.desc(), c.position.desc())
    query = select(service_line).where(*where).order_by(*order).limit(limit + 1)
    rows = [
        ServiceRow(
            r["thing"], r["origin"], r["position"], ServiceKind(r["kind"]), UnionId(r["union"]),
            r["station"], date.fromisoformat(r["on"]), r["person"],
            Unit(r["unit"]) if r["unit"] else None, r["number"],
            Bound(r["bound"]) if r["bound"] else None,
        )
        for r in conn.execute(query).mappings()
    ]  # fmt: skip
    return Lines(rows[:limit], rows[limit - 1].place if len(rows) > limit else None)


def cost_of(conn: Connection, origin: str, things: Iterable[str]) -> dict[str, Fen]:
    """What each of these services, counts and trips cost."""
    c = service_cost.c
    rows = conn.execute(
        select(c.thing, func.sum(c.amount))
        .where(_where(conn, origin, service_cost, Sought(own=False)), c.thing.in_(list(things)))
        .group_by(c.thing)
    )
    return {thing: Fen(int(amount)) for thing, amount in rows}


def trips(
    conn: Connection, origin: str, *, limit: int = 50, after: tuple[str, str] | None = None
) -> Page[TripRow, tuple[str, str]]:
    """A page of trips, ours and the partners', the latest first."""
    place = tuple_(trip.c.leaves, trip.c.trip)
    query = select(trip).where(trip.c.generation == live(conn, origin, NAME))
    if after is not None:
        query = query.where(place < tuple_(*after))
    order = (trip.c.leaves.desc(), trip.c.trip.desc())
    found = conn.execute(query.order_by(*order).limit(limit + 1)).mappings()
    rows = [_trip_row(dict(row)) for row in found]
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], (last.leaves.isoformat(), last.trip))


def trip_of(conn: Connection, origin: str, name: str) -> TripRow | None:
    """One trip, if it is known here."""
    rows = taken(conn, trip, live(conn, origin, NAME), "trip", [name])
    return _trip_row(rows[0]) if rows else None


def _trip_row(row: Mapping[str, Any]) -> TripRow:
    told = {name: row[name] for name in row if name != "generation"}
    told["kind"], told["leaves"] = ServiceKind(row["kind"]), date.fromisoformat(row["leaves"])
    told["cancelled"] = TripEnd(row["cancelled"]) if row["cancelled"] else None
    return TripRow(**told)


def _by(sought: Sought) -> list[ColumnElement[Any]]:
    """By what the counts are split further; by nothing where nobody asked."""
    c = service_line.c
    match sought.by:
        case By.STATION:
            return [c.station]
        case By.UNION:
            return [c.union]
        case By.MONTH:
            return [func.substr(c.on, 1, 7)]
        case By.PROVINCE:
            return [c.origin]
        case None:
            return []


def _where(conn: Connection, origin: str, table: Table, sought: Sought) -> ColumnElement[bool]:
    """The one question of all counts."""
    c = table.c
    where = [knew(table, live(conn, origin, NAME), sought.known_on)]
    if sought.own:
        where.append(c.origin == origin)
    if sought.union is not None:
        here: Any = [sought.union]
        if sought.below:
            here = union_tree.subtree_query(live(conn, origin, union_tree.NAME), sought.union)
        where.append(c.union.in_(here))
    if sought.since is not None:
        where.append(c.on >= sought.since.isoformat())
    if sought.until is not None:
        where.append(c.on <= sought.until.isoformat())
    for name in ("kind", "station"):
        value = getattr(sought, name)
        if value is not None and name in c:
            where.append(c[name] == str(value))
    return and_(*where)


def shown(number: int, unit: str, *, more: bool = False, nearly: bool = False) -> str:
    """A count as it is printed: 2000余人次, 近20项, about where some parts were more, some less."""
    mark = "约" if more and nearly else "近" if nearly else ""
    return f"{mark}{number}{'余' if more and not nearly else ''}{unit}"
