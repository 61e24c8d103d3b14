"""Holding a partner's records (镜像): compared with its journal, and then signed for.

A record that came in a channel must stand at its position in the partner's journal, at a size that
we have cosigned as its witness: one journal, not one for each reader. The hashes come from the
partner's tiles, a tile at a time; what they lead to was cosigned by us, so they prove themselves.
What has been compared is signed for with our key as a mirror, and the partner keeps that: whoever
sees it knows that we hold these records, and since when.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from ledger.book import Ledger
from ledger.exchange.wire import Checkpoint, NotInJournal, Partner, TileDiffers, Unproven
from ledger.journal import alarms, checkpoints, epochs, notes
from ledger.journal.checkpoints import Vouched
from ledger.journal.keys import Role
from ledger.journal.merkle import TILE_WIDTH, Frontier, root_at
from ledger.journal.notes import BadNote, Malformed, Note, PublicKey, sign, verify
from ledger.journal.record import written
from ledger.journal.recorder import LogReader
from ledger.journal.signing import LedgerRewritten
from ledger.journal.tables import channel_leaf, checkpoint, cosignature, record
from ledger.journal.tiles import Foreign
from ledger.projections.posting import channel_name

log = logging.getLogger("liangdi.exchange")

PAGE = 4096
"""How many records are compared in one go."""


# ── our channel, and who holds it ────────────────────────────────────────────────────────────


def sign_channel(ledger: Ledger, log: str, frontier: Frontier) -> bytes:
    """Our channel's checkpoint at this size, signed by our journal's key.

    Raises: ReadOnly where our ledger is, or the channel does not begin with what was signed of it
    before; OSError where keys or the file of what was signed are away.
    """
    # The journal first: what a partner has read of us, the signer's own file knows of, so that an
    # older backup that is restored is seen to be behind it.
    ledger.signer.sign(ledger.clock.now())
    made = notes.Checkpoint(log, frontier.size, frontier.root())
    with ledger.database.reading() as conn:
        before = checkpoints.last_vouched(conn, log)
        kept = checkpoints.last(conn, log)
        if before is not None and not _begins_with(conn, log, frontier, before):
            raise LedgerRewritten(ledger.origin, channel=log, signed=before.size)
    if kept is not None and kept.note.text == made.text:
        ours = {key.id for key in ledger.signer.keys.public(Role.LOG)}
        by = tuple(each for each in kept.note.signatures if each.id in ours)
        return Note(kept.note.text, by).to_bytes()
    keys = ledger.signer.keys.signing(Role.LOG)
    note = Note(made.text, tuple(sign(made.text, key) for key in keys))
    with ledger.database.writing() as conn:
        if checkpoints.vouch(conn, log, before, Vouched(made.size, made.root)):
            checkpoints.keep(conn, log, made.size, note, written(ledger.clock.now()))
    return note.to_bytes()


def _begins_with(conn: Connection, log: str, frontier: Frontier, before: Vouched) -> bool:
    if before.size > frontier.size:
        return False
    if before.size == frontier.size:
        return before.root == frontier.root()
    reader = LogReader(conn, log, channel=True)
    return root_at(reader, before.size, frontier.size) == before.root


def mirror_keys(ledger: Ledger, origin: str) -> list[PublicKey]:
    """The keys by which a partner signs that it holds our records, as far as we know them."""
    known = ledger.trust.policy.witnesses.values()
    return [each.key for each in known if each.key.name == f"{origin}/{Role.MIRROR}"]


def keep_mirrored(ledger: Ledger, log: str, partner: str, note: Note) -> None:
    """Keeps a partner's signature that it holds our channel up to a size. Raises: BadNote."""
    said = notes.Checkpoint.parse(note.text)
    if said.origin != log:
        raise Malformed(f"a checkpoint of {said.origin}")
    signed = verify(note, mirror_keys(ledger, partner))
    times = {(each.key.name, each.key.id): each.time for each in signed}
    with ledger.database.writing() as conn:
        ours = conn.execute(
            select(checkpoint.c.note).where(checkpoint.c.log == log, checkpoint.c.size == said.size)
        ).scalar()
        if ours is None or Note.parse(bytes(ours)).text != note.text:
            raise Malformed("not a checkpoint that we signed")
        for line in note.signatures:
            time = times.get((line.name, line.id))
            if time is not None:
                checkpoints.keep_cosignature(conn, log, said.size, time, line)


class Held(NamedTuple):
    """How far a partner has signed that it holds our records, and when."""

    size: int
    at: datetime


def held_by(conn: Connection, origin: str, partner: str) -> Held | None:
    """The newest signature of a partner for what we have given it."""
    log = channel_name(origin, partner)
    row = conn.execute(
        select(cosignature.c.size, cosignature.c.time)
        .where(cosignature.c.log == log, cosignature.c.name == f"{partner}/{Role.MIRROR}")
        .order_by(cosignature.c.size.desc())
        .limit(1)
    ).first()
    return None if row is None else Held(row[0], datetime.fromtimestamp(row[1], UTC))


# ── a partner's channel ──────────────────────────────────────────────────────────────────────


def hold(ledger: Ledger, log: str, said: Checkpoint) -> None:
    """Remembers a signed checkpoint that we have read up to, until it is compared and signed for.

    One at a time: the next is taken when this one is done.
    """
    if not said.note or not said.size:
        return
    with ledger.database.reading() as conn:
        newest = conn.execute(
            select(func.max(checkpoint.c.size)).where(checkpoint.c.log == log)
        ).scalar()
        if newest is not None and newest > (_signed_for(conn, ledger, log) or 0):
            return
        if newest == said.size:
            return
    with ledger.database.writing() as conn:
        at = written(ledger.clock.now())
        checkpoints.keep(conn, log, said.size, Note.parse(said.note), at)


def _signed_for(conn: Connection, ledger: Ledger, log: str) -> int | None:
    name = ledger.signer.keys.name(Role.MIRROR)
    return conn.execute(
        select(func.max(cosignature.c.size)).where(
            cosignature.c.log == log, cosignature.c.name == name
        )
    ).scalar()


class Mirroring:
    """Compares what came from one partner with its journal, and signs for it."""

    def __init__(self, ledger: Ledger, partner: Partner) -> None:
        self._ledger, self._partner = ledger, partner
        self.log = channel_name(partner.origin, ledger.origin)
        self._compared = 0
        self._told = 0

    def once(self) -> int:
        """Compares as much as was witnessed; returns how many records.

        Raises: NotInJournal, TileDiffers; what the partner raises.
        """
        try:
            return self._once()
        except NotInJournal:  # it is kept as evidence
            raise
        except Unproven as fault:  # it stands until the partner has given what proves itself
            kind, now = type(fault).__name__, written(self._ledger.clock.now())
            with self._ledger.database.writing() as conn:
                alarms.meet(conn, self.log, kind, now, fault.facts)
            raise

    def _once(self) -> int:
        with self._ledger.database.reading() as conn:
            done = _signed_for(conn, self._ledger, self.log) or 0
            kept = checkpoints.last(conn, self.log)
            seen = checkpoints.last_vouched(conn, epochs.present(conn, self._partner.origin))
        if kept is None:
            return 0
        self._compared = max(self._compared, done)
        count = 0
        if seen is not None and kept.size > done:
            count = self._compare(kept.size, seen)
            if self._compared >= kept.size:
                self._sign(kept)
                done = kept.size
        if done > self._told:
            self._tell(done)
        return count

    def _compare(self, size: int, seen: Vouched) -> int:
        """Compares the records up to a size of the channel, as far as the journal was witnessed."""
        before = self._compared
        tree = Foreign(self._partner.tile, seen.size, seen.root)
        while self._compared < size:
            rows = self._next(size)
            known = _until(rows, seen.size)
            self._check(tree, known)
            if known:
                self._compared = known[-1].number
            if len(known) < len(rows):
                break  # the rest once it has been witnessed
        return self._compared - before

    def _next(self, size: int) -> list["_Place"]:
        with self._ledger.database.reading() as conn:
            rows = conn.execute(
                select(channel_leaf.c.number, record.c.position, record.c.leaf)
                .join(
                    record,
                    and_(
                        channel_leaf.c.origin == record.c.origin,
                        channel_leaf.c.position == record.c.position,
                    ),
                )
                .where(
                    channel_leaf.c.log == self.log,
                    channel_leaf.c.number > self._compared,
                    channel_leaf.c.number <= min(size, self._compared + PAGE),
                )
                .order_by(channel_leaf.c.number)
            )
            return [_Place(number, position - 1, bytes(leaf)) for number, position, leaf in rows]

    def _check(self, tree: Foreign, places: Sequence["_Place"]) -> None:
        for number in sorted({each.at // TILE_WIDTH for each in places}):
            try:
                leaves = tree.standing(number)
            except ValueError as fault:
                raise TileDiffers(self._partner.origin, tile=number, what=str(fault)) from None
            if leaves is None:
                raise TileDiffers(self._partner.origin, tile=number)
            for each in places:
                if each.at // TILE_WIDTH != number:
                    continue
                if leaves[each.at % TILE_WIDTH] != each.leaf:
                    said = f"tile 0/{number}\n".encode() + b"".join(leaves)
                    self._keep(said, tree.size)
                    raise NotInJournal(self._partner.origin, position=each.at + 1)

    def _keep(self, said: bytes, size: int) -> None:
        """Keeps a tile that goes against what the partner has sent: its cosigned root stands for
        it."""
        kind, now = NotInJournal.__name__, written(self._ledger.clock.now())
        with self._ledger.database.writing() as conn:
            alarms.keep(conn, self.log, kind, said, now, size=size)

    def _sign(self, kept: checkpoints.Kept) -> None:
        time = int(self._ledger.clock.now().timestamp())
        keys = self._ledger.signer.keys.signing(Role.MIRROR)
        lines = [sign(kept.note.text, key, time) for key in keys]
        with self._ledger.database.writing() as conn:
            for line in lines:
                checkpoints.keep_cosignature(conn, self.log, kept.size, time, line)
            alarms.passed(conn, self.log, [each.__name__ for each in Unproven.__subclasses__()])

    def _tell(self, size: int) -> None:
        """Hands over our signature; what did not arrive goes with the next one."""
        name = self._ledger.signer.keys.name(Role.MIRROR)
        with self._ledger.database.reading() as conn:
            kept = checkpoints.covering(conn, self.log, size)
        if kept is None or kept.size != size:
            return
        lines = tuple(each for each in kept.note.signatures if each.name == name)
        try:
            self._partner.mirrored(Note(kept.note.text, lines).to_bytes())
        except (OSError, Unproven, BadNote) as fault:  # it stands here, and nothing waits for it
            log.info("%s did not take our signature: %s", self._partner.origin, fault)
            return
        self._told = size


class _Place(NamedTuple):
    """A record that came in a channel: its number there, and its place and leaf in the journal."""

    number: int
    at: int  # from 0
    leaf: bytes


def _until(places: Sequence[_Place], size: int) -> Sequence[_Place]:
    """Those before the first that stands beyond a size of the journal."""
    stop = next((at for at, each in enumerate(places) if each.at >= size), len(places))
    return places[:stop]
