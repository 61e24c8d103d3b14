"""Alarms that were settled (已处置警示): by whom, on which day, and what each turned out to be.

What stands is read from the evidence itself (`ledger.journal.alarms`); here is what was said to it.
An annulled settlement is none: the alarm stands again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Table, Text, select

from ledger.domain.alarms import Alarm, AlarmSettled, Explanation
from ledger.domain.corrections import FactAnnulled
from ledger.domain.kernel import Fact, standing
from ledger.journal.record import instant, written
from ledger.journal.tables import metadata
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import histories, rewrite

NAME = "alarms"

settled_alarm = Table(
    "settled_alarm",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("union_id", Text, primary_key=True),  # the root, in whose stream it stands
    Column("log", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("letter", Text),
    Column("on", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("decider", Text, nullable=False),  # a person, or a committee by its union
    Column("position", BigInteger, nullable=False),
)


class _View:
    name, zh = NAME, "警示处置"
    tables: Sequence[Table] = (settled_alarm,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        changed = {p.record.stream for p in page if _settles(p)}
        if not changed:
            return
        rows: dict[tuple[str, str, str], tuple[Any, ...]] = {}
        for stream, history in histories(conn, page, changed).items():
            for fact in standing(known.fact for known in history):
                if isinstance(fact.event, AlarmSettled):
                    e = fact.event
                    rows[stream, e.log, e.alarm] = _row(generation, e, fact)
        rewrite(conn, settled_alarm, generation, "union_id", changed, list(rows.values()))


VIEW: Projection = _View()


def _settles(posting: Posting) -> bool:
    e = posting.event
    return isinstance(e, AlarmSettled) or (
        isinstance(e, FactAnnulled) and e.kind == AlarmSettled.__name__
    )


def _row(generation: int, e: AlarmSettled, fact: Fact) -> tuple[Any, ...]:
    assert fact.at is not None
    return (
        generation, e.union, e.log, e.alarm, e.kind, e.times, e.cause.value, e.finding, e.letter,
        fact.on.isoformat(), written(fact.at), fact.decider, fact.position,
    )  # fmt: skip


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SettledAlarm:
    """What was said to one alarm, and by which record."""

    log: str
    digest: str
    kind: str
    times: int  # how often it had been shown then
    cause: Explanation
    finding: str
    letter: str | None
    on: date
    at: datetime
    decider: str  # a person, or a committee by its union
    position: int

    def covers(self, alarm: Alarm) -> bool:
        """Whether the alarm has not been shown again since."""
        return alarm.times <= self.times


Settled = Mapping[tuple[str, str], SettledAlarm]
"""By log and digest."""


def settled(conn: Connection, origin: str) -> Settled:
    """All that was settled, the newest first."""
    c = settled_alarm.c
    rows = conn.execute(
        select(settled_alarm)
        .where(c.generation == live(conn, origin, NAME))
        .order_by(c.at.desc(), c.position.desc())
    ).mappings()
    return {(row["log"], row["digest"]): _settled(row) for row in rows}


def _settled(row: Mapping[Any, Any]) -> SettledAlarm:
    return SettledAlarm(
        row["log"], row["digest"], row["kind"], row["times"], Explanation(row["cause"]),
        row["finding"], row["letter"], date.fromisoformat(row["on"]), instant(row["at"]),
        row["decider"], row["position"],
    )  # fmt: skip
