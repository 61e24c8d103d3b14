"""One question (一项疑点或争议): both sides' steps and what it cites, as at a date, as known on a date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.book import NotFound, Reader
from ledger.domain.ids import PersonId, QuestionId
from ledger.domain.questions import Cited, Question, QuestionState
from ledger.journal import canonical
from ledger.projections import worker_files
from ledger.replay.sentences import sentence, title
from ledger.replay.told import KnownOn, Lane, Line, Names, Told, effective, gather, lines


@dataclass(frozen=True)
class QuestionNow:
    """How a question stands on a day (疑点状态)."""

    on: date
    state: QuestionState
    asked: str
    judge: str
    turn: str  # the union that must act
    due: date | None
    late: bool


class QuestionStep(NamedTuple):
    """One record, and how the question stood after it."""

    line: Line
    state: QuestionNow


@dataclass(frozen=True)
class CitedLine:
    """A record that a question cites, in a sentence; empty where it is not here."""

    ref: str
    on: date | None
    title: str
    text: str
    lane: Lane
    union_name: str
    corrected_by: str | None


@dataclass(frozen=True)
class QuestionFile:
    """One question as at a date, as known on a date."""

    question: QuestionId
    person: PersonId | None
    as_of: date | None
    known_on: KnownOn
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    cited: tuple[CitedLine, ...]
    state: QuestionNow
    steps: tuple[QuestionStep, ...]

    @property
    def historical(self) -> bool:
        return self.as_of is not None or self.known_on is not None


def question(
    reader: Reader, name: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True,
) -> QuestionFile:  # fmt: skip
    """One question, step by step. Raises: NotFound."""
    told = [each for each in gather(reader, [name], known_on) if each.record.stream == name]
    conn, origin = reader.conn, reader.ledger.origin
    if not told and not worker_files.mentions(conn, origin, [name]):
        raise NotFound(name)
    now = effective(told, as_of)
    raised = _folded(now).raised
    cited = _cited(reader, raised.cites if raised else ())
    names = Names(reader, [*told, *(each for each in cited.values() if each)], known_on)
    shown = lines(told, names, origin, as_of, mask=mask)
    by_ref = {line.ref: line for line in shown}
    steps = [
        QuestionStep(by_ref[each.ref], _now(now[:at], each.fact.on, names))
        for at, each in enumerate(now, 1)
        if each.ref in by_ref
    ]
    used = {each.record.origin for each in told}
    return QuestionFile(
        QuestionId(name), raised.person if raised else None, as_of, known_on,
        tuple(lane for lane in names.lanes if lane.origin in used),
        tuple(line for line in shown if not line.hidden),
        tuple(_cited_line(reader, ref, each, names) for ref, each in cited.items()),
        _now(now, as_of or reader.ledger.today, names), tuple(steps),
    )  # fmt: skip


def _folded(standing: Sequence[Told]) -> Question:
    return Question.of(each.fact for each in sorted(standing, key=lambda one: one.rank))


def _now(standing: Sequence[Told], on: date, names: Names) -> QuestionNow:
    held = _folded(standing)
    told = held.raised
    return QuestionNow(
        on, held.state, names.union(told.asked if told else None, on),
        names.union(told.judge if told else None, on), names.union(held.turn, on), held.due,
        held.overdue(on),
    )  # fmt: skip


def _cited(reader: Reader, cites: Sequence[Cited]) -> dict[Cited, Told | None]:
    """The records that are cited, their texts closed, in the order in which they are cited."""
    found = {
        (one.origin, one.position): Told(one, fact, canonical.decode(one.header), 0, "", 0, 0)
        for one, fact in reader.facts_at([(each.origin, each.position) for each in cites])
    }
    return {each: found.get((each.origin, each.position)) for each in cites}


def _cited_line(reader: Reader, cited: Cited, told: Told | None, names: Names) -> CitedLine:
    lane = names.lane(cited.origin)
    if told is None:
        return CitedLine(cited.ref, None, "", "", lane, "", None)
    fact = told.fact
    corrected = next(
        (
            one.ref
            for one in reader.history(told.record.stream)
            if one.origin == cited.origin and one.corrects == cited.position
        ),
        None,
    )
    return CitedLine(
        cited.ref, fact.on, title(fact.event), sentence(fact.event, names.on(fact.on)), lane,
        names.union(fact.union, fact.on), corrected,
    )  # fmt: skip
