"""The channels (对方省通道): what is shared with partners, and what is mirrored from them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, select

from ledger.journal import canonical
from ledger.journal.database import Statement
from ledger.journal.fsck.beside import Beside, Place
from ledger.journal.fsck.contents import copies, read
from ledger.journal.fsck.hashes import Hashed, tiled, tree
from ledger.journal.fsck.mirrors import Gifts, Reads, Root
from ledger.journal.fsck.reading import End, gap, streamed
from ledger.journal.fsck.report import Fault
from ledger.journal.fsck.rest import Rest
from ledger.journal.merkle import HASH_SIZE, Frontier, leaf_hash
from ledger.journal.notes import BadNote, Checkpoint, Note
from ledger.journal.record import NEWLINE
from ledger.journal.tables import channel_leaf, checkpoint, head, record
from ledger.journal.vault import Vault

CHANNEL = Statement(
    select(
        channel_leaf.c.number, channel_leaf.c.origin, channel_leaf.c.position,
        channel_leaf.c.header, channel_leaf.c.leaf, channel_leaf.c.read_at, record,
    )
    .join_from(
        channel_leaf, record,
        (channel_leaf.c.origin == record.c.origin)
        & (channel_leaf.c.position == record.c.position),
        isouter=True,
    )
    .where(channel_leaf.c.log == bindparam("log"))
    .order_by(channel_leaf.c.number)
)  # fmt: skip


def channels(conn: Connection, origin: str) -> list[str]:
    """The logs shared with partners or mirrored from them: all but journals."""
    logs = {row[0] for row in conn.execute(select(head.c.log))}
    logs |= {row[0] for row in conn.execute(select(channel_leaf.c.log).distinct())}
    return sorted(
        log
        for log in logs - {origin}
        if conn.execute(select(record.c.position).where(record.c.origin == log).limit(1)).first()
        is None
    )


class Channel:
    """Checks one channel: its leaves, the records that they cover, its tiles and its head.

    One that is mirrored is compared with what our own records say of how it was read; with `rest`,
    also what is kept beside its records.
    """

    def __init__(
        self, conn: Connection, log: str, own: str, end: End, vault: Vault | None = None,
        rest: Rest | None = None,
    ) -> None:  # fmt: skip
        self._conn, self._log, self._own, self._end = conn, log, own, end
        self._partner = log.removesuffix(f"/to/{own}") if log.endswith(f"/to/{own}") else None
        self._leaves: list[bytes] = []
        self._off: int | None = None  # the first whose leaf is none, or another one
        self._reads: Reads | None = None
        self._beside: Beside | None = None
        if self._partner is not None:
            self._reads = Reads(conn, own, self._partner, log)
            if rest is not None:
                gifts = Gifts(conn, own, self._partner, log, end.size)
                self._beside = Beside(conn, log, self._partner, vault, rest, gifts.due)

    def faults(self) -> Iterator[Fault]:
        """What is off. All of a mirror was compared when it came: what is off now, was changed here."""
        for fault in self._faults():
            if self._partner is not None:
                blame = f"{fault.what} (changed here; {self._partner} is not to blame)"
                fault = fault._replace(what=blame)
            yield fault

    def _faults(self) -> Iterator[Fault]:
        rows = streamed(self._conn, CHANNEL, log=self._log)
        while page := list(islice(rows, 1000)):
            places: list[Place] = []
            for row in page:
                if 1 <= row[0] <= self._end.size:  # of others the head has said so
                    yield from self._follow(row, places)
            if self._beside is not None and places:
                yield from self._beside.page(places)
        roots, rest, faults = tiled(self._conn, self._log, 0, self._leaves)
        yield from faults
        yield from tree(self._conn, self._log, self._end, [Hashed(roots, rest, [])])
        if self._reads is not None:
            if self._reads.size > self._end.size:
                what = f"was read, as far as {self._reads.size}, and is missing"
                yield self._fault(self._end.size + 1, what)
            for number, what in self._reads.rest():
                yield self._fault(number, what)
        yield from self._met()
        if self._beside is not None:
            yield from self._beside.faults(self._number_of)

    def _follow(self, columns: Sequence[Any], places: list[Place]) -> Iterator[Fault]:
        """Checks one leaf and its record."""
        number, origin, position, header, leaf, read_at, *row = columns
        if number > len(self._leaves) + 1:
            yield from gap(self._log, len(self._leaves) + 1, number)
            self._off = self._off or len(self._leaves) + 1
            self._leaves += [b""] * (number - len(self._leaves) - 1)
        self._leaves.append(leaf if isinstance(leaf, bytes) else b"")
        if row[0] is None:
            yield self._fault(number, f"its record {origin}#{position} is missing")
            return
        if (what := self._read_wrong(number, row[2], read_at)) is not None:
            yield self._fault(number, what)
        try:
            said, copied = read(header), read(row[5])
        except canonical.NotCanonical as fault:
            yield self._fault(number, f"is not canonical: {fault}")
            return
        if (said.get("number"), said.get("channel")) != (number, self._log):
            yield self._fault(number, "its columns are not what the header says")
        data = bytes(row[5]) + NEWLINE + bytes(row[6])
        if leaf_hash(header + NEWLINE + data) != leaf:
            self._off = self._off or number
            yield self._fault(number, "does not match its leaf hash")
        if origin == self._own:
            return  # ours are checked with the journal
        if leaf_hash(data) != row[7]:
            yield self._fault(number, f"{origin}#{position} does not match its leaf hash")
        yield from copies(self._log, number, row, copied)
        if self._beside is None:
            return
        body: dict[str, Any] = {}
        if b'"sealed":' in row[6] or row[4] in ("FactCorrected", "FactAnnulled"):
            try:
                body = read(row[6])
            except canonical.NotCanonical as fault:
                yield self._fault(number, f"is not canonical: {fault}")
                return
        corrects = copied.get("corrects")
        places.append(Place(number, position, row[2], row[3], row[4], corrects, body))

    def _read_wrong(self, number: int, stream: str, read_at: int | None) -> str | None:
        if self._reads is not None:
            return self._reads.follow(number, stream, read_at)
        return None if read_at is None else f"is ours, and its row says that #{read_at} has read it"

    def _met(self) -> Iterator[Fault]:
        """Lets the tree grow from root to root that was read or signed; names the first other one."""
        known = [*self._signed(), *(self._reads.roots if self._reads else ())]
        frontier = Frontier()
        for size, root, said in sorted(known):
            if size > len(self._leaves):
                if self._partner is None or not said.startswith("PartnerRead"):
                    yield self._fault(size, f"{said} is of it, and it ends at {len(self._leaves)}")
                return
            new = self._leaves[frontier.size : size]
            if any(len(leaf) != HASH_SIZE for leaf in new):
                return  # named
            met, frontier = frontier.size, frontier.extend(new)
            if frontier.root() != root:
                if self._off is None or self._off > size:
                    which = f"{met + 1}–{size}" if size > met + 1 else f"{size}"
                    what = f"{which} not as it was: {said} has another root at {size}"
                    yield self._fault(min(met + 1, size), what)
                return

    def _signed(self) -> Iterator[Root]:
        rows = self._conn.execute(
            select(checkpoint.c.size, checkpoint.c.note).where(checkpoint.c.log == self._log)
        )
        for size, data in rows:
            try:
                said = Checkpoint.parse(Note.parse(bytes(data)).text)
            except (BadNote, TypeError):
                continue  # named with the checkpoints
            if said.size == size:
                yield Root(size, said.root, f"the signed checkpoint at {size}")

    def _number_of(self, position: int) -> int | None:
        query = select(channel_leaf.c.number).where(
            channel_leaf.c.log == self._log, channel_leaf.c.origin == self._partner,
            channel_leaf.c.position == position,
        )  # fmt: skip
        return self._conn.execute(query).scalar()

    def _fault(self, number: int, what: str) -> Fault:
        return Fault(self._log, number, what)
