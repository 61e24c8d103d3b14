"""One fund (一笔资金的收支): as at a date, as known on a date, line by line, and between two moments.

A fund may have a hundred thousand lines, so its totals are asked of the view, and only the lines
of one page are read and told; the balance beside each is what the fund had after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ledger.book import NotFound, Reader
from ledger.domain.corrections import FactCorrected
from ledger.domain.ids import FundId, GrantId
from ledger.domain.kernel import Fen
from ledger.journal import canonical
from ledger.projections import fund_statements as view
from ledger.projections import union_tree
from ledger.projections.fund_statements import Asked, FundRow, OfferRow, Sums, Totals
from ledger.replay.told import KnownOn, Lane, Line, Names, Told, lines


@dataclass(frozen=True)
class FundStep:
    """One line of a statement, told in words; `balance` is what was free after it."""

    line: Line
    amount: Fen
    balance: Fen | None  # None: struck, so it counts for nothing
    sums: Sums
    grant: GrantId | None  # for which it was kept, paid or returned
    other: FundId | None  # the fund at its other end


@dataclass(frozen=True)
class Share:
    """One share of a joint fund, with what it has."""

    fund: FundRow
    keeper_name: str
    lane: Lane
    totals: Totals


@dataclass(frozen=True)
class FundFile:
    """A fund as at a date, as known on a date: what it has, its newest lines, and its shares."""

    fund: FundRow
    keeper_name: str
    lane: Lane
    as_of: date | None
    known_on: KnownOn
    totals: Totals
    steps: tuple[FundStep, ...]  # the newest first
    next: tuple[Any, ...] | None
    shares: tuple[Share, ...]  # of the joint fund, this one among them
    offers: tuple[OfferRow, ...]  # by all that is known
    fund_names: Mapping[FundId, str]

    @property
    def historical(self) -> bool:
        return self.as_of is not None or self.known_on is not None


@dataclass(frozen=True)
class FundChange:
    """What one measure was then, and is now."""

    measure: str
    then: Fen
    now: Fen


@dataclass(frozen=True)
class FundBetween:
    """A fund at two moments: what its totals were, and which lines came to count or ceased to."""

    fund: FundId
    changes: tuple[FundChange, ...]
    come: tuple[Line, ...]
    gone: tuple[Line, ...]


def fund(
    reader: Reader, name: str, *, as_of: date | None = None, known_on: KnownOn = None,
    since: date | None = None, kind: str | None = None, grant: str | None = None,
    limit: int = 50, after: tuple[Any, ...] | None = None,
) -> FundFile:  # fmt: skip
    """One fund with a page of its lines. Raises: NotFound."""
    conn, origin = reader.conn, reader.ledger.origin
    row = _row(reader, name)
    asked = Asked(since, as_of, known_on, kind, grant, struck=True)
    page = view.lines(conn, origin, name, asked, limit=limit, after=after)
    told = _told(reader, page.rows)
    shares = _shares(reader, row)
    totals = view.totals(conn, origin, [each.fund for each in shares], as_of, known_on)
    names = Names(reader, told, known_on)
    keepers = _keepers(reader, shares)
    offers = view.offers(conn, origin, name=name)
    ends = {end for each in offers for end in (each.giver, each.receiver) if end}
    others = view.get(conn, origin, ends | {line.other for line in page.rows if line.other})
    return FundFile(
        row, keepers[row.keeper], names.lane(row.origin), as_of, known_on, totals[row.fund],
        tuple(_steps(reader, name, page.rows, told, names, known_on, not (kind or grant))),
        page.next,
        tuple(
            Share(each, keepers[each.keeper], names.lane(each.origin), totals[each.fund])
            for each in shares
        ) if row.joint else (),
        tuple(offers), {key: each.name for key, each in others.items()},
    )  # fmt: skip


def fund_between(
    reader: Reader, name: str, then: tuple[date | None, KnownOn],
    now: tuple[date | None, KnownOn] = (None, None),
) -> FundBetween:  # fmt: skip
    """What changed in a fund from one moment to another. Raises: NotFound."""
    conn, origin = reader.conn, reader.ledger.origin
    row = _row(reader, name)
    before, after = (view.totals(conn, origin, [name], *at)[row.fund] for at in (then, now))
    come, gone = view.between(conn, origin, name, then, now)
    changes = [
        FundChange(measure, getattr(before, measure), getattr(after, measure))
        for measure in TOTALS
        if getattr(before, measure) != getattr(after, measure)
    ]
    told = _told(reader, [*come, *gone])
    names = Names(reader, told, now[1])
    shown = _lines(reader, told, names)
    return FundBetween(
        row.fund, tuple(changes), tuple(shown[each.ref] for each in come),
        tuple(shown[each.ref] for each in gone),
    )  # fmt: skip


TOTALS: Mapping[str, str] = {
    "credited": "到账",
    "received": "收到拨付、划入",
    "allotted": "拨出、划出",
    "offered": "在途划转",
    "reserved": "已留用",
    "drawn": "已列支",
    "returned": "已退回",
    "unfunded": "无资金来源",
    "balance": "可用余额",
}
"""What the measures of a statement are called, in their order."""


# ── what these have in common ────────────────────────────────────────────────────────────────


def _row(reader: Reader, name: str) -> FundRow:
    found = view.get(reader.conn, reader.ledger.origin, [name]).get(FundId(name))
    if found is None:
        raise NotFound(name)
    return found


def _shares(reader: Reader, row: FundRow) -> list[FundRow]:
    """All shares of the joint fund, ours first; of a fund that is none, itself."""
    if row.joint is None:
        return [row]
    found = view.listing(
        reader.conn, reader.ledger.origin, view.Sought(joint=row.joint), limit=200
    ).rows
    same = [each for each in found if each.under == row.under]
    return sorted(same, key=lambda each: (each.origin != reader.ledger.origin, each.name))


def _keepers(reader: Reader, rows: Sequence[FundRow]) -> dict[str, str]:
    found = union_tree.get(reader.conn, reader.ledger.origin, {row.keeper for row in rows})
    return {row.keeper: found[row.keeper].name if row.keeper in found else "" for row in rows}


def _told(reader: Reader, rows: Sequence[view.Line]) -> list[Told]:
    """The records of these lines, and the reasons of those that correct."""
    at = {(line.ref.rpartition("#")[0], line.position): line for line in rows}
    found = reader.facts_at(list(at))
    # The reason of a correction stands right before it, in the same entry.
    before = [(one.origin, one.position - 1) for one, fact in found if fact.corrects is not None]
    heads = [
        (one, fact, at[one.origin, one.position + 1])
        for one, fact in reader.facts_at(before)
        if isinstance(fact.event, FactCorrected)
    ]
    every = [*((one, fact, at[one.origin, one.position]) for one, fact in found), *heads]
    every.sort(key=lambda each: (each[2].seq, each[0].position))
    return [
        Told(one, fact, canonical.decode(one.header), line.seq, line.known_from, order, order)
        for order, (one, fact, line) in enumerate(every)
    ]


def _lines(reader: Reader, told: Sequence[Told], names: Names) -> dict[str, Line]:
    shown = lines(told, names, reader.ledger.origin, None)
    return {line.ref: line for line in shown if not line.hidden}


def _steps(
    reader: Reader, name: str, rows: Sequence[view.Line], told: Sequence[Told], names: Names,
    known_on: KnownOn, whole: bool,
) -> Iterator[FundStep]:  # fmt: skip
    """The lines in words; beside each what was free after it, where none is left out."""
    shown = _lines(reader, told, names)
    running: Mapping[str, Fen] = (
        view.running(reader.conn, reader.ledger.origin, name, rows, known_on) if whole else {}
    )
    for row in rows:
        line, counts = shown[row.ref], row.counts(known_on)
        if not counts and not line.struck:
            line = replace(line, struck=True)
        yield FundStep(
            line,
            row.amount,
            running.get(row.ref) if counts else None,
            row.sums,
            row.grant,
            row.other,
        )
