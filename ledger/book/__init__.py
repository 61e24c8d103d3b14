"""The book (登记簿): the one door through which anything is written.

An entry is a visit, a record is a line: read streams, write events, close. One transaction, any
number of streams, all or nothing; views catch up before it closes, so whoever wrote reads what
they wrote. Deciding is the domain's; the book judges offices and dates, seals, and hands over to
the journal.

    words     what it is asked and answers
    reader    reading streams, opening what may be opened
    entry     one visit
    folds     what was folded before
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path

from ledger import schema
from ledger.book.entry import Entry
from ledger.book.folds import Folds
from ledger.book.reader import Payload, Reader
from ledger.book.words import CommandReused, Conflict, Look, NotFound, Province, Receipt
from ledger.clock import Clock
from ledger.domain.ids import UnionId
from ledger.domain.kernel import SYSTEM, Act, Office
from ledger.journal import epochs
from ledger.journal.attachments import Attachments
from ledger.journal.database import Database
from ledger.journal.keys import Role, SigningKeys
from ledger.journal.notes import PublicKey
from ledger.journal.policy import PolicyFile
from ledger.journal.recorder import JournalRecorder, make_head, read_head
from ledger.journal.signing import JournalSigner
from ledger.journal.vault import Keyring, Vault
from ledger.journal.witness import Witness
from ledger.settings import OwnTerms, ProvinceSettings

__all__ = [
    "CommandReused", "Conflict", "Entry", "Ledger", "Look", "NotFound", "Payload", "Province",
    "Reader", "Receipt", "open_ledger",
]  # fmt: skip


class Ledger:
    """One province's book: its database, its keys, its clock. Safe to share between threads."""

    def __init__(
        self,
        province: Province,
        database: Database,
        keyring: Keyring,
        clock: Clock | None = None,
        *,
        terms: OwnTerms | None = None,
        attachments: Path | None = None,
        signer_command: str | None = None,
        signed: Path | None = None,
        policy: Path | None = None,
        restored: Path | None = None,
    ) -> None:
        self.province = province
        self.origin = province.origin
        self.database = database
        self.clock = clock or Clock()
        self.vault = Vault(keyring)
        self.recorder = JournalRecorder(database, province.origin, self.clock)
        self.attachments = Attachments(attachments, self.vault) if attachments else None
        self.folds = Folds()
        self.terms = terms or OwnTerms()
        with database.writing() as conn:
            make_head(conn, self.origin)
            log = epochs.present(conn, self.origin)
        keys = SigningKeys(keyring.folder, self.origin, signer_command, log)
        self.signer = JournalSigner(
            database, self.origin, keys, signed or keyring.folder / "signed", restored
        )  # fmt: skip
        self.trust = PolicyFile(policy or keyring.folder / "policy")
        self.witness = Witness(
            database, self.clock, keys, self.trust.of_log, lambda: self.signer.bar
        )

    def close(self) -> None:
        self.database.close()

    @property
    def log(self) -> str:
        """As what the journal is signed now: its own name, or that of its present epoch."""
        return self.signer.log

    @property
    def believed(self) -> list[PublicKey]:
        """All keys that signatures here are judged by: those of the policy, and our own.

        Raises: Malformed.
        """
        own = (key for role in Role for key in self.signer.keys.public(role))
        return list(dict.fromkeys([*own, *self.trust.policy.keys]))

    @property
    def today(self) -> date:
        return self.clock.today()

    @cached_property
    def root(self) -> UnionId:
        """The union in whose name the journal was opened. Raises: NotFound."""
        with self.database.reading() as conn:
            first = self.recorder.page(conn, 0, 1)
        if not first:
            raise NotFound("journal")
        return UnionId(first[0].stream)

    # ── writing ──

    @contextmanager
    def entry(
        self,
        act: Act,
        *,
        command: tuple[str, str, bytes] | None = None,
        lock: bool = False,
        seen: Mapping[str, int] | None = None,
    ) -> Generator[Entry]:
        """A visit to the book; what was written is recorded when the block is left.

        `command` (account, id, request) makes the visit happen once; `lock` holds the head from
        the start, for an entry that asks about a set; `seen` the stream versions that the officer
        had before her eyes (If-Match).

        Raises: ReadOnly. Raises on leaving: any Refused, Conflict.
        """
        if self.signer.bar is not None:
            raise self.signer.bar
        entry = Entry(self, act, command, dict(seen or {}))
        if lock:
            with self.database.writing() as conn:
                read_head(conn, self.origin, lock=True)
                entry.begin(conn, locked=True)
                yield entry
                entry.prepare()
                entry.close()
        else:
            with self.database.reading() as conn:
                entry.begin(conn, locked=False)
                yield entry
                entry.prepare()
            entry.close()
        for each in entry.afterwards:
            each()

    def procedure(self, union: UnionId, on: date | None = None) -> Act:
        """The act of a procedure that runs by itself: no officer's choice."""
        today = self.today
        return Act(SYSTEM, union, Office.PROCEDURE, on or today, today)

    # ── reading ──

    @contextmanager
    def reading(self) -> Generator[Reader]:
        """One consistent view of this ledger. Personal texts stay closed unless opened."""
        with self.database.reading() as conn:
            yield Reader(self, conn)

    @contextmanager
    def looking(self, look: Look) -> Generator[Reader]:
        """A view in which personal texts may be opened; each person shown is on the read log.

        The log is written in the reading's own transaction: if it cannot be, nothing is shown.
        """
        with self.database.writing() as conn:
            reader = Reader(self, conn, look)
            yield reader
            reader.log_reads()


def open_ledger(
    settings: ProvinceSettings, *, clock: Clock | None = None, terms: OwnTerms | None = None
) -> Ledger:
    """Opens a province's ledger where the settings say, its tables brought up to date.

    Raises: NewerSchema where the database belongs to a newer version of this program.
    """
    database = Database(settings.url)
    schema.upgrade(database, role=settings.app_role)
    province = Province(settings.code, settings.origin, settings.name, settings.short)
    return Ledger(
        province, database, Keyring(settings.keys), clock, terms=terms,
        attachments=settings.attachments,
        signer_command=settings.signer_command, signed=settings.signed, policy=settings.policy,
        restored=settings.restored,
    )  # fmt: skip
