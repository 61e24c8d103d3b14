"""Who read whom (查阅记录): the read log, the newest first. No text stands in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import select, tuple_

from ledger.book import Reader
from ledger.clock import BEIJING
from ledger.domain.ids import PersonId, UnionId
from ledger.journal.record import instant, written
from ledger.journal.tables import reading


@dataclass(frozen=True, slots=True)
class Read:
    """One person's data shown to one officer: when, for which union, on which page, what for."""

    visit: str
    at: datetime
    officer: str
    union: UnionId
    view: str
    purpose: str
    person: PersonId


class Reads(NamedTuple):
    """Some readings, and where the next ones begin; None: these were the last."""

    rows: list[Read]
    next: tuple[str, str, str] | None


@dataclass(frozen=True)
class ReadsSought:
    """Which readings: of these persons, by an officer, on a page, from one day to another."""

    persons: Collection[str] | None = None
    officer: str | None = None
    view: str | None = None
    since: date | None = None
    until: date | None = None  # the last day


def reads(
    reader: Reader, sought: ReadsSought, *, limit: int = 50,
    after: tuple[str, str, str] | None = None,
) -> Reads:  # fmt: skip
    """A page of the read log; days are Beijing's."""
    c = reading.c
    query = select(reading)
    if sought.persons is not None:
        query = query.where(c.person.in_(sorted(sought.persons)))
    if sought.officer is not None:
        query = query.where(c.officer == sought.officer)
    if sought.view is not None:
        query = query.where(c.view == sought.view)
    if sought.since is not None:
        query = query.where(c.at >= _midnight(sought.since))
    if sought.until is not None:
        query = query.where(c.at < _midnight(sought.until + timedelta(days=1)))
    if after is not None:
        query = query.where(tuple_(c.at, c.id, c.person) < tuple_(*after))
    order = (c.at.desc(), c.id.desc(), c.person.desc())
    rows = reader.conn.execute(query.order_by(*order).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Reads(
        [
            Read(r.id, instant(r.at), r.officer, UnionId(r.union), r.view, r.purpose, r.person)
            for r in rows[:limit]
        ],
        (last.at, last.id, last.person) if last is not None else None,
    )


def _midnight(day: date) -> str:
    return written(datetime.combine(day, time(), BEIJING))
