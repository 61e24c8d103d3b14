"""A witness (见证): sees other logs grow, and signs that nothing of what it saw has changed.

The rules of C2SP's tlog-witness, with its exact answers, whatever carries the request. What was
cosigned last is compared and moved in one transaction, before anything is answered. A request
that a log has signed and that does not follow from what we saw before is kept as it came.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.clock import Clock
from ledger.journal import alarms, checkpoints, epochs
from ledger.journal.checkpoints import Vouched
from ledger.journal.database import Database
from ledger.journal.keys import Role, SigningKeys
from ledger.journal.merkle import EMPTY_ROOT, verify_consistency
from ledger.journal.notes import (
    MOST_BYTES,
    MOST_HASHES,
    BadNote,
    Checkpoint,
    Malformed,
    Note,
    PublicKey,
    base64,
    decimal,
    one_hash,
    plain,
    sign,
    verify,
)
from ledger.journal.record import written
from ledger.journal.tables import vouched

MOST_BODY = MOST_BYTES + 64 * 64
"""The longest request: a note, and the lines above it."""

REFUSED = "refused"
"""What a request that does not follow is called where it is kept: as it came, log signature and all."""

SIZE = "text/x.tlog.size"
PLAIN = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """An HTTP status, a body, and its type."""

    status: int
    body: bytes = b""
    type: str = PLAIN


class Request(NamedTuple):
    """What a log asks of a witness: to go on from where it was, by this proof, to this."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @classmethod
    def parse(cls, body: bytes) -> "Request":
        """Raises: Malformed."""
        above, blank, note = plain(body, MOST_BODY).partition("\n\n")
        first, *lines = above.split("\n")
        if not blank or not first.startswith("old "):
            raise Malformed("a request begins with the old size")
        if len(lines) > MOST_HASHES:
            raise Malformed(f"more than {MOST_HASHES} hashes")
        old = decimal(first.removeprefix("old "))
        return cls(old, tuple(one_hash(each) for each in lines), Note.parse(note.encode()))

    def to_bytes(self) -> bytes:
        lines = "".join(f"{base64(each)}\n" for each in self.proof)
        return f"old {self.old}\n{lines}\n".encode() + self.note.to_bytes()


class Witness:
    """Our witness of other logs; `pinned` tells the keys that are pinned for an origin, or none.

    `barred` says why our own ledger is read-only, if it is: who has woken up with an old disk does
    not remember what it cosigned, and would cosign another history beside it.
    """

    def __init__(
        self, database: Database, clock: Clock, keys: SigningKeys, pinned: "Pinned",
        barred: Callable[[], Exception | None] = lambda: None,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._keys, self._pinned = database, clock, keys, pinned
        self._barred = barred

    @property
    def keys(self) -> Sequence[PublicKey]:
        """Whose cosignatures ours are, retired keys among them."""
        return self._keys.public(Role.WITNESS)

    def add_checkpoint(self, body: bytes) -> Answer:
        """What the specification answers: 200 with our cosignature, or 400, 403, 404, 409, 422.

        503 while our own ledger is read-only.
        """
        if self._barred() is not None:
            return _no(503, "read-only: nothing is cosigned now")
        try:
            asked = Request.parse(body)
            new = Checkpoint.parse(asked.note.text)
        except BadNote as fault:
            return _no(400, fault)
        with self._database.reading() as conn:
            known = believed(conn, new.origin, self._pinned)
            later = followed(conn, new.origin, self._pinned)
        if not known:
            return _no(404, "not a log that is witnessed here")
        if later is not None:
            return _no(404, f"this log is over; it goes on as {later}")
        try:
            signed = {each.key for each in verify(asked.note, known)}
        except BadNote as fault:
            return _no(403, fault)
        if asked.old > new.size:
            return _no(400, "the old size is beyond the checkpoint")
        with self._database.reading() as conn:
            before = checkpoints.last_vouched(conn, new.origin)
            start = before or begins_with(conn, new.origin)
        if asked.old != (start.size if start else 0):
            return _elsewhere(start)
        if not _follows(asked, new, start):
            with self._database.writing() as conn:
                size, at = start.size if start else 0, written(self._clock.now())
                alarms.keep(conn, new.origin, REFUSED, body, at, size=size)
            return _no(422, "this does not follow from what was cosigned before")
        theirs = {(each.name, each.id) for each in signed}
        own = tuple(s for s in asked.note.signatures if (s.name, s.id) in theirs)
        return self._cosigned(new, Note(asked.note.text, own), before)

    def _cosigned(self, new: Checkpoint, note: Note, before: Vouched | None) -> Answer:
        now = self._clock.now()
        time = int(now.timestamp())
        lines = [sign(note.text, key, time) for key in self._keys.signing(Role.WITNESS)]
        with self._database.writing() as conn:
            moved = checkpoints.vouch(conn, new.origin, before, Vouched(new.size, new.root))
            if moved:
                checkpoints.keep(conn, new.origin, new.size, note, written(now))
                for line in lines:
                    checkpoints.keep_cosignature(conn, new.origin, new.size, time, line)
            else:
                before = checkpoints.last_vouched(conn, new.origin)
        return (
            Answer(200, "".join(each.line for each in lines).encode())
            if moved
            else _elsewhere(before)
        )

    def latest(self, origin: str) -> bytes | None:
        """The newest checkpoint of a log that we cosigned, with its signature and ours."""
        with self._database.reading() as conn:
            known = believed(conn, origin, self._pinned)
            kept = checkpoints.last(conn, origin) if known else None
        return None if kept is None else kept.note.to_bytes()

    def latest_by_hash(self, digest: str) -> bytes | None:
        """As `latest`, of the log whose origin has this SHA-256 in hexadecimal digits."""
        with self._database.reading() as conn:
            logs = [row[0] for row in conn.execute(select(vouched.c.log))]
        named = (log for log in logs if sha256(log.encode()).hexdigest() == digest)
        return next((found for log in named if (found := self.latest(log))), None)


def _follows(asked: Request, new: Checkpoint, before: Vouched | None) -> bool:
    """Whether the checkpoint begins with all that was cosigned before."""
    if new.size == 0 and new.root != EMPTY_ROOT:
        return False
    if before is None or before.size == 0:
        return not asked.proof  # the empty tree begins every tree
    return verify_consistency(before.size, before.root, new.size, new.root, asked.proof)


def _no(status: int, why: object) -> Answer:
    return Answer(status, f"{why}\n".encode())


def _elsewhere(before: Vouched | None) -> Answer:
    return Answer(409, f"{before.size if before else 0}\n".encode(), SIZE)


# ── whom we believe as a witness ─────────────────────────────────────────────────────────────

Pinned = Callable[[str], Sequence[PublicKey]]


def believed(conn: Connection, log: str, pinned: Pinned) -> list[PublicKey]:
    """The keys that we believe for a log: pinned ones, and for a later epoch only by declaration.

    The journal must have told us that it begins, and cite the very head that we cosigned last of
    the log before: who goes on from anywhere else hides something that we have seen.
    """
    journal, number = epochs.journal_of(log)
    if number == 1:
        return list(pinned(log))
    one = next((each for each in epochs.epochs(conn, journal) if each.log == log), None)
    if one is None or not believed(conn, one.before, pinned):
        return []
    seen = checkpoints.last_vouched(conn, one.before)
    if seen is not None and seen.size and (seen.size, seen.root) not in one.heads:
        return []
    try:
        declared = PublicKey.parse(one.key)
    except Malformed:
        return []
    return list(dict.fromkeys([declared, *pinned(log)])) if declared.name == log else []


def begins_with(conn: Connection, log: str) -> Vouched | None:
    """What a new epoch has to begin with: the longest head that we cosigned of a log before it and
    that ends before the first record that is lost.

    Up to there everything was restored, or came back byte for byte: the tree is the same. None
    where we cosigned nothing that short: then there is nothing to hold it to.
    """
    known = {each.log: each for each in epochs.epochs(conn, epochs.journal_of(log)[0])}
    one, found = known.get(log), list[Vouched]()
    most = one.intact if one is not None else 0
    while one is not None:
        most = min(most, one.intact)
        head = checkpoints.cosigned_within(conn, one.before, most)
        found += [head] if head is not None else []
        one = known.get(one.before)
    return max(found, default=None)


def of_journal(conn: Connection, journal: str, pinned: Pinned) -> list[PublicKey]:
    """The keys that we believe for a journal, in whatever epoch."""
    found = [key for log in epochs.logs(conn, journal) for key in believed(conn, log, pinned)]
    return list(dict.fromkeys(found))


def followed(conn: Connection, log: str, pinned: Pinned) -> str | None:
    """The log that has taken the place of this one, if we believe it: then this one is over."""
    journal, _ = epochs.journal_of(log)
    after = next((each for each in epochs.epochs(conn, journal) if each.before == log), None)
    return after.log if after is not None and believed(conn, after.log, pinned) else None
