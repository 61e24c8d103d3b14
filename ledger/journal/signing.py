"""The signer of our journal (签名): what it puts its name to, it has read again itself.

It keeps the size, frontier and root that it signed last in a file outside the database and its
backups. A checkpoint is signed only where the records that came since, hashed anew from their
stored bytes, lead from that frontier to the head's. A database that is behind the file, or does
not begin with what was signed, looks like a restored backup or a rewrite, and to a partner like
fraud: until people have settled which it is, the ledger is read, and not written.
"""

import fcntl
import json
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from sqlalchemy import Connection, bindparam, select

from ledger.journal import checkpoints, epochs
from ledger.journal.checkpoints import Vouched
from ledger.journal.database import Database, Statement
from ledger.journal.fsck.reading import UNREADABLE
from ledger.journal.keys import Role, SigningKeys
from ledger.journal.merkle import Frontier, root_at
from ledger.journal.notes import Checkpoint, Malformed, Note, base64, sign, verify
from ledger.journal.record import written
from ledger.journal.recorder import LogReader, read_head
from ledger.journal.tables import record

CHUNK = 4096
"""How many records are read again in one go."""

_BYTES = Statement(
    select(record.c.position, record.c.header, record.c.body)
    .where(
        record.c.origin == bindparam("origin"),
        record.c.position > bindparam("after"),
        record.c.position <= bindparam("last"),
    )
    .order_by(record.c.position)
)


class ReadOnly(RuntimeError):
    """Why nothing may be written to this ledger now; each kind says what was found."""

    zh: ClassVar[str] = "本账暂为只读。"
    instead: ClassVar[str] = "停止办理，通知管理员和审计人员。"

    def __init__(self, origin: str, **facts: Any) -> None:
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        super().__init__(f"{origin} is read-only: {type(self).__name__}{f' ({told})' * bool(told)}")
        self.origin, self.facts = origin, facts


class LedgerBehind(ReadOnly):
    """The database holds fewer records than were signed: an older backup was restored."""

    zh = "数据库比已签名的校验点短，可能由旧备份恢复；本账只读。"
    instead = "不要继续办理。从对方省核对其已见证的位置，按恢复流程处理。"


class LedgerRewritten(ReadOnly):
    """The records are not those that were signed: something was changed in the database."""

    zh = "数据库中的记录与已签名的校验点不符；本账只读。"
    instead = "保全数据库，运行 `liangdi fsck`，由审计人员介入。"


class SignedLost(ReadOnly):
    """Something was signed, and the signer's file of it is missing or cannot be read."""

    zh = "签名状态文件缺失或损坏，不能确认已签名到何处；本账只读。"
    instead = "向对方省取回其已见证的校验点，再运行 `liangdi signing resume`。"


class RestoredUnchecked(ReadOnly):
    """The ledger was restored from a backup, and no partner has been asked yet what it had seen."""

    zh = "本账由备份恢复，尚未与对方省核对所见；本账只读。"
    instead = "向各对方省取回其已见证的校验点，再运行 `liangdi signing resume`。"


class JournalSigner:
    """Signs the checkpoints of one journal; `bar` says why it may not be written, if so.

    Safe to share between threads; of several processes on one machine one signs at a time.
    """

    def __init__(
        self, database: Database, origin: str, keys: SigningKeys, file: Path,
        restored: Path | None = None,
    ) -> None:  # fmt: skip
        """`restored` is the mark that a restore leaves behind, until the partners were asked.

        What is signed is `log`: the journal's own name, or that of its present epoch.
        """
        self._database, self._origin, self._file = database, origin, file
        self.log = keys.log
        self._restored = restored
        self.keys = keys
        self._lock = Lock()
        self.bar: ReadOnly | None = self._found()

    # ── at the start ──

    def _found(self) -> ReadOnly | None:
        """What stands in the way, as the file and the database are now.

        The file is read first: whoever signs beside us only lets the database be ahead of it.
        """
        try:
            signed = self._read()
            with self._database.reading() as conn:
                return self._compared(conn, signed)
        except ReadOnly as bar:
            return bar
        except (ValueError, *UNREADABLE) as fault:  # what cannot be read, fsck names
            return LedgerRewritten(self._origin, what=type(fault).__name__)

    def _compared(self, conn: Connection, signed: Frontier | None) -> ReadOnly | None:
        if signed is None:
            known = checkpoints.last_vouched(conn, self.log)
            return SignedLost(self._origin, signed=known.size) if known else self._unchecked()
        self._begins_with(conn, signed.size, signed.root())
        return self._unchecked()

    def _unchecked(self) -> ReadOnly | None:
        return (
            RestoredUnchecked(self._origin)
            if self._restored is not None and self._restored.exists()
            else None
        )

    # ── signing ──

    def sign(self, at: datetime) -> Checkpoint | None:
        """Signs how far the journal is; None where nothing is new, or another was faster.

        Raises: ReadOnly where it is not what was signed before; OSError where keys or file are away.
        """
        with self._lock, self._alone():
            if self.bar is not None:
                raise self.bar
            try:
                return self._signed(at)
            except ReadOnly as bar:
                self.bar = bar
                raise

    def _signed(self, at: datetime) -> Checkpoint | None:
        signed = self._read()
        with self._database.reading() as conn:
            before = checkpoints.last_vouched(conn, self.log)
            if signed is None and before is not None:
                raise SignedLost(self._origin, signed=before.size)
            start = signed or Frontier()
            head = read_head(conn, self._origin).frontier
            if head.size < start.size:
                raise LedgerBehind(self._origin, signed=start.size, held=head.size)
            if head.size == start.size and head != start:
                raise LedgerRewritten(self._origin, signed=start.size)
            if before is not None and before.size == head.size == start.size:
                return None
            grown = self._read_again(conn, start, head.size, before)
        if head.size == 0:
            return None
        if grown != head:
            raise LedgerRewritten(self._origin, signed=start.size, held=head.size)
        made = Checkpoint(self.log, head.size, head.root())
        note = Note(made.text, tuple(sign(made.text, key) for key in self.keys.signing(Role.LOG)))
        # The file first: what it names is in the database already, and what we may forget to
        # have signed is not given out.
        self._write(head)
        with self._database.writing() as conn:
            if not checkpoints.vouch(conn, self.log, before, Vouched(made.size, made.root)):
                return None
            checkpoints.keep(conn, self.log, made.size, note, written(at))
        return made

    def _read_again(
        self, conn: Connection, start: Frontier, size: int, before: Vouched | None
    ) -> Frontier:
        """The frontier after the records that came since, hashed from their stored bytes.

        Raises: LedgerRewritten where one is missing, or another signer's checkpoint on the way
        is not met.
        """
        frontier, met = start, before if before and before.size > start.size else None
        while frontier.size < size:
            last = min(size, frontier.size + CHUNK)
            if met is not None and frontier.size < met.size:
                last = min(last, met.size)
            rows = _BYTES.rows(conn, origin=self._origin, after=frontier.size, last=last)
            places = [row[0] for row in rows]
            if places != list(range(frontier.size + 1, last + 1)):
                raise LedgerRewritten(self._origin, after=frontier.size)
            # leaf_hash written out, as in fsck: this is all of the work.
            frontier = frontier.extend(
                [sha256(b"\x00" + header + b"\n" + body).digest() for _, header, body in rows]
            )
            if met is not None and frontier.size == met.size and frontier.root() != met.root:
                raise LedgerRewritten(self._origin, signed=met.size)
        return frontier

    def heard(self, note: Note) -> None:
        """Takes in a checkpoint of ours that a witness holds; bars us where we cannot follow it.

        Raises: BadNote where it is not ours; ReadOnly where it goes beyond what we hold, or is
        the root of something else.
        """
        one = self.own(note)
        with self._database.reading() as conn:
            try:
                self._goes_on_from(conn, one)
            except ReadOnly as bar:
                self.bar = bar
                raise

    def own(self, note: Note, log: str | None = None) -> Checkpoint:
        """What a note says that we signed: of our journal, or of a channel of ours.

        Raises: BadNote where it is not ours.
        """
        verify(note, self.keys.public(Role.LOG))
        one = Checkpoint.parse(note.text)
        if (one.origin != log) if log else (epochs.journal_of(one.origin)[0] != self._origin):
            raise Malformed(f"a checkpoint of {one.origin}")
        return one

    @property
    def signed(self) -> tuple[str, int]:
        """As which log, and how far, the file says that we signed; 0 where there is none, or it is lost.

        After a restore it may name an epoch of which the database knows nothing.
        """
        try:
            log, frontier = self._told()
        except (FileNotFoundError, SignedLost):
            return self.log, 0
        return log, frontier.size

    def _goes_on_from(self, conn: Connection, one: Checkpoint) -> None:
        """What was signed is how the journal begins, or its loss was declared with this very head."""
        later = next((e for e in epochs.epochs(conn, self._origin) if e.before == one.origin), None)
        if later is None or one.size <= later.held:
            self._begins_with(conn, one.size, one.root)
        elif (one.size, one.root) not in later.heads:
            raise LedgerRewritten(self._origin, signed=one.size, log=one.origin)

    def _begins_with(self, conn: Connection, size: int, root: bytes) -> None:
        head = read_head(conn, self._origin).frontier
        if size > head.size:
            raise LedgerBehind(self._origin, signed=size, held=head.size)
        if root_at(LogReader(conn, self._origin), size, head.size) != root:
            raise LedgerRewritten(self._origin, signed=size)

    def resume(self, notes: Sequence[Note]) -> Checkpoint:
        """Writes the lost file anew, from what partners have kept of our own signatures.

        `notes` are our checkpoints as the witnesses hold them; the newest decides, and the file
        itself where it can be read. Raises: BadNote where one is not ours; ReadOnly where the
        database does not begin with it.
        """
        said = [self.own(note) for note in notes]
        with self._lock, self._alone(), self._database.reading() as conn:
            with suppress(SignedLost):
                signed = self._read()
                if signed is not None:
                    self._begins_with(conn, signed.size, signed.root())
            newest = checkpoints.last_vouched(conn, self.log)
            if newest is not None:
                self._begins_with(conn, *newest)
            for one in said:
                self._goes_on_from(conn, one)
            head = read_head(conn, self._origin).frontier
            self._write(head)
            if self._restored is not None:
                self._restored.unlink(missing_ok=True)
            self.bar = None
            return Checkpoint(self.log, head.size, head.root())

    def begin(self, log: str) -> None:
        """Goes on in a new epoch, whose first record is durable: the loss was declared there."""
        with self._lock, self._alone():
            self.log = self.keys.log = log
            if self._restored is not None:
                self._restored.unlink(missing_ok=True)
            self.bar = self._found()

    # ── the file ──

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Of all processes that share the file, one signs at a time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(
            self._file.with_name(f".{self._file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> Frontier | None:
        """How far was signed last; None where there is no file.

        Raises: SignedLost; LedgerBehind.
        """
        try:
            log, frontier = self._told()
        except FileNotFoundError:
            return None
        epoch, now = (epochs.journal_of(each)[1] for each in (log, self.log))
        if epoch > now:  # a later epoch was signed than the database knows of
            raise LedgerBehind(self._origin, signed=frontier.size, epoch=epoch)
        return frontier if epoch == now else None  # of this epoch nothing was signed yet

    def _told(self) -> tuple[str, Frontier]:
        """What the file says. Raises: FileNotFoundError, SignedLost."""
        try:
            said = json.loads(self._file.read_bytes())
            if epochs.journal_of(said["origin"])[0] != self._origin:
                raise ValueError("another journal's")
            frontier = Frontier.from_bytes(bytes.fromhex(said["frontier"]))
            if (said["size"], said["root"]) != (frontier.size, base64(frontier.root())):
                raise ValueError("size and root are not the frontier's")
            return said["origin"], frontier
        except (ValueError, KeyError, TypeError, RecursionError) as fault:
            raise SignedLost(self._origin, file=str(self._file)) from fault

    def _write(self, frontier: Frontier) -> None:
        """Replaces the file by a whole one, on the disk before we go on."""
        said = {
            "origin": self.log, "size": frontier.size, "root": base64(frontier.root()),
            "frontier": frontier.to_bytes().hex(),
        }  # fmt: skip
        scratch = self._file.with_name(f".{self._file.name}.new")
        made = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(made, "w", encoding="ascii") as file:
            file.write(json.dumps(said) + "\n")
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
