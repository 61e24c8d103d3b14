"""The tree of unions, and their stations (组织树): who stands where, on a day, as known on a day.

Our own unions and the partners' stand in one table, told apart by their origin. A union has a row
for each time in which its name, superior and division were the same, from its founding to its end.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Select,
    Table,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from ledger.domain import divisions, ids
from ledger.domain.ids import StationId, UnionId
from ledger.domain.kernel import Fact, standing
from ledger.domain.stations import Station, StationKind, StationService
from ledger.domain.unions import Union, UnionKind
from ledger.journal.tables import metadata
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import (
    CHUNK,
    STILL,
    chronicle,
    histories,
    holds,
    knew,
    rewrite,
    two_times,
    until,
)

Known = date | datetime | None
NAME = "union_tree"
DEEPEST = 12
"""Levels of a tree that are read: the country's unions have five, from the centre to the firm."""

union_span = Table(
    "union_span",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("union", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("superior", Text),
    Column("name", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("division", Text),
    Column("location", Text),
    Column("credit_code", Text),
    *two_times(),
    Index("union_span_superior", "generation", "superior"),
    Index("union_span_division", "generation", "division"),
    Index("union_span_name", "generation", "name"),
    Index("union_span_credit_code", "generation", "credit_code"),
)

station_span = Table(
    "station_span",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("station", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("telephone", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("services", Text, nullable=False),  # separated by spaces
    *two_times(),
    Index("station_span_owner", "generation", "owner"),
    Index("station_span_location", "generation", "location", "name", "station"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────

Values = tuple[Any, ...]


class Span(NamedTuple):
    """One time in which a thing stood as these values say."""

    since: str
    until: str
    values: Values


class _View:
    name, zh = NAME, "组织树"
    tables: Sequence[Table] = (union_span, station_span)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        for prefix, table, fold in (("uni_", union_span, unions), ("sta_", station_span, stations)):
            streams = {p.record.stream for p in page if p.record.stream.startswith(prefix)}
            if not streams:
                continue
            rows: list[Sequence[Any]] = []
            for stream, history in histories(conn, page, streams).items():
                for held in chronicle(history, fold):
                    since, end, values = held.what
                    rows.append(
                        (generation, stream, held.seq, since, *values, end, held.known_from,
                         held.known_to)
                    )  # fmt: skip
            rewrite(conn, table, generation, table.columns.keys()[1], streams, rows)


VIEW: Projection = _View()


def unions(facts: Sequence[Fact]) -> list[Span]:
    """The spans of one union, as they follow from its facts."""
    union = Union.of(facts)
    if union.founded is None or union.kind is None:
        return []
    founded = union.founded
    origin = next(f.origin for f in standing(facts) if f.event is founded)

    def values(on: date) -> Values | None:
        if not union.open(on):
            return None
        return (
            origin, str(founded.kind), union.superior(on), union.name(on),
            union.short_name(on), union.division(on), union.location, union.credit_code(on),
        )  # fmt: skip

    return spans({f.on for f in facts}, values)


def stations(facts: Sequence[Fact]) -> list[Span]:
    """The spans of one station, in the order in which its facts took effect."""
    order = sorted(standing(facts), key=lambda fact: fact.on)
    station = Station.of(order)
    if station.opened is None:
        return []
    opened = station.opened
    origin = next(f.origin for f in order if f.event is opened)

    def values(on: date) -> Values | None:
        then = Station()
        for fact in order:
            if fact.on <= on or fact.event is opened:
                then.after(fact)
        if not then.open(on):
            return None
        return (
            origin, str(opened.kind), then.owner, then.name, then.location, then.address,
            then.telephone, then.host, " ".join(then.services),
        )  # fmt: skip

    ends = {day for day in (opened.since, opened.until, station.closed_on) if day is not None}
    return spans(ends | {f.on for f in order}, values)


def spans(days: Iterable[date], values: Callable[[date], Values | None]) -> list[Span]:
    """The times between these days, each with what held in it; equal neighbours are one."""
    found: list[Span] = []
    for on in sorted(days):
        now, start = values(on), on.isoformat()
        if found and found[-1].until == STILL:
            if found[-1].values == now:
                continue
            found[-1] = found[-1]._replace(until=start)
        if now is not None:
            found.append(Span(start, STILL, now))
    return found


# ── asking: unions ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class UnionRow:
    """One union as it stood from `since` until `until` (excluded; None: still)."""

    union: UnionId
    name: str
    short_name: str
    kind: UnionKind
    superior: UnionId | None
    division: str | None
    location: str | None
    credit_code: str | None
    origin: str
    since: date
    until: date | None

    def holds(self, on: date | None) -> bool:
        """Whether the union stood so on that day; None: whether it still does."""
        if on is None:
            return self.until is None
        return self.since <= on and (self.until is None or on < self.until)


def _row(row: Any) -> UnionRow:
    r = row._mapping
    return UnionRow(
        UnionId(r["union"]), r["name"], r["short_name"], UnionKind(r["kind"]),
        UnionId(r["superior"]) if r["superior"] else None, r["division"], r["location"],
        r["credit_code"], r["origin"], date.fromisoformat(r["since"]), until(r["until"]),
    )  # fmt: skip


def spans_of(
    conn: Connection, origin: str, unions: Iterable[str], known_on: Known = None
) -> dict[UnionId, list[UnionRow]]:
    """All that is known of these unions over time, oldest first: for names on many days."""
    generation = live(conn, origin, NAME)
    found: dict[UnionId, list[UnionRow]] = {}
    for some in _chunks(unions):
        rows = conn.execute(
            select(union_span)
            .where(knew(union_span, generation, known_on), union_span.c.union.in_(some))
            .order_by(union_span.c.since)
        )
        for row in map(_row, rows):
            found.setdefault(row.union, []).append(row)
    return found


def get(
    conn: Connection, origin: str, unions: Iterable[str], on: date | None = None,
    known_on: Known = None,
) -> dict[UnionId, UnionRow]:  # fmt: skip
    """These unions as they stood on that day; of one that did not stand then, the nearest row."""
    return {
        union: nearest(rows, on) for union, rows in spans_of(conn, origin, unions, known_on).items()
    }


def nearest(rows: Sequence[UnionRow], on: date | None = None) -> UnionRow:
    """The row that holds on a day, or else the last one before it, or else the first."""
    begun = [row for row in rows if on is None or row.since <= on]
    return begun[-1] if begun else rows[0]


def roots(
    conn: Connection, origin: str, on: date | None = None, known_on: Known = None
) -> list[UnionRow]:
    """The unions without a superior: our own root first, then the partners'."""
    rows = _standing(conn, origin, on, known_on, union_span.c.superior.is_(None))
    return sorted(rows, key=lambda row: (row.origin != origin, row.name))


def children(
    conn: Connection, origin: str, union: str, on: date | None = None, known_on: Known = None
) -> list[UnionRow]:
    """The unions right below this one, by division and name."""
    return under(conn, origin, [union], on, known_on).get(UnionId(union), [])


def under(
    conn: Connection, origin: str, unions: Iterable[str], on: date | None = None,
    known_on: Known = None,
) -> dict[UnionId, list[UnionRow]]:  # fmt: skip
    """The unions right below each of these, by division and name; by one query."""
    rows = _standing(conn, origin, on, known_on, union_span.c.superior.in_(list(unions)))
    found: dict[UnionId, list[UnionRow]] = {}
    for row in sorted(rows, key=lambda row: (row.division or "~", row.name, row.union)):
        if row.superior is not None:
            found.setdefault(row.superior, []).append(row)
    return found


def descending(
    conn: Connection, origin: str, tops: Iterable[UnionRow], *, most: int, levels: int = DEEPEST,
    on: date | None = None, known_on: Known = None,
) -> list[tuple[int, UnionRow]]:  # fmt: skip
    """These unions with their depth, each followed by those below it; one query a level.

    At most `most` of them, and `levels` below the tops.
    """
    tops = list(tops)
    found: dict[UnionId, list[UnionRow]] = {}
    level = [row.union for row in tops]
    for _ in range(levels):
        if not level or len(found) >= most:
            break
        below = under(conn, origin, level, on, known_on)
        found |= below
        level = [row.union for rows in below.values() for row in rows if row.union not in found]
    listed: list[tuple[int, UnionRow]] = []
    left = [(0, row) for row in reversed(tops)]
    while left and len(listed) < most:
        depth, row = left.pop()
        listed.append((depth, row))
        if depth < levels:
            left += [(depth + 1, each) for each in reversed(found.get(row.union, ()))]
    return listed


def line(
    conn: Connection, origin: str, union: str, on: date | None = None, known_on: Known = None
) -> list[UnionRow]:
    """The union and those above it, up to the top."""
    found: list[UnionRow] = []
    step: str | None = union
    while step is not None and all(row.union != step for row in found):
        here = get(conn, origin, [step], on, known_on).get(UnionId(step))
        if here is None:
            break
        found.append(here)
        step = here.superior
    return found


def subtree(
    conn: Connection, origin: str, union: str, on: date | None = None, known_on: Known = None
) -> list[UnionId]:
    """The union and all below it on that day; itself first, the rest in no order."""
    query = subtree_query(live(conn, origin, NAME), union, on, known_on)
    below = set(conn.execute(query).scalars()) - {union}
    return [UnionId(union), *map(UnionId, below)]


def subtree_query(
    generation: int, union: str, on: date | None = None, known_on: Known = None
) -> Select[tuple[str]]:
    """The same, to stand within another question: `… .in_(subtree_query(…))`."""
    where = holds(union_span, generation, on, known_on)
    below = select(literal(union, Text).label("union")).cte(recursive=True)
    return select(
        below.union(
            select(union_span.c.union)
            .join(below, union_span.c.superior == below.c.union)
            .where(where)
        ).c.union
    )


def count(
    conn: Connection, origin: str, on: date | None = None, known_on: Known = None
) -> dict[tuple[str, UnionKind], int]:
    """How many unions stand, by origin and kind."""
    where = holds(union_span, live(conn, origin, NAME), on, known_on)
    rows = conn.execute(
        select(union_span.c.origin, union_span.c.kind, func.count())
        .where(where)
        .group_by(union_span.c.origin, union_span.c.kind)
    )
    return {(where, UnionKind(kind)): number for where, kind, number in rows}


def find(
    conn: Connection, origin: str, text: str, *, on: date | None = None, known_on: Known = None,
    own: bool | None = None, limit: int = 20,
) -> list[UnionRow]:  # fmt: skip
    """Unions by id, credit code, division code, or name: the exact ones first, then the others.

    `own` leaves out the partners' unions (or, False, ours). A name is found by any part of it.
    """
    sought = text.strip()
    if not sought:
        return []
    if ids.is_id(sought):
        found = list(get(conn, origin, [sought], on, known_on).values())
    elif len(sought) == 18 and sought.isascii() and sought.isalnum():
        found = _standing(conn, origin, on, known_on, union_span.c.credit_code == sought.upper())
    elif sought.isdecimal() and sought.isascii():
        found = _standing(conn, origin, on, known_on, union_span.c.division.in_(_written(sought)))
    else:
        part = or_(
            union_span.c.name.contains(sought, autoescape=True),
            union_span.c.short_name.contains(sought, autoescape=True),
        )
        found = _standing(conn, origin, on, known_on, part)
    chosen = [row for row in found if own is None or (row.origin == origin) is own]
    return sorted(
        chosen,
        key=lambda row: (
            sought not in (row.name, row.short_name), row.origin != origin, len(row.name),
            row.name, row.union,
        ),
    )[:limit]  # fmt: skip


def named(
    conn: Connection, origin: str, names: Iterable[str], on: date | None = None
) -> dict[str, list[UnionId]]:
    """Our own unions of exactly these names (or short names), for lists that name them."""
    found: dict[str, list[UnionId]] = {}
    for some in _chunks(names):
        part = or_(union_span.c.name.in_(some), union_span.c.short_name.in_(some))
        for row in _standing(conn, origin, on, None, part):
            if row.origin == origin:
                for name in {row.name, row.short_name} & set(some):
                    found.setdefault(name, []).append(row.union)
    return found


# The union of a place that takes in a worker of that place, the nearest to the worker first.
_NEAREST = (UnionKind.VILLAGE, UnionKind.TOWNSHIP, UnionKind.FEDERATION)


def lowest(
    conn: Connection, origin: str, codes: Iterable[str], on: date | None = None
) -> dict[str, UnionId]:
    """For each division code, our lowest union of that place: its own, else of the one above.

    A village union comes before a township's, that before a federation, where they have the same
    division. Where a code has several of one kind, none of them is guessed: the next one up is
    taken. A code under which there is none, up to the province, is left out.
    """
    above = {code: _above(code) for code in dict.fromkeys(codes)}
    written = {form for chain in above.values() for one in chain for form in _written(one)}
    here: dict[str, dict[UnionKind, list[UnionId]]] = {}
    for some in _chunks(written):
        part = and_(
            union_span.c.division.in_(some),
            union_span.c.origin == origin,
            union_span.c.kind.in_([kind.value for kind in _NEAREST]),
        )
        for row in _standing(conn, origin, on, None, part):
            kinds = here.setdefault(_plain(row.division or ""), {})
            kinds.setdefault(row.kind, []).append(row.union)
    return {
        code: found for code, chain in above.items() if (found := _first(chain, here)) is not None
    }


def _first(chain: Iterable[str], here: dict[str, dict[UnionKind, list[UnionId]]]) -> UnionId | None:
    for code in chain:
        for kind in _NEAREST:
            found = here.get(code, {}).get(kind, [])
            if len(found) == 1:
                return found[0]
    return None


@cache
def _above(code: str) -> tuple[str, ...]:
    """The division and those above it, lowest first: village, township, county, city, province."""
    chain = [_plain(code)]
    if len(chain[0]) == 12:
        chain.append(chain[0][:9])
    if len(chain[0]) > 6:
        chain.append(chain[0][:6])
    step = divisions.superior(chain[-1]) if len(chain[-1]) == 6 else None
    while step is not None:
        chain.append(step)
        step = divisions.superior(step)
    return tuple(chain)


def _plain(code: str) -> str:
    """A division code in its shortest form: six digits, a township's nine, a village's twelve."""
    while len(code) > 6 and code.endswith("000"):
        code = code[:-3]
    return code


def _written(code: str) -> list[str]:
    """The forms in which a code may stand: 451224, 451224000, 451224000000."""
    plain = _plain(code)
    return [plain + "000" * more for more in range((15 - len(plain)) // 3)]


def _standing(
    conn: Connection, origin: str, on: date | None, known_on: Known, part: Any
) -> list[UnionRow]:
    where = holds(union_span, live(conn, origin, NAME), on, known_on)
    return [_row(row) for row in conn.execute(select(union_span).where(where, part))]


# ── asking: stations ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class StationRow:
    """One station as it stood from `since` until `until` (excluded; None: still)."""

    station: StationId
    name: str
    kind: StationKind
    owner: UnionId
    location: str
    address: str
    telephone: str
    host: str
    services: tuple[StationService, ...]
    origin: str
    since: date
    until: date | None


def stations_of(
    conn: Connection, origin: str, *, owner: str | None = None, location: str | None = None,
    station: str | None = None, on: date | None = None, known_on: Known = None,
) -> list[StationRow]:  # fmt: skip
    """All stations that are open on that day: of an owner, or in a place (its code or the first
    digits of it), or one by its id.
    """
    where = [holds(station_span, live(conn, origin, NAME), on, known_on)]
    if owner is not None:
        where.append(station_span.c.owner == owner)
    if location is not None:
        where.append(station_span.c.location.startswith(location, autoescape=True))
    if station is not None:
        where.append(station_span.c.station == station)
    rows = conn.execute(select(station_span).where(*where).order_by(*_BY_PLACE))
    return [_station(row) for row in rows]


StationPlace = tuple[str, str, str]
"""A place, a name and a station: where the next rows begin."""
_BY_PLACE = (station_span.c.location, station_span.c.name, station_span.c.station)


def station_page(
    conn: Connection, origin: str, *, owner: str | None = None, location: str | None = None,
    kind: StationKind | None = None, on: date | None = None, known_on: Known = None,
    limit: int = 50, after: StationPlace | None = None,
) -> Page[StationRow, StationPlace]:  # fmt: skip
    """A page of the stations that are open on that day, place by place."""
    where = [holds(station_span, live(conn, origin, NAME), on, known_on)]
    if owner is not None:
        where.append(station_span.c.owner == owner)
    if location is not None:
        where.append(station_span.c.location.startswith(location, autoescape=True))
    if kind is not None:
        where.append(station_span.c.kind == kind.value)
    if after is not None:
        where.append(tuple_(*_BY_PLACE) > tuple_(*after))
    query = select(station_span).where(*where).order_by(*_BY_PLACE).limit(limit + 1)
    found = [_station(row) for row in conn.execute(query)]
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], (last.location, last.name, last.station) if last else None)


def station_provinces(
    conn: Connection, origin: str, on: date | None = None, known_on: Known = None
) -> list[str]:
    """The provinces in which stations are open on that day: the first two digits of their codes."""
    where = holds(station_span, live(conn, origin, NAME), on, known_on)
    query = select(func.substr(station_span.c.location, 1, 2)).where(where).distinct()
    return sorted(conn.execute(query).scalars())


def _station(row: Any) -> StationRow:
    r = row._mapping
    return StationRow(
        StationId(r["station"]), r["name"], StationKind(r["kind"]), UnionId(r["owner"]),
        r["location"], r["address"], r["telephone"], r["host"],
        tuple(StationService(each) for each in r["services"].split()), r["origin"],
        date.fromisoformat(r["since"]), until(r["until"]),
    )  # fmt: skip


T = TypeVar("T")


def _chunks(items: Iterable[T]) -> Iterable[list[T]]:
    every = list(dict.fromkeys(items))
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
