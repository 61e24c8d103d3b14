"""Imports as jobs (导入批次): how far each has come, and what became of its rows.

What became of a batch is kept in the transaction that records it, so an import that is killed at
any moment goes on right behind its last batch, and tells of the earlier ones what was told then.
No cell of a roster stands here: verdicts, rules and columns only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Column, Connection, Integer, Table, Text, delete, insert, select, update

from ledger.book import Conflict, Ledger
from ledger.clock import beijing
from ledger.domain.ids import ImportId, PersonId, UnionId
from ledger.domain.kernel import Refused
from ledger.imports.headings import Field
from ledger.imports.rows import Fault, Row, Verdict
from ledger.journal.record import instant, written
from ledger.journal.tables import metadata

import_job = Table(
    "import_job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("file", Text, nullable=False),  # its SHA-256; names of files are not kept
    Column("asked", Text, nullable=False),  # how it is to be taken in: only the same goes on
    Column("officer", Text, nullable=False),
    Column("union", Text, nullable=False),  # where to; empty: each row home
    Column("started", Text, nullable=False),
    Column("finished", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("counts", Text, nullable=False),
)

import_batch = Table(
    "import_batch",
    metadata,
    Column("id", Text, primary_key=True),
    Column("first", Integer, primary_key=True, autoincrement=False),
    Column("results", Text, nullable=False),
)


class Settled(NamedTuple):
    """What became of one row: its verdict, what the ledger had against it, and where it went."""

    row: Row
    union: UnionId | None = None
    person: PersonId | None = None
    enrolled: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Begun:
    """An import that is under way: since when, how far it was, and whether it was made before."""

    started: datetime
    again: bool
    kept: list[list[Any]]  # one for each row that is done

    @property
    def day(self) -> date:
        """The business date on which it began: its rows are judged by that day, resumed or not."""
        return beijing(self.started).date()


def begin(
    ledger: Ledger, job: ImportId, *, file: str, asked: str, officer: str, union: str, rows: int
) -> Begun:
    """Begins an import, or goes on with it where it was interrupted. Raises: Conflict."""
    with ledger.database.writing() as conn:
        found = conn.execute(select(import_job).where(import_job.c.id == job)).mappings().first()
        if found is not None and not found["finished"] and found["asked"] == asked:
            kept = conn.execute(
                select(import_batch.c.results)
                .where(import_batch.c.id == job)
                .order_by(import_batch.c.first)
            )
            results = [one for (text,) in kept for one in orjson.loads(text)]
            return Begun(instant(found["started"]), again=False, kept=results)
        conn.execute(delete(import_batch).where(import_batch.c.id == job))
        conn.execute(delete(import_job).where(import_job.c.id == job))
        now = ledger.clock.now()
        conn.execute(
            insert(import_job).values(
                id=job, file=file, asked=asked, officer=officer, union=union,
                started=written(now), finished="", rows=rows, done=0, counts="",
            )
        )  # fmt: skip
    return Begun(now, again=found is not None and bool(found["finished"]), kept=[])


def keep(conn: Connection, job: ImportId, done: Sequence[Settled]) -> None:
    """Keeps what became of a batch, within the transaction that records it.

    Raises: Conflict where the same import is under way in another process.
    """
    first, last = done[0].row.row, done[-1].row.row
    moved = conn.execute(
        update(import_job)
        .where(
            import_job.c.id == job, import_job.c.done == first - 1, import_job.c.finished == ""
        )
        .values(done=last)
    )  # fmt: skip
    if moved.rowcount != 1:
        raise Conflict("the same file is being imported elsewhere at this moment")
    results = orjson.dumps([_written(one) for one in done]).decode()
    conn.execute(insert(import_batch).values(id=job, first=first, results=results))


def finish(ledger: Ledger, job: ImportId, counts: object) -> None:
    """Notes that whoever sent the file has been told: sent again, it is a second upload."""
    with ledger.database.writing() as conn:
        conn.execute(
            update(import_job)
            .where(import_job.c.id == job)
            .values(finished=written(ledger.clock.now()), counts=orjson.dumps(counts).decode())
        )


@dataclass(frozen=True)
class Past:
    """One import that was made, for the history."""

    id: ImportId
    officer: PersonId
    union: UnionId | None
    started: datetime
    finished: datetime | None
    rows: int
    done: int
    counts: dict[str, int]


def past(ledger: Ledger, limit: int = 50) -> list[Past]:
    """The imports of a ledger, the newest first."""
    with ledger.database.reading() as conn:
        rows = conn.execute(
            select(import_job).order_by(import_job.c.started.desc()).limit(limit)
        ).mappings()
        return [
            Past(
                ImportId(row["id"]), PersonId(row["officer"]),
                UnionId(row["union"]) if row["union"] else None, instant(row["started"]),
                instant(row["finished"]) if row["finished"] else None, row["rows"], row["done"],
                orjson.loads(row["counts"]) if row["counts"] else {},
            )
            for row in rows
        ]  # fmt: skip


# ── a result as it is kept ───────────────────────────────────────────────────────────────────


def _written(one: Settled) -> list[Any]:
    row = one.row
    return [
        row.verdict.value, _faults(row.errors), _faults(row.notes), one.union, one.person,
        int(one.enrolled), int(one.shared),
    ]  # fmt: skip


def _faults(faults: Iterable[Fault]) -> list[list[Any]]:
    return [[fault.code, fault.field.value if fault.field else None] for fault in faults]


Faulting = Callable[[Row, type[Refused], Field | None], Fault]
"""How a rule is held against a row: `Headings` name the column, the row its cell."""


def settled(row: Row, kept: Sequence[Any], fault: Faulting) -> Settled:
    """A row of the file as it was settled before the interruption."""
    verdict, errors, notes, union, person, enrolled, shared = kept
    held = slim(
        row, Verdict(verdict), tuple(_read(row, row.errors, errors, fault)),
        tuple(_read(row, row.notes, notes, fault)),
    )  # fmt: skip
    return Settled(held, union, person, bool(enrolled), bool(shared))


def _read(row: Row, own: Sequence[Fault], kept: Sequence[Any], fault: Faulting) -> Iterator[Fault]:
    said = {(one.code, one.field): one for one in own}
    for code, name in kept:
        field = Field(name) if name else None
        yield said.get((code, field)) or fault(row, Refused.rules[code], field)


def slim(row: Row, verdict: Verdict, errors: tuple[Fault, ...], notes: tuple[Fault, ...]) -> Row:
    """A row without its cells, for results that are kept while a long list goes on."""
    return Row(row.row, row.sheet_row, (), verdict, errors, notes)
