"""Reading a whole log: by the driver, never all at once, as far as its head says that it goes."""

import sqlite3
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy import exc as sql

from ledger.journal.database import Statement
from ledger.journal.fsck.report import Fault
from ledger.journal.merkle import Frontier
from ledger.journal.tables import channel_leaf, head, record

UNREADABLE = (sqlite3.DatabaseError, psycopg.DatabaseError, sql.DatabaseError)
"""What a database says that cannot give us what it holds."""

LAST_RECORD = Statement(
    select(func.min(record.c.position), func.max(record.c.position)).where(
        record.c.origin == bindparam("log")
    )
)
LAST_LEAF = Statement(
    select(func.min(channel_leaf.c.number), func.max(channel_leaf.c.number)).where(
        channel_leaf.c.log == bindparam("log")
    )
)
_CURSORS = count()


def streamed(conn: Connection, statement: Statement, **values: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a long answer, by the driver and never all at once."""
    sql_text, order, fixed = statement.for_dialect(conn.dialect)
    params = {**fixed, **values}
    driver: Any = conn.connection.driver_connection
    if order is not None:
        cursor = driver.cursor()
        cursor.execute(sql_text, tuple(params[name] for name in order))
    else:
        cursor = driver.cursor(name=f"fsck_{next(_CURSORS)}")
        cursor.execute(sql_text, params, binary=True)
    try:
        while rows := cursor.fetchmany(2000):
            yield from rows
    finally:
        cursor.close()


class End(NamedTuple):
    """Where a log ends: how far it is to be checked, what its head says, and what is off there.

    Of a head that is off itself there is nothing to compare with: no frontier, no time.
    """

    size: int
    frontier: Frontier | None
    at: str | None
    faults: list[Fault]


def end_of(conn: Connection, log: str, extent: Statement) -> End:
    """Compares the head with itself and with the first and the last that are there."""
    first, last = extent.run(conn, log=log).one()
    last = last or 0
    row = conn.execute(
        select(head.c.size, head.c.frontier, head.c.at).where(head.c.log == log)
    ).first()
    if row is None:
        faults = [Fault(log, last, "has no head")] if last else []
        return End(last, None, None, faults)
    size, stored, at = row
    faults: list[Fault] = []
    frontier: Frontier | None = None
    try:
        frontier = Frontier.from_bytes(bytes(stored))
    except (ValueError, TypeError):
        faults.append(Fault(log, last, "the head has no frontier that can be read"))
    if frontier is not None and frontier.size != size:
        faults.append(Fault(log, last, f"the head has a size of {size}, {frontier.size} hashed"))
        frontier = None
    if size > last:
        more = f", and {size - last - 1} after it" if size - last > 1 else ""
        faults.append(Fault(log, last + 1, f"is missing{more}"))
    elif size < last:
        faults.append(Fault(log, size + 1, f"stands beyond the head, which ends at {size}"))
    if first is not None and first < 1:
        faults.append(Fault(log, first, "stands before the first"))
    if size != last:
        return End(min(size, last), None, None, faults)
    return End(size, frontier, at, faults)


def gap(origin: str, first: int, stop: int) -> list[Fault]:
    more = f", and {stop - first - 1} after it" if stop - first > 1 else ""
    return [Fault(origin, first, f"is missing{more}")]
