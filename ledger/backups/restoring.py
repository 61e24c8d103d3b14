"""Restoring a ledger (恢复): from a backup, whoever was forgotten since forgotten again, and marked.

A restored journal is shorter than what partners may have cosigned: from outside it looks like a
rewrite. So a marker stays beside it until every partner has been asked. Everything is prepared
under other names and renamed at the end; killed before that, it is simply begun again.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, inspect, select

from ledger import schema
from ledger.backups.envelope import BackupDamaged, read_header
from ledger.backups.taking import Hashed, members
from ledger.clock import Clock
from ledger.journal import shredded
from ledger.journal.database import Database
from ledger.journal.record import written
from ledger.journal.recorder import read_head
from ledger.journal.tables import account, attachment, command, person_key, session
from ledger.journal.vault import Keyring, Vault
from ledger.settings import RESTORED

MARKER = RESTORED
"""The file in a province's folder that says: this ledger was restored, ask the partners first."""


class LedgerThere(ValueError):
    """There is a ledger already: nothing is ever restored over one."""


@dataclass(frozen=True)
class Restored:
    """What was restored: how far the journal goes, and who was forgotten again."""

    origin: str
    size: int
    root: str
    taken_at: str
    forgotten: int
    attachments: int


def marker(folder: Path) -> Mapping[str, Any] | None:
    """What the marker of a restored ledger says; None where there is none."""
    try:
        return json.loads((folder / MARKER).read_text("utf-8"))
    except FileNotFoundError:
        return None


def restore(
    path: Path, folder: Path, *, url: str | None = None, clock: Clock | None = None,
    forgotten: Mapping[str, str] | None = None,
) -> Restored:  # fmt: skip
    """Brings a ledger back into a folder that has its keys and no ledger.

    `url` is the empty PostgreSQL database for a backup of one; `forgotten` (person → when) is
    added to the list beside the keys, as from a key backup that is newer. Sessions and tokens are
    not brought back: who signed out since stays signed out.

    Raises: LedgerThere, BackupDamaged.
    """
    header = read_header(path)
    keys = folder / "keys"
    if header.get("what") != "data" or not (keys / "backup").exists():
        raise BackupDamaged(f"restore the keys into {keys} first; this needs the key of the backup")
    if header.get("kind") != "sqlite" and header.get("revision") != schema.newest():
        raise BackupDamaged(
            f"taken at revision {header.get('revision')}, this program is at {schema.newest()}: "
            "restore with the version that took it, then upgrade"
        )
    keyring = Keyring(keys)
    shredded.note(keys, (forgotten or {}).items())
    restoring = folder / "restoring"
    shutil.rmtree(restoring, ignore_errors=True)
    restoring.mkdir(mode=0o700)
    at = written((clock or Clock()).now())
    if header.get("kind") == "sqlite":
        return _sqlite(path, folder, restoring, keyring, at)
    return _postgres(path, folder, restoring, keyring, at, url)


def _sqlite(path: Path, folder: Path, restoring: Path, keyring: Keyring, at: str) -> Restored:
    if (folder / "ledger.db").exists():
        raise LedgerThere(f"{folder / 'ledger.db'} is there already")
    about: dict[str, Any] = {}
    for name, file in members(path, keyring.backup):
        if name == "database.sqlite":
            with (restoring / "ledger.db").open("wb") as copy:
                shutil.copyfileobj(file, copy, 1 << 20)
        elif name == "about.json":
            about = json.loads(file.read())
        else:
            _beside(name, file, restoring)
    database = Database(f"sqlite:///{restoring / 'ledger.db'}")
    try:
        schema.upgrade(database)
        with database.writing() as conn:
            told = _made_fit(conn, keyring, about, at)
            _sweep(conn, restoring)
        database.scrub()
    finally:
        database.close()
    _settle(folder, restoring, told, at)
    (restoring / "ledger.db").rename(folder / "ledger.db")  # from here on there is a ledger
    _sync(folder)
    shutil.rmtree(restoring)
    return told


def _postgres(
    path: Path, folder: Path, restoring: Path, keyring: Keyring, at: str, url: str | None
) -> Restored:
    if url is None:
        raise BackupDamaged("a backup of PostgreSQL is restored into an empty database: name it")
    database = Database(url)
    try:
        with database.writing() as conn:  # all of it, or nothing
            if inspect(conn).get_table_names():
                raise LedgerThere("the database is not empty")
            about = _poured(conn, path, restoring, keyring)
            told = _made_fit(conn, keyring, about, at)
            _sweep(conn, restoring)
            _settle(folder, restoring, told, at)
        schema.upgrade(database)
        database.scrub(person_key)
    finally:
        database.close()
    shutil.rmtree(restoring)
    return told


def _poured(conn: Connection, path: Path, restoring: Path, keyring: Keyring) -> dict[str, Any]:
    about: dict[str, Any] = {}
    driver: Any = conn.connection.driver_connection
    schema.create(conn)
    known = inspect(conn).get_table_names()
    for table, parts in groupby(members(path, keyring.backup), key=_table):
        if table is not None:
            if table not in known:
                raise BackupDamaged(f"a table {table} that this version does not know")
            columns = ", ".join(f'"{name}"' for name in json.loads(next(parts)[1].read()))
            with driver.cursor().copy(
                f'COPY "{table}" ({columns}) FROM STDIN (FORMAT BINARY)'
            ) as copy:
                for _, file in parts:
                    copy.write(file.read())
            continue
        for name, file in parts:
            if name == "about.json":
                about = json.loads(file.read())
            else:
                _beside(name, file, restoring)
    return about


def _table(member: tuple[str, Hashed]) -> str | None:
    kind, _, rest = member[0].partition("/")
    return rest.partition("/")[0] if kind == "tables" else None


_OF_FOLDER = ("province.json", "policy")
"""What a folder says of itself, and whose word it takes."""


def _beside(name: str, file: Any, restoring: Path) -> None:
    """What is no database: attachments, and what the folder says of itself."""
    kind, _, rest = name.partition("/")
    if name in _OF_FOLDER:
        (restoring / name).write_bytes(file.read())
    elif kind == "attachments" and len(rest) == 64 and rest.isalnum():
        target = restoring / "attachments" / rest[:2] / rest
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with target.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
    else:
        raise BackupDamaged(f"{name} belongs to no backup")


def _made_fit(conn: Connection, keyring: Keyring, about: Mapping[str, Any], at: str) -> Restored:
    """Forgets again, ends every session, and compares the journal with what the backup says."""
    if not about:
        raise BackupDamaged("it does not say what it is")
    frontier = read_head(conn, about["origin"]).frontier
    if (frontier.size, frontier.root().hex()) != (about["size"], about["root"]):
        raise BackupDamaged("the journal is not the one that was backed up")
    needed = set(conn.execute(select(person_key.c.kek).distinct()).scalars())
    keyring.look_again()
    lost = sorted(needed - keyring.wraps.keys())
    if lost:
        raise BackupDamaged(f"the keys wrap-{lost} are not here: restore an older key backup")
    vault, again = Vault(keyring), 0
    gone = dict(vault.shredded(conn))
    for person, when in shredded.read(keyring.folder).items():
        if person not in gone:
            vault.forget(conn, person, when or at)
            _forget_accounts(conn, person)
            again += 1
    conn.execute(delete(session))
    return Restored(
        about["origin"], about["size"], about["root"], about["at"], again, about["attachments"]
    )


def _forget_accounts(conn: Connection, person: str) -> None:
    names = list(conn.execute(select(account.c.name).where(account.c.person == person)).scalars())
    conn.execute(delete(command).where(command.c.account.in_(names)))
    conn.execute(delete(account).where(account.c.name.in_(names)))


def _settle(folder: Path, restoring: Path, told: Restored, at: str) -> None:
    """The marker first, then attachments and province: the ledger itself comes last."""
    said = {
        "origin": told.origin, "size": told.size, "root": told.root, "taken_at": told.taken_at,
        "restored_at": at,
    }  # fmt: skip
    draft = restoring / MARKER
    draft.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    draft.rename(folder / MARKER)
    attachments = folder / "attachments"
    if (restoring / "attachments").exists():
        with suppress(FileNotFoundError):
            shutil.rmtree(attachments)
        (restoring / "attachments").rename(attachments)
    for name in _OF_FOLDER:
        if (restoring / name).exists() and not (folder / name).exists():
            (restoring / name).rename(folder / name)
    _sync(folder)


def _sweep(conn: Connection, folder: Path) -> None:
    """Leaves out the files of those who were forgotten after the backup."""
    known = set(conn.execute(select(attachment.c.commitment)).scalars())
    for path in (folder / "attachments").glob("??/*"):
        if path.name not in known:
            path.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
