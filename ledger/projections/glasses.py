"""Broken glass (紧急查阅): who looked at whom in an emergency, until when, and what the review found.

No reason stands here: it is sealed to the person who was looked at. What is not reviewed yet comes
first, and stays on everybody's list until it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    case,
    func,
    or_,
    select,
    tuple_,
)

from ledger.domain.glass import Emergency, Glass, GlassBroken, GlassFinding, GlassReviewed
from ledger.domain.ids import GlassId, PersonId, UnionId
from ledger.domain.kernel import Fact, standing
from ledger.journal.record import instant, written
from ledger.journal.tables import metadata
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import histories, rewrite

NAME = "glasses"

glass = Table(
    "glass",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("glass", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("union_id", Text, nullable=False),
    Column("emergency", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("review_by", Text, nullable=False),
    Column("finding", Text, nullable=False),  # empty: not reviewed yet
    Column("reviewed_on", Text),
    Column("reviewer", Text),
    Index("glass_person", "generation", "person"),
    Index("glass_finding", "generation", "finding", "review_by"),
    Index("glass_officer", "generation", "officer", "until"),
)


class _View:
    name, zh = NAME, "紧急查阅"
    tables: Sequence[Table] = (glass,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        broken = {p.record.stream for p in page if isinstance(p.event, GlassBroken | GlassReviewed)}
        if broken:
            told = histories(conn, page, broken).values()
            lines = (_line(standing(known.fact for known in each)) for each in told)
            rows = [(generation, *line) for line in lines if line is not None]
            rewrite(conn, glass, generation, "glass", broken, rows)


VIEW: Projection = _View()


def _line(facts: Sequence[Fact]) -> tuple[Any, ...] | None:
    told = Glass.of(facts)
    e = told.broken
    if e is None or told.at is None or told.until is None:
        return None
    union = next(f.union for f in facts if isinstance(f.event, GlassBroken))
    review = next((f for f in facts if isinstance(f.event, GlassReviewed)), None)
    return (
        e.glass, e.person, told.by, union, e.situation.value, written(told.at),
        written(told.until), e.review_by.isoformat(),
        told.reviewed.found.value if told.reviewed else "",
        review.on.isoformat() if review else None, review.officer if review else None,
    )  # fmt: skip


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class GlassRow:
    """One emergency."""

    glass: GlassId
    person: PersonId
    officer: PersonId
    union: UnionId
    emergency: Emergency
    at: datetime
    until: datetime
    review_by: date
    finding: GlassFinding | None
    reviewed_on: date | None
    reviewer: PersonId | None

    def late(self, today: date) -> bool:
        """Whether it should have been reviewed before this day."""
        return self.finding is None and self.review_by < today


def listing(
    conn: Connection, origin: str, *, reviewed: bool | None = None, person: str | None = None,
    officer: str | None = None, unions: Iterable[str] = (), limit: int = 50,
    after: tuple[str, str, str] | None = None,
) -> Page[GlassRow, tuple[str, str, str]]:  # fmt: skip
    """A page of emergencies, what is to be reviewed first at the top; of one person, or by one
    officer and whoever acted for these unions."""
    c = glass.c
    where = [c.generation == live(conn, origin, NAME)]
    if reviewed is not None:
        where.append(c.finding != "" if reviewed else c.finding == "")
    if person is not None:
        where.append(c.person == person)
    if officer is not None:
        where.append(or_(c.officer == officer, c.union_id.in_(list(unions))))
    if after is not None:
        where.append(tuple_(c.finding, c.review_by, c.glass) > tuple_(*after))
    query = select(glass).where(*where).order_by(c.finding, c.review_by, c.glass)
    found = [dict(row) for row in conn.execute(query.limit(limit + 1)).mappings()]
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = (last["finding"], last["review_by"], last["glass"])
    return Page([_row(row) for row in found[:limit]], more)


def count(
    conn: Connection, origin: str, officer: str | None = None, unions: Iterable[str] = ()
) -> tuple[int, int]:
    """How many emergencies are to be reviewed, and how many are: all, or those of `listing`."""
    c = glass.c
    where = [c.generation == live(conn, origin, NAME)]
    if officer is not None:
        where.append(or_(c.officer == officer, c.union_id.in_(list(unions))))
    waits = func.sum(case((c.finding == "", 1), else_=0))
    every, waiting = conn.execute(select(func.count(), waits).where(*where)).one()
    return int(waiting or 0), int(every - (waiting or 0))


def get(conn: Connection, origin: str, names: Iterable[str]) -> dict[GlassId, GlassRow]:
    """These emergencies."""
    rows = taken(conn, glass, live(conn, origin, NAME), "glass", list(names))
    return {one.glass: one for one in map(_row, rows)}


def open_for(
    conn: Connection, origin: str, officer: str, persons: Iterable[str], now: datetime
) -> GlassRow | None:
    """The glass through which this officer may see one of these persons at this moment."""
    c = glass.c
    row = conn.execute(
        select(glass)
        .where(
            c.generation == live(conn, origin, NAME), c.officer == officer,
            c.person.in_(sorted(persons)), c.until > written(now),
        )
        .order_by(c.until.desc())
        .limit(1)
    ).mappings().first()  # fmt: skip
    return _row(row) if row is not None else None


def unreviewed(conn: Connection, origin: str, persons: Iterable[str]) -> list[GlassRow]:
    """What nobody has reviewed yet of looks at these persons."""
    c = glass.c
    rows = conn.execute(
        select(glass)
        .where(
            c.generation == live(conn, origin, NAME), c.person.in_(sorted(persons)),
            c.finding == "",
        )
        .order_by(c.review_by, c.glass)
    ).mappings()  # fmt: skip
    return [_row(row) for row in rows]


def _row(row: Mapping[Any, Any]) -> GlassRow:
    return GlassRow(
        GlassId(row["glass"]), PersonId(row["person"]), PersonId(row["officer"]),
        UnionId(row["union_id"]), Emergency(row["emergency"]), instant(row["at"]),
        instant(row["until"]), date.fromisoformat(row["review_by"]),
        GlassFinding(row["finding"]) if row["finding"] else None,
        date.fromisoformat(row["reviewed_on"]) if row["reviewed_on"] else None,
        PersonId(row["reviewer"]) if row["reviewer"] else None,
    )  # fmt: skip
