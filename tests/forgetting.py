"""Forgetting for tests: terms, the two officers, and a search through every byte that is kept."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from ledger import procedures
from ledger.domain.forgetting import Ground
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Code, Office
from ledger.domain.retention import USUAL
from ledger.journal.database import Database
from ledger.journal.fsck import check
from tests.world import World


def adopt_terms(world: World, since: date = date(2026, 1, 1)) -> None:
    """The usual terms, from the beginning of the year."""
    with world.entry(world.root, Office.CHAIR) as entry:
        procedures.adopt_terms(entry, Code("2026-1"), USUAL, since=since)


def restrict(
    world: World, person: PersonId, ground: Ground = Ground.ASKED, office: Office = Office.CLERK
) -> None:
    """The first officer: a clerk of the federation."""
    with world.ledger.entry(world.act(world.root, office), lock=True) as entry:
        procedures.restrict(entry, person, ground, Code("申请1号"))


def shred(world: World, person: PersonId) -> None:
    """The second officer: the data protection lead."""
    with world.ledger.entry(world.act(world.root, Office.PRIVACY), lock=True) as entry:
        procedures.shred(entry, person, Code("销毁1号"))


def forget(world: World, person: PersonId) -> None:
    """Restricted, and shredded on the day on which the last term is over."""
    restrict(world, person)
    with world.ledger.reading() as reader:
        until = procedures.standing_of(reader, person).until
    if until > world.today:
        world.time.to(until)
    shred(world, person)


def sound(world: World) -> bool:
    return check(world.ledger.database, world.origin, vault=world.ledger.vault).sound


# ── every byte ───────────────────────────────────────────────────────────────────────────────


def every_byte(database: Database, *folders: Path) -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of all that a ledger keeps: rows, files, logs, and what was deleted."""
    if database.is_sqlite:
        path = Path(str(database.url.database))
        with closing(database.engine.raw_connection()) as raw:
            driver: Any = raw.driver_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        for each in sorted(path.parent.glob(f"{path.name}*")):
            yield each.name, each.read_bytes()
    else:
        yield from _postgres_bytes(database)
    for folder in folders:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                yield str(each.relative_to(folder)), each.read_bytes() + each.name.encode()


def _postgres_bytes(database: Database) -> Iterator[tuple[str, bytes]]:
    with database.at_once() as conn:
        conn.exec_driver_sql("CHECKPOINT")
        for table in inspect(conn).get_table_names():
            rows = conn.exec_driver_sql(f'SELECT * FROM "{table}"').all()
            cells = (c if isinstance(c, bytes) else str(c).encode() for row in rows for c in row)
            yield table, b"\0".join(cells)
            where = conn.exec_driver_sql(f"SELECT pg_relation_filepath('\"{table}\"')").scalar()
            yield f"{table} heap", _file(conn, str(where))
        for (name,) in conn.exec_driver_sql("SELECT name FROM pg_ls_waldir()").all():
            yield f"wal {name}", _file(conn, f"pg_wal/{name}")


def _file(conn: Any, path: str) -> bytes:
    found = conn.exec_driver_sql("SELECT pg_read_binary_file(%s, true)", (path,)).scalar()
    return bytes(found or b"")


def traces(database: Database, needles: dict[str, bytes], *folders: Path) -> list[tuple[str, str]]:
    """(what, where) for each needle that is still somewhere."""
    return [
        (what, where)
        for where, data in every_byte(database, *folders)
        for what, needle in needles.items()
        if needle in data
    ]


def spelled(**texts: str) -> dict[str, bytes]:
    """A text as it may stand somewhere: in UTF-8, in GB18030 and as JSON escapes."""
    found: dict[str, bytes] = {}
    for name, text in texts.items():
        found[name] = text.encode()
        if not text.isascii():
            found[f"{name} gb18030"] = text.encode("gb18030")
            found[f"{name} escaped"] = text.encode("unicode_escape")
    return found
