"""Requests for help (职工诉求): one line for each, which union has it, where it stands, what came of it.

No name and no word of the worker's stands here; the number is what she was told to remember.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    func,
    select,
    tuple_,
)

from ledger.domain.help import CallAt, HelpOutcome, HelpRequest, HelpState, Want
from ledger.domain.ids import HelpId, PersonId, UnionId, spoken
from ledger.journal.tables import metadata
from ledger.projections import union_tree, worker_files
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import histories, rewrite

NAME = "help_requests"

help_request = Table(
    "help_request",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("help", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("union", Text, nullable=False),  # that has it now
    Column("want", Text, nullable=False),
    Column("call_at", Text, nullable=False),
    Column("to_union", Text),
    Column("about", Text),
    Column("asked_on", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("taken_up_on", Text),
    Column("settled_on", Text),
    Column("outcome", Text),
    Column("opened", Text),
    Index("help_request_place", "generation", "asked_on", "help"),
    Index("help_request_union", "generation", "union"),
    Index("help_request_person", "generation", "person"),
    Index("help_request_number", "generation", "number"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "职工诉求"
    tables: Sequence[Table] = (help_request,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        touched = {p.record.stream for p in page if p.record.stream.startswith("hlp_")}
        if not touched:
            return
        rows: list[Sequence[Any]] = []
        for stream, history in histories(conn, page, touched).items():
            told = HelpRequest.of(known.fact for known in history)
            if told.asked is not None:
                rows.append((generation, stream, spoken(stream), *_line(told)))
        rewrite(conn, help_request, generation, "help", touched, rows)


VIEW: Projection = _View()


def _line(told: HelpRequest) -> Sequence[Any]:
    e, settled = told.asked, told.settled
    assert e is not None
    return (
        e.person, told.union, e.want, e.call_at, e.to_union, e.about, _iso(told.asked_on),
        told.state, _iso(told.taken_up_on), _iso(told.settled_on),
        settled.outcome if settled else None, settled.opened if settled else None,
    )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """What one asks of the requests: whatever is None is not asked."""

    union: str | None = None
    below: bool = True
    state: HelpState | None = None
    want: Want | None = None
    person: str | None = None
    number: str | None = None  # as it is spoken, with or without its space

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(**read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "state": ("state", HelpState),
    "want": ("want", Want),
    "person": ("person", str),
    "number": ("number", str),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One request: whose, what for, which union has it since when, and what became of it."""

    help: HelpId
    number: str
    person: PersonId
    union: UnionId
    want: Want
    call_at: CallAt
    to_union: UnionId | None
    about: str | None
    asked_on: date
    state: HelpState
    taken_up_on: date | None
    settled_on: date | None
    outcome: HelpOutcome | None
    opened: str | None


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[Line, tuple[str, str]]:  # fmt: skip
    """A page of requests, who has waited longest first."""
    c = help_request.c
    place = tuple_(c.asked_on, c.help)
    query = select(help_request).where(*_where(conn, origin, sought))
    if after is not None:
        query = query.where(place > tuple_(*after))
    found = conn.execute(query.order_by(c.asked_on, c.help).limit(limit + 1)).mappings()
    rows = [_row(row) for row in found]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], (last.asked_on.isoformat(), last.help) if last else None)


def count(conn: Connection, origin: str, sought: Sought) -> dict[str, int]:
    """How many of what `listing` lists stand in each state."""
    rows = conn.execute(
        select(help_request.c.state, func.count())
        .where(*_where(conn, origin, sought))
        .group_by(help_request.c.state)
    )
    found = {each.value: 0 for each in HelpState if each is not HelpState.UNKNOWN}
    return {**found, **{state: number for state, number in rows}}  # noqa: C416  (rows, not pairs)


def get(conn: Connection, origin: str, helps: Iterable[str]) -> dict[HelpId, Line]:
    """These requests, as far as they are known here."""
    rows = taken(conn, help_request, live(conn, origin, NAME), "help", list(helps))
    return {line.help: line for line in map(_row, rows)}


def of_person(conn: Connection, origin: str, persons: Iterable[str]) -> list[Line]:
    """All requests of a person, under any of these ids; the newest first."""
    rows = taken(conn, help_request, live(conn, origin, NAME), "person", list(persons))
    return sorted(map(_row, rows), key=lambda line: (line.asked_on, line.help), reverse=True)


def _where(conn: Connection, origin: str, sought: Sought) -> list[ColumnElement[bool]]:
    c = help_request.c
    where: list[ColumnElement[bool]] = [c.generation == live(conn, origin, NAME)]
    if sought.union is not None and sought.below:
        tree = live(conn, origin, union_tree.NAME)
        where.append(c.union.in_(union_tree.subtree_query(tree, sought.union)))
    elif sought.union is not None:
        where.append(c.union == sought.union)
    if sought.person is not None:
        where.append(c.person.in_(sorted(worker_files.identity(conn, origin, sought.person))))
    if sought.number is not None:
        digits = "".join(letter for letter in sought.number if letter.isdecimal())
        where.append(c.number == f"{digits[:4]} {digits[4:]}")
    for column, value in ((c.state, sought.state), (c.want, sought.want)):
        if value is not None:
            where.append(column == value.value)
    return where


def _row(row: Mapping[Any, Any]) -> Line:
    def day(name: str) -> date | None:
        return date.fromisoformat(row[name]) if row[name] else None

    return Line(
        HelpId(row["help"]), row["number"], PersonId(row["person"]), UnionId(row["union"]),
        Want(row["want"]), CallAt(row["call_at"]),
        UnionId(row["to_union"]) if row["to_union"] else None, row["about"],
        date.fromisoformat(row["asked_on"]), HelpState(row["state"]), day("taken_up_on"),
        day("settled_on"), HelpOutcome(row["outcome"]) if row["outcome"] else None, row["opened"],
    )  # fmt: skip
