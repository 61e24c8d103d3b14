"""The reading log sealed (查阅日志封存): every day that is over, by a record of our journal."""

from datetime import timedelta

from ledger.book import Ledger
from ledger.clock import beijing
from ledger.domain.kernel import Code
from ledger.domain.reads import ReadsSealed
from ledger.journal import reads

SETTLED = timedelta(hours=1)
"""How long after midnight a day is over: who looked at its end has written it down by then."""


def seal_reads(ledger: Ledger) -> ReadsSealed | None:
    """Seals the days since the last sealing; None where nobody looked, or it was done already."""
    over = beijing(ledger.clock.now() - SETTLED).date() - timedelta(1)
    with ledger.entry(ledger.procedure(ledger.root), lock=True) as entry:
        before = reads.sealed_days(entry.conn, ledger.origin)
        first = before[-1].last + timedelta(1) if before else reads.first_day(entry.conn)
        if first is None or first > over:
            return None
        found = reads.sealing(entry.conn, ledger.vault, first, over)
        if not found.lines:
            return None
        sealed = ReadsSealed(Code(ledger.origin), first, over, found.lines, Code(found.root.hex()))
        entry.write(sealed)
    return sealed
