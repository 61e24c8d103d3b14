"""Notices (公示): which applications were posted where, from which day to which, on what basis.

Neither name nor number stands here. While a notice runs, whoever shows it opens the names of its
lines and masks them; afterwards only the proof of posting is told, and nobody's line. Who withdraws
the consent that hers rests on has her line taken down at once.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
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
    case,
    func,
    select,
    tuple_,
)

from ledger.domain.aid import (
    AidDeclined,
    AidGrant,
    AidWithdrawn,
    NoticePosted,
    StruckOff,
)
from ledger.domain.aiding import AidKind
from ledger.domain.ids import GrantId, PersonId, UnionId
from ledger.domain.kernel import Basis, Code, Fen, standing
from ledger.journal.tables import metadata
from ledger.projections import union_tree
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import Known, histories, rewrite

NAME = "notices"

notice = Table(
    "notice",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("grant_id", Text, primary_key=True),
    Column("ref", Text, primary_key=True),  # the record that posted it
    Column("number", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("union_id", Text, nullable=False),  # which posted it
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),  # included
    Column("place", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),  # in fen, as it stood when it was posted
    Column("person", Text, nullable=False),
    Column("ended", Text),  # the application came to nothing: nothing is shown any more
    Column("down", Text),  # the day on which it was taken down, before its end
    Index("notice_person", "generation", "person", "until"),
    Index("notice_number", "generation", "number"),
    Index("notice_until", "generation", "until", "number"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "公示"
    tables: Sequence[Table] = (notice,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        grants = {p.record.stream for p in page if p.record.stream.startswith("grt_")}
        if not grants:
            return
        # Most grants are never posted: only those that were, or are now, are folded again.
        posted = {row["grant_id"] for row in taken(conn, notice, generation, "grant_id", [*grants])}
        posted |= {p.record.stream for p in page if isinstance(p.event, NoticePosted)}
        if posted:
            rows = [
                (generation, *row)
                for known in histories(conn, page, posted).values()
                for row in _rows(known)
            ]
            rewrite(conn, notice, generation, "grant_id", posted, rows)


VIEW: Projection = _View()


def _rows(history: Sequence[Known]) -> Iterator[tuple[Any, ...]]:
    facts = standing(known.fact for known in history)
    ended = next((f.on for f in facts if isinstance(f.event, _CAME_TO_NOTHING)), None)
    down = {each.ref: each.down for each in AidGrant.of(facts).notices}
    grant = AidGrant()
    for fact in facts:
        grant.after(fact)
        e = fact.event
        if isinstance(e, NoticePosted) and grant.kind is not None:
            yield (
                e.grant, fact.ref, e.paper, fact.origin, fact.union or grant.union,
                e.since.isoformat(), e.until.isoformat(), e.place, e.basis, grant.kind,
                grant.amount, e.person, _iso(ended), _iso(down.get(fact.ref)),
            )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


_CAME_TO_NOTHING = (AidDeclined, AidWithdrawn, StruckOff)


# ── asking ───────────────────────────────────────────────────────────────────────────────────


class Line(NamedTuple):
    """One application on a notice: to be shown, masked, only while the notice runs."""

    person: PersonId
    kind: AidKind
    amount: Fen


@dataclass(frozen=True)
class Notice:
    """One notice as it was posted: this much stays, also when it has ended (公示证明)."""

    number: str
    origin: str
    union: UnionId
    since: date
    until: date  # included
    place: str
    basis: Basis
    count: int
    refs: tuple[str, ...]
    lines: tuple[Line, ...]  # empty, unless it runs on the day asked about
    taken_down: int  # how many of its lines by that day, their consent withdrawn

    def runs(self, on: date) -> bool:
        return self.since <= on <= self.until and self.taken_down < self.count


Place = tuple[str, str, str]
"""Where a page of notices begins: until, number, union."""


def listing(
    conn: Connection, origin: str, on: date, *, union: str | None = None, below: bool = True,
    running: bool | None = None, limit: int = 50, after: Place | None = None,
) -> Page[Notice, Place]:  # fmt: skip
    """A page of notices, those that end last first; `running`: on this day, or not."""
    c = notice.c
    where = [c.generation == live(conn, origin, NAME)]
    if union is not None and below:
        tree = live(conn, origin, union_tree.NAME)
        where.append(c.union_id.in_(union_tree.subtree_query(tree, union)))
    elif union is not None:
        where.append(c.union_id == union)
    day = on.isoformat()
    up = (c.since <= day) & (c.until >= day) & (c.down.is_(None) | (c.down > day))
    runs = func.max(case((up, 1), else_=0)) == int(bool(running))
    place = tuple_(c.until, c.number, c.union_id)
    if after is not None:
        where.append(place < tuple_(*after))
    rows = conn.execute(
        select(c.until, c.number, c.union_id)
        .where(*where)
        .group_by(c.until, c.number, c.union_id)
        .having(*([] if running is None else [runs]))
        .order_by(c.until.desc(), c.number.desc(), c.union_id.desc())
        .limit(limit + 1)
    ).all()
    places: list[Place] = [(row[0], row[1], row[2]) for row in rows[:limit]]
    found = _notices(conn, origin, on, place.in_(places)) if places else []
    order = {place: at for at, place in enumerate(places)}
    found.sort(key=lambda n: (order[n.until.isoformat(), n.number, n.union], n.since))
    return Page(found, places[-1] if len(rows) > limit else None)


def of_number(
    conn: Connection, origin: str, number: str, on: date, union: str | None = None
) -> list[Notice]:
    """The notices of this number: each union counts its own."""
    where = [notice.c.number == number]
    if union is not None:
        where.append(notice.c.union_id == union)
    return _notices(conn, origin, on, *where)


def _notices(conn: Connection, origin: str, on: date, *where: ColumnElement[bool]) -> list[Notice]:
    """The rows of these notices as notices, with lines where they run on that day."""
    rows = conn.execute(
        select(notice)
        .where(notice.c.generation == live(conn, origin, NAME), *where)
        .order_by(notice.c.union_id, notice.c.since, notice.c.grant_id, notice.c.ref)
    ).mappings()
    posted: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        key = tuple(
            row[name]
            for name in ("number", "origin", "union_id", "since", "until", "place", "basis")
        )
        posted.setdefault(key, []).append(row)
    return [_notice(key, each, on) for key, each in posted.items()]


def _notice(key: tuple[Any, ...], rows: Collection[Any], on: date) -> Notice:
    number, origin, union, since, until, place, basis = key
    day = on.isoformat()
    up = [row for row in rows if row["down"] is None or row["down"] > day]
    shown = [row for row in up if row["ended"] is None] if since <= day <= until else []
    return Notice(
        number, origin, UnionId(union), date.fromisoformat(since), date.fromisoformat(until),
        place, Basis(basis), len(rows), tuple(row["ref"] for row in rows),
        tuple(
            Line(PersonId(row["person"]), AidKind(row["kind"]), Fen(row["amount"]))
            for row in shown
        ),
        len(rows) - len(up),
    )  # fmt: skip


def on_consent(
    conn: Connection, origin: str, persons: Collection[str], on: date
) -> list[tuple[GrantId, Code]]:
    """What hangs of these persons in this journal on their consent alone, and ends no earlier."""
    c = notice.c
    rows = conn.execute(
        select(c.grant_id, c.number)
        .where(
            c.generation == live(conn, origin, NAME), c.person.in_(sorted(persons)),
            c.origin == origin, c.until >= on.isoformat(), c.down.is_(None),
            c.basis == Basis.SEPARATE_CONSENT.value,
        )
        .distinct()
        .order_by(c.grant_id, c.number)
    )  # fmt: skip
    return [(GrantId(row[0]), Code(row[1])) for row in rows]
