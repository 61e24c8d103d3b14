"""Schemes (帮扶办法): which version of which scheme is in force where, on a day, as known on a day.

Both provinces' stand in one table. What a version says is read from the scheme itself; here is
which kinds of aid it rules, for which place, from when until when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text, select

from ledger.domain import divisions
from ledger.domain.aiding import AidKind
from ledger.domain.ids import SchemeId, UnionId
from ledger.domain.kernel import Fact
from ledger.domain.schemes import Scheme
from ledger.journal.tables import metadata
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import (
    chronicle,
    day,
    histories,
    knew,
    rewrite,
    two_times,
    until,
)
from ledger.projections.union_tree import Span, Values, spans

NAME = "schemes"

scheme_span = Table(
    "scheme_span",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("scheme", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("since", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("union", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # separated by spaces
    *two_times(),
    Index("scheme_span_place", "generation", "place"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "帮扶办法"
    tables: Sequence[Table] = (scheme_span,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        streams = {p.record.stream for p in page if p.record.stream.startswith("sch_")}
        if not streams:
            return
        rows: list[Sequence[Any]] = [
            (generation, stream, held.seq, held.what.since, *held.what.values, held.what.until,
             held.known_from, held.known_to)
            for stream, history in histories(conn, page, streams).items()
            for held in chronicle(history, versions)
        ]  # fmt: skip
        rewrite(conn, scheme_span, generation, "scheme", streams, rows)


VIEW: Projection = _View()


def versions(facts: Sequence[Fact]) -> list[Span]:
    """The times in which one scheme's versions are in force, as they follow from its facts."""
    scheme, origin = Scheme.of(facts), facts[0].origin

    def values(on: date) -> Values | None:
        now = scheme.judging(on, on)
        if now is None:
            return None
        kinds = " ".join(rules.kind for rules in now.rules)
        return origin, now.union, now.place, now.version, now.title, kinds

    days = {one.since for one in scheme.versions}
    return spans(days | ({scheme.until} if scheme.until else set()), values)


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """One version in force from `since` until `until` (excluded; None: until further notice)."""

    scheme: SchemeId
    version: int
    title: str
    union: UnionId
    origin: str
    place: str
    kinds: tuple[AidKind, ...]
    since: date
    until: date | None

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


def listing(
    conn: Connection, origin: str, on: date, *, known_on: date | datetime | None = None,
    place: str | None = None, kind: AidKind | None = None, union: str | None = None,
    coming: bool = False,
) -> list[SchemeRow]:  # fmt: skip
    """The versions in force on a day, and with `coming` those that begin later.

    `place`: those that hold there, its own and those of the divisions above it, the nearest first.
    """
    table = scheme_span.c
    where = [knew(scheme_span, live(conn, origin, NAME), known_on), table.until > day(on)]
    if not coming:
        where.append(table.since <= day(on))
    reach = _above(place) if place else []
    if reach:
        where.append(table.place.in_(reach))
    if union is not None:
        where.append(table.union == union)
    rows = [_row(r) for r in conn.execute(select(scheme_span).where(*where)).mappings()]
    return sorted(
        (row for row in rows if kind is None or kind in row.kinds),
        key=lambda row: (
            reach.index(row.place) if reach else 0, row.origin != origin, row.place, row.title,
            row.scheme, row.since,
        ),
    )  # fmt: skip


def _above(place: str) -> list[str]:
    """The division and those above it, lowest first."""
    found: list[str] = []
    step: str | None = place[:6]
    while step is not None and step not in found:
        found.append(step)
        step = divisions.superior(step)
    return [place, *(code for code in found if code != place)]


def _row(r: Any) -> SchemeRow:
    return SchemeRow(
        SchemeId(r["scheme"]), r["version"], r["title"], UnionId(r["union"]), r["origin"],
        r["place"], tuple(AidKind(each) for each in r["kinds"].split()),
        date.fromisoformat(r["since"]), until(r["until"]),
    )  # fmt: skip
