"""What one asks the audit (查询疑点): findings as they hold on a day, with their questions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from ledger.domain.aiding import AidKind
from ledger.domain.auditing import EligibleNotAided, Finding
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Code, Fen
from ledger.domain.questions import Cited, Outcome, QuestionState
from ledger.projections import hardship_files, questions, union_tree, worker_files
from ledger.projections.disbursement_audit.tables import (
    NAME,
    audited,
    finding,
    helped,
)
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import live
from ledger.projections.two_times import UNCHANGED


class FindingState(StrEnum):
    """What has become of a finding (办理状态)."""

    OPEN = "open"  # 未提出
    ASKED = "asked"  # 已提出疑点，待裁定
    CLOSED = "closed"  # 已裁定了结


@dataclass(frozen=True)
class Sought:
    """Which findings. `today` decides what is missing by now; `closed` findings are asked for."""

    today: date
    rule: str | None = None
    state: FindingState | None = None
    union: str | None = None
    below: bool = True
    own: bool | None = None  # of our own journal, or of a partner's
    kind: AidKind | None = None
    subject: str | None = None
    person: str | None = None
    aid_list: str | None = None
    fund: str | None = None
    record: tuple[str, int] | None = None  # the one that it turns on
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, today: date, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line; `today` may be among them.

        Raises: UnknownFilter.
        """
        fields = read(given, _FILTERS)
        return cls(fields.pop("today", today), **fields)


def _rule(text: str) -> str:
    if text not in Finding.kinds:
        raise ValueError(text)
    return text


def _place(text: str) -> tuple[str, int]:
    whose, _, position = text.rpartition("#")
    if not whose or not position.isdecimal():
        raise ValueError(text)
    return whose, int(position)


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "today": ("today", date.fromisoformat),
    "rule": ("rule", _rule),
    "state": ("state", FindingState),
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "own": ("own", yes_or_no),
    "kind": ("kind", AidKind),
    "subject": ("subject", str),
    "person": ("person", str),
    "aid_list": ("aid_list", str),
    "fund": ("fund", str),
    "record": ("record", _place),
    "since": ("since", date.fromisoformat),
    "until": ("until", date.fromisoformat),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding as it holds on the day asked for; `amount` in fen. No name stands here."""

    key: str
    rule: str
    subject: str
    ref: str
    cites: tuple[str, ...]
    amount: Fen
    since: date
    origin: str
    union: UnionId
    kind: AidKind | None
    person: PersonId | None
    aid_list: str | None
    fund: str | None
    detail: str
    state: FindingState
    question: str | None
    outcome: str | None


class Tally(NamedTuple):
    """How many findings of a rule, and over how much in fen; and how many still want an answer."""

    findings: int
    amount: Fen
    open: int


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[Line, tuple[str, str]]:  # fmt: skip
    """A page of findings, the oldest first; `after` is the last page's `next`."""
    rows = list(conn.execute(_page(conn, origin, sought, limit + 1, after)).mappings())
    lines = [_line(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(lines, (lines[-1].since.isoformat(), lines[-1].key) if more else None)


def each(conn: Connection, origin: str, sought: Sought, *, size: int = 1000) -> Iterator[Line]:
    """All findings in their order, read page by page: never all in memory."""
    after: tuple[str, str] | None = None
    while True:
        page = listing(conn, origin, sought, limit=size, after=after)
        yield from page.rows
        if page.next is None:
            return
        after = page.next


def count(conn: Connection, origin: str, sought: Sought) -> dict[str, Tally]:
    """How many of what `listing` lists, by rule (rule and state aside), in the order of the rules."""
    told = _told(conn, origin, replace(sought, rule=None, state=None)).subquery()
    waits = case((told.c.state == FindingState.CLOSED.value, 0), else_=1)
    rows = conn.execute(
        select(
            told.c.rule, func.count(), func.sum(told.c.amount), func.sum(waits)
        ).group_by(told.c.rule)
    )  # fmt: skip
    found = {row[0]: Tally(int(row[1]), Fen(int(row[2])), int(row[3])) for row in rows}
    return {rule: found[rule] for rule in Finding.kinds if rule in found}


class Query(NamedTuple):
    """What raising an audit query about a finding takes (`procedures.raise_question`)."""

    rule: Code
    cites: tuple[Cited, ...]
    person: PersonId | None
    asked: UnionId


def as_question(conn: Connection, origin: str, line: Line) -> Query:
    """A finding as an audit query: by its rule, of its records, to the union that it is about.

    The record that it turns on comes first: by that one the query's ruling finds it again. What
    has been queried already on this ground (a death that several payments followed) is left out.
    """
    places = [(whose, int(at)) for whose, _, at in (ref.rpartition("#") for ref in line.cites)]
    told = questions.of_records(conn, origin, places[1:])
    free = [place for place in places[1:] if line.rule not in {q.rule for q in told.get(place, ())}]
    cites = tuple(Cited(Code(whose), at) for whose, at in [places[0], *free])
    return Query(Code(line.rule), cites, line.person, line.union)


# ── the one question of list and counts ──────────────────────────────────────────────────────

_COLUMNS = [column for column in finding.columns if column.name not in {"generation", "owner"}]


def _page(
    conn: Connection, origin: str, sought: Sought, limit: int, after: tuple[str, str] | None
) -> Select[Any]:
    told = _told(conn, origin, sought).subquery()
    query = select(told)
    if after is not None:
        query = query.where(tuple_(told.c.since, told.c.key) > tuple_(*after))
    return query.order_by(told.c.since, told.c.key).limit(limit)


def _told(conn: Connection, origin: str, sought: Sought) -> Select[Any]:
    """Findings that hold on the day, each with the newest question about it."""
    generation = live(conn, origin, NAME)
    kept = select(*_COLUMNS).where(finding.c.generation == generation)
    parts: list[Select[Any]] = []
    if sought.rule != EligibleNotAided.__name__:
        parts.append(kept.where(*_where(conn, origin, finding, sought)))
    if sought.rule in (None, EligibleNotAided.__name__):
        unaided = _unaided(conn, origin, generation, sought.today).subquery()
        parts.append(select(unaided).where(*_where(conn, origin, unaided, sought)))
    found = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    newest = _newest(conn, origin)
    state = case(
        (newest.c.question.is_(None), FindingState.OPEN.value),
        (newest.c.outcome == Outcome.WITHDRAWN.value, FindingState.OPEN.value),
        (newest.c.state == QuestionState.CLOSED.value, FindingState.CLOSED.value),
        else_=FindingState.ASKED.value,
    )
    same = and_(
        newest.c.rule == found.c.rule,
        newest.c.origin == found.c.whose,
        newest.c.position == found.c.position,
    )
    query = select(
        found, state.label("state"), newest.c.question, newest.c.outcome
    ).outerjoin(newest, same)  # fmt: skip
    return query if sought.state is None else query.where(state == sought.state.value)


def _newest(conn: Connection, origin: str) -> Any:
    """For each record and ground the question that was raised last: an appeal after its first."""
    one, cite = questions.question.c, questions.question_cite.c
    generation = live(conn, origin, questions.NAME)
    place = func.row_number().over(
        partition_by=(one.rule, cite.origin, cite.position),
        order_by=(one.raised_on.desc(), one.appeals.is_(None), one.question),
    )
    ranked = (
        select(
            one.rule, cite.origin, cite.position, one.question, one.state, one.outcome,
            place.label("place"),
        )
        .join(questions.question_cite, cite.question == one.question)
        .where(one.generation == generation, cite.generation == generation, one.rule.is_not(None))
        .subquery()
    )  # fmt: skip
    return select(ranked).where(ranked.c.place == 1).subquery()


def _where(conn: Connection, origin: str, table: Any, sought: Sought) -> list[ColumnElement[bool]]:
    c = table.c
    where: list[ColumnElement[bool]] = [c.since <= sought.today.isoformat()]
    if sought.union is not None and sought.below:
        tree = live(conn, origin, union_tree.NAME)
        where.append(c.union_id.in_(union_tree.subtree_query(tree, sought.union)))
    elif sought.union is not None:
        where.append(c.union_id == sought.union)
    if sought.own is not None:
        where.append((c.origin == origin) if sought.own else (c.origin != origin))
    if sought.record is not None:
        where += [c.whose == sought.record[0], c.position == sought.record[1]]
    if sought.since is not None:
        where.append(c.since >= sought.since.isoformat())
    if sought.until is not None:
        where.append(c.since <= sought.until.isoformat())
    for name in ("rule", "kind", "subject", "person", "aid_list", "fund"):
        value: str | None = getattr(sought, name)
        if value is not None:
            where.append(c[name] == str(value))
    return where


def _line(row: Mapping[Any, Any]) -> Line:
    return Line(
        row["key"], row["rule"], row["subject"], f"{row['whose']}#{row['position']}", tuple(row["cites"].split()),
        Fen(int(row["amount"])), date.fromisoformat(row["since"]), row["origin"],
        UnionId(row["union_id"]), AidKind(row["kind"]) if row["kind"] else None,
        PersonId(row["person"]) if row["person"] else None, row["aid_list"], row["fund"],
        row["detail"], FindingState(row["state"]), row["question"], row["outcome"],
    )  # fmt: skip


# ── who was not aided ────────────────────────────────────────────────────────────────────────


def _unaided(
    conn: Connection, origin: str, generation: int, today: date
) -> Select[*tuple[Any, ...]]:
    """Our own open, valid files of a category that a scheme of their line helps, without aid.

    Never stored: it changes with the day and the year, and costs an index look-up for each file.
    """
    file, on, first = hardship_files.file_span.c, today.isoformat(), f"{today.year}-01-01"
    holds = and_(
        file.generation == live(conn, origin, hardship_files.NAME), file.known_to == UNCHANGED,
        file.origin == origin, file.since <= on, file.until > on, file.valid_until > on,
    )  # fmt: skip
    rule = EligibleNotAided.__name__
    return select(
        (literal("file ") + file.file + literal(f" {rule}")).label("key"),
        literal(rule).label("rule"),
        file.file.label("subject"),
        file.origin.label("whose"),
        file.seq.label("position"),
        (file.origin + literal("#") + cast(file.seq, Text)).label("cites"),
        literal(0).label("amount"),
        case((file.since > first, file.since), else_=first).label("since"),
        file.origin.label("origin"),
        file.union.label("union_id"),
        cast(null(), Text).label("kind"),
        file.person.label("person"),
        cast(null(), Text).label("aid_list"),
        cast(null(), Text).label("fund"),
        file.category.label("detail"),
    ).where(holds, or_(*_open_to(conn, origin, generation, today), literal(1) == 0))


def _open_to(
    conn: Connection, origin: str, generation: int, today: date
) -> Iterator[ColumnElement[bool]]:
    """For each union with a scheme, and each category that it helps: the files it reaches in vain."""
    on, file = today.isoformat(), hardship_files.file_span.c
    rows = conn.execute(
        select(helped.c.union_id, helped.c.category, helped.c.kind).where(
            helped.c.generation == generation, helped.c.since <= on, helped.c.until > on
        )
    ).all()
    tree = live(conn, origin, union_tree.NAME)
    for union, category in sorted({(union, category) for union, category, _ in rows}):
        kinds = {kind for _, each_, kind in rows if each_ in (category, "") or not category}
        yield and_(
            file.union.in_(union_tree.subtree_query(tree, union)),
            *([file.category == category] if category else []),
            ~_aided(conn, origin, generation, today.year, kinds),
        )


def _aided(
    conn: Connection, origin: str, generation: int, year: int, kinds: set[str]
) -> ColumnElement[bool]:
    """Whether the household, or its worker under any id, was granted any of these in the year."""
    file, same = hardship_files.file_span.c, worker_files.same_person
    granted = and_(
        audited.c.generation == generation, audited.c.year == year,
        audited.c.kind.in_(sorted(kinds)), audited.c.granted > 0,
    )  # fmt: skip
    one = select(same.c.other).where(
        same.c.generation == live(conn, origin, worker_files.NAME),
        same.c.known_to == UNCHANGED,
        same.c.person == file.person,
    )
    return or_(
        select(audited.c.grant_id).where(granted, audited.c.household == file.household).exists(),
        select(audited.c.grant_id).where(granted, audited.c.person == file.person).exists(),
        select(audited.c.grant_id).where(granted, audited.c.person.in_(one)).exists(),
    )
