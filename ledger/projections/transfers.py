"""Transfers (会籍接转): one line for each, with both sides' state, from its facts in both provinces.

A request and the offer that answers it have one id and are one line. Whether something is late
hangs on the day one asks, and is never stored. How it stood on an earlier day is `replay`'s.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

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
    and_,
    case,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from ledger.domain.corrections import FactAnnulled
from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Fact, standing
from ledger.domain.membership import (
    AcceptanceVoided,
    EscalationAnswered,
    Membership,
    MembershipReceived,
    Offer,
    RequestClosed,
    RequestEscalated,
    RequestRefused,
    RequestState,
    TransferEscalated,
    TransferOffered,
    TransferRequest,
    TransferRequested,
    TransferVoucher,
    VoucherIssued,
)
from ledger.journal.tables import metadata
from ledger.projections import union_tree
from ledger.projections.filters import read, yes_or_no
from ledger.projections.paging import Page
from ledger.projections.posting import Posting, Projection, live, taken
from ledger.projections.two_times import Known, histories, rewrite

NAME = "transfers"


class TransferState(StrEnum):
    """Where a transfer stands, from both sides (接转状态)."""

    REQUESTED = "requested"  # 已商请，待答复
    REFUSED = "refused"  # 不予转出
    CLOSED = "closed"  # 商请已了结
    SHOWN = "shown"  # 凭证已出示，待转出方的记录
    OPEN = "open"  # 待接收
    ACCEPTED = "accepted"  # 已接收，待转出方确认
    DECLINED = "declined"  # 不予接收，待转出方确认
    RELEASED = "released"  # 已转出，待转入方确认
    RECEIVED = "received"  # 已转入
    RETURNED = "returned"  # 已退回
    LAPSED = "lapsed"  # 逾期失效
    WITHDRAWN = "withdrawn"  # 已撤回


class Tab(StrEnum):
    """The tabs of the page (接转列表)."""

    WAITING = "waiting"  # 在途
    LATE = "late"  # 逾期
    RETURNED = "returned"  # 退回
    DONE = "done"  # 已完成


class Way(StrEnum):
    """Seen from a union, or from a province (方向)."""

    OUT = "out"  # 转出
    IN = "in"  # 转入


WAITING = frozenset(
    {
        TransferState.REQUESTED,
        TransferState.SHOWN,
        TransferState.OPEN,
        TransferState.ACCEPTED,
        TransferState.DECLINED,
        TransferState.RELEASED,
    }
)
UNANSWERED = frozenset({TransferState.REQUESTED, TransferState.OPEN})
DONE = frozenset({TransferState.RECEIVED})
RETURNED = frozenset(TransferState) - WAITING - DONE
GOING = frozenset(
    {
        TransferState.SHOWN,
        TransferState.OPEN,
        TransferState.ACCEPTED,
        TransferState.RELEASED,
        TransferState.RECEIVED,
    }
)
"""Set going by the holder's union, and not turned back: the worker concerns the receiver too."""

transfer = Table(
    "transfer",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("transfer", Text, primary_key=True),
    Column("membership", Text),
    Column("person", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("from_union", Text),
    Column("from_origin", Text),
    Column("to_union", Text),
    Column("to_origin", Text),
    Column("receiver", Text),  # the union that answered, where it is not the one addressed
    Column("deadline", Text),
    Column("requested_on", Text),
    Column("offered_on", Text),
    Column("answered_on", Text),
    Column("outcome_on", Text),
    Column("received_on", Text),
    Column("ground", Text),  # of a decline or a refusal
    Column("follow_up", Text),
    Column("reason", Text),  # of the offer
    Column("handover", Text),  # the group handover that it is a part of
    Column("escalated_to", Text),
    Column("ruling", Text),
    Column("voided", Integer, nullable=False),
    Column("turn", Text),  # whose turn it is, and since when
    Column("turn_since", Text),
    Column("began", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),  # of the newest record of ours that told of it
    Column("voucher_until", Text),  # until when the worker may carry it herself
    Column("shown_on", Text),
    Index("transfer_membership", "generation", "membership"),
    Index("transfer_person", "generation", "person"),
    Index("transfer_from", "generation", "from_union"),
    Index("transfer_to", "generation", "to_union"),
    Index("transfer_state", "generation", "state", "deadline"),
)


# ── posting ──────────────────────────────────────────────────────────────────────────────────


class _View:
    name, zh = NAME, "会籍接转"
    tables: Sequence[Table] = (transfer,)

    def post(self, conn: Connection, generation: int, page: Sequence[Posting]) -> None:
        touched: set[str] = set()
        memberships: set[str] = set()
        for posting in page:
            stream, body = posting.record.stream, posting.body
            if stream.startswith("trf_"):
                touched.add(stream)
                memberships.add(body.get("membership") or "")
            elif stream.startswith("mem_") and (
                "offer" in body
                or posting.fact.corrects is not None
                or isinstance(posting.event, FactAnnulled)
            ):
                memberships.add(stream)
                touched.add(body.get("offer") or "")
        if not touched:
            return
        self._rewrite(conn, generation, page, touched - {""}, memberships - {""})

    def _rewrite(
        self, conn: Connection, generation: int, page: Sequence[Posting], touched: set[str],
        memberships: set[str],
    ) -> None:  # fmt: skip
        before = taken(conn, transfer, generation, "transfer", sorted(touched))
        before += taken(conn, transfer, generation, "membership", sorted(memberships))
        touched |= {row["transfer"] for row in before}
        memberships |= {row["membership"] for row in before if row["membership"]}
        held = histories(conn, page, memberships)
        asked = histories(conn, page, touched)
        lines: dict[str, Mapping[str, Any]] = {}
        for history in asked.values():
            lines.update(_requests(history))
        for membership, history in held.items():
            for offer, line in _offers(MembershipId(membership), history):
                lines[offer] = _merged(lines.get(offer), line)
        for offer, history in asked.items():
            voucher = TransferVoucher.of(known.fact for known in history)
            line = lines.get(offer) or _shown(voucher)
            if line is not None and voucher.known:
                lines[offer] = {
                    **line,
                    **_voucher(voucher),
                    "seq": max(line["seq"] or 0, history[-1].seq),
                }
        rows = [
            (generation, offer, *(line[column.name] for column in transfer.columns[2:]))
            for offer, line in lines.items()
        ]
        rewrite(conn, transfer, generation, "transfer", touched | set(lines), rows)


VIEW: Projection = _View()

_EMPTY: Mapping[str, Any] = {
    column.name: 0 if column.name == "voided" else None
    for column in transfer.columns
    if column.name not in {"generation", "transfer"}
}


def _requests(history: Sequence[Known]) -> dict[str, Mapping[str, Any]]:
    """The line of a request, as far as its own stream tells."""
    facts = [known.fact for known in history]
    request = TransferRequest.of(facts)
    asked = request.asked
    if asked is None:
        return {}
    told = standing(facts)
    began = _on(told, TransferRequested)
    refused, closed = _on(told, RequestRefused), _on(told, RequestClosed)
    state = {
        RequestState.REFUSED: TransferState.REFUSED,
        RequestState.CLOSED: TransferState.CLOSED,
    }.get(request.state, TransferState.REQUESTED)
    origin = next(f.origin for f in told if f.event is asked)
    turn = (asked.from_union, began) if state is TransferState.REQUESTED else (None, None)
    if request.escalated_to is not None and state is not TransferState.CLOSED:
        turn = (request.escalated_to, _on(told, RequestEscalated))
    return {
        asked.request: {
            **_EMPTY,
            "membership": asked.membership, "person": asked.person, "state": state,
            "from_union": asked.from_union, "from_origin": asked.from_origin,
            "to_union": asked.union, "to_origin": origin, "deadline": asked.deadline.isoformat(),
            "requested_on": began, "answered_on": refused, "outcome_on": closed,
            "ground": request.refused, "escalated_to": request.escalated_to,
            "turn": turn[0], "turn_since": turn[1], "began": began, "seq": history[-1].seq,
        }
    }  # fmt: skip


def _offers(
    membership: MembershipId, history: Sequence[Known]
) -> Iterable[tuple[TransferId, Mapping[str, Any]]]:
    """The lines of all offers of one membership."""
    folded = Membership.of([known.fact for known in history])
    told: dict[str, list[Fact]] = {}
    for fact in standing(known.fact for known in history):
        told.setdefault(fact.event.__dict__.get("offer", ""), []).append(fact)
    seqs = {known.fact.event.__dict__.get("offer", ""): known.seq for known in history}
    for id_, offer in folded.offers.items():
        facts = told.get(id_, [])
        if facts and folded.person is not None:
            yield id_, {
                **_EMPTY, **_offer(offer, facts), "membership": membership,
                "person": folded.person, "seq": seqs[id_],
            }  # fmt: skip


def _offer(offer: Offer, facts: Sequence[Fact]) -> Mapping[str, Any]:
    offered = next((f for f in facts if isinstance(f.event, TransferOffered)), None)
    answered = next((f for f in facts if offer.answer is not None and _answers(f)), None)
    event = offered.event if offered else None
    began = offered.on if offered else min(f.on for f in facts)
    state = TransferState(offer.state)
    turn: tuple[str | None, str | None] = (None, None)
    match state:
        case TransferState.OPEN:
            turn = (offer.to_union, began.isoformat())
        case TransferState.ACCEPTED | TransferState.DECLINED:
            turn = (offer.from_union, _iso(offer.answered_on))
        case TransferState.RELEASED:
            turn = (offer.receiver, _iso(offer.outcome_on))
        case _:
            pass
    if offer.escalated_to is not None and _on(facts, EscalationAnswered) is None:
        turn = (offer.escalated_to, _on(facts, TransferEscalated))
    ruling = next((f.event.ruling for f in facts if isinstance(f.event, EscalationAnswered)), None)
    return {
        "state": state,
        "from_union": offer.from_union,
        "from_origin": offered.origin if offered else None,
        "to_union": offer.to_union or offer.receiver,
        "to_origin": offer.to_origin or (answered.origin if answered else None),
        "receiver": offer.receiver,
        "deadline": _iso(offer.deadline),
        "offered_on": _iso(offer.offered_on),
        "answered_on": _iso(offer.answered_on),
        "outcome_on": _iso(offer.outcome_on),
        "received_on": _on(facts, MembershipReceived),
        "ground": offer.ground,
        "follow_up": _iso(offer.follow_up),
        "reason": event.reason if isinstance(event, TransferOffered) else None,
        "handover": event.handover if isinstance(event, TransferOffered) else None,
        "escalated_to": offer.escalated_to,
        "ruling": ruling,
        "voided": int(offer.voided or _on(facts, AcceptanceVoided) is not None),
        "turn": turn[0],
        "turn_since": turn[1],
        "began": began.isoformat(),
    }


def _merged(asked: Mapping[str, Any] | None, offered: Mapping[str, Any]) -> Mapping[str, Any]:
    """The offer that answers a request, with what the request said."""
    if asked is None:
        return offered
    kept = {name: value for name, value in offered.items() if value is not None}
    seq = max(asked["seq"], offered["seq"])
    settled = {"turn": offered["turn"], "turn_since": offered["turn_since"]}
    return {**asked, **kept, **settled, "ground": offered["ground"], "began": asked["began"],
            "seq": seq}  # fmt: skip


def _shown(voucher: TransferVoucher) -> Mapping[str, Any] | None:
    """The line of a voucher that was shown before its offer was read."""
    said = voucher.shown
    if said is None:
        return None
    return {
        **_EMPTY,
        "person": said.person, "state": TransferState.SHOWN, "from_origin": said.from_origin,
        "to_union": said.union, "to_origin": voucher.shown_at, "deadline": said.until.isoformat(),
        "began": _iso(voucher.shown_on),
    }  # fmt: skip


def _voucher(voucher: TransferVoucher) -> Mapping[str, Any]:
    issued = voucher.issued.event if voucher.issued else None
    until = issued.until if isinstance(issued, VoucherIssued) else None
    if until is None and voucher.shown is not None:
        until = voucher.shown.until
    return {"voucher_until": _iso(until), "shown_on": _iso(voucher.shown_on)}


def _answers(fact: Fact) -> bool:
    return type(fact.event).__name__ in {"TransferAccepted", "TransferDeclined"}


def _on(facts: Iterable[Fact], kind: type[Any]) -> str | None:
    """When the newest fact of this kind took effect."""
    days = [fact.on.isoformat() for fact in facts if isinstance(fact.event, kind)]
    return days[-1] if days else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


# ── asking ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sought:
    """What one asks of the transfers. `today` decides what is late; `way` is seen from `union`, or
    without one from this province.
    """

    today: date
    tab: Tab | None = None
    way: Way | None = None
    union: str | None = None
    below: bool = True
    state: TransferState | None = None
    membership: str | None = None
    person: str | None = None
    handover: str | None = None
    turn: str | None = None  # waits for this union

    @classmethod
    def of(cls, today: date, given: Mapping[str, str]) -> "Sought":
        """From the words of a URL or a command line. Raises: UnknownFilter."""
        return cls(today, **read(given, _FILTERS))


_FILTERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "tab": ("tab", Tab),
    "way": ("way", Way),
    "union": ("union", str),
    "below": ("below", yes_or_no),
    "state": ("state", TransferState),
    "membership": ("membership", str),
    "person": ("person", str),
    "handover": ("handover", str),
    "turn": ("turn", str),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer. Each side's state: the origin's by `offered_on` and `outcome_on`, the
    receiver's by `answered_on` and `received_on`.
    """

    transfer: TransferId
    membership: MembershipId | None
    person: PersonId
    state: TransferState
    from_union: UnionId | None
    from_origin: str | None
    to_union: UnionId | None
    to_origin: str | None
    receiver: UnionId | None
    deadline: date | None
    requested_on: date | None
    offered_on: date | None
    answered_on: date | None
    outcome_on: date | None
    received_on: date | None
    ground: str | None
    follow_up: date | None
    reason: str | None
    handover: str | None
    escalated_to: UnionId | None
    ruling: str | None
    voided: bool
    voucher_until: date | None
    shown_on: date | None
    turn: UnionId | None
    turn_since: date | None
    began: date

    def late(self, today: date) -> bool:
        """Whether it has not been answered, and should have been before this day."""
        return self.state in UNANSWERED and self.deadline is not None and self.deadline < today

    def going(self, today: date) -> bool:
        """Whether the holder's union set it going and it was not turned back; a voucher in its term."""
        spent = self.state is TransferState.SHOWN and (self.deadline or date.max) < today
        return self.state in GOING and not spent


_DAYS = (
    "deadline", "requested_on", "offered_on", "answered_on", "outcome_on", "received_on",
    "follow_up", "turn_since", "began", "voucher_until", "shown_on",
)  # fmt: skip


def listing(
    conn: Connection, origin: str, sought: Sought, *, limit: int = 50,
    after: tuple[str, str] | None = None,
) -> Page[Line, tuple[str, str]]:  # fmt: skip
    """A page of transfers: what waits by its deadline, all else the newest first."""
    query = select(transfer).where(*_where(conn, origin, sought))
    if sought.tab in {Tab.WAITING, Tab.LATE}:
        key = func.coalesce(transfer.c.deadline, "9999-12-31")
        place = tuple_(key, transfer.c.transfer)
        if after is not None:
            query = query.where(place > tuple_(*after))
        rows = _rows(conn, query.order_by(key, transfer.c.transfer).limit(limit + 1))
        places = [((row.deadline or date.max).isoformat(), row.transfer) for row in rows]
    else:
        place = tuple_(transfer.c.began, transfer.c.transfer)
        if after is not None:
            query = query.where(place < tuple_(*after))
        order = (transfer.c.began.desc(), transfer.c.transfer.desc())
        rows = _rows(conn, query.order_by(*order).limit(limit + 1))
        places = [(row.began.isoformat(), row.transfer) for row in rows]
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], places[limit - 1])


def count(
    conn: Connection, origin: str, sought: Sought, among: frozenset[TransferState] | None = None
) -> dict[Tab, int]:
    """How many stand under each tab, of what `listing` lists (its own tab aside); `among`: only of
    these states, so that what is over and done need not be counted.
    """
    late = case((_tab(Tab.LATE, sought.today), 1), else_=0)
    spent = case((_spent(sought.today), 1), else_=0)
    rows = conn.execute(
        select(transfer.c.state, late, spent, func.count())
        .where(
            *_where(conn, origin, replace(sought, tab=None)),
            *([transfer.c.state.in_(sorted(among))] if among is not None else []),
        )
        .group_by(transfer.c.state, late, spent)
    )
    found = dict.fromkeys(Tab, 0)
    for state, is_late, is_spent, number in rows:
        if is_spent:
            found[Tab.RETURNED] += number
            continue
        for tab in Tab:
            if is_late if tab is Tab.LATE else state in _STATES[tab]:
                found[tab] += number
    return found


def get(conn: Connection, origin: str, transfers: Iterable[str]) -> dict[TransferId, Line]:
    """These transfers, as far as they are known here."""
    rows = taken(conn, transfer, live(conn, origin, NAME), "transfer", list(transfers))
    return {line.transfer: line for line in map(_line, rows)}


def overdue(conn: Connection, origin: str, today: date) -> list[Line]:
    """Our own offers that were not answered in time: what lapses or is escalated."""
    where = _where(conn, origin, Sought(today, tab=Tab.LATE))
    query = select(transfer).where(*where, transfer.c.from_origin == origin)
    return _rows(conn, query.order_by(transfer.c.deadline, transfer.c.transfer))


_STATES: Mapping[Tab, frozenset[TransferState]] = {
    Tab.WAITING: WAITING,
    Tab.LATE: UNANSWERED,
    Tab.RETURNED: RETURNED,
    Tab.DONE: DONE,
}


def _tab(tab: Tab, today: date) -> ColumnElement[bool]:
    states = transfer.c.state.in_(sorted(_STATES[tab]))
    match tab:
        case Tab.LATE:
            return and_(states, transfer.c.deadline < today.isoformat())
        case Tab.RETURNED:
            return or_(states, _spent(today))
        case _:
            return and_(states, not_(_spent(today)))


def _spent(today: date) -> ColumnElement[bool]:
    """A voucher whose term is over, and whose offer has never come: it is dead, and nobody serves
    by it. Should the offer come after all, it says for itself where it stands."""
    shown = transfer.c.state == TransferState.SHOWN
    return and_(shown, transfer.c.deadline < today.isoformat())


def _where(conn: Connection, origin: str, sought: Sought) -> list[ColumnElement[bool]]:
    """The one question of list and counts."""
    where: list[ColumnElement[bool]] = [transfer.c.generation == live(conn, origin, NAME)]
    if sought.tab is not None:
        where.append(_tab(sought.tab, sought.today))
    sides = _sides(conn, origin, sought)
    if sought.way is not None:
        where.append(sides[sought.way])
    elif sought.union is not None:
        where.append(or_(*sides.values()))
    for name in ("state", "membership", "person", "handover", "turn"):
        value: str | None = getattr(sought, name)
        if value is not None:
            where.append(transfer.c[name] == value)
    return where


def _sides(conn: Connection, origin: str, sought: Sought) -> dict[Way, ColumnElement[bool]]:
    """What is on its way out, and in: of a union and those below it, or of this province."""
    if sought.union is None:
        return {Way.OUT: transfer.c.from_origin == origin, Way.IN: transfer.c.to_origin == origin}
    here: Any = [sought.union]
    if sought.below:
        here = union_tree.subtree_query(live(conn, origin, union_tree.NAME), sought.union)
    return {
        Way.OUT: transfer.c.from_union.in_(here),
        Way.IN: or_(transfer.c.to_union.in_(here), transfer.c.receiver.in_(here)),
    }


def _rows(conn: Connection, query: Select[Any]) -> list[Line]:
    return [_line(dict(row)) for row in conn.execute(query).mappings()]


def _line(row: Mapping[str, Any]) -> Line:
    told = {name: row[name] for name in row if name not in {"generation", "seq"}}
    told |= {name: date.fromisoformat(row[name]) for name in _DAYS if row[name]}
    told["state"], told["voided"] = TransferState(row["state"]), bool(row["voided"])
    return Line(**told)
