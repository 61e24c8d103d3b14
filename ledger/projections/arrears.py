"""Arrears (欠付与追回): claimed, agreed, recovered and still open, by claimant and by employer.

Wages and compensation stand apart. A case may have thousands of claimants and a dozen instalments:
so a page of facts moves only the rows that it touches, by sets, and nothing is read again; only a
correction lets the rows of its case be told anew from its history.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    and_,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy import case as either

from ledger.domain.ids import CaseId, MembershipId, PersonId
from ledger.domain.kernel import Event, Fact, Fen, standing
from ledger.domain.rights import (
    NOTHING,
    CalledBack,
    CaseOpened,
    CaseReopened,
    ClaimMade,
    ClaimRevised,
    ClaimWithdrawn,
    Money,
    PartyNamed,
    PartyRole,
    RecoveryRecorded,
    RecoveryReported,
    RepresentativeChosen,
    ShareAgreed,
    ShareConfirmed,
    ShareDenied,
    ShareRecovered,
)
from ledger.journal.database import ByKey
from ledger.journal.tables import metadata
from ledger.projections import case_boards, union_tree
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, put
from ledger.projections.two_times import CHUNK, histories

NAME = "arrears"

_FEN = ("asked", "agreed", "recovered", "open")


def _money(name: str) -> list[Column[Any]]:
    return [
        Column(f"{name}_wages", BigInteger, nullable=False),
        Column(f"{name}_compensation", BigInteger, nullable=False),
    ]


arrear = Table(
    "arrear",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("against", Integer, nullable=False),  # which party
    Column("since", Text),
    Column("membership", Text),
    Column("made_on", Text),  # none where the claim itself is not open here
    Column("withdrawn", Integer, nullable=False),
    Column("settled", Integer, nullable=False),
    *(column for name in _FEN for column in _money(name)),
    Column("shares", Integer, nullable=False),  # of how many payments
    Column("received", Integer, nullable=False),
    Column("denied", Integer, nullable=False),
    Column("represents", Integer, nullable=False),
    Column("called", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("arrear_person", "generation", "person"),
)

# Whom a claim is against, by its number in the case.
case_party = Table(
    "case_party",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("credit_code", Text),
    Index("case_party_code", "generation", "credit_code"),
)

# Which payments are counted: those that the lead recorded.
case_recovery = Table(
    "case_recovery",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("recovery", Text, primary_key=True),
    Column("counted", Integer, nullable=False),
)

# What a claimant said of each share: the last word counts.
case_receipt = Table(
    "case_receipt",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("case", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("recovery", Text, primary_key=True),
    Column("came", Integer, nullable=False),
)

_TABLES = (arrear, case_party, case_recovery, case_receipt)
Key = tuple[str, str]
Row = dict[str, Any]


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "欠付与追回"
    tables: Sequence[Table] = _TABLES

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        moved = [p for p in page if p.record.stream.startswith("cas_")]
        if not moved:
            return
        corrected = {p.record.stream for p in moved if p.fact.corrects is not None}
        books = _Books(conn, generation)
        books.open([p for p in moved if p.record.stream not in corrected])
        for posting in moved:
            if posting.record.stream not in corrected:
                books.take(posting.record.stream, posting.fact, posting.seq)
        for stream, history in histories(conn, page, sorted(corrected)).items():
            for table in _TABLES:
                conn.execute(
                    delete(table).where(table.c.generation == generation, table.c.case == stream)
                )
            seqs = {id(known.fact): known.seq for known in history}
            for fact in standing(known.fact for known in history):
                books.take(stream, fact, seqs[id(fact)])
        books.close()


VIEW: Projection = _View()

_ROWS = ByKey(
    select(arrear).where(
        arrear.c.generation == bindparam("generation"), arrear.c.case == bindparam("case")
    ),
    arrear.c.person,
)
_COUNTED = ByKey(
    select(case_recovery.c.case, case_recovery.c.recovery, case_recovery.c.counted).where(
        case_recovery.c.generation == bindparam("generation")
    ),
    case_recovery.c.case,
)
_SAID = ByKey(
    select(case_receipt).where(
        case_receipt.c.generation == bindparam("generation"),
        case_receipt.c.case == bindparam("case"),
    ),
    case_receipt.c.person,
)


class _Books:
    """The rows that one page touches: read by sets before, written by sets after."""

    def __init__(self, conn: Connection, generation: int) -> None:
        self._conn, self._generation = conn, generation
        self._rows: dict[Key, Row] = {}
        self._parties: list[Row] = []
        self._counted: dict[Key, bool] = {}
        self._new_counted: dict[Key, bool] = {}
        self._said: dict[tuple[str, str, str], bool] = {}
        self._new_said: dict[tuple[str, str, str], bool] = {}
        self._reopened: list[str] = []

    def open(self, page: Sequence[Posting]) -> None:
        """Reads what these facts may move."""
        persons: dict[str, set[str]] = {}
        receipts: dict[str, set[str]] = {}
        shared: set[str] = set()
        for posting in page:
            event, stream = posting.event, posting.record.stream
            person = event.__dict__.get("person")
            if person:
                persons.setdefault(stream, set()).add(person)
            if isinstance(event, ShareRecovered):
                shared.add(stream)
            if isinstance(event, ShareConfirmed | ShareDenied):
                receipts.setdefault(stream, set()).add(event.person)
        whole = {"generation": self._generation}
        names = arrear.columns.keys()
        for stream, every in persons.items():
            for values in _ROWS.rows(self._conn, sorted(every), case=stream, **whole):
                row = dict(zip(names, values, strict=True))
                self._rows[stream, row["person"]] = row
        for case, recovery, counted in _COUNTED.rows(self._conn, sorted(shared), **whole):
            self._counted[case, recovery] = bool(counted)
        for stream, every in receipts.items():
            for values in _SAID.rows(self._conn, sorted(every), case=stream, **whole):
                _, case, person, recovery, came = values
                self._said[case, recovery, person] = bool(came)

    def take(self, case: str, fact: Fact, seq: int) -> None:
        """Moves the rows by one fact."""
        event = fact.event
        match event:
            case CaseOpened():
                for number, party in enumerate(event.parties, 1):
                    self._party(case, number, party.role, party.name, party.credit_code)
            case PartyNamed():
                party = event.party
                self._party(case, event.number, party.role, party.name, party.credit_code)
            case RecoveryRecorded() | RecoveryReported():
                counted = isinstance(event, RecoveryRecorded)
                self._counted[case, event.recovery] = counted
                self._new_counted[case, event.recovery] = counted
            case CaseReopened() if event.person is None:
                self._reopen(case)
            case CaseReopened():
                assert event.person is not None
                self._row(case, event.person, seq)["called"] = 0
            case _:
                self._of_one(case, event, fact.on, seq)

    def _of_one(self, case: str, event: Event, on: date, seq: int) -> None:
        """What one claimant's record says."""
        match event:
            case ClaimMade():
                row = self._row(case, event.person, seq)
                row |= {
                    "against": event.against, "membership": event.membership, "withdrawn": 0,
                    "since": event.since.isoformat() if event.since else None,
                    "made_on": on.isoformat(), "called": 0,
                }  # fmt: skip
                _set(row, "asked", Money(event.wages, event.compensation))
            case ClaimRevised():
                row = self._row(case, event.person, seq)
                _set(row, "asked", Money(event.wages, event.compensation))
            case ClaimWithdrawn():
                self._row(case, event.person, seq)["withdrawn"] = 1
            case RepresentativeChosen():
                self._row(case, event.person, seq)["represents"] = 1
            case ShareAgreed():
                row = self._row(case, event.person, seq)
                row["settled"] = 1
                _set(row, "agreed", Money(event.wages, event.compensation))
            case ShareRecovered():
                if self._counted.get((case, event.recovery)):
                    row = self._row(case, event.person, seq)
                    row["shares"] += 1
                    money = Money(event.wages, event.compensation)
                    _set(row, "recovered", _get(row, "recovered") + money)
            case ShareConfirmed() | ShareDenied():
                key = case, event.recovery, event.person
                before, came = self._said.get(key), isinstance(event, ShareConfirmed)
                self._said[key] = self._new_said[key] = came
                row = self._row(case, event.person, seq)
                row["received"] += int(came) - int(before is True)
                row["denied"] += int(not came) - int(before is False)
            case CalledBack():
                self._row(case, event.person, seq)["called"] = 1
            case _:
                return

    def _party(self, case: str, number: int, role: PartyRole, name: str, code: str | None) -> None:
        self._parties.append({
            "generation": self._generation, "case": case, "number": number, "role": role.value,
            "name": name, "credit_code": code,
        })  # fmt: skip

    def _row(self, case: str, person: str, seq: int) -> Row:
        row = self._rows.get((case, person))
        if row is None:
            row = self._rows[case, person] = {
                column.name: None if column.nullable else 0 for column in arrear.columns
            } | {"generation": self._generation, "case": case, "person": person, "against": 1}
        row["seq"] = seq
        return row

    def _reopen(self, case: str) -> None:
        """The whole case is open again: everybody in it is called back again."""
        for key, row in self._rows.items():
            if key[0] == case:
                row["called"] = 0
        self._reopened.append(case)

    def close(self) -> None:
        for start in range(0, len(self._reopened), CHUNK):
            self._conn.execute(
                arrear.update()
                .where(
                    arrear.c.generation == self._generation,
                    arrear.c.case.in_(self._reopened[start : start + CHUNK]),
                )
                .values(called=0)
            )
        for row in self._rows.values():
            due = _get(row, "agreed" if row["settled"] else "asked")
            due = Money() if row["withdrawn"] or row["made_on"] is None else due
            _set(row, "open", _get(row, "recovered").short_of(due))
        put(self._conn, arrear, list(self._rows.values()))
        put(self._conn, case_party, self._parties)
        put(self._conn, case_recovery, [
            {"generation": self._generation, "case": case, "recovery": recovery,
             "counted": int(counted)}
            for (case, recovery), counted in self._new_counted.items()
        ])  # fmt: skip
        put(self._conn, case_receipt, [
            {"generation": self._generation, "case": case, "recovery": recovery,
             "person": person, "came": int(came)}
            for (case, recovery, person), came in self._new_said.items()
        ])  # fmt: skip


def _get(row: Mapping[str, Any], name: str) -> Money:
    return Money(Fen(row[f"{name}_wages"]), Fen(row[f"{name}_compensation"]))


def _set(row: Row, name: str, money: Money) -> None:
    row[f"{name}_wages"], row[f"{name}_compensation"] = money.wages, money.compensation


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Arrear:
    """One claimant's line of a case."""

    case: CaseId
    person: PersonId
    against: int
    since: date | None
    membership: MembershipId | None
    made_on: date | None
    withdrawn: bool
    settled: bool
    asked: Money
    agreed: Money
    recovered: Money
    open: Money
    shares: int
    received: int
    denied: int
    represents: bool
    called: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a case, or of an employer; of what is open here."""

    claimants: int = 0
    withdrawn: int = 0
    settled: int = 0
    paid_in_full: int = 0
    asked: Money = NOTHING
    agreed: Money = NOTHING
    recovered: Money = NOTHING
    open: Money = NOTHING
    denied: int = 0
    to_call: int = 0


@dataclass(frozen=True, slots=True)
class Owing:
    """What one employer owes over all cases."""

    name: str
    credit_code: str | None
    role: PartyRole
    cases: int
    totals: Totals


def sheet(
    conn: Connection, origin: str, case: str, *, limit: int = 50, after: str | None = None
) -> Page[Arrear, str]:
    """A page of the claimants of a case, in the order of their ids."""
    query = select(arrear).where(
        arrear.c.generation == live(conn, origin, NAME), arrear.c.case == case
    )
    if after is not None:
        query = query.where(arrear.c.person > after)
    rows = conn.execute(query.order_by(arrear.c.person).limit(limit + 1)).mappings()
    found = [_arrear(dict(row)) for row in rows]
    return Page(found[:limit], found[limit - 1].person if len(found) > limit else None)


def of_person(conn: Connection, origin: str, persons: Iterable[str]) -> list[Arrear]:
    """What these ids of one person claim, in whatever case."""
    query = select(arrear).where(
        arrear.c.generation == live(conn, origin, NAME), arrear.c.person.in_(list(persons))
    )
    rows = conn.execute(query.order_by(arrear.c.case, arrear.c.person)).mappings()
    return [_arrear(dict(row)) for row in rows]


def totals(conn: Connection, origin: str, cases: Iterable[str]) -> dict[CaseId, Totals]:
    """The sums of these cases."""
    wanted = list(dict.fromkeys(cases))
    found = {CaseId(each): Totals() for each in wanted}
    for start in range(0, len(wanted), CHUNK):
        query = (
            select(arrear.c.case, *_sums())
            .where(
                arrear.c.generation == live(conn, origin, NAME),
                arrear.c.case.in_(wanted[start : start + CHUNK]),
            )
            .group_by(arrear.c.case)
        )
        found.update((CaseId(row[0]), _totals(row[1:])) for row in conn.execute(query))
    return found


def by_employer(
    conn: Connection, origin: str, *, union: str | None = None, below: bool = True,
    open_only: bool = True, limit: int = 200,
) -> list[Owing]:  # fmt: skip
    """What each employer owes, the most first: over all cases, or over those that a union leads
    (with those below it). Employers are one by their credit code, else by their name.
    """
    generation = live(conn, origin, NAME)
    one = func.coalesce(case_party.c.credit_code, case_party.c.name)
    open_ = func.sum(arrear.c.open_wages + arrear.c.open_compensation)
    query = (
        select(
            func.max(case_party.c.name), func.max(case_party.c.credit_code),
            func.min(case_party.c.role), func.count(arrear.c.case.distinct()), *_sums(),
        )
        .join(case_party, and_(
            case_party.c.generation == generation, case_party.c.case == arrear.c.case,
            case_party.c.number == arrear.c.against,
        ))
        .where(arrear.c.generation == generation)
        .group_by(one)
        .order_by(open_.desc(), one)
        .limit(limit)
    )  # fmt: skip
    if union is not None:
        query = query.where(arrear.c.case.in_(_led(conn, origin, union, below=below)))
    if open_only:
        query = query.having(open_ > 0)
    rows = [tuple(row) for row in conn.execute(query)]
    return [Owing(row[0], row[1], PartyRole(row[2]), row[3], _totals(row[4:])) for row in rows]


def _led(conn: Connection, origin: str, union: str, *, below: bool) -> Any:
    here: Any = [union]
    if below:
        here = union_tree.subtree_query(live(conn, origin, union_tree.NAME), union)
    board = case_boards.case_board.c
    return select(board.case).where(
        board.generation == live(conn, origin, case_boards.NAME), board.lead.in_(here)
    )


def _sums() -> list[ColumnElement[Any]]:
    table = arrear.c
    active = and_(table.made_on.is_not(None), table.withdrawn == 0)
    nothing_open = and_(
        table.open_wages == 0, table.open_compensation == 0, table.denied == 0,
        table.recovered_wages + table.recovered_compensation > 0,
    )  # fmt: skip

    def number(of: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.sum(either((of, 1), else_=0))

    def active_sum(column: Any) -> ColumnElement[Any]:
        return func.sum(either((active, column), else_=0))

    return [
        number(active), number(table.withdrawn == 1), number(and_(active, table.settled == 1)),
        number(and_(active, nothing_open)),
        active_sum(table.asked_wages), active_sum(table.asked_compensation),
        active_sum(table.agreed_wages), active_sum(table.agreed_compensation),
        func.sum(table.recovered_wages), func.sum(table.recovered_compensation),
        func.sum(table.open_wages), func.sum(table.open_compensation),
        number(table.denied > 0), number(and_(active, table.called == 0)),
    ]  # fmt: skip


def _totals(sums: Sequence[Any]) -> Totals:
    whole = [int(each or 0) for each in sums]
    money = [Money(Fen(whole[at]), Fen(whole[at + 1])) for at in range(4, 12, 2)]
    asked, agreed, recovered, open_ = money
    return Totals(
        whole[0], whole[1], whole[2], whole[3], asked, agreed, recovered, open_, whole[12],
        whole[13],
    )  # fmt: skip


def _arrear(row: Mapping[str, Any]) -> Arrear:
    return Arrear(
        CaseId(row["case"]), PersonId(row["person"]), row["against"], _day(row["since"]),
        row["membership"], _day(row["made_on"]), bool(row["withdrawn"]), bool(row["settled"]),
        _get(row, "asked"), _get(row, "agreed"), _get(row, "recovered"), _get(row, "open"),
        row["shares"], row["received"], row["denied"], bool(row["represents"]),
        bool(row["called"]),
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
