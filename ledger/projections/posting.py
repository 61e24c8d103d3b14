"""What every view is made of: postings, bookmarks, and rows written by sets (过账)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from ledger.clock import beijing
from ledger.domain.kernel import Code, Event, Fact, NewerKind, StreamId
from ledger.journal import canonical, codec
from ledger.journal.database import Statement
from ledger.journal.record import Record, fact_of
from ledger.journal.tables import metadata


class Posting(NamedTuple):
    """One fact as it became known here.

    `seq` is the position, in our own journal, of the record that made it known: its own, or the
    `PartnerRead` that brought it; `known` that record's instant. `mentions` are all ids in it.
    """

    seq: int
    known: datetime
    own: bool
    fact: Fact
    record: Record
    header: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def event(self) -> Event:
        return self.fact.event

    @property
    def known_on(self) -> date:
        return beijing(self.known).date()


class Told(NamedTuple):
    """What a record tells, with its header and body as they were parsed."""

    fact: Fact
    record: Record
    header: Mapping[str, Any]
    body: Mapping[str, Any]


class Projection(Protocol):
    """A view: its tables (each begins with `generation`) and how a page of facts is posted.

    `name` is what machines call it, `zh` what people do.
    """

    name: str
    zh: str
    tables: Sequence[Table]

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        """Posts a page in order, by sets: few statements a page, however many facts."""
        ...


bookmark = Table(
    "bookmark",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("view", Text, primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # live · building
)


def channel_name(origin: str, reader: str) -> str:
    """The log of what `origin` shares with `reader`: a C2SP key name of its own."""
    return f"{origin}/to/{reader}"


def as_record(row: Any) -> Record:
    return Record._make(row)


def fact_in(one: Record) -> tuple[Fact, Mapping[str, Any], Mapping[str, Any]]:
    """The fact that a record tells, with its parsed header and body; sealed texts stay closed."""
    header, body = canonical.decode(one.header), canonical.decode(one.body)
    return fact_from(one, header, body), header, body


def fact_from(one: Record, header: Mapping[str, Any], body: Mapping[str, Any]) -> Fact:
    """The fact that a record tells, where its header and body are parsed already."""
    try:
        event = codec.decode(one.kind, body)
    except codec.UnknownKind:
        event = NewerKind(StreamId(one.stream), Code(one.kind))
    return fact_of(event, header)


def live(conn: Connection, origin: str, view: str) -> int:
    """The generation that people read."""
    found = _LIVE.drive(conn, origin=origin, view=view).fetchone()
    return 1 if found is None else int(found[0])


_LIVE = Statement(
    select(bookmark.c.generation).where(
        bookmark.c.origin == bindparam("origin"),
        bookmark.c.view == bindparam("view"),
        bookmark.c.state == "live",
    )
)


class Bookmark(NamedTuple):
    """How far one generation of a view has been posted: a position of our journal."""

    view: str
    generation: int
    position: int
    building: bool


def bookmarks(conn: Connection, origin: str) -> list[Bookmark]:
    """Where every view stands, those in the making too, by name."""
    rows = conn.execute(
        select(bookmark).where(bookmark.c.origin == origin).order_by(bookmark.c.view)
    ).mappings()
    return [
        Bookmark(r["view"], r["generation"], r["position"], r["state"] == "building") for r in rows
    ]


# ── by sets ──────────────────────────────────────────────────────────────────────────────────


def put(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows by their key: new ones are added, old ones replaced. All have every column."""
    if not rows:
        return
    statement = _PUTS.get(table.name)
    if statement is None:
        statement = _PUTS[table.name] = {
            "sqlite": Statement(_upsert(sqlite.insert(table), table)),
            "postgresql": Statement(_upsert(postgresql.insert(table), table)),
        }
    statement[conn.dialect.name].run_many(conn, rows)


_PUTS: dict[str, dict[str, Statement]] = {}


def _upsert(statement: Any, table: Table) -> Any:
    keys = [column.name for column in table.primary_key.columns]
    values = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
    if not values:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(index_elements=keys, set_=values)


def taken(
    conn: Connection, table: Table, generation: int, column: str, keys: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of a generation whose column is one of these keys, as dictionaries."""
    rows: list[dict[str, Any]] = []
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), 500):
        found = conn.execute(
            select(table).where(
                table.c.generation == generation, table.c[column].in_(unique[start : start + 500])
            )
        )
        rows.extend({str(key): value for key, value in row.items()} for row in found.mappings())
    return rows
