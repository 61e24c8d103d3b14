"""Hardship files (困难档案): which household has one open, of which category, due for review when.

A file has a row for each time in which what was found of it was the same, from its opening to its
close; both provinces' files stand in one table. No name and no remark stands here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    Table,
    Text,
    func,
    select,
    tuple_,
)

from ledger.domain.hardship import Category, HardshipCause, HardshipFile
from ledger.domain.ids import FileId, HouseholdId, PersonId, UnionId
from ledger.domain.kernel import Fact
from ledger.journal.tables import metadata
from ledger.projections import union_tree
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import (
    CHUNK,
    chronicle,
    histories,
    holds,
    rewrite,
    two_times,
)
from ledger.projections.union_tree import Span, Values, spans

NAME = "hardship_files"

file_span = Table(
    "file_span",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("file", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("union", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("main", Text, nullable=False),
    Column("valid_until", Text, nullable=False),
    *two_times(),
    Index("file_span_union", "generation", "union"),
    Index("file_span_household", "generation", "household"),
    Index("file_span_person", "generation", "person"),
    Index("file_span_due", "generation", "valid_until", "file"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "困难档案"
    tables: Sequence[Table] = (file_span,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        streams = {p.record.stream for p in page if p.record.stream.startswith("hrd_")}
        if not streams:
            return
        rows: list[Sequence[Any]] = [
            (generation, stream, held.seq, held.what.since, *held.what.values, held.what.until,
             held.known_from, held.known_to)
            for stream, history in histories(conn, page, streams).items()
            for held in chronicle(history, assessed)
        ]  # fmt: skip
        rewrite(conn, file_span, generation, "file", streams, rows)


VIEW: Projection = _View()


def assessed(facts: Sequence[Fact]) -> list[Span]:
    """The times of one file, as they follow from its facts."""
    file = HardshipFile.of(facts)
    opened, opening = file.opened, file.opening
    if opened is None or opening is None:
        return []

    def values(on: date) -> Values | None:
        now = file.assessment_on(on)
        return now and (
            opening.origin, opened.union, opened.household, opened.person, opened.file_number,
            now.category.value, now.main.value, now.valid_until.isoformat(),
        )  # fmt: skip

    days = {one.since for one in file.assessments}
    return spans(days | ({file.closed_on} if file.closed_on else set()), values)


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """Which open files. `on` None: open by all that is known; `due`: to be reviewed by that day."""

    union: str | None = None
    below: bool = True
    on: date | None = None
    known_on: date | datetime | None = None
    category: Category | None = None
    due: date | None = None
    own: bool | None = None  # opened in our own journal, or in a partner's

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(**read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "as_of": ("on", date.fromisoformat),
    "known_on": ("known_on", date.fromisoformat),
    "category": ("category", Category),
    "due": ("due", date.fromisoformat),
    "own": ("own", yes_or_no),
}


@dataclass(frozen=True, slots=True)
class FileRow:
    """One open file: no name stands here (`replay.people` opens those that are shown)."""

    file: FileId
    household: HouseholdId
    person: PersonId
    union: UnionId
    origin: str
    number: str
    category: Category
    main: HardshipCause
    valid_until: date  # excluded

    def due(self, on: date) -> bool:
        return self.valid_until <= on


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[FileRow, tuple[str, str]]:  # fmt: skip
    """A page of open files, those whose review is due first; `after` is the last page's `next`."""
    place = tuple_(file_span.c.valid_until, file_span.c.file)
    query = (
        select(file_span)
        .where(*_where(conn, origin, sought))
        .order_by(file_span.c.valid_until, file_span.c.file)
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(place > tuple_(*after))
    rows = _rows(conn, query)
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], (last.valid_until.isoformat(), last.file))


def unions(conn: Connection, origin: str, sought: Sought) -> set[UnionId]:
    """The unions that keep what `listing` lists."""
    rows = conn.execute(select(file_span.c.union).where(*_where(conn, origin, sought)).distinct())
    return {UnionId(row[0]) for row in rows}


def count(conn: Connection, origin: str, sought: Sought) -> dict[Category, int]:
    """How many of what `listing` lists, by category."""
    rows = conn.execute(
        select(file_span.c.category, func.count())
        .where(*_where(conn, origin, sought))
        .group_by(file_span.c.category)
    )
    found = {Category(category): number for category, number in rows}
    return {category: found.get(category, 0) for category in Category}


def open_of(
    conn: Connection, origin: str, persons: Iterable[str], households: Iterable[str] = (),
    on: date | None = None,
) -> list[FileRow]:  # fmt: skip
    """The files that are open for these persons or households, whoever opened them."""
    where = holds(file_span, live(conn, origin, NAME), on, None)
    found: dict[FileId, FileRow] = {}
    for column, keys in ((file_span.c.person, persons), (file_span.c.household, households)):
        every = list(dict.fromkeys(keys))
        for start in range(0, len(every), CHUNK):
            some = column.in_(every[start : start + CHUNK])
            found.update((r.file, r) for r in _rows(conn, select(file_span).where(where, some)))
    return sorted(found.values(), key=lambda row: (row.origin != origin, row.file))


def _where(conn: Connection, origin: str, sought: Sought) -> Collection[ColumnElement[bool]]:
    where = [holds(file_span, live(conn, origin, NAME), sought.on, sought.known_on)]
    if sought.union is not None and sought.below:
        tree = live(conn, origin, union_tree.NAME)
        below = union_tree.subtree_query(tree, sought.union, sought.on, sought.known_on)
        where.append(file_span.c.union.in_(below))
    elif sought.union is not None:
        where.append(file_span.c.union == sought.union)
    if sought.category is not None:
        where.append(file_span.c.category == sought.category.value)
    if sought.due is not None:
        where.append(file_span.c.valid_until <= sought.due.isoformat())
    if sought.own is not None:
        same = file_span.c.origin == origin
        where.append(same if sought.own else ~same)
    return where


def _rows(conn: Connection, query: Select[Any]) -> list[FileRow]:
    return [
        FileRow(
            FileId(r["file"]), HouseholdId(r["household"]), PersonId(r["person"]),
            UnionId(r["union"]), r["origin"], r["number"], Category(r["category"]),
            HardshipCause(r["main"]), date.fromisoformat(r["valid_until"]),
        )
        for r in conn.execute(query).mappings()
    ]  # fmt: skip
