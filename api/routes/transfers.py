"""Transfers (会籍接转): offered, asked for, answered, withdrawn, brought before the superior; a group."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Asking,
    Body,
    ConsentRef,
    Day,
    MembershipRef,
    Name,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    Text,
    TransferRef,
    UnionRef,
    answer,
)
from api.routes.membership import refused
from api.showing import (
    Listing,
    Looking,
    Page,
    Purpose,
    check_purpose,
    check_sight,
    check_transfer,
    check_union,
    glimpse,
    looking,
    names_of,
    turned,
)
from ledger import procedures, replay
from ledger.book import Entry, NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.ids import MembershipId, TransferId, UnionId
from ledger.domain.kernel import Basis
from ledger.domain.membership import (
    EscalationCause,
    Ground,
    Membership,
    Proof,
    RefusalGround,
    RequestClosing,
    Ruling,
    TransferReason,
    TransferRequest,
    WithdrawReason,
)
from ledger.domain.persons import Person
from ledger.projections import transfers as view
from ledger.projections.transfers import Line, Tab, TransferState, Way
from ledger.replay import Shown, TransferFile

ROUTER = Room("/transfers", "会籍接转")


# ── views ────────────────────────────────────────────────────────────────────────────────────


class TransfersSought(Listing):
    """Which transfers: under which tab, out or in, of which union."""

    tab: Tab | None = Field(None, description="在途、逾期、退回、已完成")
    way: Way | None = Field(None, description="转出或转入")
    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    state: TransferState | None = Field(None, description="接转状态")
    membership: MembershipRef | None = Field(None, description="会籍")
    person: PersonRef | None = Field(None, description="职工")
    handover: Annotated[str, Field(pattern=r"^imp_[a-z2-7]{26}$")] | None = Field(
        None, description="批量交接"
    )
    turn: UnionRef | None = Field(None, description="待哪个工会办理")
    count: bool | None = Field(None, description="是否给出各栏合计")
    purpose: Purpose | None = Field(None, description="查阅目的；不填则对方省会员不显示姓名")

    def sought(self, who: Visitor, union: UnionId | None) -> view.Sought:
        """The question to the view. Raises: UnknownFilter."""
        words = self.words()
        for aside in ("count", "purpose"):
            words.pop(aside, None)
        return view.Sought.of(who.today, {**words, **({"union": union} if union else {})})


@dataclass(frozen=True)
class TransferLine:
    """One transfer with both sides' state; a partner's member has a name only for a purpose."""

    transfer: Line
    person: Shown | None
    from_name: str
    to_name: str
    late: bool


@ROUTER.view("", "接转列表：转出、转入、在途、逾期", Page[TransferLine])
def transfers(who: SignedIn, asked: Annotated[TransfersSought, Query()]) -> Response:
    turn = turned(who, "transfers", asked)
    ask, origin = turn.asked, who.ledger.origin
    with looking(who, "transfers", ask.purpose) as reader:
        sought = ask.sought(who, check_union(reader, who, ask.union))
        page = view.listing(reader.conn, origin, sought, limit=ask.limit, after=turn.pair)
        counts = view.count(reader.conn, origin, sought) if ask.count else None
        open_ = [row for row in page.rows if _held(row) == origin or ask.purpose]
        shown = glimpse(reader, who, open_, mask=not who.sees_numbers)
        names = names_of(reader, [u for row in page.rows for u in (row.from_union, row.to_union)])
    lines = [
        TransferLine(
            row, shown.get(row.person), names.get(row.from_union or UnionId(""), ""),
            names.get(row.to_union or UnionId(""), ""), row.late(who.today),
        )
        for row in page.rows
    ]  # fmt: skip
    return turn.answer(lines, page.next, **({"counts": counts} if counts else {}))


def _held(row: Line) -> str | None:
    """Whose journal holds the membership, as far as this transfer tells."""
    moved = row.state in {TransferState.RELEASED, TransferState.RECEIVED}
    return row.to_origin if moved else row.from_origin


@ROUTER.view("/{transfer}", "一次接转：两省各步，截至某日、按某日已登记", TransferFile)
def transfer(transfer: TransferRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "transfer", asked.purpose) as reader:
        line = _line(reader, transfer)
        check_transfer(reader, who, line)
        check_purpose(reader, line.person, asked.purpose)
        told = replay.transfer(
            reader, transfer, as_of=asked.as_of, known_on=asked.known_on,
            mask=not who.sees_numbers,
        )  # fmt: skip
        thing = reader.get(*_thing(line))
    return answer(told, version=thing.version)


def _line(reader: Reader, transfer: str) -> Line:
    found = view.get(reader.conn, reader.ledger.origin, [transfer])
    if not found:
        raise NotFound(transfer)
    return found[TransferId(transfer)]


def _thing(line: Line) -> tuple[type[Membership] | type[TransferRequest], str]:
    """What a transfer's version is of: the membership once it is offered, before that the request."""
    offered = line.offered_on is not None or line.requested_on is None
    if offered and line.membership is not None:
        return Membership, line.membership
    return TransferRequest, line.transfer


# ── offering ─────────────────────────────────────────────────────────────────────────────────


class Sending(Body):
    """To whom, why, and on what basis the partner may read of the worker."""

    to_union: UnionRef = Field(description="接收工会")
    reason: TransferReason = Field(TransferReason.WORKS_THERE, description="接转原因")
    basis: Basis | None = Field(None, description="向对方省提供信息的法律依据")
    note: Text = Field("", description="说明")
    deadline: Day | None = Field(None, description="答复期限，默认按协议")


class Offering(Sending):
    """Which membership is offered."""

    membership: MembershipRef = Field(description="会籍")
    consent: ConsentRef | None = Field(None, description="所依据的同意")


@ROUTER.act("", "转出")
def offer(body: Offering, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        _sight(entry, asked, body.membership)
        made = procedures.offer(
            entry, body.membership, body.to_union, body.reason, basis=body.basis,
            consent=body.consent, note=body.note, deadline=body.deadline,
        )  # fmt: skip
        return {"transfer": made}

    return asked.record(body, decide)


class HandingOver(Sending):
    """Which memberships are handed over as a group; the receiver answers each."""

    memberships: list[MembershipRef] = Field(min_length=1, max_length=1000, description="会籍")
    reason: TransferReason = Field(TransferReason.HANDOVER, description="接转原因")


@ROUTER.act("/handovers", "批量交接：逐人给出结果")
def hand_over(body: HandingOver, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        for each in body.memberships:
            _sight(entry, asked, each)
        made = procedures.hand_over(
            entry, body.memberships, body.to_union, body.reason, basis=body.basis, note=body.note,
            deadline=body.deadline,
        )  # fmt: skip
        return {"handover": made.id, "offers": made.offers, "refused": refused(made.refused)}

    return asked.record(body, decide)


class Withdrawing(Body):
    """Why the offer is taken back."""

    reason: WithdrawReason = Field(description="撤回原因")
    note: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/withdrawal", "撤回转出")
def withdraw(transfer: TransferRef, body: Withdrawing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, transfer, seen, lambda entry, membership: procedures.withdraw(
        entry, membership, transfer, body.reason, body.note
    ))  # fmt: skip


class Putting(Body):
    """That the worker may carry the offer herself."""


@ROUTER.act("/{transfer}/voucher", "开具凭证：交本人携带，答复期限前有效")
def issue_voucher(transfer: TransferRef, body: Putting, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, transfer, seen, lambda entry, membership: procedures.issue_voucher(
        entry, membership, transfer
    ))  # fmt: skip


@dataclass(frozen=True)
class CarriedVoucher:
    """A voucher as it is carried: its text is what the QR code holds."""

    transfer: TransferId
    text: str
    since: date
    until: date


@ROUTER.view("/{transfer}/voucher", "已开具的凭证，供出示、打印", CarriedVoucher)
def voucher(transfer: TransferRef, who: SignedIn) -> Response:
    with looking(who, "transfer", f"transfer:{transfer}") as reader:
        check_sight(reader, who, _line(reader, transfer).person)
        made = procedures.carried(reader, transfer)
    return answer(CarriedVoucher(transfer, made.text, made.voucher.since, made.voucher.until))


# ── answering ────────────────────────────────────────────────────────────────────────────────


class Accepting(Body):
    """Into which union, and where the worker works now."""

    union: UnionRef | None = Field(None, description="接收工会，默认办理工会")
    employer: Name = Field("", description="工作单位")
    trade: Name = Field("", description="工种")
    note: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/acceptance", "接收")
def accept(transfer: TransferRef, body: Accepting, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, transfer, seen, lambda entry, membership: procedures.accept(
        entry, membership, transfer, union=body.union, employer=body.employer, trade=body.trade,
        note=body.note,
    ))  # fmt: skip


class AcceptingList(Body):
    """Which offers are accepted, each by itself, into the acting union."""

    transfers: list[TransferRef] = Field(min_length=1, max_length=1000, description="接转")


@ROUTER.act("/acceptances", "批量接收：逐人给出结果")
def accept_list(body: AcceptingList, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        offers: list[tuple[MembershipId, TransferId]] = []
        for each in body.transfers:
            line = _line(entry, each)
            check_transfer(entry, asked.who, line)
            if line.membership is None:
                raise NotFound(each)
            offers.append((line.membership, each))
        listed = procedures.accept_list(entry, offers)
        return {"done": listed.done, "refused": refused(listed.refused)}

    return asked.record(body, decide)


class Declining(Body):
    """On which ground of the closed list, and when it is looked at again."""

    ground: Ground = Field(description="不予接收理由")
    opinion: Text = Field("", description="说明")
    union: UnionRef | None = Field(None, description="答复工会，默认办理工会")
    follow_up: Day | None = Field(None, description="何时再看")


@ROUTER.act("/{transfer}/refusal", "不予接收")
def decline(transfer: TransferRef, body: Declining, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, transfer, seen, lambda entry, membership: procedures.decline(
        entry, membership, transfer, body.ground, body.opinion, union=body.union,
        follow_up=body.follow_up,
    ))  # fmt: skip


class Escalating(Body):
    """Why it goes to the superior, and to which."""

    cause: EscalationCause = Field(description="报上级原因")
    superior: UnionRef | None = Field(None, description="上级工会，默认接收方的上级")
    note: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/escalation", "报上级")
def escalate(transfer: TransferRef, body: Escalating, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, transfer, seen, lambda entry, membership: procedures.escalate(
        entry, membership, transfer, body.cause, body.note, body.superior
    ))  # fmt: skip


class Answering(Body):
    """What the superior finds."""

    ruling: Ruling = Field(description="上级答复")
    opinion: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/ruling", "上级答复")
def rule(transfer: TransferRef, body: Answering, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry, membership: MembershipId) -> None:
        held = entry.read(Membership, membership)
        entry.write(held.rule(entry.act, transfer, body.ruling, body.opinion))

    return _upon(asked, body, transfer, seen, decide)


def _upon(
    asked: Asking, body: Body, transfer: TransferId, seen: int,
    act: Callable[[Entry, MembershipId], Any],
) -> Response:  # fmt: skip
    """An act upon an offer that was seen, for its sides and those above them."""
    line = _asked(asked, transfer)

    def decide(entry: Entry) -> None:
        if line.membership is None:
            raise NotFound(transfer)
        check_transfer(entry, asked.who, line)
        entry.read(*_thing(line))
        act(entry, line.membership)

    return asked.record(body, decide, {_thing(line)[1]: seen})


def _asked(asked: Asking, transfer: TransferId) -> Line:
    with asked.who.ledger.reading() as reader:
        return _line(reader, transfer)


# ── asking for a membership ──────────────────────────────────────────────────────────────────


class Requesting(Body):
    """Of whom, from whom, on what proof; the worker has turned up here."""

    person: PersonRef = Field(description="职工")
    from_union: UnionRef = Field(description="会籍所在工会")
    proof: Proof = Field(description="会籍凭证")
    basis: Basis | None = Field(None, description="向对方省提供信息的法律依据")
    consent: ConsentRef | None = Field(None, description="所依据的同意")
    membership: MembershipRef | None = Field(None, description="会籍，如已知")
    employer: Name = Field("", description="工作单位")
    trade: Name = Field("", description="工种")
    note: Text = Field("", description="说明")


@ROUTER.act("/requests", "商请接转")
def request(body: Requesting, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        entry.read(Person, body.person)
        told = body.model_dump(exclude={"act"})
        return {"transfer": procedures.request(entry, **told)}

    return asked.record(body, decide)


class AnsweringRequest(Body):
    """Which membership is offered in answer."""

    membership: MembershipRef = Field(description="会籍")
    basis: Basis | None = Field(None, description="法律依据，默认同对方")
    consent: ConsentRef | None = Field(None, description="所依据的同意")
    note: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/answer", "应商请转出")
def answer_request(
    transfer: TransferRef, body: AnsweringRequest, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        told = body.model_dump(exclude={"act"})
        procedures.answer_request(entry, transfer, **told)

    return _upon_request(asked, body, transfer, seen, decide)


class Refusing(Body):
    """Why the membership is not offered."""

    ground: RefusalGround = Field(description="不予转出理由")
    opinion: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/request-refusal", "不予转出")
def refuse_request(transfer: TransferRef, body: Refusing, asked: Acting, seen: Seen) -> Response:
    return _upon_request(asked, body, transfer, seen, lambda entry: procedures.refuse_request(
        entry, transfer, body.ground, body.opinion
    ))  # fmt: skip


class EscalatingRequest(Body):
    """Whether the asking union serves meanwhile."""

    serves: bool = Field(description="是否先行服务")
    note: Text = Field("", description="说明")


@ROUTER.act("/{transfer}/request-escalation", "商请报上级")
def escalate_request(
    transfer: TransferRef, body: EscalatingRequest, asked: Acting, seen: Seen
) -> Response:
    return _upon_request(asked, body, transfer, seen, lambda entry: procedures.escalate_request(
        entry, transfer, serves=body.serves, note=body.note
    ))  # fmt: skip


class ClosingRequest(Body):
    """Why the asking union closes its request."""

    why: RequestClosing = Field(description="了结原因")


@ROUTER.act("/{transfer}/request-closing", "商请了结")
def close_request(
    transfer: TransferRef, body: ClosingRequest, asked: Acting, seen: Seen
) -> Response:
    return _upon_request(asked, body, transfer, seen, lambda entry: procedures.close_request(
        entry, transfer, body.why
    ))  # fmt: skip


def _upon_request(
    asked: Asking, body: Body, transfer: TransferId, seen: int,
    act: Callable[[Entry], Any],
) -> Response:  # fmt: skip
    """An act upon a request that was seen, for its sides and those above them."""
    line = _asked(asked, transfer)

    def decide(entry: Entry) -> None:
        check_transfer(entry, asked.who, line)
        entry.read(*_thing(line))
        act(entry)

    return asked.record(body, decide, {_thing(line)[1]: seen})


def _sight(entry: Entry, asked: Asking, membership: MembershipId) -> None:
    held = entry.read(Membership, membership)
    if held.person is None:
        raise NotFound(membership)
    check_sight(entry, asked.who, held.person)
