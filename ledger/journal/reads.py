"""The reading log as hashes (查阅日志校验): one leaf for each line, one root for a stretch of days.

A leaf is over who looked at whom, when, for which union, through which view, and a keyed hash of
what was typed as the purpose: so the text may go with a forgotten person, and the root still holds.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, tuple_

from ledger.clock import BEIJING, beijing
from ledger.journal import canonical
from ledger.journal.merkle import Frontier, leaf_hash
from ledger.journal.tables import reading, record
from ledger.journal.vault import Vault

PAGE = 5000


class Sealing(NamedTuple):
    """The lines of some days: how many there are, and their root."""

    lines: int
    root: bytes


def sealing(conn: Connection, vault: Vault, first: date, last: date) -> Sealing:
    """Counts and hashes the lines of the days `first` to `last`, in the order of their instants."""
    frontier = Frontier()
    leaves: list[bytes] = []
    for row in _lines(conn, _begins(first), _begins(last + timedelta(1))):
        line = [
            row.id, row.person, row.at, row.officer, row.union, row.view,
            vault.purpose_mark(row.id, row.purpose),
        ]  # fmt: skip
        leaves.append(leaf_hash(canonical.encode({"reading": line})))
        if len(leaves) == PAGE:
            frontier = frontier.extend(leaves)
            leaves = []
    frontier = frontier.extend(leaves)
    return Sealing(frontier.size, frontier.root())


def _lines(conn: Connection, since: str, until: str) -> Iterator[Any]:
    c = reading.c
    query = select(reading).where(c.at >= since, c.at < until).order_by(c.at, c.id, c.person)
    after: tuple[str, str, str] | None = None
    while True:
        page = query if after is None else query.where(tuple_(c.at, c.id, c.person) > after)
        rows = conn.execute(page.limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].at, rows[-1].id, rows[-1].person


def _begins(day: date) -> str:
    """The first instant of a Beijing day, as the log writes instants."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC).isoformat()


class Sealed(NamedTuple):
    """What one record of the journal says of the log."""

    position: int
    first: date
    last: date
    lines: int
    root: str


def sealed_days(conn: Connection, origin: str) -> list[Sealed]:
    """What was sealed, the first days first."""
    rows = conn.execute(
        select(record.c.position, record.c.body)
        .where(record.c.origin == origin, record.c.stream == origin, record.c.kind == KIND)
        .order_by(record.c.position)
    )
    bodies = [(position, canonical.decode(bytes(body))) for position, body in rows]
    return [
        Sealed(
            position, date.fromisoformat(said["first"]), date.fromisoformat(said["last"]),
            said["count"], said["root"],
        )
        for position, said in bodies
    ]  # fmt: skip


KIND = "ReadsSealed"


def first_day(conn: Connection) -> date | None:
    """The Beijing day of the first line that there is."""
    at = conn.execute(select(func.min(reading.c.at))).scalar()
    return beijing(datetime.fromisoformat(at)).date() if at else None


def faults(conn: Connection, vault: Vault, origin: str) -> Iterator[tuple[int, str]]:
    """(position, what) for each stretch of days whose lines are not those that were sealed."""
    following: date | None = None
    for one in sealed_days(conn, origin):
        days = f"{one.first} to {one.last}"
        found = sealing(conn, vault, one.first, one.last)
        if (found.lines, found.root.hex()) != (one.lines, one.root):
            yield one.position, f"the reading log of {days} is not what was sealed"
        if following is not None and one.first != following:
            yield one.position, f"the reading log of {days} does not follow what was sealed before"
        following = one.last + timedelta(1)
