"""Everything re-hashed and compared (核查): names the first record that is not as it was written.

Two passes over a journal. The first is fast and sees bytes only: every record against its leaf,
positions without a gap, tiles, roots, and the head. The second reads: header and body in canonical
form, the other columns against the header, time, versions, claims, sealed groups, the reading log
as far as it was sealed. What was signed is compared with the tree. The logs shared with partners,
and what is mirrored from them, are checked in the same way.

What a hash cannot tell is who was right: where somebody has rewritten every hash up to the head,
this finds nothing, and the partner's witness does.
"""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, select

from ledger.clock import beijing
from ledger.journal import reads
from ledger.journal.database import Database
from ledger.journal.fsck.channels import Channel, channels
from ledger.journal.fsck.checkpoints import checkpoint_faults
from ledger.journal.fsck.contents import Contents
from ledger.journal.fsck.hashes import hashes_of
from ledger.journal.fsck.reading import LAST_LEAF, LAST_RECORD, UNREADABLE, end_of
from ledger.journal.fsck.report import MOST, Fault, Pass, Progress, Report, Tell
from ledger.journal.fsck.rest import Rest
from ledger.journal.notes import PublicKey
from ledger.journal.record import instant
from ledger.journal.tables import channel_leaf, record
from ledger.journal.vault import Vault

__all__ = ["Fault", "Pass", "Progress", "Report", "Tell", "check"]


def check(
    database: Database,
    origin: str,
    *,
    vault: Vault | None = None,
    keys: Sequence[PublicKey] = (),
    believed: Sequence[PublicKey] = (),
    deep: bool = True,
    processes: int | None = None,
    tell: Tell = lambda _: None,
) -> Report:
    """Checks a journal, and every log shared with a partner, as of now; writers go on meanwhile.

    With the `vault` sealed groups are opened and compared with what their records committed to,
    search tokens and personal claims exactly; with the `keys` of our log, what it signed is
    verified, and with those `believed` (`Ledger.believed`) what others signed, and who cosigned.
    Without `deep` only hashes are compared, and what was signed.
    """
    report = Report()
    found: list[Fault] = []
    vault = None if vault is None else Vault(vault.keyring)  # the keys as they are stored now
    try:
        with database.reading() as conn:
            found.extend(
                _faults(
                    report, database, conn, origin, vault, keys, believed, deep, processes, tell
                )
            )
    except UNREADABLE as fault:  # a damaged file fails anywhere, and once more at the end
        if not found:
            found.append(Fault(origin, 0, f"unreadable: {fault}"))
    ours_first = sorted(found, key=lambda f: (f.log != origin, f.log, f.position))
    report.faults = [described(database, each, origin) for each in ours_first[:MOST]]
    return report


def _faults(
    report: Report, database: Database, conn: Connection, origin: str, vault: Vault | None,
    keys: Sequence[PublicKey], believed: Sequence[PublicKey], deep: bool, processes: int | None,
    tell: Tell,
) -> Iterator[Fault]:  # fmt: skip
    end = end_of(conn, origin, LAST_RECORD)
    yield from end.faults
    with _timed(report, "hashes", end.size):
        yield from hashes_of(database, conn, origin, end, processes, tell)
    rest = Rest(conn, origin, vault) if deep else None
    if rest is not None:
        with _timed(report, "contents", end.size):
            yield from islice(Contents(conn, origin, end, vault, rest, tell).faults(), 10 * MOST)
        if vault is not None:
            for position, what in reads.faults(conn, vault, origin):
                yield Fault(origin, position, what)
    yield from islice(checkpoint_faults(conn, origin, end, keys, believed), 10 * MOST)
    for log in channels(conn, origin):
        channel = end_of(conn, log, LAST_LEAF)
        yield from channel.faults
        with _timed(report, log, channel.size):
            checked = Channel(conn, log, origin, channel, vault, rest)
            yield from islice(checked.faults(), 10 * MOST)


@contextmanager
def _timed(report: Report, name: str, records: int) -> Generator[None]:
    begun = time.perf_counter()
    yield
    report.passes.append(Pass(name, records, time.perf_counter() - begun))


def described(database: Database, fault: Fault, origin: str) -> Fault:
    """Adds what the record is, and the day it was recorded, as far as that can still be read."""
    try:
        with database.reading() as conn:
            row = conn.execute(_near(fault, origin)).first()
    except UNREADABLE:
        return fault
    if row is None:
        return fault
    position, kind, header = tuple(row)
    try:
        day = beijing(instant(json.loads(bytes(header))["at"])).date().isoformat()
    except (ValueError, KeyError, TypeError):
        day = ""
    there = position == fault.position
    return fault._replace(kind=kind if there else "", day=day)


def _near(fault: Fault, origin: str) -> Select[*tuple[Any, ...]]:
    """The record at a fault, or the nearest one before it."""
    if fault.log == origin:
        return (
            select(record.c.position, record.c.kind, record.c.header)
            .where(record.c.origin == origin, record.c.position <= fault.position)
            .order_by(record.c.position.desc())
            .limit(1)
        )
    return (
        select(channel_leaf.c.number, record.c.kind, record.c.header)
        .join_from(
            channel_leaf, record,
            (channel_leaf.c.origin == record.c.origin)
            & (channel_leaf.c.position == record.c.position),
        )
        .where(channel_leaf.c.log == fault.log, channel_leaf.c.number <= fault.position)
        .order_by(channel_leaf.c.number.desc())
        .limit(1)
    )  # fmt: skip
