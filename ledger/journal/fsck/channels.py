"""The channels (对方省通道): what is shared with partners, and what is mirrored from them."""

from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select

from ledger.journal import canonical
from ledger.journal.database import Statement
from ledger.journal.fsck.contents import copies, read
from ledger.journal.fsck.hashes import Hashed, tiled, tree
from ledger.journal.fsck.reading import End, gap, streamed
from ledger.journal.fsck.report import Fault
from ledger.journal.merkle import leaf_hash
from ledger.journal.record import NEWLINE
from ledger.journal.tables import channel_leaf, head, record

CHANNEL = Statement(
    select(
        channel_leaf.c.number, channel_leaf.c.origin, channel_leaf.c.position,
        channel_leaf.c.header, channel_leaf.c.leaf, record,
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


def channel_faults(conn: Connection, log: str, own: str, end: End) -> Iterator[Fault]:
    """Checks one channel: its leaves, the records that they cover, its tiles and its head."""
    leaves: list[bytes] = []
    for number, origin, position, header, leaf, *row in streamed(conn, CHANNEL, log=log):
        if number < 1 or number > end.size:
            break  # the head has said so
        if number > len(leaves) + 1:
            yield from gap(log, len(leaves) + 1, number)
            leaves += [b""] * (number - len(leaves) - 1)
        leaves.append(leaf if isinstance(leaf, bytes) else b"")
        if row[0] is None:
            yield Fault(log, number, f"its record {origin}#{position} is missing")
            continue
        try:
            said, copied = read(header), read(row[5])
        except canonical.NotCanonical as fault:
            yield Fault(log, number, f"is not canonical: {fault}")
            continue
        if (said.get("number"), said.get("channel")) != (number, log):
            yield Fault(log, number, "its columns are not what the header says")
        data = bytes(row[5]) + NEWLINE + bytes(row[6])
        if leaf_hash(header + NEWLINE + data) != leaf:
            yield Fault(log, number, "does not match its leaf hash")
        if origin != own:  # ours are checked with the journal
            if leaf_hash(data) != row[7]:
                yield Fault(log, number, f"{origin}#{position} does not match its leaf hash")
            yield from copies(log, number, row, copied)
    roots, rest, faults = tiled(conn, log, 0, leaves)
    yield from faults
    yield from tree(conn, log, end, [Hashed(roots, rest, [])])
