"""Cases (案件看板): one line for each case, what is due in it, and where its whole story stands.

What tells of the whole case is few records, however many claim in it. They are folded anew by the
law itself whenever one of them arrives; the money of each claimant is in `arrears`. What is late
hangs on the day one asks, and is never stored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    func,
    select,
    tuple_,
)

from ledger.domain.corrections import FactAnnulled, FactCorrected
from ledger.domain.ids import CaseId, PersonId, StepId, UnionId
from ledger.domain.kernel import Fact
from ledger.domain.rights import (
    OF_ONE_CLAIMANT,
    CaseKind,
    CaseOpened,
    CaseState,
    ClockKind,
    ClockState,
    Intake,
    LetterKind,
    Outcome,
    Priority,
    RightsCase,
)
from ledger.journal.database import ByKey, load
from ledger.journal.record import written
from ledger.journal.tables import metadata, record
from ledger.projections import union_tree
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, as_record, fact_in, live
from ledger.projections.two_times import histories, known_before, rewrite
from ledger.projections.worker_files import Mention

NAME = "case_boards"
FAR = "9999-12-31"


class Tab(StrEnum):
    """The tabs of the board (看板分栏)."""

    OPEN = "open"  # 在办
    LATE = "late"  # 有逾期
    DISPUTED = "disputed"  # 有异议
    CLOSED = "closed"  # 已结


class DueKind(StrEnum):
    """What is due in a case (待办事项)."""

    CLOCK = "clock"  # 法定期限
    LETTER = "letter"  # 函件答复
    INSTALMENT = "instalment"  # 分期付款
    LEAD = "lead"  # 主办移交答复
    HELP = "help"  # 协作答复


class Role(StrEnum):
    """As what a union has to do with a case (办案身份)."""

    LEAD = "lead"  # 主办
    HELPS = "helps"  # 协办
    ASKED = "asked"  # 待答复


case_board = Table(
    "case_board",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("lead_origin", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_in", Text, nullable=False),  # the journal
    Column("opened_on", Text, nullable=False),
    Column("claimants", Integer, nullable=False),
    Column("unmatched", Integer, nullable=False),  # payments reported and not recorded
    Column("settlements", Integer, nullable=False),
    Column("next_due", Text),
    Column("outcome", Text),
    Column("closed_on", Text),
    Column("seq", BigInteger, nullable=False),
    Index("case_board_state", "generation", "state", "next_due"),
    Index("case_board_number", "generation", "number"),
)

case_side = Table(
    "case_side",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("union", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Index("case_side_union", "generation", "union", "role"),
)

case_due = Table(
    "case_due",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # of an instalment, else 0
    Column("kind", Text, nullable=False),
    Column("what", Text),  # the kind of clock or letter
    Column("due", Text, nullable=False),
    Column("union", Text),  # whose turn it is
    Column("person", Text),
    Index("case_due_day", "generation", "due"),
)

# Where the records stand that tell of the whole case.
case_line = Table(
    "case_line",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),  # of the record of ours that made it known
    Column("known", Text, nullable=False),  # and the instant of that
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────

_OF_ONE = {kind.__name__ for kind in OF_ONE_CLAIMANT}
_LINES = ByKey(
    select(case_line)
    .where(case_line.c.generation == bindparam("generation"))
    .order_by(case_line.c.seq),
    case_line.c.case,
)
_AT = ByKey(select(record).where(record.c.origin == bindparam("origin")), record.c.position)


class _View:
    name, zh = NAME, "案件看板"
    tables: Sequence[Table] = (case_board, case_side, case_due, case_line)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        rows = [
            (
                generation, posting.record.stream, posting.record.origin, posting.record.position,
                posting.seq, posting.header["at"] if posting.own else written(posting.known),
            )
            for posting in page
            if posting.record.stream.startswith("cas_") and of_the_whole(posting.fact)
        ]  # fmt: skip
        load(conn, case_line, rows)
        cases = list(
            dict.fromkeys([row[1] for row in rows] + _settled_twice(conn, generation, page))
        )
        if not cases:
            return
        boards: list[Sequence[Any]] = []
        sides: list[Sequence[Any]] = []
        dues: list[Sequence[Any]] = []
        for case, lines in _lines(conn, generation, cases).items():
            told = RightsCase.of(each.fact for each in lines)
            opened = next((e.fact for e in lines if isinstance(e.fact.event, CaseOpened)), None)
            if opened is None or told.lead is None:
                continue  # of what was not opened here yet there is nothing to show
            if len(told.settlements) > 1:  # whose instalments are due is each claimant's to say
                whole = histories(conn, page, [case])[case]
                told = RightsCase.of(known.fact for known in whole)
            pending = list(_dues(told))
            boards.append((generation, case, *_board(told, opened, pending), lines[-1].seq))
            sides += [(generation, case, *side) for side in _sides(told)]
            dues += [(generation, case, *due) for due in pending]
        rewrite(conn, case_board, generation, "case", cases, boards)
        rewrite(conn, case_side, generation, "case", cases, sides)
        rewrite(conn, case_due, generation, "case", cases, dues)


VIEW: Projection = _View()

_SETTLED_TWICE = ByKey(
    select(case_board.c.case).where(
        case_board.c.generation == bindparam("generation"), case_board.c.settlements > 1
    ),
    case_board.c.case,
)


def _settled_twice(conn: Connection, generation: int, page: Sequence[Posting]) -> list[str]:
    """The cases of this page in which a claimant's own facts tell what is due, too."""
    cases = {p.record.stream for p in page if p.record.stream.startswith("cas_")}
    rows = _SETTLED_TWICE.rows(conn, sorted(cases), generation=generation)
    return sorted(row[0] for row in rows)


def of_the_whole(fact: Fact) -> bool:
    """Whether a fact of a case tells of all of it, and not of one claimant's part."""
    event = fact.event
    if isinstance(event, FactCorrected | FactAnnulled):
        return event.kind not in _OF_ONE
    return not isinstance(event, OF_ONE_CLAIMANT)


class Told(NamedTuple):
    """One record of the whole case: where it stands, since when it is known here, what it says."""

    origin: str
    position: int
    seq: int
    known: str
    fact: Fact


def _lines(conn: Connection, generation: int, cases: Sequence[str]) -> dict[str, list[Told]]:
    """The facts of the whole of these cases, in the order in which they became known."""
    rows = _LINES.rows(conn, cases, generation=generation)
    by_origin: dict[str, list[int]] = {}
    for _, _, origin, position, _, _ in rows:
        by_origin.setdefault(origin, []).append(position)
    facts: dict[tuple[str, int], Fact] = {}
    for origin, positions in by_origin.items():
        for row in _AT.rows(conn, positions, origin=origin):
            facts[row[0], row[1]] = fact_in(as_record(row))[0]
    found: dict[str, list[Told]] = {case: [] for case in cases}
    # Within one reading of a partner's channel the partner's own order holds.
    for _, case, origin, position, seq, known in sorted(rows, key=lambda row: (row[4], row[2:4])):
        found[case].append(Told(origin, position, seq, known, facts[origin, position]))
    return found


def _board(told: RightsCase, opened: Fact, dues: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    event, lead, closure = opened.event, told.lead, told.closure
    assert isinstance(event, CaseOpened)
    assert lead is not None
    first = told.parties.get(1)
    return (
        told.number, event.kind, told.state, event.priority, event.channel, event.place,
        first.name if first else "", lead.union, lead.origin, event.union, opened.origin,
        opened.on.isoformat(), told.declared, len(told.unmatched), len(told.settlements),
        min((due[4] for due in dues), default=None), closure.outcome if closure else None,
        closure.on.isoformat() if closure else None,
    )  # fmt: skip


def _sides(told: RightsCase) -> Iterable[tuple[str, Role, str]]:
    lead, offer = told.lead, told.offer
    assert lead is not None
    roles = {
        side.union: (Role.HELPS if side.takes_part else Role.ASKED, side.origin)
        for side in told.sides.values()
        if side.takes_part or side.waiting
    }
    if offer is not None and offer.to_union is not None and offer.accepted is None:
        roles.setdefault(offer.to_union, (Role.ASKED, offer.to_origin))
    roles[lead.union] = (Role.LEAD, lead.origin)
    return [(union, role, origin) for union, (role, origin) in roles.items()]


def _dues(told: RightsCase) -> Iterable[tuple[Any, ...]]:
    """(step, number, kind, what, due, whose turn, person) of all that is awaited."""
    lead = told.lead.union if told.lead else None
    if told.closure is not None:
        return
    for clock in told.clocks.values():
        if clock.state is ClockState.RUNNING and clock.due is not None:
            yield (
                clock.id,
                0,
                DueKind.CLOCK,
                clock.kind,
                clock.due.isoformat(),
                lead,
                clock.person,
            )
    for letter in told.letters.values():
        if letter.reply is None and letter.due is not None:
            yield letter.id, 0, DueKind.LETTER, letter.kind, letter.due.isoformat(), lead, None
    for settlement, part in told.outstanding:
        due = part.due.isoformat()
        yield settlement, part.number, DueKind.INSTALMENT, None, due, lead, None
    offer = told.offer
    if offer is not None and offer.accepted is None and offer.deadline is not None:
        yield offer.id, 0, DueKind.LEAD, None, offer.deadline.isoformat(), offer.to_union, None
    for side in told.sides.values():
        if side.waiting and side.due is not None and side.step is not None:
            yield side.step, 0, DueKind.HELP, side.kind, side.due.isoformat(), side.union, None


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """What one asks of the cases. `today` decides what is late; `union` leads, helps or is asked."""

    today: date
    tab: Tab | None = None
    union: str | None = None
    below: bool = True
    role: Role | None = None
    state: CaseState | None = None
    kind: CaseKind | None = None
    number: str | None = None
    due_within: int | None = None  # days from today

    @classmethod
    def of(cls, today: date, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(today, **read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "tab": ("tab", Tab),
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "role": ("role", Role),
    "state": ("state", CaseState),
    "kind": ("kind", CaseKind),
    "number": ("number", str),
    "due_within": ("due_within", int),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One case."""

    case: CaseId
    number: str
    kind: CaseKind
    state: CaseState
    priority: Priority
    channel: Intake
    place: str
    employer: str
    lead: UnionId
    lead_origin: str
    opened_by: UnionId
    opened_in: str
    opened_on: date
    claimants: int
    unmatched: int
    next_due: date | None
    outcome: Outcome | None
    closed_on: date | None

    def late(self, today: date) -> bool:
        """Whether something should have been done before this day."""
        return self.next_due is not None and self.next_due < today


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is due in a case."""

    case: CaseId
    step: StepId
    number: int
    kind: DueKind
    what: ClockKind | LetterKind | str | None
    due: date
    union: UnionId | None
    person: PersonId | None

    def left(self, today: date) -> int:
        """Days that are left; below zero where it is late."""
        return (self.due - today).days


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[Line, tuple[str, str]]:  # fmt: skip
    """A page of cases: what is due first stands first; closed ones the newest first."""
    table = case_board.c
    query = select(case_board).where(*_where(conn, origin, sought))
    if sought.tab is Tab.CLOSED:
        key = func.coalesce(table.closed_on, "")
        place = tuple_(key, table.case)
        query = query.order_by(key.desc(), table.case.desc())
        if after is not None:
            query = query.where(place < tuple_(*after))
    else:
        key = func.coalesce(table.next_due, FAR)
        place = tuple_(key, table.case)
        query = query.order_by(key, table.case)
        if after is not None:
            query = query.where(place > tuple_(*after))
    rows = _rows(conn, query.limit(limit + 1))
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    day = last.closed_on if sought.tab is Tab.CLOSED else last.next_due
    none = "" if sought.tab is Tab.CLOSED else FAR
    return Page(rows[:limit], (day.isoformat() if day else none, last.case))


def count(conn: Connection, origin: str, sought: Sought) -> dict[Tab, int]:
    """How many stand under each tab."""
    found: dict[Tab, int] = {}
    for tab in Tab:
        where = _where(conn, origin, Sought(sought.today, tab, sought.union, sought.below))
        query = select(func.count()).select_from(case_board).where(*where)
        found[tab] = conn.execute(query).scalar_one()
    return found


def get(conn: Connection, origin: str, cases: Iterable[str]) -> dict[CaseId, Line]:
    """These cases, by their ids."""
    wanted = list(dict.fromkeys(cases))
    query = select(case_board).where(
        case_board.c.generation == live(conn, origin, NAME), case_board.c.case.in_(wanted)
    )
    return {row.case: row for row in _rows(conn, query)}


def dues(conn: Connection, origin: str, sought: Sought, *, limit: int = 200) -> list[Due]:
    """What is due in the cases asked for, the nearest first."""
    table = case_due.c
    cases = select(case_board.c.case).where(*_where(conn, origin, sought))
    query = select(case_due).where(
        table.generation == live(conn, origin, NAME), table.case.in_(cases)
    )
    if sought.due_within is not None:
        last = sought.today + timedelta(days=sought.due_within)
        query = query.where(table.due <= last.isoformat())
    return _due_rows(conn, query.order_by(table.due, table.case, table.step).limit(limit))


def dues_of(conn: Connection, origin: str, cases: Iterable[str]) -> dict[CaseId, list[Due]]:
    """What is due in each of these cases, the nearest first."""
    table = case_due.c
    query = select(case_due).where(
        table.generation == live(conn, origin, NAME), table.case.in_(list(cases))
    )
    found: dict[CaseId, list[Due]] = {}
    for due in _due_rows(conn, query.order_by(table.due, table.step)):
        found.setdefault(due.case, []).append(due)
    return found


def late_offers(conn: Connection, origin: str, today: date) -> list[Due]:
    """Offers of the lead that should have been answered before this day."""
    table = case_due.c
    query = select(case_due).where(
        table.generation == live(conn, origin, NAME),
        table.kind == DueKind.LEAD.value,
        table.due < today.isoformat(),
    )
    return _due_rows(conn, query.order_by(table.due, table.case))


def whole(
    conn: Connection, origin: str, case: str, known_on: date | datetime | None = None
) -> list[Told]:
    """The facts that tell of the whole case, in the order in which they became known here."""
    before = known_before(known_on)
    told = _lines(conn, live(conn, origin, NAME), [case])[case]
    return [each for each in told if each.known < before]


def places(
    conn: Connection, origin: str, case: str, known_on: date | datetime | None = None
) -> list[Mention]:
    """Where the records stand that tell of the whole case, in the order of `whole`."""
    rows = _LINES.rows(conn, [case], generation=live(conn, origin, NAME))
    before = known_before(known_on)
    found = [Mention(*row[2:]) for row in rows if row[5] < before]
    return sorted(found, key=lambda one: (one.seq, one.origin, one.position))


def sides(conn: Connection, origin: str, case: str) -> dict[UnionId, Role]:
    """The unions that have to do with a case, and as what."""
    query = select(case_side.c.union, case_side.c.role).where(
        case_side.c.generation == live(conn, origin, NAME), case_side.c.case == case
    )
    return {UnionId(union): Role(role) for union, role in conn.execute(query)}


def shared_with(conn: Connection, origin: str, cases: Iterable[str], partner: str) -> list[CaseId]:
    """Those of these cases that are open, and that a union of the partner's journal works on."""
    generation = live(conn, origin, NAME)
    query = (
        select(case_board.c.case)
        .join(
            case_side,
            (case_side.c.generation == generation) & (case_side.c.case == case_board.c.case),
        )
        .where(
            case_board.c.generation == generation,
            case_board.c.case.in_(list(cases)),
            case_board.c.state.not_in([CaseState.CLOSED.value]),
            case_side.c.origin == partner,
        )
        .distinct()
    )
    return sorted(CaseId(row[0]) for row in conn.execute(query))


def last_number(conn: Connection, origin: str, prefix: str) -> str | None:
    """The highest number that this journal has given to a case under this prefix."""
    table = case_board.c
    query = (
        select(table.number)
        .where(
            table.generation == live(conn, origin, NAME),
            table.opened_in == origin,
            table.number.startswith(prefix, autoescape=True),
        )
        .order_by(func.length(table.number).desc(), table.number.desc())
        .limit(1)
    )
    return conn.execute(query).scalar()


def _where(conn: Connection, origin: str, sought: Sought) -> list[ColumnElement[bool]]:
    """The one question of list, dues and counts."""
    table, generation = case_board.c, live(conn, origin, NAME)
    where: list[ColumnElement[bool]] = [table.generation == generation]
    if sought.tab is Tab.CLOSED:
        where.append(table.state == CaseState.CLOSED.value)
    elif sought.tab is Tab.DISPUTED:
        where.append(table.state == CaseState.DISPUTED.value)
    elif sought.tab is not None:
        where.append(table.state != CaseState.CLOSED.value)
    if sought.tab is Tab.LATE:
        where.append(table.next_due < sought.today.isoformat())
    if sought.due_within is not None:
        last = sought.today + timedelta(days=sought.due_within)
        where.append(table.next_due <= last.isoformat())
    for name in ("state", "kind", "number"):
        value: str | None = getattr(sought, name)
        if value is not None:
            where.append(table[name] == value)
    if sought.union is not None or sought.role is not None:
        side = select(case_side.c.case).where(case_side.c.generation == generation)
        if sought.union is not None:
            side = side.where(case_side.c.union.in_(_unions(conn, origin, sought)))
        if sought.role is not None:
            side = side.where(case_side.c.role == sought.role.value)
        where.append(table.case.in_(side))
    return where


def _unions(conn: Connection, origin: str, sought: Sought) -> Any:
    assert sought.union is not None
    if not sought.below:
        return [sought.union]
    return union_tree.subtree_query(live(conn, origin, union_tree.NAME), sought.union)


def _rows(conn: Connection, query: Select[Any]) -> list[Line]:
    return [_line(dict(row)) for row in conn.execute(query).mappings()]


def _line(row: Mapping[str, Any]) -> Line:
    told = {name: row[name] for name in row if name not in {"generation", "seq", "settlements"}}
    for name in ("opened_on", "next_due", "closed_on"):
        told[name] = date.fromisoformat(row[name]) if row[name] else None
    told |= {
        "kind": CaseKind(row["kind"]),
        "state": CaseState(row["state"]),
        "priority": Priority(row["priority"]),
        "channel": Intake(row["channel"]),
        "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
    }
    return Line(**told)


_WHAT: Mapping[DueKind, Callable[[str], Any]] = {
    DueKind.CLOCK: ClockKind,
    DueKind.LETTER: LetterKind,
}


def _due_rows(conn: Connection, query: Select[Any]) -> list[Due]:
    found: list[Due] = []
    for row in conn.execute(query).mappings():
        told = {name: row[name] for name in row if name != "generation"}
        kind = DueKind(row["kind"])
        what = _WHAT.get(kind, str)(row["what"]) if row["what"] else None
        told |= {"kind": kind, "what": what, "due": date.fromisoformat(row["due"])}
        found.append(Due(**told))
    return found
