"""The logs of a journal (分期的日志): one an epoch, by name, and what is known of each.

A journal is signed as a log of its own name, until records of it were lost; then as `…/epoch/2`,
`…/epoch/3`. All of them are one sequence of positions in one table: what an earlier log signed is
how a later one begins, up to where the loss begins. See `domain.epochs`.
"""

import re
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from ledger.journal import canonical
from ledger.journal.database import Statement
from ledger.journal.tables import record

_NAME = re.compile(r"(.+)/epoch/([2-9]|[1-9][0-9]{1,3})", re.ASCII)

_ROOT = Statement(
    select(record.c.stream).where(record.c.origin == bindparam("origin"), record.c.position == 1)
)
_TOLD = Statement(
    select(record.c.kind, record.c.position, record.c.body)
    .where(
        record.c.origin == bindparam("origin"),
        record.c.stream == bindparam("stream"),
        or_(record.c.kind == "LossDeclared", record.c.kind == "EpochBegun"),
    )
    .order_by(record.c.version)
)


def log_of(journal: str, number: int) -> str:
    """The name of a journal's log in an epoch, counted from 1."""
    return journal if number == 1 else f"{journal}/epoch/{number}"


def journal_of(log: str) -> tuple[str, int]:
    """Of which journal a log is, and in which epoch."""
    found = _NAME.fullmatch(log)
    return (found[1], int(found[2])) if found else (log, 1)


class Epoch(NamedTuple):
    """A log that took the place of another, after a loss that was declared."""

    number: int
    log: str
    key: str
    before: str
    position: int  # of the record that begins it
    held: int  # how much of the log before was restored
    until: int  # and how far it is known to have gone
    intact: int  # as far as nothing of it is lost
    heads: frozenset[tuple[int, bytes]]  # what witnesses had cosigned of it


def epochs(conn: Connection, journal: str) -> list[Epoch]:
    """The epochs of a journal after its first, our own or a partner's as far as it is read."""
    row = _ROOT.drive(conn, origin=journal).fetchone()
    if row is None:
        return []
    found: list[Epoch] = []
    loss: dict[str, Any] | None = None
    for kind, position, data in _TOLD.rows(conn, origin=journal, stream=row[0]):
        body: dict[str, Any] = canonical.decode(bytes(data))
        if kind == "LossDeclared":
            loss = body
        elif loss is not None:
            one = _epoch(body, position, loss)
            if one is not None and _follows(one, journal, found):
                found.append(one)
            loss = None
    return found


def _epoch(begun: dict[str, Any], position: int, loss: dict[str, Any]) -> Epoch | None:
    """None where a partner's records are not as they should be: they begin nothing."""
    try:
        heads = frozenset((each["size"], bytes.fromhex(each["root"])) for each in loss["heads"])
        intact = min(each["first"] for each in loss["lost"]) - 1
        return Epoch(
            begun["number"], begun["log"], begun["key"], begun["before"], position,
            loss["held"], loss["until"], intact, heads,
        )  # fmt: skip
    except (KeyError, ValueError, TypeError):
        return None


def _follows(one: Epoch, journal: str, before: list[Epoch]) -> bool:
    """Whether it has a name of its own and takes the place of a log that was there."""
    logs = [journal, *(each.log for each in before)]
    return one.log == log_of(journal, one.number) and one.log not in logs and one.before in logs


def present(conn: Connection, journal: str) -> str:
    """The log that a journal is signed as now."""
    found = epochs(conn, journal)
    return found[-1].log if found else journal


def logs(conn: Connection, journal: str) -> list[str]:
    """All logs of a journal, the first one first."""
    return [journal, *(each.log for each in epochs(conn, journal))]


def restored(conn: Connection, journal: str) -> list[range]:
    """The positions that were lost to a journal once: what stands there came back, or says so."""
    return [range(each.held + 1, each.until + 1) for each in epochs(conn, journal)]
