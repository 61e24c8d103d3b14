"""The checkpoints (校验点): what was signed is the root of the records that stand here.

Of our own journal each root is compared with the tree; of a partner's there is no tree here, only
what it signed. (Those of channels are compared with the channels.) With keys, signatures are
verified too, and cosignatures with their times: those are the witness's own word, and signed.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from ledger.journal.epochs import journal_of
from ledger.journal.fsck.reading import End
from ledger.journal.fsck.report import Fault
from ledger.journal.merkle import Frontier
from ledger.journal.notes import (
    BadNote,
    Checkpoint,
    Forged,
    Kind,
    Note,
    PublicKey,
    Signature,
    verify,
)
from ledger.journal.recorder import LogReader
from ledger.journal.tables import checkpoint, cosignature, vouched
from ledger.journal.witness import of_journal

CHUNK = 1 << 16


def checkpoint_faults(
    conn: Connection, origin: str, end: End, keys: Sequence[PublicKey] = (),
    believed: Sequence[PublicKey] = (),
) -> Iterator[Fault]:  # fmt: skip
    """Checks all checkpoints, ours against the tree, and the cosignatures beside them."""

    def pinned(log: str) -> list[PublicKey]:
        return [key for key in believed if key.kind is Kind.LOG and key.name == log]

    signers: dict[str, Sequence[PublicKey]] = {origin: keys}
    notes: dict[tuple[str, int], Note] = {}
    ours: list[tuple[int, bytes]] = []
    rows = conn.execute(select(checkpoint).order_by(checkpoint.c.log, checkpoint.c.size))
    for log, size, data, _ in rows:
        try:
            note = Note.parse(bytes(data))
            said = Checkpoint.parse(note.text)
        except (BadNote, TypeError) as fault:
            yield Fault(log, size, f"its checkpoint is none: {fault}")
            continue
        if (said.origin, said.size) != (log, size):
            yield Fault(log, size, f"its checkpoint is of {said.origin} at {said.size}")
            continue
        notes[log, size] = note
        journal = journal_of(log.partition("/to/")[0])[0]  # in whatever epoch; or of a channel
        if journal_of(log)[0] == origin:
            ours.append((size, said.root))
        if journal not in signers:
            signers[journal] = of_journal(conn, journal, pinned) if believed else ()
        yield from _signed(log, size, note, signers[journal])
    yield from _met(conn, origin, end, sorted(ours))
    yield from _cosignatures(conn, notes, believed)
    yield from _newest(conn, notes)


def _signed(log: str, size: int, note: Note, keys: Sequence[PublicKey]) -> Iterator[Fault]:
    if keys:
        try:
            verify(note, keys)
        except BadNote as fault:
            yield Fault(log, size, f"its checkpoint is not signed: {fault}")


def _met(
    conn: Connection, origin: str, end: End, signed: Sequence[tuple[int, bytes]]
) -> Iterator[Fault]:
    """Lets the tree grow from checkpoint to checkpoint; names the first root that is another."""
    reader, frontier = LogReader(conn, origin), Frontier()
    for size, root in signed:
        if size > end.size:
            yield Fault(origin, size, f"was signed, and the journal ends at {end.size}")
            return
        try:
            while frontier.size < size:
                stop = min(size, frontier.size + CHUNK)
                leaves = reader.leaves(frontier.size, stop)
                if len(leaves) < stop - frontier.size:
                    return  # the gap has been named
                frontier = frontier.extend(leaves)
        except (ValueError, TypeError):
            return  # a leaf that is none has been named
        if frontier.root() != root:
            yield Fault(origin, size, "another root was signed at this size")
            return


def _cosignatures(
    conn: Connection, notes: dict[tuple[str, int], Note], believed: Sequence[PublicKey]
) -> Iterator[Fault]:
    cosigners = [key for key in believed if key.kind is Kind.COSIGNER]
    for log, name, size, time, line in conn.execute(select(cosignature)):
        try:
            made = Signature.parse(line.removesuffix("\n"))
            if made.line != line or (made.name, int.from_bytes(made.body[:8], "big")) != (
                name,
                time,
            ):
                raise Forged("its columns are not what it says")
            note = notes.get((log, size))
            if note is None:
                raise Forged("there is no such checkpoint")
            if believed:
                verify(Note(note.text, (made,)), cosigners)
        except (BadNote, AttributeError) as fault:
            yield Fault(log, size, f"the cosignature of {name} does not fit: {fault}")


def _newest(conn: Connection, notes: dict[tuple[str, int], Note]) -> Iterator[Fault]:
    """What we put our name to last is the newest checkpoint of each log."""
    for log, size, root in conn.execute(select(vouched)):
        note = notes.get((log, size))
        if note is None or Checkpoint.parse(note.text).root != bytes(root):
            yield Fault(log, size, "the last checkpoint is missing, or another one")
        elif any(of == log and at > size for of, at in notes):
            yield Fault(log, size, "a checkpoint stands beyond the last one")
