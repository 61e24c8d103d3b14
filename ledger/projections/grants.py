"""Grants (救助台账): each one's step, whose turn it is and since when; its payments; the lists.

Refolded from the whole history of a grant whenever one of its facts arrives, ours or the
partner's, so a correction needs no code of its own. How it stood earlier is `replay`'s.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    case,
    func,
    or_,
    select,
    tuple_,
)

from ledger.domain.aid import OVER, AidGrant, AidList, PaymentState, Stage
from ledger.domain.aiding import AidKind
from ledger.domain.ids import GrantId, PersonId, UnionId
from ledger.domain.kernel import Fen, Office, standing
from ledger.journal.tables import metadata
from ledger.projections import union_tree, worker_files
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live
from ledger.projections.two_times import Known, histories, rewrite

NAME = "grants"

aid_grant = Table(
    "aid_grant",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("grant_id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("beneficiary", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("union_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("need", Text, nullable=False),
    Column("household", Text),
    Column("file", Text),
    Column("aid_list", Text),
    Column("scheme", Text),
    Column("version", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("turn", Text),  # the office whose turn it is
    Column("since", Text, nullable=False),  # of the newest fact
    Column("applied_on", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("fund", Text),
    Column("approved", BigInteger, nullable=False),
    Column("approved_on", Text),
    Column("granted", BigInteger, nullable=False),  # what counts towards a cap
    Column("paid", BigInteger, nullable=False),
    Column("taken_back", BigInteger, nullable=False),
    Column("notice_until", Text),
    Column("review_by", Text),  # of an emergency that was not reviewed yet
    Column("held_for", Text),  # the other grant, where it may be a second one for one need
    Column("seq", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # the digest of what an approval would be of
    Index("aid_grant_beneficiary", "generation", "beneficiary", "kind"),
    Index("aid_grant_person", "generation", "person"),
    Index("aid_grant_union", "generation", "union_id", "stage"),
    Index("aid_grant_list", "generation", "aid_list"),
    Index("aid_grant_stage", "generation", "stage", "since"),
)

aid_payment = Table(
    "aid_payment",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("grant_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("amount", BigInteger, nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("ref", Text, nullable=False),  # the record that put it in this state
    Column("reissued", Integer, nullable=False),
    Index("aid_payment_state", "generation", "state", "since"),
)

aid_list = Table(
    "aid_list",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("aid_list", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("union_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("each", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("paid_count", Integer, nullable=False),
    Column("fund", Text),
    Column("since", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "救助台账"
    tables: Sequence[Table] = (aid_grant, aid_payment, aid_list)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        grants = {p.record.stream for p in page if p.record.stream.startswith("grt_")}
        lists = {p.record.stream for p in page if p.record.stream.startswith("lis_")}
        if grants:
            told = histories(conn, page, grants)
            folded = [(AidGrant.of(k.fact for k in told[name]), told[name]) for name in told]
            there = [(one, known) for one, known in folded if one.id is not None]
            rewrite(conn, aid_grant, generation, "grant_id", grants,
                    [(generation, *_grant_row(one, known)) for one, known in there])  # fmt: skip
            rewrite(conn, aid_payment, generation, "grant_id", grants,
                    [(generation, *row) for one, _ in there for row in _payment_rows(one)])  # fmt: skip
        if lists:
            rows: list[tuple[Any, ...]] = []
            for known in histories(conn, page, lists).values():
                row = _list_row(AidList.of(k.fact for k in known), known)
                if row is not None:
                    rows.append((generation, *row))
            rewrite(conn, aid_list, generation, "aid_list", lists, rows)


VIEW: Projection = _View()

_TURNS: Mapping[Stage, Office] = {
    Stage.OBJECTED: Office.REVIEWER,
    Stage.HELD: Office.REVIEWER,
    Stage.APPROVED: Office.CASHIER,
    Stage.INSTRUCTED: Office.CASHIER,
    Stage.FAILED: Office.CASHIER,
    Stage.PAID: Office.REVIEWER,
    Stage.RECEIVED: Office.CLERK,
    Stage.TAKING_BACK: Office.CASHIER,
}


def turn(grant: AidGrant) -> Office | None:
    """The office whose turn it is; None where nothing is due."""
    if grant.ended is not None and grant.stage is not Stage.TAKING_BACK:
        return None
    if grant.stage is Stage.APPLIED:
        return Office.APPROVER if grant.steps else Office.REVIEWER
    return _TURNS.get(grant.stage)


def _grant_row(grant: AidGrant, history: Sequence[Known]) -> tuple[Any, ...]:
    approval = grant.approval
    holder = turn(grant)
    since = standing(known.fact for known in history)[-1].on
    return (
        grant.id, grant.person, grant.beneficiary, grant.origin, grant.union, grant.kind,
        grant.need, grant.household, grant.file, grant.aid_list, grant.scheme,
        grant.rules_version, grant.stage, holder, since.isoformat(),
        (grant.applied_on or since).isoformat(), grant.amount,
        approval.fund if approval else grant.past.fund if grant.past else None,
        approval.amount if approval else 0, _iso(approval.on if approval else None),
        grant.granted, grant.paid, grant.taken_back,
        _iso(grant.hanging[-1].until if grant.hanging else None),
        _iso(approval.review_by if approval and grant.review_due else None),
        min(grant.held, default=None), history[-1].seq, grant.content,
    )  # fmt: skip


def _payment_rows(grant: AidGrant) -> Iterable[tuple[Any, ...]]:
    for one in grant.payments.values():
        yield (
            grant.id, one.number, one.amount, one.mode, one.state, one.on.isoformat(), one.ref,
            int(one.number in grant.reissued),
        )  # fmt: skip


def _list_row(one: AidList, history: Sequence[Known]) -> tuple[Any, ...] | None:
    if one.id is None:
        return None
    state = (
        "paid" if one.approved and one.paid_count == one.count
        else "approved" if one.approved
        else "reviewed" if one.content and one.reviewed == one.content
        else "sent_up" if one.content
        else "open"
    )  # fmt: skip
    since = standing(known.fact for known in history)[-1].on
    return (
        one.id, one.origin, one.union, one.title, one.kind, one.each, one.count, one.total, state,
        one.paid, one.paid_count, one.approved.fund if one.approved else None, since.isoformat(),
        history[-1].seq,
    )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ── asking ───────────────────────────────────────────────────────────────────────────────────


class Same(NamedTuple):
    """A grant for the same need."""

    grant: GrantId
    beneficiary: PersonId
    origin: str
    need: str
    applied_on: str
    stage: Stage


def for_need(
    conn: Connection, origin: str, beneficiaries: Collection[str], kind: str, needs: Collection[str]
) -> list[Same]:
    """The grants, ours and the partner's, of these persons for one kind and these needs."""
    generation = live(conn, origin, NAME)
    found: list[Same] = []
    some = sorted(set(beneficiaries))
    for start in range(0, len(some), 500):
        rows = conn.execute(
            select(
                aid_grant.c.grant_id, aid_grant.c.beneficiary, aid_grant.c.origin,
                aid_grant.c.need, aid_grant.c.applied_on, aid_grant.c.stage,
            ).where(
                aid_grant.c.generation == generation, aid_grant.c.kind == kind,
                aid_grant.c.beneficiary.in_(some[start : start + 500]),
                aid_grant.c.need.in_(sorted(set(needs))),
            )
        )  # fmt: skip
        found += [Same(*row[:5], Stage(row[5])) for row in rows]
    return found


@dataclass(frozen=True)
class Whose:
    """Whose grants are counted together: one of the three."""

    persons: Collection[str] = ()
    beneficiaries: Collection[str] = ()
    household: str | None = None


def _theirs(whose: Whose) -> ColumnElement[bool]:
    if whose.persons:
        return aid_grant.c.person.in_(sorted(whose.persons))
    if whose.beneficiaries:
        return aid_grant.c.beneficiary.in_(sorted(whose.beneficiaries))
    return aid_grant.c.household == whose.household


def counted_together(conn: Connection, origin: str, kind: str, whose: Whose) -> list[GrantId]:
    """The grants of one kind, of any year, that a cap counts together."""
    rows = conn.execute(
        select(aid_grant.c.grant_id)
        .where(
            aid_grant.c.generation == live(conn, origin, NAME),
            aid_grant.c.kind == kind,
            _theirs(whose),
        )
        .order_by(aid_grant.c.grant_id)
    )
    return [GrantId(row[0]) for row in rows]


def granted(
    conn: Connection, origin: str, kind: str, year: int, whose: Whose, *, but: str = ""
) -> Fen:
    """What was granted in a calendar year, in fen, by either province, as far as known here."""
    total = conn.execute(
        select(func.sum(aid_grant.c.granted)).where(
            aid_grant.c.generation == live(conn, origin, NAME), aid_grant.c.kind == kind,
            _theirs(whose),
            aid_grant.c.grant_id != but,
            aid_grant.c.applied_on >= f"{year}-01-01", aid_grant.c.applied_on <= f"{year}-12-31",
        )
    ).scalar()  # fmt: skip
    return Fen(int(total or 0))


def unfinished(conn: Connection, origin: str, persons: Collection[str]) -> list[GrantId]:
    """Our own grants to these persons, or for them, of which something is still due."""
    c = aid_grant.c
    rows = conn.execute(
        select(c.grant_id)
        .where(
            c.generation == live(conn, origin, NAME), c.origin == origin,
            c.stage.not_in([stage.value for stage in OVER]),
            or_(c.person.in_(sorted(persons)), c.beneficiary.in_(sorted(persons))),
        )
        .order_by(c.grant_id)
    )  # fmt: skip
    return [GrantId(row[0]) for row in rows]


def on_list(
    conn: Connection, origin: str, aid_list_: str, *, stages: Collection[Stage] = ()
) -> list[GrantId]:
    """The grants on a list, by id; those struck off are not."""
    wanted = [
        aid_grant.c.generation == live(conn, origin, NAME),
        aid_grant.c.aid_list == aid_list_,
        aid_grant.c.stage.in_([s.value for s in stages]) if stages
        else aid_grant.c.stage != Stage.WITHDRAWN.value,
    ]  # fmt: skip
    rows = conn.execute(select(aid_grant.c.grant_id).where(*wanted).order_by(aid_grant.c.grant_id))
    return [GrantId(row[0]) for row in rows]


def is_on(conn: Connection, origin: str, aid_list_: str, persons: Collection[str]) -> bool:
    """Whether any of these persons stands on a list."""
    found = conn.execute(
        select(aid_grant.c.grant_id)
        .where(
            aid_grant.c.generation == live(conn, origin, NAME),
            aid_grant.c.aid_list == aid_list_,
            aid_grant.c.stage != Stage.WITHDRAWN.value,
            aid_grant.c.person.in_(sorted(persons)),
        )
        .limit(1)
    )
    return found.first() is not None


@dataclass(frozen=True)
class Sought:
    """What one asks of the grants: whatever is None is not asked.

    With `today`, those whose notice runs are told apart from those that are only applied for.
    """

    union: str | None = None
    below: bool = True
    stage: Stage | None = None
    kind: str | None = None
    fund: str | None = None
    aid_list: str | None = None
    person: str | None = None
    turn: Office | None = None
    since: date | None = None
    until: date | None = None
    today: date | None = None

    @classmethod
    def of(cls, today: date, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(today=today, **read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "stage": ("stage", Stage),
    "kind": ("kind", AidKind),
    "fund": ("fund", str),
    "aid_list": ("aid_list", str),
    "person": ("person", str),
    "turn": ("turn", Office),
    "since": ("since", date.fromisoformat),
    "until": ("until", date.fromisoformat),
}


def _stage(today: date | None) -> ColumnElement[str]:
    """The step as people read it: a notice that still runs is a step of its own."""
    c = aid_grant.c
    if today is None:
        return c.stage
    posted = (c.stage == Stage.APPLIED.value) & (c.notice_until >= today.isoformat())
    return case((posted, Stage.ON_NOTICE.value), else_=c.stage)


def _where(conn: Connection, origin: str, sought: Sought) -> list[Any]:
    c = aid_grant.c
    where: list[Any] = [c.generation == live(conn, origin, NAME)]
    if sought.union is not None:
        if sought.below:
            tree = live(conn, origin, union_tree.NAME)
            where.append(c.union_id.in_(union_tree.subtree_query(tree, sought.union)))
        else:
            where.append(c.union_id == sought.union)
    for column, value in (
        (_stage(sought.today), sought.stage), (c.kind, sought.kind), (c.fund, sought.fund),
        (c.aid_list, sought.aid_list), (c.turn, sought.turn),
    ):  # fmt: skip
        if value is not None:
            where.append(column == str(value))
    if sought.person is not None:
        same = sorted(worker_files.identity(conn, origin, sought.person))
        where.append(c.person.in_(same) | c.beneficiary.in_(same))
    if sought.since is not None:
        where.append(c.applied_on >= sought.since.isoformat())
    if sought.until is not None:
        where.append(c.applied_on <= sought.until.isoformat())
    return where


def unions(conn: Connection, origin: str, sought: Sought) -> set[UnionId]:
    """The unions that took these grants in."""
    c = aid_grant.c
    rows = conn.execute(select(c.union_id).where(*_where(conn, origin, sought)).distinct())
    return {UnionId(row[0]) for row in rows}


Row = Mapping[str, Any]
"""A row of `aid_grant` or `aid_list`, by its columns; the step as it is read today."""


def listed(
    conn: Connection, origin: str, sought: Sought, *, after: tuple[str, str] | None = None,
    limit: int = 50,
) -> Page[Row, tuple[str, str]]:  # fmt: skip
    """A page of the grants sought, newest fact first; `after` is the last page's `next`."""
    query = select(aid_grant).where(*_where(conn, origin, sought))
    return _page(conn, query, aid_grant, "grant_id", sought.today, after, limit)


def _page(
    conn: Connection, query: Select[Any], table: Table, key: str, today: date | None,
    after: tuple[str, str] | None, limit: int,
) -> Page[Row, tuple[str, str]]:  # fmt: skip
    # A partner's facts that were read together have one `seq`: the id tells them apart.
    seq, name = table.c.seq, table.c[key]
    if after is not None:
        before = int(after[0])
        query = query.where((seq < before) | ((seq == before) & (name > after[1])))
    rows: list[Row] = []
    for found in conn.execute(query.order_by(seq.desc(), name).limit(limit + 1)).mappings():
        row: Row = {str(column): value for column, value in found.items()}
        rows.append({**row, "stage": _read_today(row, today)} if "stage" in row else row)
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], (str(rows[limit - 1]["seq"]), rows[limit - 1][key]))


def _read_today(row: Row, today: date | None) -> Stage:
    stage = Stage(row["stage"])
    posted = today is not None and (row["notice_until"] or "") >= today.isoformat()
    return Stage.ON_NOTICE if stage is Stage.APPLIED and posted else stage


def get(conn: Connection, origin: str, names: Collection[str]) -> dict[GrantId, Row]:
    """These grants, as far as they are known here."""
    found: dict[GrantId, Row] = {}
    some = sorted(set(names))
    for start in range(0, len(some), 500):
        rows = conn.execute(
            select(aid_grant).where(
                aid_grant.c.generation == live(conn, origin, NAME),
                aid_grant.c.grant_id.in_(some[start : start + 500]),
            )
        ).mappings()
        found.update({GrantId(row["grant_id"]): dict(row) for row in rows})
    return found


def counted(conn: Connection, origin: str, sought: Sought) -> dict[Stage, tuple[int, Fen]]:
    """How many stand at each step, and their amounts in fen: by the query of the list itself."""
    stage = _stage(sought.today).label("step")
    rows = conn.execute(
        select(stage, func.count(), func.sum(aid_grant.c.amount))
        .where(*_where(conn, origin, sought))
        .group_by(stage)
    )
    return {Stage(step): (count, Fen(int(total))) for step, count, total in rows}


def lost(
    conn: Connection, origin: str, sought: Sought, *, after: tuple[str, str] | None = None,
    limit: int = 50,
) -> Page[Row, tuple[str, str]]:  # fmt: skip
    """Payments that failed or came back and were not sent again, the newest first."""
    c = aid_payment.c
    rows = conn.execute(
        select(aid_payment, aid_grant.c.seq)
        .join(
            aid_grant,
            (aid_grant.c.generation == c.generation) & (aid_grant.c.grant_id == c.grant_id),
        )
        .where(
            c.generation == live(conn, origin, NAME),
            c.state.in_([PaymentState.FAILED.value, PaymentState.RETURNED.value]),
            c.reissued == 0, aid_grant.c.stage == Stage.FAILED.value,
            *_where(conn, origin, sought),
            *([] if after is None else [tuple_(c.since, c.grant_id) < tuple_(*after)]),
        )
        .order_by(c.since.desc(), c.grant_id.desc(), c.number)
        .limit(limit + 1)
    ).mappings()  # fmt: skip
    found: list[Row] = [{str(name): value for name, value in row.items()} for row in rows]
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], (found[limit - 1]["since"], found[limit - 1]["grant_id"]))


def lists(
    conn: Connection, origin: str, *, union: str | None = None, limit: int = 100,
    after: tuple[str, str] | None = None,
) -> Page[Row, tuple[str, str]]:  # fmt: skip
    """The lists of one amount, of a union and those below it, the newest first."""
    query = select(aid_list).where(aid_list.c.generation == live(conn, origin, NAME))
    if union is not None:
        tree = live(conn, origin, union_tree.NAME)
        query = query.where(aid_list.c.union_id.in_(union_tree.subtree_query(tree, union)))
    return _page(conn, query, aid_list, "aid_list", None, after, limit)


def get_list(conn: Connection, origin: str, name: str) -> Row | None:
    """One list; None where there is none."""
    found = conn.execute(
        select(aid_list).where(
            aid_list.c.generation == live(conn, origin, NAME), aid_list.c.aid_list == name
        )
    )
    row = found.mappings().first()
    return dict(row) if row else None


def sheet(
    conn: Connection, origin: str, name: str, *, after: str = "", limit: int = 500
) -> list[Row]:
    """Who stands on a list, by id, those struck off left out; `after`: the last one shown."""
    c = aid_grant.c
    rows = conn.execute(
        select(aid_grant)
        .where(
            c.generation == live(conn, origin, NAME),
            c.aid_list == name,
            c.grant_id > after,
            c.stage != Stage.WITHDRAWN.value,
        )
        .order_by(c.grant_id)
        .limit(limit)
    )
    return [dict(row) for row in rows.mappings()]
