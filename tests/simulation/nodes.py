"""A node: one province's ledger on its disk, which may die before or after any of its commits."""

import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine

from ledger.book import Ledger, Province, Reader
from ledger.clock import Clock
from ledger.domain import ids
from ledger.exchange.mirroring import Mirroring
from ledger.exchange.reading import Reading
from ledger.exchange.wire import Partner
from ledger.journal import epochs, keys, vault
from ledger.journal.database import Database
from ledger.journal.notes import Note
from ledger.journal.record import Record
from ledger.journal.tables import metadata
from ledger.journal.vault import Keyring
from tests.world import NAMES, Time


class Killed(BaseException):
    """A node has died: nothing of ours catches it, as nothing catches a power cut."""

    def __init__(self, node: "Node") -> None:
        super().__init__(f"{node.name} was killed")
        self.node = node


@dataclass
class Life:
    """One run of a node's process: what died stays dead, also where the next one runs already."""

    node: "Node"
    doom: int = 0  # after so many passings it dies; 0: it lives on
    dead: bool = False

    def goes_on(self) -> None:
        """Raises: Killed."""
        if self.dead:
            raise Killed(self.node)

    def passes(self) -> None:
        """A point at which it may die. Raises: Killed."""
        self.goes_on()
        if self.doom:
            self.doom -= 1
            self.dead = self.doom == 0
        self.goes_on()


class Mortal(Database):
    """A database whose node may die before a commit, or right after it."""

    first: ClassVar[Engine | None] = None  # whose compiled statements all of them share

    def __init__(self, url: str, life: Life) -> None:
        super().__init__(url)
        self._life = life
        if Mortal.first is None:
            Mortal.first = self.engine
        self.engine.dialect = Mortal.first.dialect
        self.engine._compiled_cache = Mortal.first._compiled_cache

    @contextmanager
    def reading(self) -> Generator[Connection]:
        self._life.goes_on()
        with super().reading() as conn:
            yield conn

    @contextmanager
    def writing(self) -> Generator[Connection]:
        self._life.goes_on()
        with super().writing() as conn:
            yield conn
            self._life.passes()
        self._life.passes()


class SkewedTime(Time):
    """A node's own clock: its wall may be set apart from the time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0  # seconds that only the wall clock has made

    def _elapsed(self) -> float:
        return self.at.timestamp() - self.jumped


@dataclass
class Node:
    """One province: its folder, its clock, its ledger as it runs now, and what it acknowledged."""

    folder: Path
    code: str
    time: SkewedTime = field(default_factory=SkewedTime)
    acknowledged: dict[int, bytes] = field(default_factory=dict[int, bytes])
    readings: dict[str, Reading] = field(default_factory=dict[str, Reading])
    mirrorings: dict[str, Mirroring] = field(default_factory=dict[str, Mirroring])
    restored: bool = False  # it woke up with an old disk

    def __post_init__(self) -> None:
        self.path, self.province, short, self.division = NAMES[self.code]
        self._province = Province(self.code, f"liangdi.example/{self.path}", self.province, short)
        self.name = short

    @property
    def origin(self) -> str:
        return self._province.origin

    @property
    def file(self) -> Path:
        return self.folder / f"{self.path}.sqlite"

    def open(self) -> Ledger:
        """The ledger on what the disk holds now, as after a start of the process."""
        self.life = Life(self)
        self.readings.clear()
        self.mirrorings.clear()
        self.time.jumped = 0.0  # whoever restarts has looked at the clock
        if not self.file.exists():
            made = Database(f"sqlite:///{self.file}")
            metadata.create_all(made.engine)
            made.close()
        self.ledger = Ledger(
            self._province, Mortal(f"sqlite:///{self.file}", self.life),
            Keyring(self.folder / f"{self.path}-keys"), self.clock,
            restored=self.folder / f"{self.path}-restored",
        )  # fmt: skip
        return self.ledger

    @property
    def clock(self) -> Clock:
        return Clock(self.time.now, self.time._elapsed)

    # ── dying ──

    @property
    def dead(self) -> bool:
        return self.life.dead

    def restart(self) -> Ledger:
        self.ledger.close()
        return self.open()

    # ── disks ──

    def keep_disk(self, name: str) -> None:
        """Copies the database as it is; the keys, the policy and the signer's file are elsewhere."""
        with self.ledger.database.engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.file, self.folder / f"{self.path}.{name}")

    def wake_with(self, name: str, *, restored: bool) -> Ledger:
        """The process starts on another copy of its disk; a restore leaves its mark."""
        self.ledger.close()
        for each in self.folder.glob(f"{self.path}.sqlite*"):
            each.unlink()
        shutil.copyfile(self.folder / f"{self.path}.{name}", self.file)
        mark = self.folder / f"{self.path}-restored"
        if restored:
            mark.write_text("{}")
        else:
            mark.unlink(missing_ok=True)
        return self.open()

    def has_disk(self, name: str) -> bool:
        return (self.folder / f"{self.path}.{name}").exists()

    # ── what it holds ──

    @contextmanager
    def looking(self) -> Generator[Reader]:
        """What its disk holds, also where nobody is at home."""
        dead, self.life.dead = self.life.dead, False
        try:
            with self.ledger.reading() as reader:
                yield reader
        finally:
            self.life.dead = dead

    def records(self, after: int = 0) -> list[Record]:
        with self.ledger.database.reading() as conn:
            return self.ledger.recorder.page(conn, after, 1_000_000)

    def seen_of(self, origin: str) -> list[Note]:
        """The newest checkpoint that this node's witness has cosigned of each log of a journal."""
        with self.ledger.database.reading() as conn:
            logs = epochs.logs(conn, origin)
        held = [self.ledger.witness.latest(log) for log in logs]
        return [Note.parse(each) for each in held if each is not None]

    def reading(self, partner: Partner) -> Reading:
        found = self.readings.get(partner.origin)
        if found is None:
            found = self.readings[partner.origin] = Reading(self.ledger, partner)
            found.unpark()
        return found

    def mirroring(self, partner: Partner) -> Mirroring:
        if partner.origin not in self.mirrorings:
            self.mirrorings[partner.origin] = Mirroring(self.ledger, partner)
        return self.mirrorings[partner.origin]


class _System:
    """The operating system, with dice of ours: others that ask it for chance get its own."""

    def __init__(self, urandom: Callable[[int], bytes]) -> None:
        self.urandom = urandom

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


class _Made:
    """Where a signing key is made, with dice of ours."""

    from_private_bytes = staticmethod(Ed25519PrivateKey.from_private_bytes)

    def __init__(self, urandom: Callable[[int], bytes]) -> None:
        self.urandom = urandom

    def generate(self) -> Ed25519PrivateKey:
        return self.from_private_bytes(self.urandom(32))


@contextmanager
def determined(seed: object) -> Generator[None]:
    """All that is random in the ledgers comes from one number, for as long as the block lasts."""
    dice = Random(f"{seed}")
    ids.urandom, vault.os = dice.randbytes, _System(dice.randbytes)
    keys.Ed25519PrivateKey = _Made(dice.randbytes)
    try:
        yield
    finally:
        ids.urandom, vault.os, keys.Ed25519PrivateKey = os.urandom, os, Ed25519PrivateKey
