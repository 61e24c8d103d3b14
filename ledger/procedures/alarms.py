"""Alarms of proof (警示处置办理): what stands against other logs, and what an officer says it was.

Nothing here reaches the witness, the signer or the exchange: they judge by what they have seen, and
ask nobody what was settled.
"""

from collections.abc import Iterable, Iterator

from ledger.book import Entry, Reader
from ledger.clock import beijing
from ledger.domain.alarms import Alarm, Alarms, AlarmSettled, Explanation
from ledger.domain.kernel import Code
from ledger.journal import alarms as kept
from ledger.journal import epochs
from ledger.journal.record import instant
from ledger.journal.witness import believed
from ledger.projections.alarms import settled


def alarms(reader: Reader) -> Iterator[Alarm]:
    """Every alarm that can be settled, settled or not: evidence that is kept, and what is wrong."""
    for each in kept.contradictions(reader.conn):
        first = beijing(instant(each.at)).date()
        yield Alarm(each.log, each.kind, each.digest, each.times, first)
    for met in kept.troubles(reader.conn):
        if met.kind not in (kept.BAR, kept.JUMP):  # of our own: mended, and by nobody's word
            first = beijing(instant(met.since)).date()
            yield Alarm(met.about, met.kind, met.digest, met.times, first)


def standing_alarms(reader: Reader) -> frozenset[tuple[str, str]]:
    """The alarms that nobody has settled, or that were shown again since: log and digest."""
    said = settled(reader.conn, reader.ledger.origin)
    return frozenset(
        (each.log, each.digest)
        for each in alarms(reader)
        if (found := said.get((each.log, each.digest))) is None or not found.covers(each)
    )


def settle_alarms(
    entry: Entry, digests: Iterable[str], cause: Explanation, finding: str, *,
    letter: Code | None = None,
) -> list[AlarmSettled]:  # fmt: skip
    """Says of one alarm, or of several alike, what it was; all or none.

    Raises: what `Alarms.settle` raises.
    """
    root = entry.ledger.root
    known = {each.digest: each for each in alarms(entry)}
    made: list[AlarmSettled] = []
    for digest in dict.fromkeys(digests):
        alarm = known.get(digest)
        made.append(
            entry.read(Alarms, root).settle(
                entry.act, root, alarm, cause, finding, letter=letter,
                epoch=alarm is not None and _epoch_read(entry, alarm.log),
            )
        )  # fmt: skip
        entry.write(made[-1])
    return made


def _epoch_read(reader: Reader, log: str) -> bool:
    """Whether the journal of a log, or of a channel, has begun a later epoch that we believe."""
    journal, number = epochs.journal_of(log.partition("/to/")[0])
    pinned = reader.ledger.trust.of_log
    return any(
        each.number > number and bool(believed(reader.conn, each.log, pinned))
        for each in epochs.epochs(reader.conn, journal)
    )
