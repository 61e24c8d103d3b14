"""Attachments (附件): scans and papers, sealed like everything personal, in a folder beside the database.

Each is sealed with the key of the person whom it concerns and named by its salted commitment, the
same scheme as a data group's: a record cites the commitment as evidence, the file can be shown and
verified for ever, and it goes with the person who is forgotten. What is sealed is a line of
canonical JSON, `{"name", "type"}` (a file's name is personal too), 0x0A, and the bytes.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from ledger.journal import canonical
from ledger.journal.tables import attachment
from ledger.journal.vault import SALT, Damaged, Vault, commitment

MOST = 20 * 2**20
"""The bytes of the biggest attachment."""

GROUP = "attachment"


class TooBig(ValueError):
    """An attachment of more than 20 MB: scan it in grey, or send its pages one by one."""


class NotKept(LookupError):
    """There is no such attachment here, or its person is restricted or forgotten."""


class Attachment(NamedTuple):
    """An opened attachment."""

    commitment: str
    subject: str
    name: str
    type: str
    data: bytes


class Attachments:
    """The content store of one ledger."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self.folder, self._vault = folder, vault

    def keep(self, conn: Connection, subject: str, name: str, kind: str, data: bytes) -> str:
        """Seals and stores a file, in the transaction that cites it; returns its commitment.

        `kind` is the media type. A transaction that fails leaves a file that nobody cites and
        `sweep` removes. Raises: TooBig.
        """
        if len(data) > MOST:
            raise TooBig(f"{len(data):,} bytes; {MOST:,} at most")
        payload = canonical.encode({"name": name, "type": kind}) + b"\n" + data
        salt = os.urandom(SALT)
        committed = commitment(salt, payload)
        sealer = self._vault.sealer()
        sealer.ready(conn, [subject])
        box = sealer.box("", committed, 0, subject, GROUP, salt, payload)
        self._write(committed, box)
        sealer.keep(conn)
        conn.execute(
            insert(attachment).values(commitment=committed, subject=subject, size=len(data))
        )
        return committed

    def read(self, conn: Connection, committed: str, *, resting: bool = False) -> Attachment:
        """Opens an attachment, compared with its commitment; of a restricted person only to check
        it (`resting`). Raises: NotKept, Damaged.
        """
        subject, _, payload = self.opened(conn, committed, resting=resting)
        said, _, data = payload.partition(b"\n")
        about = canonical.decode(said)
        return Attachment(committed, subject, about["name"], about["type"], data)

    def opened(
        self, conn: Connection, committed: str, *, resting: bool = False
    ) -> tuple[str, bytes, bytes]:
        """Whose it is, its salt, and what was sealed: what shows that it is the one that a record
        cites. Raises: NotKept, Damaged.
        """
        subject = self.subject(conn, committed)
        if not resting and self._vault.at_rest(conn, [subject]):
            raise NotKept(committed)
        try:
            box = self.path(committed).read_bytes()
        except FileNotFoundError as fault:
            raise Damaged(f"attachment {committed}: the file is missing") from fault
        opened = self._vault.open(conn, "", committed, 0, subject, GROUP, box, committed)
        if opened is None:
            raise NotKept(committed)
        return subject, *opened

    def subject(self, conn: Connection, committed: str) -> str:
        """Whose it is. Raises: NotKept."""
        found = conn.execute(
            select(attachment.c.subject).where(attachment.c.commitment == committed)
        ).scalar()
        if found is None:
            raise NotKept(committed)
        return str(found)

    def of(self, conn: Connection, subject: str) -> list[str]:
        """The commitments of a person's attachments."""
        rows = conn.execute(
            select(attachment.c.commitment)
            .where(attachment.c.subject == subject)
            .order_by(attachment.c.commitment)
        )
        return [row[0] for row in rows]

    def remove(self, commitments: Iterable[str]) -> None:
        """Removes the files of somebody who was forgotten, after the commit that let their rows go.

        Without the key, which `Vault.forget` destroys, they are noise already.
        """
        for committed in commitments:
            self.path(committed).unlink(missing_ok=True)

    def sweep(self, conn: Connection) -> int:
        """Removes files that no row knows; returns how many. Nobody keeps attachments meanwhile."""
        known = {row[0] for row in conn.execute(select(attachment.c.commitment))}
        strays = [path for path in self._files() if path.name not in known]
        for path in strays:
            path.unlink()
        return len(strays)

    def faults(self, conn: Connection) -> Iterator[tuple[str, str]]:
        """(commitment, what) for each attachment that cannot be shown as it was given."""
        for (committed,) in conn.execute(select(attachment.c.commitment)):
            try:
                self.read(conn, committed, resting=True)
            except Damaged as fault:
                yield committed, str(fault)
            except NotKept:
                yield committed, "its person was forgotten, and it was not"

    def path(self, committed: str) -> Path:
        """Where the file of a commitment lies."""
        return self.folder / committed[:2] / committed

    def _files(self) -> Iterable[Path]:
        return [path for path in self.folder.glob("??/*") if path.is_file()]

    def _write(self, committed: str, box: bytes) -> None:
        """Writes a file as a whole: under another name, to the disk, read back, then renamed."""
        path = self.path(committed)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{committed}.{os.getpid()}.draft")
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "r+b") as file:
                file.write(box)
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                if file.read() != box:
                    raise Damaged(f"attachment {committed}: the disk gave something else back")
            draft.rename(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        _sync_folder(self.folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
