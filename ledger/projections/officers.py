"""Officers (任职台账): who holds which office for which union, from when until when; and who holds two
at once that want two persons.

One row for each office of each person, by all that is known: "on a day" is asked of since and until.
Pages of both lists begin after a place, however many officers a province has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Column, Connection, Index, Integer, Table, Text, select, tuple_

from ledger.domain.ids import OfficerId, PersonId, UnionId, person_of
from ledger.domain.kernel import Office
from ledger.domain.offices import APART, Offices, Post
from ledger.journal.tables import metadata
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import STILL, histories, rewrite, until
from ledger.projections.union_tree import Values, spans

NAME = "officers"

officer_post = Table(
    "officer_post",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # of her offices, from 1
    Column("person", Text, nullable=False),
    Column("union_id", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("entrusted", Integer, nullable=False),
    Column("below", Integer, nullable=False),
    Column("instead_of", Text),
    Index("officer_post_union", "generation", "union_id", "office", "number", "holder"),
    Index("officer_post_office", "generation", "office", "union_id", "number", "holder"),
)

officer_clash = Table(
    "officer_clash",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, primary_key=True),
    Column("union_id", Text, primary_key=True),
    Column("since", Text, primary_key=True),
    Column("until", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("offices", Text, nullable=False),  # separated by spaces
    Index("officer_clash_union", "generation", "union_id", "person"),
)

Place = tuple[str, str, int, str]
"""A union, an office, which of her offices it is, and whose: where the next rows begin."""


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "任职台账"
    tables: Sequence[Table] = (officer_post, officer_clash)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        streams = {p.record.stream for p in page if p.record.stream.startswith("off_")}
        if not streams:
            return
        posts: list[Sequence[object]] = []
        clashes: list[Sequence[object]] = []
        for stream, history in histories(conn, page, streams).items():
            person = person_of(OfficerId(stream))
            held = Offices.of([known.fact for known in history]).posts
            posts += [
                (
                    generation, stream, number, person, post.union, post.office.value,
                    post.since.isoformat(), post.until.isoformat() if post.until else STILL,
                    int(post.entrusted), int(post.below), post.instead_of,
                )
                for number, post in enumerate(held, 1)
            ]  # fmt: skip
            clashes += [
                (generation, stream, union, since, end, person, offices)
                for union in {post.union for post in held}
                for since, end, (offices,) in _clashing([p for p in held if p.union == union])
            ]
        rewrite(conn, officer_post, generation, "holder", streams, posts)
        rewrite(conn, officer_clash, generation, "holder", streams, clashes)


VIEW: Projection = _View()


def _clashing(posts: Sequence[Post]) -> list[tuple[str, str, Values]]:
    """The times in which offices of one person for one union want two persons, and all she held."""

    def values(on: date) -> Values | None:
        held = {post.office for post in posts if post.holds(on)}
        return (" ".join(sorted(held)),) if any(apart <= held for apart in APART) else None

    return [*spans({day for post in posts for day in (post.since, post.until) if day}, values)]


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Holding:
    """One office of one person."""

    person: PersonId
    union: UnionId
    office: Office
    since: date
    until: date | None
    entrusted: bool
    below: bool
    instead_of: PersonId | None


@dataclass(frozen=True, slots=True)
class Clash:
    """Somebody in two offices of one union that want two persons, with all that she holds there."""

    person: PersonId
    union: UnionId
    offices: tuple[Office, ...]


def listing(
    conn: Connection, origin: str, on: date, *, union: str | None = None,
    office: Office | None = None, limit: int = 50, after: Place | None = None,
) -> Page[Holding, Place]:  # fmt: skip
    """A page of who holds office on a day, union by union."""
    c, day = officer_post.c, on.isoformat()
    order = (c.union_id, c.office, c.number, c.holder)
    where = [c.generation == live(conn, origin, NAME), c.since <= day, c.until > day]
    if union is not None:
        where.append(c.union_id == union)
    if office is not None:
        where.append(c.office == office.value)
    if after is not None:
        where.append(tuple_(*order) > tuple_(*after))
    query = select(officer_post).where(*where).order_by(*order).limit(limit + 1)
    found = conn.execute(query).all()
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        [
            Holding(
                PersonId(r.person), UnionId(r.union_id), Office(r.office),
                date.fromisoformat(r.since), until(r.until), bool(r.entrusted), bool(r.below),
                PersonId(r.instead_of) if r.instead_of else None,
            )
            for r in found[:limit]
        ],
        (last.union_id, last.office, last.number, last.holder) if last else None,
    )  # fmt: skip


def clashes(
    conn: Connection, origin: str, on: date, *, union: str | None = None, limit: int = 50
) -> list[Clash]:
    """Who holds offices on a day that one person should not hold for one union."""
    c, day = officer_clash.c, on.isoformat()
    where = [c.generation == live(conn, origin, NAME), c.since <= day, c.until > day]
    if union is not None:
        where.append(c.union_id == union)
    query = select(officer_clash).where(*where).order_by(c.union_id, c.person).limit(limit)
    return [
        Clash(
            PersonId(r.person), UnionId(r.union_id), tuple(Office(o) for o in r.offices.split())
        )
        for r in conn.execute(query)
    ]  # fmt: skip
