"""Fund statements (资金收支): what a fund had on a day, as known on a day, each line to its record.

Every fact of a fund is a line with what it adds to each measure; a correction ends the line that it
corrects and adds another. Beside the lines stand their sums by the day on which they became known
and the day on which they took effect: a balance is a sum over those, however many lines there are.

What is kept for one grant counts as nothing where a correction, or a payment dated before its
approval, leaves less than that: such grants are few, are marked, and are summed by themselves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from itertools import groupby
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
    bindparam,
    func,
    select,
    tuple_,
)

from ledger.domain.corrections import FactAnnulled
from ledger.domain.funds import (
    AllotmentReceived,
    BackCause,
    CostDrawn,
    FundAllotted,
    FundClosed,
    FundCredited,
    FundOpened,
    MoneyDrawn,
    MoneyReserved,
    MoneyReturned,
    PastPaymentNoted,
    ReservationReleased,
    ShareAcceptanceVoided,
    ShareAccepted,
    ShareAnswer,
    ShareDeclined,
    ShareLapsed,
    ShareOffered,
    ShareOutcome,
    ShareReceived,
    ShareReleased,
    ShareReturned,
    ShareWithdrawn,
    Source,
    UnfundedCovered,
)
from ledger.domain.ids import AllotmentId, FundId, GrantId, PartnershipId, UnionId
from ledger.domain.kernel import Event, Fen
from ledger.journal.database import ByKey
from ledger.journal.record import written
from ledger.journal.tables import metadata
from ledger.projections import union_tree
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, put, taken
from ledger.projections.two_times import CHUNK, UNCHANGED, day, knew, known_before

NAME = "fund_statements"

Known = date | datetime | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What lines add up to, in fen."""

    credited: int = 0  # 到账
    received: int = 0  # 收到拨付、划入
    allotted: int = 0  # 拨出、划出
    offered: int = 0  # 在途
    reserved: int = 0  # 留用
    drawn: int = 0  # 列支
    returned: int = 0  # 退回
    noted: int = 0  # 已付而无资金来源

    def plus(self, other: "Sums", sign: int = 1) -> "Sums":
        return Sums(*(getattr(self, m) + sign * getattr(other, m) for m in MEASURES))


MEASURES = tuple(each.name for each in fields(Sums))
_NOTHING = Sums()


def _measures() -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False) for name in MEASURES]


fund = Table(
    "fund",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("fund", Text, primary_key=True),
    Column("origin", Text, nullable=False),  # the journal that keeps it
    Column("keeper", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("joint", Text),
    Column("contributor", Text, nullable=False),
    Column("year", Integer),
    Column("under", Text),
    Column("opened_on", Text, nullable=False),
    Column("closed_on", Text),
    Column("annulled", Integer, nullable=False),
    Index("fund_keeper", "generation", "keeper"),
    Index("fund_joint", "generation", "joint"),
)

fund_line = Table(
    "fund_line",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("ref", Text, primary_key=True),  # origin#position
    Column("fund", Text, nullable=False),
    Column("place", Text, nullable=False),  # the record in whose place it stands, or its own
    Column("seq", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("on", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("grant", Text),  # what was paid for: a grant, a list, a service
    Column("payment", Integer),
    Column("movement", Text),  # an allotment, or an offer of money
    Column("other", Text),  # the fund at its other end
    Column("contributor", Text),
    Column("cause", Text),
    Column("paper", Text),
    *_measures(),
    Column("known_from", Text, nullable=False),
    Column("known_to", Text, nullable=False),
    Index("fund_line_fund", "generation", "fund", "on", "seq", "position"),
    Index("fund_line_grant", "generation", "grant"),
    Index("fund_line_place", "generation", "place"),
)

fund_sum = Table(
    "fund_sum",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("fund", Text, primary_key=True),
    Column("known", Text, primary_key=True),  # the day on which the lines became known, or ended
    Column("on", Text, primary_key=True),
    *_measures(),
)

fund_grant = Table(
    "fund_grant",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("grant", Text, primary_key=True),
    Column("fund", Text, primary_key=True),
    Column("reserved", BigInteger, nullable=False),
    Column("drawn", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("uneven", Integer, nullable=False),  # on some day less than nothing was kept for it
    Index("fund_grant_fund", "generation", "fund", "uneven"),
)

share_offer = Table(
    "share_offer",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("offer", Text, primary_key=True),
    Column("giver", Text, nullable=False),
    Column("receiver", Text),
    Column("to_origin", Text),
    Column("amount", BigInteger, nullable=False),
    Column("offered_on", Text),
    Column("deadline", Text),
    Column("answer", Text),
    Column("answered_on", Text),
    Column("ground", Text),
    Column("outcome", Text),
    Column("outcome_on", Text),
    Column("received_on", Text),
    Column("voided_on", Text),
    Index("share_offer_giver", "generation", "giver"),
    Index("share_offer_receiver", "generation", "receiver"),
)


# ── what a fact adds ─────────────────────────────────────────────────────────────────────────


def sums_of(event: Event) -> Sums:
    """What one fact adds to each measure of its fund."""
    match event:
        case FundCredited():
            return Sums(credited=event.amount)
        case AllotmentReceived() | ShareReceived():
            return Sums(received=event.amount)
        case FundAllotted():
            return Sums(allotted=event.amount)
        case ShareReleased():
            return Sums(allotted=event.amount, offered=-event.amount)
        case ShareOffered():
            return Sums(offered=event.amount)
        case ShareReturned() | ShareLapsed() | ShareWithdrawn():
            return Sums(offered=-event.amount)
        case MoneyReserved():
            return Sums(reserved=event.amount)
        case ReservationReleased():
            return Sums(reserved=-event.amount)
        case MoneyDrawn():
            return Sums(drawn=event.amount, reserved=-event.amount)
        case CostDrawn():
            return Sums(drawn=event.amount)
        case PastPaymentNoted():
            return Sums(drawn=event.amount, noted=event.unfunded)
        case UnfundedCovered():
            return Sums(noted=-event.amount)
        case MoneyReturned():
            kept = event.amount if event.cause is BackCause.RETURNED_BY_BANK else 0
            return Sums(returned=event.amount, reserved=kept)
        case _:
            return _NOTHING


def _offer_of(event: Event, on: str) -> Mapping[str, Any] | None:
    """What one fact tells of an offer of money."""
    match event:
        case ShareOffered() as e:
            return {
                "giver": e.fund, "receiver": e.to, "to_origin": e.to_origin, "amount": e.amount,
                "offered_on": on, "deadline": e.deadline.isoformat(),
            }  # fmt: skip
        case ShareAccepted() as e:
            return {"giver": e.giver, "receiver": e.fund, "amount": e.amount,
                    "answer": ShareAnswer.ACCEPTED, "answered_on": on}  # fmt: skip
        case ShareDeclined() as e:
            return {"giver": e.giver, "receiver": e.fund, "amount": e.amount, "ground": e.ground,
                    "answer": ShareAnswer.DECLINED, "answered_on": on}  # fmt: skip
        case ShareReceived() as e:
            return {"giver": e.giver, "receiver": e.fund, "amount": e.amount, "received_on": on}
        case ShareReleased() as e:
            return _outcome(e, ShareOutcome.RELEASED, on)
        case ShareReturned() as e:
            return _outcome(e, ShareOutcome.RETURNED, on)
        case ShareLapsed() as e:
            return _outcome(e, ShareOutcome.LAPSED, on)
        case ShareWithdrawn() as e:
            return _outcome(e, ShareOutcome.WITHDRAWN, on)
        case ShareAcceptanceVoided():
            return {"voided_on": on}
        case _:
            return None


def _outcome(event: Any, outcome: ShareOutcome, on: str) -> Mapping[str, Any]:
    return {
        "giver": event.fund, "amount": event.amount, "outcome": outcome, "outcome_on": on,
    }  # fmt: skip


# ── posting ──────────────────────────────────────────────────────────────────────────────────

Row = dict[str, Any]


class _View:
    """Posts the lines of funds; see the module's own words."""

    name, zh = NAME, "资金收支"
    tables: Sequence[Table] = (fund, fund_line, fund_sum, fund_grant, share_offer)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        told = [p for p in page if p.record.stream.startswith("fnd_")]
        if told:
            desk = _Desk(conn, generation, told)
            for posting in told:
                desk.take(posting)
            desk.close()


VIEW: Projection = _View()


class _Desk:
    """The funds of one page: read by sets before, written by sets after."""

    def __init__(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        self._conn, self._generation = conn, generation
        funds = [p.record.stream for p in page]
        self._funds: dict[str, Row] = {
            row["fund"]: row for row in taken(conn, fund, generation, "fund", funds)
        }
        offers: list[str] = [o for p in page if (o := p.event.__dict__.get("offer")) is not None]
        self._offers: dict[str, Row] = {
            row["offer"]: row for row in taken(conn, share_offer, generation, "offer", offers)
        }
        self._lines: dict[str, Row] = {}  # by ref: new ones, and those that are corrected
        self._standing: dict[str, str] = {}  # by place: the ref of the line that stands there
        self._read_corrected(page)
        self._sums: dict[tuple[str, str, str], Sums] = {}
        self._changed: tuple[set[str], set[str], set[str]] = set(), set(), set()

    def _read_corrected(self, page: Sequence[Posting]) -> None:
        refs = [_corrected(p) for p in page if p.fact.corrects is not None]
        if not refs:
            return
        before = taken(self._conn, fund_line, self._generation, "ref", refs)
        places = [row["place"] for row in before]
        for row in taken(self._conn, fund_line, self._generation, "place", places):
            self._lines[row["ref"]] = row
            if row["known_to"] == UNCHANGED:
                self._standing[row["place"]] = row["ref"]

    # ── one posting ──

    def take(self, posting: Posting) -> None:
        event, stream = posting.event, posting.record.stream
        here = self._funds.get(stream)
        if isinstance(event, FundOpened) and (here is None or posting.fact.corrects is not None):
            here = self._open(event, posting, here)
        if here is None or here["origin"] != posting.fact.origin:
            return  # only the journal that keeps it speaks of it
        ours = type(event).__module__ == FundOpened.__module__
        if not ours and not isinstance(event, FactAnnulled):
            return
        ended = self._end(posting) if posting.fact.corrects is not None else None
        self._add(posting, ended)
        if isinstance(event, FundClosed):
            self._note(stream, closed_on=posting.fact.on.isoformat())
        elif ended is not None and isinstance(event, FactAnnulled):
            if ended["kind"] == FundClosed.__name__:
                self._note(stream, closed_on=None)
            elif ended["kind"] == FundOpened.__name__:
                self._note(stream, annulled=1)
        offered = _offer_of(event, posting.fact.on.isoformat())
        if offered is not None:
            name: str = event.__dict__["offer"]
            before = self._offers.get(name, {**_NO_OFFER, "offer": name, "giver": stream})
            self._offers[name] = {**before, "generation": self._generation, **offered}
            self._changed[1].add(name)

    def _open(self, event: FundOpened, posting: Posting, here: Row | None) -> Row | None:
        origin = posting.fact.origin
        if here is not None and here["origin"] != origin:
            return here
        closed = here["closed_on"] if here else None
        made = self._funds[event.fund] = {
            "generation": self._generation, "fund": event.fund, "origin": origin,
            "keeper": event.keeper, "name": event.name, "source": event.source.value,
            "joint": event.joint, "contributor": event.contributor, "year": event.year,
            "under": event.under, "opened_on": posting.fact.on.isoformat(), "closed_on": closed,
            "annulled": 0,
        }  # fmt: skip
        self._changed[0].add(event.fund)
        return made

    def _note(self, name: str, **known: object) -> None:
        self._funds[name] = {**self._funds[name], **known}
        self._changed[0].add(name)

    def _end(self, posting: Posting) -> Row | None:
        """Ends the line that stands where this fact will stand."""
        corrected = self._lines.get(_corrected(posting))
        if corrected is None:
            return None
        ref: str = self._standing.get(corrected["place"]) or corrected["ref"]
        line = self._lines[ref]
        self._lines[ref] = {**line, "known_to": _at(posting)}
        self._count(line, posting, -1)
        return line

    def _add(self, posting: Posting, ended: Row | None) -> None:
        told, ref = posting.event.__dict__, posting.fact.ref
        sums = sums_of(posting.event)
        line: Row = {
            "generation": self._generation, "ref": ref, "fund": posting.record.stream,
            "place": ended["place"] if ended else ref, "seq": posting.seq,
            "position": posting.fact.position, "on": posting.fact.on.isoformat(), "kind": type(posting.event).__name__,
            "amount": told.get("amount", 0), "grant": told.get("grant", told.get("activity")),
            "payment": told.get("payment", told.get("cost")), "movement": told.get("allotment", told.get("offer")),
            "other": told.get("to", told.get("giver")), "contributor": told.get("contributor"),
            "cause": told.get("cause"), "paper": told.get("paper"),
            **asdict(sums),
            "known_from": _at(posting), "known_to": UNCHANGED,
        }  # fmt: skip
        self._lines[ref] = line
        self._standing[line["place"]] = ref
        self._count(line, posting, 1)

    def _count(self, line: Row, posting: Posting, sign: int) -> None:
        key = line["fund"], posting.known_on.isoformat(), line["on"]
        change = Sums(*(line[name] for name in MEASURES))
        self._sums[key] = self._sums.get(key, _NOTHING).plus(change, sign)
        if line["grant"]:
            self._changed[2].add(line["grant"])

    # ── writing ──

    def close(self) -> None:
        funds, offers, grants = self._changed
        put(self._conn, fund, [self._funds[name] for name in sorted(funds)])
        put(self._conn, fund_line, list(self._lines.values()))
        put(self._conn, share_offer, [self._offers[name] for name in sorted(offers)])
        self._add_up()
        self._weigh(sorted(grants))

    def _add_up(self) -> None:
        """Adds what this page counted to the sums of those days."""
        changes = self._sums
        before: dict[tuple[str, str, str], Sums] = {}
        for row in _SUMS.rows(
            self._conn, list(dict.fromkeys(name for name, _, _ in changes)),
            generation=self._generation, first=min((k[1] for k in changes), default=""),
        ):  # fmt: skip
            before[row[0], row[1], row[2]] = Sums(*row[3:])
        put(self._conn, fund_sum, [
            {
                "generation": self._generation, "fund": key[0], "known": key[1], "on": key[2],
                **asdict(before.get(key, _NOTHING).plus(sums)),
            }
            for key, sums in changes.items()
        ])  # fmt: skip

    def _weigh(self, grants: Sequence[str]) -> None:
        """What each grant of this page has, and whether it ever has less than nothing."""
        rows = sorted(
            _GRANTS.rows(self._conn, grants, generation=self._generation),
            key=lambda row: tuple(row[:3]),
        )
        put(self._conn, fund_grant, [
            {"generation": self._generation, "grant": grant, "fund": name, **_weighed(list(lines))}
            for (grant, name), lines in groupby(rows, key=lambda row: (row[0], row[1]))
        ])  # fmt: skip


_NO_OFFER: Row = dict.fromkeys(
    (column.name for column in share_offer.columns if column.name != "amount"), None
) | {"amount": 0}

_SUMS = ByKey(
    select(fund_sum.c.fund, fund_sum.c.known, fund_sum.c.on, *(fund_sum.c[m] for m in MEASURES))
    .where(
        fund_sum.c.generation == bindparam("generation"), fund_sum.c.known >= bindparam("first")
    ),
    fund_sum.c.fund,
)  # fmt: skip
_GRANTS = ByKey(
    select(
        fund_line.c.grant, fund_line.c.fund, fund_line.c.on, fund_line.c.reserved,
        fund_line.c.drawn, fund_line.c.returned, fund_line.c.known_to,
    ).where(fund_line.c.generation == bindparam("generation")),
    fund_line.c.grant,
)  # fmt: skip


def _weighed(lines: Sequence[Any]) -> Mapping[str, int]:
    stands = [line for line in lines if line[6] == UNCHANGED]
    kept, uneven = 0, len(stands) < len(lines)
    for _, same_day in groupby(stands, key=lambda line: line[2]):
        kept += sum(line[3] for line in same_day)
        uneven = uneven or kept < 0
    return {
        "reserved": kept, "drawn": sum(line[4] for line in stands),
        "returned": sum(line[5] for line in stands), "uneven": int(uneven),
    }  # fmt: skip


def _corrected(posting: Posting) -> str:
    return f"{posting.fact.origin}#{posting.fact.corrects}"


def _at(posting: Posting) -> str:
    return posting.header["at"] if posting.own else written(posting.known)


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FundRow:
    """One fund, or one share of a joint fund."""

    fund: FundId
    origin: str
    keeper: UnionId
    name: str
    source: Source
    joint: str | None
    contributor: str
    year: int | None
    under: PartnershipId | None
    opened_on: date
    closed_on: date | None


_NONE = Fen(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a fund had on a day, as known on a day; all amounts in fen, none below zero."""

    credited: Fen = _NONE  # 到账
    received: Fen = _NONE  # 收到拨付、划入
    allotted: Fen = _NONE  # 拨出、划出
    offered: Fen = _NONE  # 在途
    reserved: Fen = _NONE  # 留用
    drawn: Fen = _NONE  # 列支
    returned: Fen = _NONE  # 退回
    unfunded: Fen = _NONE  # 无资金来源
    balance: Fen = _NONE  # 可用余额


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: a fact, and where it is recorded (`ref`: origin#position)."""

    ref: str
    fund: FundId
    seq: int
    position: int
    on: date
    kind: str
    amount: Fen
    grant: GrantId | None
    payment: int | None
    movement: AllotmentId | None
    other: FundId | None
    contributor: str | None
    cause: str | None
    paper: str | None
    sums: Sums
    known_from: str
    known_to: str | None  # when it was corrected; None: it stands

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it stands in the statement: by day, and on one day as it became known."""
        return self.on.isoformat(), self.seq, self.position

    def counts(self, known_on: Known = None) -> bool:
        """Whether it stood by what was known then."""
        return self.known_to is None or self.known_to >= known_before(known_on)


@dataclass(frozen=True, slots=True)
class GrantRow:
    """What one fund has to do with one grant, by all that is known."""

    grant: GrantId
    fund: FundId
    reserved: Fen
    drawn: Fen
    returned: Fen


@dataclass(frozen=True, slots=True)
class OfferRow:
    """Money between two shares, with both sides' state as far as known here."""

    offer: AllotmentId
    giver: FundId
    receiver: FundId | None
    to_origin: str | None
    amount: Fen
    offered_on: date | None
    deadline: date | None
    answer: ShareAnswer | None
    answered_on: date | None
    ground: str | None
    outcome: ShareOutcome | None
    outcome_on: date | None
    received_on: date | None
    voided_on: date | None

    @property
    def open(self) -> bool:
        return self.outcome is None and self.received_on is None


@dataclass(frozen=True)
class Sought:
    """Which funds one asks for."""

    union: str | None = None  # the keeper
    below: bool = True
    joint: str | None = None
    source: Source | None = None
    year: int | None = None
    open: bool | None = None
    name: str | None = None  # the whole of it

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(**read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "joint": ("joint", str),
    "source": ("source", Source),
    "year": ("year", int),
    "open": ("open", yes_or_no),
}


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[Any, ...] | None = None,
) -> Page[FundRow, tuple[str, str, str]]:  # fmt: skip
    """A page of funds, those of a joint fund side by side."""
    joint = func.coalesce(fund.c.joint, "~")
    place = joint, fund.c.name, fund.c.fund
    query = select(fund).where(*_where(conn, origin, sought)).order_by(*place).limit(limit + 1)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(*after))
    rows = [_fund(row) for row in conn.execute(query).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], (last.joint or "~", last.name, last.fund) if last else None)


def get(conn: Connection, origin: str, funds: Iterable[str]) -> dict[FundId, FundRow]:
    """These funds, as far as they are known here."""
    rows = taken(conn, fund, live(conn, origin, NAME), "fund", list(funds))
    return {found.fund: found for found in map(_fund, rows)}


def _where(conn: Connection, origin: str, sought: Sought) -> list[ColumnElement[bool]]:
    where = [fund.c.generation == live(conn, origin, NAME), fund.c.annulled == 0]
    if sought.union is not None:
        here: Any = [sought.union]
        if sought.below:
            here = union_tree.subtree_query(live(conn, origin, union_tree.NAME), sought.union)
        where.append(fund.c.keeper.in_(here))
    if sought.open is not None:
        none = fund.c.closed_on.is_(None)
        where.append(none if sought.open else ~none)
    for name in ("joint", "source", "year", "name"):
        value = getattr(sought, name)
        if value is not None:
            where.append(fund.c[name] == value)
    return where


def totals(
    conn: Connection, origin: str, funds: Iterable[str], on: date | None = None,
    known_on: Known = None,
) -> dict[FundId, Totals]:  # fmt: skip
    """What each of these funds had on a day, as known on a day or at an instant.

    Of whole days the sums answer, however many lines there are; of an instant, the lines.
    """
    names, generation = list(dict.fromkeys(funds)), live(conn, origin, NAME)
    table = fund_line if isinstance(known_on, datetime) else fund_sum
    found: dict[str, Sums] = dict.fromkeys(names, _NOTHING)
    for start in range(0, len(names), CHUNK):
        some = names[start : start + CHUNK]
        rows = conn.execute(
            select(table.c.fund, *(func.sum(table.c[name]) for name in MEASURES))
            .where(
                table.c.fund.in_(some), table.c.on <= day(on), _known(table, generation, known_on)
            )
            .group_by(table.c.fund)
        )
        found.update((row[0], Sums(*map(int, row[1:]))) for row in rows)
        for name, owed in _owed(conn, generation, some, on, known_on).items():
            found[name] = found[name].plus(Sums(reserved=owed))
    return {FundId(name): totalled(sums) for name, sums in found.items()}


def _known(table: Table, generation: int, known_on: Known) -> ColumnElement[bool]:
    if table is fund_line:
        return knew(table, generation, known_on)
    return (table.c.generation == generation) & (
        table.c.known <= day(None if isinstance(known_on, datetime) else known_on)
    )


def _owed(
    conn: Connection, generation: int, funds: Sequence[str], on: date | None, known_on: Known
) -> dict[str, int]:
    """By fund, by how much less than nothing was kept for some grants: it counts as nothing."""
    uneven = conn.execute(
        select(fund_grant.c.grant).where(
            fund_grant.c.generation == generation, fund_grant.c.fund.in_(funds),
            fund_grant.c.uneven == 1,
        )
    ).scalars()  # fmt: skip
    marked, found = list(uneven), dict[str, int]()
    kept = func.sum(fund_line.c.reserved)
    for start in range(0, len(marked), CHUNK):
        rows = conn.execute(
            select(fund_line.c.fund, kept)
            .where(
                knew(fund_line, generation, known_on), fund_line.c.fund.in_(funds),
                fund_line.c.grant.in_(marked[start : start + CHUNK]), fund_line.c.on <= day(on),
            )
            .group_by(fund_line.c.fund, fund_line.c.grant)
            .having(kept < 0)
        )  # fmt: skip
        for name, less in rows:
            found[name] = found.get(name, 0) - int(less)
    return found


def totalled(sums: Sums) -> Totals:
    """What a fund has by what its lines add up to: the rest of what came in is free."""
    noted = max(0, sums.noted)
    spent = sums.allotted + sums.offered + sums.reserved + sums.drawn - sums.returned - noted
    free = sums.credited + sums.received - spent
    return Totals(
        Fen(sums.credited), Fen(sums.received), Fen(sums.allotted), Fen(sums.offered),
        Fen(sums.reserved), Fen(sums.drawn), Fen(sums.returned),
        unfunded=Fen(noted + max(0, -free)), balance=Fen(max(0, free)),
    )  # fmt: skip


def running(
    conn: Connection, origin: str, name: str, rows: Sequence[Line], known_on: Known = None
) -> dict[str, Fen]:
    """What was free after each of these lines, which are one page, whole, the newest first."""
    if not rows:
        return {}
    generation, table, first = live(conn, origin, NAME), fund_line.c, rows[-1].place
    whole = fund_line if isinstance(known_on, datetime) else fund_sum
    sums = _summed(
        conn, whole, whole.c.fund == name, whole.c.on < first[0],
        _known(whole, generation, known_on),
    ).plus(_summed(
        conn, fund_line, table.fund == name, table.on == first[0],
        tuple_(table.seq, table.position) < tuple_(*first[1:]),
        knew(fund_line, generation, known_on),
    ))  # fmt: skip
    owed: dict[date, int] = {}
    found: dict[str, Fen] = {}
    for line in reversed(rows):
        if not line.counts(known_on):
            continue
        sums = sums.plus(line.sums)
        if line.on not in owed:
            owed[line.on] = _owed(conn, generation, [name], line.on, known_on).get(name, 0)
        found[line.ref] = totalled(sums.plus(Sums(reserved=owed[line.on]))).balance
    return found


def _summed(conn: Connection, table: Table, *where: ColumnElement[bool]) -> Sums:
    row = conn.execute(select(*(func.sum(table.c[name]) for name in MEASURES)).where(*where)).one()
    return Sums(*(int(value or 0) for value in row))


def between(
    conn: Connection, origin: str, name: str, then: tuple[date | None, Known],
    now: tuple[date | None, Known], *, limit: int = 200,
) -> tuple[list[Line], list[Line]]:  # fmt: skip
    """The lines that count now and did not then, and the other way round: (come, gone).

    Each moment is a date, and the day or instant by which it was known.
    """
    generation, table = live(conn, origin, NAME), fund_line.c
    at = [
        knew(fund_line, generation, known_on) & (table.on <= day(on))
        for on, known_on in (then, now)
    ]
    found: list[list[Line]] = []
    for counts, not_before in ((at[1], at[0]), (at[0], at[1])):
        rows = conn.execute(
            select(fund_line)
            .where(table.generation == generation, table.fund == name, counts, ~not_before)
            .order_by(table.on, table.seq, table.position)
            .limit(limit)
        ).mappings()
        found.append([_line(row) for row in rows])
    return found[0], found[1]


@dataclass(frozen=True)
class Asked:
    """Which lines of a fund one asks for; of every day, by all that is known, where not said."""

    since: date | None = None
    until: date | None = None  # included
    known_on: Known = None
    kind: str | None = None
    grant: str | None = None
    struck: bool = False  # also those that were corrected


def lines(
    conn: Connection, origin: str, name: str, asked: Asked | None = None, *, limit: int = 50,
    after: tuple[Any, ...] | None = None,
) -> Page[Line, tuple[str, int, int]]:  # fmt: skip
    """A page of a fund's lines, the newest first."""
    sought = asked or Asked()
    table = fund_line.c
    place = tuple_(table.on, table.seq, table.position)
    generation = live(conn, origin, NAME)
    known = knew(fund_line, generation, sought.known_on)
    if sought.struck:
        before = known_before(sought.known_on)
        known = (table.generation == generation) & (table.known_from < before)
    query = select(fund_line).where(known, table.fund == name)
    if sought.since is not None:
        query = query.where(table.on >= sought.since.isoformat())
    if sought.until is not None:
        query = query.where(table.on <= sought.until.isoformat())
    for column in ("kind", "grant"):
        value: str | None = getattr(sought, column)
        if value is not None:
            query = query.where(table[column] == value)
    if after is not None:
        query = query.where(place < tuple_(*after))
    order = (table.on.desc(), table.seq.desc(), table.position.desc())
    found = conn.execute(query.order_by(*order).limit(limit + 1)).mappings()
    rows = [_line(row) for row in found]
    return Page(rows[:limit], rows[limit - 1].place if len(rows) > limit else None)


def grants(
    conn: Connection, origin: str, name: str, *, limit: int = 50,
    after: tuple[Any, ...] | None = None,
) -> Page[GrantRow, tuple[str]]:  # fmt: skip
    """A page of the grants for which a fund keeps something now."""
    table = fund_grant.c
    query = select(fund_grant).where(
        table.generation == live(conn, origin, NAME), table.fund == name, table.reserved > 0
    )
    if after is not None:
        query = query.where(table.grant > after[0])
    rows = [
        GrantRow(row["grant"], row["fund"], row["reserved"], row["drawn"], row["returned"])
        for row in conn.execute(query.order_by(table.grant).limit(limit + 1)).mappings()
    ]
    more = len(rows) > limit
    return Page(rows[:limit], (rows[limit - 1].grant,) if more else None)


def offers(
    conn: Connection, origin: str, *, name: str | None = None, offer: str | None = None,
    open: bool | None = None,
) -> list[OfferRow]:  # fmt: skip
    """Money between shares, the newest first: of one fund at either end, one by its id, or all."""
    table = share_offer.c
    query = select(share_offer).where(table.generation == live(conn, origin, NAME))
    if name is not None:
        query = query.where((table.giver == name) | (table.receiver == name))
    if offer is not None:
        query = query.where(table.offer == offer)
    if open is not None:
        running = table.outcome.is_(None) & table.received_on.is_(None)
        query = query.where(running if open else ~running)
    rows = conn.execute(query.order_by(table.offered_on.desc(), table.offer)).mappings()
    return [_offer(row) for row in rows]


def overdue(conn: Connection, origin: str, today: date) -> list[OfferRow]:
    """Our own offers of money that were not answered in time."""
    table, generation = share_offer.c, live(conn, origin, NAME)
    ours = select(fund.c.fund).where(fund.c.generation == generation, fund.c.origin == origin)
    rows = conn.execute(
        select(share_offer)
        .where(
            table.generation == generation, table.outcome.is_(None), table.answer.is_(None),
            table.deadline < today.isoformat(), table.giver.in_(ours),
        )
        .order_by(table.deadline, table.offer)
    ).mappings()  # fmt: skip
    return [_offer(row) for row in rows]


def _fund(row: Any) -> FundRow:
    return FundRow(
        FundId(row["fund"]), row["origin"], UnionId(row["keeper"]), row["name"],
        Source(row["source"]), row["joint"], row["contributor"], row["year"], row["under"],
        date.fromisoformat(row["opened_on"]), _day(row["closed_on"]),
    )  # fmt: skip


def _line(row: Any) -> Line:
    return Line(
        row["ref"], FundId(row["fund"]), row["seq"], row["position"],
        date.fromisoformat(row["on"]), row["kind"],
        Fen(row["amount"]), row["grant"], row["payment"], row["movement"], row["other"],
        row["contributor"], row["cause"], row["paper"], Sums(*(row[name] for name in MEASURES)),
        row["known_from"], None if row["known_to"] == UNCHANGED else row["known_to"],
    )  # fmt: skip


def _offer(row: Any) -> OfferRow:
    return OfferRow(
        AllotmentId(row["offer"]), FundId(row["giver"]), row["receiver"], row["to_origin"],
        Fen(row["amount"]), _day(row["offered_on"]), _day(row["deadline"]),
        ShareAnswer(row["answer"]) if row["answer"] else None, _day(row["answered_on"]),
        row["ground"], ShareOutcome(row["outcome"]) if row["outcome"] else None,
        _day(row["outcome_on"]), _day(row["received_on"]), _day(row["voided_on"]),
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
