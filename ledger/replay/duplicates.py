"""Suspected pairs (疑似重复): two records that look like one person, and what was decided of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.book import Reader
from ledger.domain.ids import LinkId, PersonId
from ledger.domain.kernel import Fact, standing
from ledger.domain.persons import PersonLink, PersonsLinked, PersonsToldApart, PersonsUnlinked
from ledger.projections import worker_files


class Decided(StrEnum):
    """What was decided of two records that look alike (查重结论)."""

    OPEN = "open"  # 待核对
    LINKED = "linked"  # 已关联为一人
    APART = "apart"  # 已认定非同一人


@dataclass(frozen=True)
class Pair:
    """Two records that look alike; `by` is `number`, or `birth` for name and birth date."""

    one: PersonId
    other: PersonId
    by: str
    decided: Decided
    link: LinkId | None
    on: date | None


def pairs(reader: Reader, persons: Sequence[PersonId]) -> list[Pair]:
    """The pairs in which one of these persons stands, each once; what is open first."""
    alike: dict[frozenset[str], str] = {}
    for one, other, by in sorted(reader.ledger.vault.alike(reader.conn, persons)):
        both = frozenset((one, other))
        if by == "number" or both not in alike:
            alike[both] = by
    found: list[Pair] = []
    for both, by in alike.items():
        one, other = sorted(both)
        found.append(pair(reader, PersonId(one), PersonId(other), by))
    return sorted(found, key=lambda each: (each.decided is not Decided.OPEN, each.one, each.other))


def pair(reader: Reader, one: PersonId, other: PersonId, by: str = "") -> Pair:
    """These two records, and what was last decided of them and still holds."""
    both = {one, other}
    conn, origin = reader.conn, reader.ledger.origin
    streams = worker_files.streams_of(conn, origin, [one], "lnk")
    facts = [
        fact
        for history in (reader.history(name) for name in streams)
        for fact in history
        if {fact.event.__dict__.get("person"), fact.event.__dict__.get("other")} == both
    ]
    if not facts:
        return Pair(one, other, by, Decided.OPEN, None, None)
    about = [*facts, *reader.history(one), *reader.history(other)]
    told = PersonLink.of(sorted(about, key=_recorded))
    last = [
        fact
        for fact in standing(sorted(facts, key=_recorded))
        if isinstance(fact.event, PersonsLinked | PersonsUnlinked | PersonsToldApart)
    ]
    if not last or not (told.linked or told.told_apart):
        return Pair(one, other, by, Decided.OPEN, None, None)
    state = Decided.LINKED if told.linked else Decided.APART
    return Pair(one, other, by, state, LinkId(last[-1].event.__dict__["link"]), last[-1].on)


def _recorded(fact: Fact) -> str:
    return fact.at.isoformat() if fact.at is not None else ""
