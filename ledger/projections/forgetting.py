"""Who is restricted or forgotten (限制与删除), what the partners answered, and what was asked of us.

Neither name nor number stands here. Restricted persons stand by the day on which their last
retention term ends, so that who may be shredded comes first.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    case,
    func,
    select,
    tuple_,
)

from ledger.domain.channels import ShredAnswer, ShredAnswered, ShredRequested
from ledger.domain.forgetting import (
    Forgetting,
    Ground,
    PersonRestricted,
    PersonShredded,
    RestrictionLifted,
)
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Fact, standing
from ledger.journal.tables import metadata
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import histories, rewrite

NAME = "forgetting"


class Rest(StrEnum):
    """How far a person is forgotten (状态)."""

    RESTRICTED = "restricted"  # 已限制处理
    SHREDDED = "shredded"  # 已销毁


resting = Table(
    "resting",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("union_id", Text),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),  # excluded
    Column("kept", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("first", Text),  # the officer who restricted
    Column("second", Text),  # the officer who shredded
    Column("shredded_on", Text),
    Index("resting_until", "generation", "state", "until", "person"),
)

shred_request = Table(
    "shred_request",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, primary_key=True),
    Column("origin", Text, primary_key=True),  # whose journal asks
    Column("asked", Text, primary_key=True),  # whose journal is asked
    Column("on", Text, nullable=False),
    Column("answer", Text),  # the newest one
    Column("answered_on", Text),
    Column("kept", Text, nullable=False),
    Column("until", Text),
)

_KINDS = (PersonRestricted, RestrictionLifted, PersonShredded, ShredRequested, ShredAnswered)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "限制与删除"
    tables: Sequence[Table] = (resting, shred_request)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        persons = {p.record.stream for p in page if isinstance(p.event, _KINDS)}
        if not persons:
            return
        told = {
            person: standing(known.fact for known in history)
            for person, history in histories(conn, page, persons).items()
        }
        rows = [(generation, *row) for facts in told.values() for row in _resting(facts)]
        rewrite(conn, resting, generation, "person", persons, rows)
        asked = [(generation, *row) for facts in told.values() for row in _requests(facts)]
        rewrite(conn, shred_request, generation, "person", persons, asked)


VIEW: Projection = _View()


def _resting(facts: Sequence[Fact]) -> Iterator[tuple[Any, ...]]:
    told, first, second = Forgetting(), None, None
    for fact in facts:
        told.after(fact)
        if isinstance(fact.event, PersonRestricted):
            first = fact
        elif isinstance(fact.event, PersonShredded):
            second = fact
    e = told.restricted
    if e is None or first is None:
        return
    state = Rest.SHREDDED if second else Rest.RESTRICTED
    yield (
        e.person, state.value, e.ground.value, first.union, first.on.isoformat(),
        e.until.isoformat(), " ".join(e.held_by), e.edition, first.officer,
        second.officer if second else None, second.on.isoformat() if second else None,
    )  # fmt: skip


def _requests(facts: Sequence[Fact]) -> Iterable[tuple[Any, ...]]:
    rows: dict[tuple[str, str], list[Any]] = {}
    for fact in facts:
        match fact.event:
            case ShredRequested() as e:
                row = [e.person, fact.origin, e.partner, fact.on.isoformat(), None, None, "", None]
                rows.setdefault((fact.origin, e.partner), row)
            case ShredAnswered() as e if (e.partner, fact.origin) in rows:
                until = e.until.isoformat() if e.until else None
                answered = [e.answer.value, fact.on.isoformat(), " ".join(e.held_by), until]
                rows[e.partner, fact.origin][4:] = answered
            case _:
                pass
    return [tuple(row) for row in rows.values()]


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RestRow:
    """One person at rest."""

    person: PersonId
    state: Rest
    ground: Ground
    union: UnionId | None
    since: date
    until: date  # excluded: from this day on she may be shredded
    kept: tuple[str, ...]
    edition: str
    first: PersonId | None
    second: PersonId | None
    shredded_on: date | None

    def due(self, on: date) -> bool:
        """Whether nothing keeps her any more, and she is only waiting for the second officer."""
        return self.state is Rest.RESTRICTED and self.until <= on


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request to a partner, or of a partner, and what became of it."""

    person: PersonId
    origin: str
    asked: str
    on: date
    answer: ShredAnswer | None
    answered_on: date | None
    kept: tuple[str, ...]
    until: date | None


def listing(
    conn: Connection, origin: str, *, state: Rest | None = None, due: date | None = None,
    kept: date | None = None, unions: Collection[str] | None = None, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[RestRow, tuple[str, str]]:  # fmt: skip
    """A page of persons at rest, by the end of their terms; `due`: only who may be shredded then;
    `kept`: only whom a term keeps then; `unions`: only whom one of these restricted."""
    c = resting.c
    where = _whose(conn, origin, unions)
    if state is not None:
        where.append(c.state == state.value)
    if due is not None:
        where += [c.state == Rest.RESTRICTED.value, c.until <= due.isoformat()]
    if kept is not None:
        where += [c.state == Rest.RESTRICTED.value, c.until > kept.isoformat()]
    if after is not None:
        where.append(tuple_(c.until, c.person) > tuple_(*after))
    query = select(resting).where(*where).order_by(c.until, c.person).limit(limit + 1)
    rows = [_row(row) for row in conn.execute(query).mappings()]
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], (last.until.isoformat(), last.person))


def _whose(
    conn: Connection, origin: str, unions: Collection[str] | None
) -> list[ColumnElement[bool]]:
    c = resting.c
    whose = [c.generation == live(conn, origin, NAME)]
    return whose if unions is None else [*whose, c.union_id.in_(sorted(unions))]


def count(
    conn: Connection, origin: str, on: date, unions: Collection[str] | None = None
) -> dict[str, int]:
    """How many may be shredded on a day (`due`), are kept (`kept`), are gone (`shredded`)."""
    c = resting.c
    state = case(
        (c.state == Rest.SHREDDED.value, "shredded"), (c.until <= on.isoformat(), "due"),
        else_="kept",
    )  # fmt: skip
    query = select(state, func.count()).where(*_whose(conn, origin, unions)).group_by(state)
    found = [(str(name), int(number)) for name, number in conn.execute(query)]
    return {name: dict(found).get(name, 0) for name in ("due", "kept", "shredded")}


def get(conn: Connection, origin: str, persons: Iterable[str]) -> dict[PersonId, RestRow]:
    """Those of these persons who are restricted or forgotten."""
    rows = taken(conn, resting, live(conn, origin, NAME), "person", list(persons))
    return {one.person: one for one in map(_row, rows)}


def requests(conn: Connection, origin: str, persons: Iterable[str]) -> list[RequestRow]:
    """What was asked about these persons between the provinces, and what was answered."""
    rows = taken(conn, shred_request, live(conn, origin, NAME), "person", list(persons))
    return sorted(map(_request, rows), key=lambda one: (one.on, one.origin, one.person))


def unanswered(conn: Connection, origin: str) -> list[RequestRow]:
    """Our requests that no partner has answered yet, the oldest first."""
    c = shred_request.c
    rows = conn.execute(
        select(shred_request)
        .where(c.generation == live(conn, origin, NAME), c.origin == origin, c.answer.is_(None))
        .order_by(c.on, c.person, c.asked)
    )
    return [_request(row) for row in rows.mappings()]


def _row(row: Mapping[Any, Any]) -> RestRow:
    return RestRow(
        PersonId(row["person"]), Rest(row["state"]), Ground(row["ground"]),
        UnionId(row["union_id"]) if row["union_id"] else None, date.fromisoformat(row["since"]),
        date.fromisoformat(row["until"]), tuple(row["kept"].split()), row["edition"],
        _person(row["first"]), _person(row["second"]), _day(row["shredded_on"]),
    )  # fmt: skip


def _request(row: Mapping[Any, Any]) -> RequestRow:
    return RequestRow(
        PersonId(row["person"]), row["origin"], row["asked"], date.fromisoformat(row["on"]),
        ShredAnswer(row["answer"]) if row["answer"] else None, _day(row["answered_on"]),
        tuple(row["kept"].split()), _day(row["until"]),
    )  # fmt: skip


def _person(text: str | None) -> PersonId | None:
    return PersonId(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
