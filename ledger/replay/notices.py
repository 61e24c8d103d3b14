"""Notices as they hang on the wall (公示): names masked while they run, afterwards no line at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.book import Reader
from ledger.domain.aiding import AidKind
from ledger.domain.ids import UnionId
from ledger.domain.kernel import Basis
from ledger.projections import union_tree
from ledger.projections.notices import Notice
from ledger.replay.grants import Amount
from ledger.replay.people import people
from ledger.replay.told import masked_name


@dataclass(frozen=True)
class PostedLine:
    """One application as the notice shows it: nothing else of her is made public (P7)."""

    name: str  # masked; empty where it is not open here
    kind: AidKind
    amount: Amount


@dataclass(frozen=True)
class Posted:
    """One notice; without lines it is the proof that it was posted."""

    number: str
    origin: str
    union: UnionId
    union_name: str
    since: date
    until: date  # included
    place: str
    basis: Basis
    count: int
    running: bool
    refs: tuple[str, ...]
    lines: tuple[PostedLine, ...]
    taken_down: int  # how many lines came down early, their consent withdrawn


def posted(reader: Reader, notices: Iterable[Notice], on: date) -> list[Posted]:
    """Notices as they may be shown on that day; whose name is opened stands on the read log."""
    every = list(notices)
    named = people(reader, {line.person for one in every for line in one.lines}, mask=True)
    rows = union_tree.get(reader.conn, reader.ledger.origin, {one.union for one in every})
    return [
        Posted(
            one.number, one.origin, one.union,
            rows[one.union].name if one.union in rows else f"工会 {one.union[-6:]}",
            one.since, one.until, one.place, one.basis, one.count, one.runs(on), one.refs,
            tuple(
                PostedLine(
                    masked_name(named[line.person].name) if line.person in named else "",
                    line.kind, Amount.of(line.amount),
                )
                for line in one.lines
            ),
            one.taken_down,
        )
        for one in every
    ]  # fmt: skip
