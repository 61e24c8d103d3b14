"""Taking a backup (备份): one moment of a ledger, while people go on working in it.

SQLite copies itself page by page in one go; PostgreSQL is read table by table in one snapshot. The
attachments that this moment knows follow. Then the whole file is read again and compared.
"""

import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, select

from ledger import schema
from ledger.backups.envelope import BackupDamaged, SealedReader, SealedWriter
from ledger.book import Ledger
from ledger.journal.database import Database
from ledger.journal.record import written
from ledger.journal.recorder import read_head
from ledger.journal.tables import attachment
from ledger.procedures import note_shredded

PART = 8 << 20
"""About how many bytes of a table one member of the archive holds."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Taken:
    """What a backup holds: of which journal, how long it was, its root, and when."""

    path: Path
    origin: str
    kind: str  # sqlite · postgresql
    revision: str
    size: int  # of the journal
    root: str
    at: str
    attachments: int
    missing: int  # attachments whose files were not there


class _Archive:
    """The members as they are written, each with its hash."""

    def __init__(self, into: io.RawIOBase) -> None:
        self._tar = tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (open until `close`)
        self.hashes: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        self.add_stream(name, io.BytesIO(data), len(data))

    def add_stream(self, name: str, file: Any, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashed = Hashed(file)
        self._tar.addfile(info, hashed)
        self.hashes[name] = hashed.digest.hexdigest()

    def close(self) -> None:
        self.add("manifest.json", json.dumps(self.hashes, sort_keys=True).encode())
        self._tar.close()


class Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: Any) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size)
        self.digest.update(data)
        return data


def back_up(
    ledger: Ledger, path: Path, *, province: bytes = b"{}", tell: Tell = lambda _: None
) -> Taken:
    """Writes a backup of one moment to a file, and reads it again; the file is there whole or not.

    `province` is what the folder says of itself (`province.json`). Raises: BackupDamaged where
    what was read back differs; OSError.
    """
    note_shredded(ledger)
    keyring, at = ledger.vault.keyring, written(ledger.clock.now())
    database = ledger.database
    kind = "sqlite" if database.is_sqlite else "postgresql"
    header = {
        "what": "data", "kind": kind, "origin": ledger.origin, "at": at,
        "revision": schema.newest(),
    }  # fmt: skip
    with SealedWriter(path, keyring.backup, header) as into:
        archive = _Archive(into)
        tell("database")
        if database.is_sqlite:
            about, files = _sqlite(ledger, path, archive)
        else:
            about, files = _postgres(ledger, archive)
        tell("attachments")
        missing = _attachments(ledger, files, archive)
        about |= {
            "origin": ledger.origin, "kind": kind, "at": at, "missing": missing,
            "attachments": len(files) - missing,
        }  # fmt: skip
        archive.add("province.json", province)
        if ledger.trust.path.exists():  # whom a restored ledger has to ask
            archive.add("policy", ledger.trust.path.read_bytes())
        archive.add("about.json", json.dumps(about, sort_keys=True).encode())
        archive.close()
    tell("verify")
    return verify(path, keyring.backup)


def _about(conn: Connection, origin: str) -> dict[str, Any]:
    frontier = read_head(conn, origin).frontier
    return {
        "revision": schema.revision(conn) or "", "size": frontier.size,
        "root": frontier.root().hex(),
    }  # fmt: skip


def _files(conn: Connection) -> list[str]:
    rows = conn.execute(select(attachment.c.commitment).order_by(attachment.c.commitment))
    return list(rows.scalars())


def _sqlite(ledger: Ledger, path: Path, archive: _Archive) -> tuple[dict[str, Any], list[str]]:
    copy = path.with_name(f".{path.name}.database")
    copy.unlink(missing_ok=True)
    try:
        copy.touch(0o600)
        with closing(sqlite3.connect(copy)) as target:
            pooled = ledger.database.engine.raw_connection()
            try:
                driver: Any = pooled.driver_connection
                driver.backup(target)  # in one go: writers go on in the log meanwhile
            finally:
                pooled.close()
            target.execute("PRAGMA journal_mode=DELETE").close()
            (sound,) = target.execute("PRAGMA quick_check(1)").fetchone()
            if sound != "ok":
                raise BackupDamaged(f"the database is damaged: {sound}")
        reading = Database(f"sqlite:///{copy}")
        try:
            with reading.reading() as conn:
                about, files = _about(conn, ledger.origin), _files(conn)
        finally:
            reading.close()
        with copy.open("rb") as file:
            archive.add_stream("database.sqlite", file, copy.stat().st_size)
        return about, files
    finally:
        for each in copy.parent.glob(f"{copy.name}*"):
            each.unlink()


def _postgres(ledger: Ledger, archive: _Archive) -> tuple[dict[str, Any], list[str]]:
    with ledger.database.reading() as conn:  # one snapshot for all tables
        about = _about(conn, ledger.origin)
        for table in sorted(set(inspect(conn).get_table_names()) - {"alembic_version"}):
            for number, part in enumerate(_copied(conn, table)):
                archive.add(f"tables/{table}/{number:06}", part)
        return about, _files(conn)


def _copied(conn: Connection, table: str) -> Iterator[bytes]:
    """A table as PostgreSQL writes it in binary, with its columns named first, in parts."""
    columns = [column["name"] for column in inspect(conn).get_columns(table)]
    yield json.dumps(columns).encode()
    named = ", ".join(f'"{name}"' for name in columns)
    driver: Any = conn.connection.driver_connection
    held = bytearray()
    with driver.cursor().copy(f'COPY "{table}" ({named}) TO STDOUT (FORMAT BINARY)') as copy:
        for block in copy:
            held += block
            if len(held) >= PART:
                yield bytes(held)
                held.clear()
    yield bytes(held)


def _attachments(ledger: Ledger, files: list[str], archive: _Archive) -> int:
    """Adds what is there; returns how many are not: those of somebody forgotten this very moment."""
    missing = 0
    for committed in files:
        path = ledger.attachments.path(committed) if ledger.attachments else None
        try:
            data = path.read_bytes() if path else None
        except FileNotFoundError:
            data = None
        if data is None:
            missing += 1
        else:
            archive.add(f"attachments/{committed}", data)
    return missing


# ── reading it again ─────────────────────────────────────────────────────────────────────────


def members(path: Path, secret: bytes) -> Iterator[tuple[str, Hashed]]:
    """The members of a backup in their order, each compared with its hash at the end.

    What comes out before the end is proven chunk by chunk, but not yet that nothing is missing.

    Raises: BackupDamaged.
    """
    hashes: dict[str, str] = {}
    expected: Mapping[str, str] | None = None
    with closing(SealedReader(path, secret)) as reader:
        try:
            with tarfile.open(fileobj=io.BufferedReader(reader), mode="r|") as tar:
                for info in tar:
                    file = tar.extractfile(info) if info.isreg() else None
                    if file is None:
                        raise BackupDamaged(f"{info.name} is no plain file")
                    if info.name == "manifest.json":
                        expected = json.loads(file.read())
                        continue
                    hashed = Hashed(file)
                    yield info.name, hashed
                    while hashed.read(1 << 20):
                        pass
                    hashes[info.name] = hashed.digest.hexdigest()
        except tarfile.TarError as fault:
            raise BackupDamaged(str(fault)) from fault
        reader.drain()
    if expected != hashes:
        raise BackupDamaged("what is in it is not what its list of contents says")


def verify(path: Path, secret: bytes) -> Taken:
    """Reads a backup to its end. Raises: BackupDamaged."""
    about: dict[str, Any] | None = None
    for name, file in members(path, secret):
        if name == "about.json":
            about = json.loads(file.read())
    if about is None:
        raise BackupDamaged("it does not say what it is")
    return Taken(
        path, about["origin"], about["kind"], about["revision"], about["size"], about["root"],
        about["at"], about["attachments"], about["missing"],
    )  # fmt: skip
