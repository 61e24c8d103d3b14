"""Questions (疑点与争议): one line for each, whose turn it is and until when; and samples drawn.

Folded from both sides' steps. Whether something is late hangs on the day one asks, and is never
stored. How it stood on an earlier day is `replay`'s.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    func,
    or_,
    select,
    tuple_,
)

from ledger.domain.ids import PersonId, QuestionId, SampleId, UnionId
from ledger.domain.kernel import Fact
from ledger.domain.questions import (
    Outcome,
    Question,
    QuestionKind,
    QuestionState,
    Sample,
    SampleDrawn,
    Verdict,
)
from ledger.journal.tables import metadata
from ledger.projections import union_tree
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import STILL, histories, rewrite

NAME = "questions"

question = Table(
    "question",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("question", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False),  # where it was raised
    Column("partner", Text),
    Column("union", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("judge", Text),
    Column("rule", Text),
    Column("person", Text),
    Column("appeals", Text),
    Column("sample", Text),
    Column("turn", Text),
    Column("due", Text),
    Column("raised_on", Text, nullable=False),
    Column("answered_on", Text),
    Column("ruled_on", Text),
    Column("closed_on", Text),
    Column("verdict", Text),
    Column("outcome", Text),
    Column("place", Text, nullable=False),  # what is due first stands first
    Index("question_place", "generation", "place", "question"),
    Index("question_turn", "generation", "turn"),
    Index("question_person", "generation", "person"),
    Index("question_appeals", "generation", "appeals"),
)

question_cite = Table(
    "question_cite",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("question", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Index("question_cite_record", "generation", "origin", "position"),
)

sample = Table(
    "sample",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("sample", Text, primary_key=True),
    Column("union", Text, nullable=False),
    Column("on", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("whose", Text, nullable=False),  # whose records
    Column("population", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("seed", Text, nullable=False),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "疑点与争议"
    tables: Sequence[Table] = (question, question_cite, sample)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        touched = {p.record.stream for p in page if p.record.stream[:4] in {"que_", "sam_"}}
        if not touched:
            return
        lines: list[Sequence[Any]] = []
        cites: list[Sequence[Any]] = []
        samples: list[Sequence[Any]] = []
        for stream, history in histories(conn, page, touched).items():
            facts = [known.fact for known in history]
            if stream.startswith("sam_"):
                samples += [(generation, stream, *row) for row in _sample(facts)]
                continue
            told = Question.of(facts)
            if told.raised is not None:
                lines.append((generation, stream, *_line(told)))
                cites += [
                    (generation, stream, each.origin, each.position) for each in told.raised.cites
                ]
        rewrite(conn, question, generation, "question", touched, lines)
        rewrite(conn, question_cite, generation, "question", touched, cites)
        rewrite(conn, sample, generation, "sample", touched, samples)


VIEW: Projection = _View()


def _line(told: Question) -> Sequence[Any]:
    e = told.raised
    assert e is not None
    due = _iso(told.due)
    return (
        e.kind, told.state, told.origin, e.partner, e.union, e.asked, e.judge, e.rule, e.person,
        e.appeals, e.sample, told.turn, due, _iso(told.raised_on), _iso(told.answered_on),
        _iso(told.ruled_on), _iso(told.closed_on), told.ruled.verdict if told.ruled else None,
        told.closed.outcome if told.closed else None, due or STILL,
    )  # fmt: skip


def _sample(facts: Sequence[Fact]) -> Iterable[Sequence[Any]]:
    told = Sample.of(facts).drawn
    fact = next((each for each in facts if isinstance(each.event, SampleDrawn)), None)
    if told is not None and fact is not None:
        yield (
            told.union, fact.on.isoformat(), fact.position, told.population.origin, told.count,
            len(told.drawn), told.seed,
        )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """What one asks of the questions. `today` decides what is late; `union` takes part in them."""

    today: date
    state: QuestionState | None = None
    kind: QuestionKind | None = None
    union: str | None = None  # raised it, is asked, or is to rule
    below: bool = True
    turn: str | None = None  # must act
    late: bool = False
    due: date | None = None  # due by this day
    open: bool | None = None
    person: str | None = None
    rule: str | None = None
    sample: str | None = None
    record: str | None = None  # origin#position

    @classmethod
    def of(cls, today: date, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(today, **read(given, _FILTERS))


def _ref(text: str) -> str:
    origin, _, position = text.rpartition("#")
    if not origin or not position.isdecimal():
        raise ValueError(text)
    return text


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "state": ("state", QuestionState),
    "kind": ("kind", QuestionKind),
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "turn": ("turn", str),
    "late": ("late", yes_or_no),
    "due": ("due", date.fromisoformat),
    "open": ("open", yes_or_no),
    "person": ("person", str),
    "rule": ("rule", str),
    "sample": ("sample", str),
    "record": ("record", _ref),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One question: who raised it, who is asked, who rules, whose turn it is, until when."""

    question: QuestionId
    kind: QuestionKind
    state: QuestionState
    origin: str
    partner: str | None
    union: UnionId
    asked: UnionId
    judge: UnionId | None
    rule: str | None
    person: PersonId | None
    appeals: QuestionId | None
    sample: SampleId | None
    turn: UnionId | None
    due: date | None
    raised_on: date
    answered_on: date | None
    ruled_on: date | None
    closed_on: date | None
    verdict: Verdict | None
    outcome: Outcome | None

    def late(self, today: date) -> bool:
        return self.due is not None and self.due < today


_DAYS = ("due", "raised_on", "answered_on", "ruled_on", "closed_on")


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[Line, tuple[str, str]]:  # fmt: skip
    """A page of questions, what is due first at the top, what is closed at the end."""
    place = tuple_(question.c.place, question.c.question)
    query = select(question).where(*_where(conn, origin, sought))
    if after is not None:
        query = query.where(place > tuple_(*after))
    found = conn.execute(
        query.order_by(question.c.place, question.c.question).limit(limit + 1)
    ).mappings()
    rows = [dict(row) for row in found]
    more = (rows[limit - 1]["place"], rows[limit - 1]["question"]) if len(rows) > limit else None
    return Page([_row(row) for row in rows[:limit]], more)


def count(conn: Connection, origin: str, sought: Sought) -> dict[str, int]:
    """How many stand in each state, of what `listing` lists (its state aside), and how many late."""
    plain = replace(sought, state=None, late=False)
    rows = conn.execute(
        select(question.c.state, func.count())
        .where(*_where(conn, origin, plain))
        .group_by(question.c.state)
    )
    found = {each.value: 0 for each in QuestionState if each is not QuestionState.UNKNOWN}
    found.update((state, number) for state, number in rows)
    late = select(func.count()).where(*_where(conn, origin, replace(plain, late=True)))
    return {**found, "late": conn.execute(late).scalar_one()}


def get(conn: Connection, origin: str, questions: Iterable[str]) -> dict[QuestionId, Line]:
    """These questions, as far as they are known here."""
    rows = taken(conn, question, live(conn, origin, NAME), "question", list(questions))
    return {line.question: line for line in map(_row, rows)}


def of_records(
    conn: Connection, origin: str, places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], list[Line]]:
    """The questions that cite each of these records."""
    generation = live(conn, origin, NAME)
    wanted = list(dict.fromkeys(places))
    found: list[tuple[tuple[str, int], str]] = []
    for start in range(0, len(wanted), 400):
        rows = conn.execute(
            select(question_cite).where(
                question_cite.c.generation == generation,
                tuple_(question_cite.c.origin, question_cite.c.position).in_(
                    wanted[start : start + 400]
                ),
            )
        )
        found += [((row.origin, row.position), row.question) for row in rows]
    lines = get(conn, origin, [name for _, name in found])
    told: dict[tuple[str, int], list[Line]] = {}
    for place, name in found:
        told.setdefault(place, []).append(lines[QuestionId(name)])
    return told


def appeals_of(conn: Connection, origin: str, name: str) -> list[Line]:
    """The appeals against a question's ruling."""
    rows = taken(conn, question, live(conn, origin, NAME), "appeals", [name])
    return sorted(map(_row, rows), key=lambda line: (line.raised_on, line.question))


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One sample: of whose records, how many of how many, by which seed."""

    sample: SampleId
    union: UnionId
    on: date
    position: int
    whose: str
    population: int
    size: int
    seed: str


def samples(conn: Connection, origin: str, limit: int = 200) -> list[SampleLine]:
    """The samples drawn here, the newest first."""
    rows = conn.execute(
        select(sample)
        .where(sample.c.generation == live(conn, origin, NAME))
        .order_by(sample.c.position.desc())
        .limit(limit)
    ).mappings()
    return [
        SampleLine(
            SampleId(row["sample"]), UnionId(row["union"]), date.fromisoformat(row["on"]),
            row["position"], row["whose"], row["population"], row["size"], row["seed"],
        )
        for row in rows
    ]  # fmt: skip


def _where(conn: Connection, origin: str, sought: Sought) -> list[ColumnElement[bool]]:
    """The one question of list and counts."""
    c = question.c
    generation = live(conn, origin, NAME)
    where: list[ColumnElement[bool]] = [c.generation == generation]
    if sought.union is not None:
        here: Any = [sought.union]
        if sought.below:
            here = union_tree.subtree_query(live(conn, origin, union_tree.NAME), sought.union)
        where.append(or_(c.union.in_(here), c.asked.in_(here), c.judge.in_(here)))
    if sought.late:
        where.append(c.due < sought.today.isoformat())
    if sought.due is not None:
        where.append(c.due <= sought.due.isoformat())
    if sought.open is not None:
        closed = c.state == QuestionState.CLOSED.value
        where.append(~closed if sought.open else closed)
    if sought.record is not None:
        whose, _, position = sought.record.rpartition("#")
        cited = question_cite.c
        where.append(
            c.question.in_(
                select(cited.question).where(
                    cited.generation == generation, cited.origin == whose,
                    cited.position == int(position),
                )
            )
        )  # fmt: skip
    for name in ("state", "kind", "turn", "person", "rule", "sample"):
        value: str | None = getattr(sought, name)
        if value is not None:
            where.append(c[name] == str(value))
    return where


def _row(row: Mapping[str, Any]) -> Line:
    told = {name: row[name] for name in row if name not in {"generation", "place"}}
    told |= {name: date.fromisoformat(row[name]) for name in _DAYS if row[name]}
    told["kind"], told["state"] = QuestionKind(row["kind"]), QuestionState(row["state"])
    told["verdict"] = Verdict(row["verdict"]) if row["verdict"] else None
    told["outcome"] = Outcome(row["outcome"]) if row["outcome"] else None
    return Line(**told)
