"""Rows that hold in two times (双时态): effective from–to, and known from–to.

A thing's rows are folded from its whole history again whenever one of its facts arrives: what was
known at each moment, each row open from the record that made it known until the one that changed
it. So a correction needs no code of its own, what was once known stays answerable, and the rows
hang on the history alone, not on how it was cut into pages.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    select,
)

from ledger.clock import BEIJING
from ledger.domain.kernel import Fact
from ledger.journal.database import ByKey, Statement, load
from ledger.journal.record import written
from ledger.journal.tables import channel_leaf, head, record
from ledger.projections.posting import Posting, as_record, channel_name, fact_in

S = TypeVar("S", bound=Hashable)

STILL = "9999-12-31"
"""The end of what has not ended: later than any day that one can ask about."""

UNCHANGED = "9999-12-31T00:00:00.000000Z"
"""The end of what is still known so: later than any instant that one can ask about."""

LATEST = "9999-12-30"
CHUNK = 500


class Known(NamedTuple):
    """One fact, and when it became known here: at which instant, by which record of ours.

    `late`: why it was entered long after it took effect (`Late`), where it was.
    """

    at: str
    seq: int
    fact: Fact
    late: str | None = None


class Held(NamedTuple):
    """What was known of a thing from one instant until another (excluded)."""

    what: Any
    seq: int
    known_from: str
    known_to: str


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def day(on: date | None) -> str:
    """The day to ask about as the rows have it; None: how it stands by all that is known."""
    return LATEST if on is None else on.isoformat()


def until(text: str) -> date | None:
    """The end of a row as a date; None: still."""
    return None if text == STILL else date.fromisoformat(text)


def known_before(known_on: date | datetime | None) -> str:
    """The instant, excluded, up to which facts count: the end of a Beijing day, or now."""
    if known_on is None:
        return "9999-12-30T00:00:00.000000Z"
    if isinstance(known_on, datetime):
        return written(known_on + timedelta(microseconds=1))
    return written(datetime.combine(known_on + timedelta(days=1), time(), BEIJING))


def holds(
    table: FromClause, generation: int, on: date | None, known_on: date | datetime | None
) -> ColumnElement[bool]:
    """The rows that hold on a day, as known on a day."""
    asked = day(on)
    return and_(knew(table, generation, known_on), table.c.since <= asked, table.c.until > asked)


def knew(
    table: FromClause, generation: int, known_on: date | datetime | None
) -> ColumnElement[bool]:
    """The rows of every effective date, as known on a day."""
    before = known_before(known_on)
    return and_(
        table.c.generation == generation,
        table.c.known_from < before,
        table.c.known_to >= before,
    )


def two_times() -> list[Column[Any]]:
    """The columns of both times, the last of each table."""
    return [
        Column("until", Text, nullable=False),
        Column("known_from", Text, nullable=False),
        Column("known_to", Text, nullable=False),
    ]


# ── posting ──────────────────────────────────────────────────────────────────────────────────


def histories(
    conn: Connection, page: Sequence[Posting], streams: Iterable[str]
) -> dict[str, list[Known]]:
    """The whole histories of these streams up to this page, in the order of knowledge."""
    found: dict[str, list[Known]] = {stream: [] for stream in streams}
    if not found:
        return found
    origin, before = next(p.fact.origin for p in page if p.own), page[0].seq
    # What begins on this page has no earlier facts of ours.
    begun = {p.record.stream for p in page if p.own and p.record.version == 1}
    for row in OURS.rows(conn, [s for s in found if s not in begun], origin=origin):
        if row[1] < before:
            one = as_record(row)
            fact, header, _ = fact_in(one)
            late = header.get("late")
            found[one.stream].append(Known(header["at"], one.position, fact, late))
    partners = partners_of(conn, origin)
    for partner in partners:
        log = channel_name(partner, origin)
        read = [
            row
            for row in THEIRS.rows(conn, list(found), origin=partner, log=log)
            if row[-2] is not None and row[-2] < before
        ]
        at = instants(conn, origin, {row[-2] for row in read})
        for row in sorted(read, key=lambda row: row[-1]):  # the partner's own order
            one = as_record(row[:-2])
            fact, header, _ = fact_in(one)
            found[one.stream].append(Known(at[row[-2]], row[-2], fact, header.get("late")))
    if partners:
        for known in found.values():
            known.sort(key=lambda one: one.seq)  # stable: a page of theirs keeps its order
    for posting in page:
        if (history := found.get(posting.record.stream)) is not None:
            instant = posting.header["at"] if posting.own else written(posting.known)
            late = posting.header.get("late")
            history.append(Known(instant, posting.seq, posting.fact, late))
    return found


def partners_of(conn: Connection, origin: str) -> list[str]:
    """The origins of the partners whose records are mirrored here."""
    suffix = channel_name("", origin)
    return [row[0].removesuffix(suffix) for row in _LOGS.drive(conn, suffix=suffix)]


_LOGS = Statement(select(head.c.log).where(head.c.log.endswith(bindparam("suffix"))))
# A planner that may choose would rather read a whole journal, or a whole channel, in the order of
# positions: so neither asks for them, and what is not read yet is left out here.
OURS = ByKey(
    select(record)
    .where(record.c.origin == bindparam("origin"))
    .order_by(record.c.stream, record.c.version),
    record.c.stream,
)
THEIRS = ByKey(
    select(record, channel_leaf.c.read_at, channel_leaf.c.number)
    .outerjoin(
        channel_leaf,
        and_(
            channel_leaf.c.log == bindparam("log"),
            channel_leaf.c.origin == record.c.origin,
            channel_leaf.c.position == record.c.position,
        ),
    )
    .where(record.c.origin == bindparam("origin")),
    record.c.stream,
)


def instants(conn: Connection, origin: str, positions: Iterable[int]) -> dict[int, str]:
    """When these records of ours were recorded."""
    rows = _PLACES.rows(conn, list(positions), origin=origin)
    return {row[1]: fact_in(as_record(row))[1]["at"] for row in rows}


_PLACES = ByKey(select(record).where(record.c.origin == bindparam("origin")), record.c.position)


def chronicle(
    history: Sequence[Known], fold: Callable[[Sequence[Fact]], Iterable[S]]
) -> list[Held]:
    """What was known of a thing at each moment: each span with the time for which it was known.

    `fold` gives the spans as they follow from the facts known so far. Facts of one instant count
    as one step: nobody could ever see it half done.
    """
    if history and history[0].at == history[-1].at:  # all known at once, as most things are
        at, seq = history[-1][:2]
        now = fold([known.fact for known in history])
        return [Held(span, seq, at, UNCHANGED) for span in dict.fromkeys(now)]
    facts: list[Fact] = []
    held: dict[S, tuple[int, str]] = {}
    past: list[Held] = []
    for at, group in groupby(history, key=lambda known: known.at):
        seq = 0
        for known in group:
            facts.append(known.fact)
            seq = known.seq
        spans = dict.fromkeys(fold(facts))
        gone = [span for span in held if span not in spans]
        past += [Held(span, *held.pop(span), at) for span in gone]
        for span in spans:
            held.setdefault(span, (seq, at))
    past += [Held(span, seq, at, UNCHANGED) for span, (seq, at) in held.items()]
    return past


def rewrite(
    conn: Connection, table: Table, generation: int, column: str, keys: Iterable[str],
    rows: Sequence[Sequence[Any]],
) -> set[str]:  # fmt: skip
    """Puts these rows (values in the table's order) in the place of all that the keys had.

    Returns the keys that had any.
    """
    wanted = list(keys)
    gone = _GONE.get((table.name, column))
    if gone is None:
        query = delete(table).where(table.c.generation == bindparam("the_generation"))
        gone = ByKey(query.returning(table.c[column]), table.c[column])
        _GONE[table.name, column] = gone
    had = {row[0] for row in gone.rows(conn, wanted, the_generation=generation)}
    load(conn, table, rows)
    return had


_GONE: dict[tuple[str, str], ByKey] = {}
