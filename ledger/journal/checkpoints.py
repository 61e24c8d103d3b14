"""Checkpoints as they are kept (校验点): signed ones, who cosigned them, and what they prove.

Of our own journal and of the partners' journals that we witness alike, by the log's origin. A
fact is *signed* once a checkpoint covers its position, and *witnessed* by whoever cosigned one
that does; of several the earliest counts, for it bounds the fact's time from above.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Table, Text, bindparam, column, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.selectable import TableValuedAlias

from ledger.journal import epochs
from ledger.journal.database import Statement
from ledger.journal.merkle import consistency_proof, inclusion_proof
from ledger.journal.notes import Checkpoint, Note, Proof, Signature
from ledger.journal.recorder import LogReader, read_head
from ledger.journal.tables import checkpoint, cosignature, record, vouched


class Witnessed(NamedTuple):
    """Who has cosigned a checkpoint that covers a record, and when first."""

    name: str
    at: datetime


class State(NamedTuple):
    """How far a record is proven: recorded, signed, witnessed."""

    signed: bool = False
    witnessed: tuple[Witnessed, ...] = ()


RECORDED = State()

# ── statements ───────────────────────────────────────────────────────────────────────────────

_LAST = Statement(
    select(checkpoint.c.size, checkpoint.c.note)
    .where(checkpoint.c.log == bindparam("log"))
    .order_by(checkpoint.c.size.desc())
    .limit(1)
)
_WITHIN = Statement(
    select(checkpoint.c.note)
    .where(
        checkpoint.c.log == bindparam("log"),
        checkpoint.c.size > 0,
        checkpoint.c.size <= bindparam("most"),
    )
    .order_by(checkpoint.c.size.desc())
    .limit(1)
)
_COVERING = Statement(
    select(checkpoint.c.size, checkpoint.c.note)
    .where(checkpoint.c.log == bindparam("log"), checkpoint.c.size >= bindparam("least"))
    .order_by(checkpoint.c.size)
    .limit(1)
)
_COSIGNED = Statement(
    # The first that was cosigned, by whoever it was, and covers the position.
    select(cosignature.c.size)
    .where(cosignature.c.log == bindparam("log"), cosignature.c.size >= bindparam("least"))
    .order_by(cosignature.c.size)
    .limit(1)
)
_LINES = Statement(
    select(cosignature.c.line)
    .where(cosignature.c.log == bindparam("log"), cosignature.c.size == bindparam("size"))
    .order_by(cosignature.c.time, cosignature.c.name)
)
_NAMES = Statement(
    select(cosignature.c.name).where(cosignature.c.log == bindparam("log")).distinct()
)
_VOUCHED = Statement(
    select(vouched.c.size, vouched.c.root).where(vouched.c.log == bindparam("log"))
)


def _first_times(p: TableValuedAlias) -> Statement:
    """The time of the earliest cosignature by one witness that covers each position."""
    first = (
        select(cosignature.c.time)
        .where(
            cosignature.c.log == bindparam("log"), cosignature.c.name == bindparam("name"),
            cosignature.c.size >= p.c.value,
        )
        .order_by(cosignature.c.size)
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip
    return Statement(select(p.c.value, first))


_TIMES = {
    "sqlite": _first_times(func.json_each(bindparam("at", type_=Text)).table_valued("value")),
    "postgresql": _first_times(
        func.unnest(bindparam("at", type_=postgresql.ARRAY(BigInteger)))
        .table_valued(column("value", BigInteger))
        .render_derived()
    ),
}


# ── what is kept ─────────────────────────────────────────────────────────────────────────────


class Vouched(NamedTuple):
    """Where a log ended when we last put our name to it."""

    size: int
    root: bytes


def last_vouched(conn: Connection, log: str) -> Vouched | None:
    row = _VOUCHED.drive(conn, log=log).fetchone()
    return None if row is None else Vouched(row[0], bytes(row[1]))


def cosigned_within(conn: Connection, log: str, most: int) -> Vouched | None:
    """Where another's log ended when we cosigned it at most so long; None where we never did."""
    row = _WITHIN.drive(conn, log=log, most=most).fetchone()
    if row is None:
        return None
    said = Checkpoint.parse(Note.parse(bytes(row[0])).text)
    return Vouched(said.size, said.root)


def vouch(conn: Connection, log: str, before: Vouched | None, now: Vouched) -> bool:
    """Puts our name to a longer log; False where it is no longer what it was before."""
    if before is None:
        made = _insert(conn, vouched).values(log=log, size=now.size, root=now.root)
        made = made.on_conflict_do_nothing().returning(vouched.c.log)
        return conn.execute(made).first() is not None
    same = (vouched.c.log == log, vouched.c.size == before.size, vouched.c.root == before.root)
    moved = conn.execute(update(vouched).where(*same).values(size=now.size, root=now.root))
    return moved.rowcount == 1


def keep(conn: Connection, log: str, size: int, note: Note, at: str) -> None:
    """Keeps a checkpoint with its log's signatures; nothing where it is there already."""
    made = _insert(conn, checkpoint).values(log=log, size=size, note=note.to_bytes(), at=at)
    conn.execute(made.on_conflict_do_nothing())


def keep_cosignature(conn: Connection, log: str, size: int, time: int, line: Signature) -> None:
    """Keeps a cosignature; the first of a witness for a checkpoint counts, for it says more."""
    made = _insert(conn, cosignature).values(
        log=log, name=line.name, size=size, time=time, line=line.line
    )
    conn.execute(made.on_conflict_do_nothing())


def _insert(conn: Connection, table: Table) -> Any:
    """An insert that can say what is done where somebody else was first."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


class Kept(NamedTuple):
    """A checkpoint, with every signature that is kept of it."""

    size: int
    note: Note


def last(conn: Connection, log: str) -> Kept | None:
    """The newest checkpoint of a log."""
    return _whole(conn, log, _LAST.drive(conn, log=log).fetchone())


def covering(conn: Connection, log: str, position: int) -> Kept | None:
    """The checkpoint by which a record is best shown: the first cosigned one, or the first at all."""
    cosigned = _COSIGNED.drive(conn, log=log, least=position).fetchone()
    least = cosigned[0] if cosigned else position
    return _whole(conn, log, _COVERING.drive(conn, log=log, least=least).fetchone())


def covering_of(conn: Connection, journal: str, position: int) -> Kept | None:
    """The same of a journal: by the earliest of its logs that covers the record."""
    found = (covering(conn, log, position) for log in epochs.logs(conn, journal))
    return next((each for each in found if each is not None), None)


def _whole(conn: Connection, log: str, row: tuple[int, bytes] | None) -> Kept | None:
    if row is None:
        return None
    size, data = row
    note = Note.parse(bytes(data))
    lines = _LINES.rows(conn, log=log, size=size)
    more = (Signature.parse(line.removesuffix("\n")) for (line,) in lines)
    return Kept(size, note._replace(signatures=(*note.signatures, *more)))


# ── what it proves ───────────────────────────────────────────────────────────────────────────


def states(conn: Connection, origin: str, positions: Sequence[int]) -> Mapping[int, State]:
    """How far each of these records is proven, by the earliest log of the journal that covers it."""
    found: dict[int, State] = {}
    for log in epochs.logs(conn, origin) if positions else ():
        told = _states(conn, log, positions)
        for position, state in told.items():
            before = found.get(position, RECORDED)
            found[position] = State(
                before.signed or state.signed, before.witnessed or state.witnessed
            )
    return found or dict.fromkeys(positions, RECORDED)


def _states(conn: Connection, log: str, positions: Sequence[int]) -> Mapping[int, State]:
    """The same by one log: in two questions, and one more for each witness."""
    newest = _LAST.drive(conn, log=log).fetchone()
    if newest is None:
        return {}
    signed = newest[0]
    covered = [each for each in positions if each <= signed]
    by: dict[int, list[Witnessed]] = {}
    for (name,) in sorted(_NAMES.rows(conn, log=log)):
        for position, time in _times(conn, log, name, covered):
            if time is not None:
                by.setdefault(position, []).append(
                    Witnessed(name, datetime.fromtimestamp(time, UTC))
                )
    return {each: State(each <= signed, tuple(by.get(each, ()))) for each in positions}


def newest_by(conn: Connection, log: str, name: str) -> tuple[int, datetime | None]:
    """The greatest size that a witness has cosigned, and when; 0 and None where it has none."""
    row = conn.execute(
        select(cosignature.c.size, cosignature.c.time)
        .where(cosignature.c.log == log, cosignature.c.name == name)
        .order_by(cosignature.c.size.desc())
        .limit(1)
    ).first()
    return (row[0], datetime.fromtimestamp(row[1], UTC)) if row else (0, None)


def _times(
    conn: Connection, log: str, name: str, positions: Sequence[int]
) -> list[tuple[int, int | None]]:
    given: object = list(positions)
    if conn.dialect.name == "sqlite":
        given = "[" + ",".join(map(str, positions)) + "]"
    rows = _TIMES[conn.dialect.name].rows(conn, log=log, name=name, at=given)
    return [(position, time) for position, time in rows]


def proof(conn: Connection, origin: str, position: int) -> Proof | None:
    """The evidence that a record of our own journal stands at its position, with its bytes.

    None where no checkpoint covers it yet. Raises: LookupError where there is no such record.
    """
    row = conn.execute(
        select(record.c.header, record.c.body).where(
            record.c.origin == origin, record.c.position == position
        )
    ).first()
    if row is None:
        raise LookupError(f"{origin}#{position}")
    kept = covering_of(conn, origin, position)
    if kept is None:
        return None
    stored = read_head(conn, origin).frontier.size
    path = inclusion_proof(LogReader(conn, origin), position - 1, kept.size, stored)
    return Proof(
        position - 1, tuple(path), kept.note.to_bytes(), bytes(row[0]) + b"\n" + bytes(row[1])
    )


def grown(conn: Connection, origin: str, old: int, new: int) -> list[bytes]:
    """The proof that our journal at `new` begins with all of it at `old`."""
    stored = read_head(conn, origin).frontier.size
    return consistency_proof(LogReader(conn, origin), old, new, stored)
