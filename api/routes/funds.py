"""Funds (帮扶资金): set up, credited, allotted, and shares of joint funds that move between provinces."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    AllotmentRef,
    Amount,
    Body,
    Day,
    FundRef,
    GrantRef,
    Name,
    PartnershipRef,
    Room,
    Seen,
    SignedIn,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.showing import (
    Listing,
    Look,
    Looking,
    Page,
    check_fund,
    check_union,
    names_of,
    sees_offer,
    turned,
)
from ledger import procedures, replay
from ledger.book import Entry, NotFound
from ledger.domain.funds import Fund, Source
from ledger.projections import fund_statements as view
from ledger.projections.fund_statements import Asked, FundRow, GrantRow, Line, OfferRow, Totals
from ledger.replay import FundBetween, FundFile

ROUTER = Room("/funds", "帮扶资金")


# ── views ────────────────────────────────────────────────────────────────────────────────────


class FundsSought(Listing):
    """Which funds, and what they had on which day."""

    union: UnionRef | None = Field(None, description="管账工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    joint: Word | None = Field(None, description="联合资金代号")
    source: Source | None = Field(None, description="资金来源")
    year: int | None = Field(None, ge=1990, le=2199, description="资金年度")
    open: bool | None = Field(None, description="是否在用")
    as_of: Day | None = Field(None, description="截至哪一天的余额")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")


@dataclass(frozen=True)
class FundLine:
    """One fund with what it has."""

    fund: FundRow
    keeper_name: str
    totals: Totals


@ROUTER.view("", "资金列表及余额", Page[FundLine])
def funds(who: SignedIn, asked: Annotated[FundsSought, Query()]) -> Response:
    turn = turned(who, "funds", asked)
    ask, origin = turn.asked, who.ledger.origin
    with who.ledger.reading() as reader:
        union = check_union(reader, who, ask.union)
        words = {
            name: value for name, value in ask.words().items() if name not in {"as_of", "known_on"}
        }
        sought = view.Sought.of({**words, **({"union": union} if union else {})})
        page = view.listing(
            reader.conn, origin, sought, limit=ask.limit, after=turn.place(str, str, str)
        )
        names = names_of(reader, [row.keeper for row in page.rows])
        totals = view.totals(
            reader.conn, origin, [row.fund for row in page.rows], ask.as_of, ask.known_on
        )
    lines = [FundLine(row, names.get(row.keeper, ""), totals[row.fund]) for row in page.rows]
    return turn.answer(lines, page.next)


class OffersSought(Look):
    """Which offers of money between shares."""

    open: bool | None = Field(None, description="是否在途")


@ROUTER.view("/offers", "份额之间的划转", list[OfferRow])
def offers(who: SignedIn, asked: Annotated[OffersSought, Query()]) -> Response:
    with who.ledger.reading() as reader:
        found = view.offers(reader.conn, who.ledger.origin, open=asked.open)
        shown = [row for row in found if sees_offer(reader, who, row)]
    return answer(shown)


@ROUTER.view("/{fund}", "一笔资金：合计、最近各行、联合资金的各份额", FundFile)
def fund(fund: FundRef, who: SignedIn, asked: Looking) -> Response:
    with who.ledger.reading() as reader:
        check_fund(reader, who, fund)
        told = replay.fund(reader, fund, as_of=asked.as_of, known_on=asked.known_on)
        thing = reader.get(Fund, fund)
    return answer(told, version=thing.version)


class LinesSought(Listing):
    """Which lines of a fund, by all that is known or as known on a day."""

    since: Day | None = Field(None, description="自哪一天起")
    until: Day | None = Field(None, description="至哪一天止（含）")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")
    kind: Word | None = Field(None, description="事实种类，如 MoneyDrawn")
    grant: GrantRef | None = Field(None, description="帮扶")


@ROUTER.view("/{fund}/lines", "收支明细，新的在前，每行指向其登记", Page[Line])
def lines(fund: FundRef, who: SignedIn, asked: Annotated[LinesSought, Query()]) -> Response:
    turn = turned(who, f"lines of {fund}", asked)
    ask = turn.asked
    with who.ledger.reading() as reader:
        check_fund(reader, who, fund)
        sought = Asked(ask.since, ask.until, ask.known_on, ask.kind, ask.grant)
        page = view.lines(
            reader.conn, who.ledger.origin, fund, sought, limit=ask.limit,
            after=turn.place(str, int, int),
        )  # fmt: skip
    return turn.answer(page.rows, page.next)


@ROUTER.view("/{fund}/reservations", "为哪些帮扶留用了多少", Page[GrantRow])
def reservations(fund: FundRef, who: SignedIn, asked: Annotated[Listing, Query()]) -> Response:
    turn = turned(who, f"reservations of {fund}", asked)
    with who.ledger.reading() as reader:
        check_fund(reader, who, fund)
        page = view.grants(
            reader.conn, who.ledger.origin, fund, limit=turn.asked.limit, after=turn.place(str)
        )
    return turn.answer(page.rows, page.next)


class Moments(Look):
    """Two moments: then, and now (`as_of`, `known_on`; without them by all that is known)."""

    then_as_of: Day | None = Field(None, description="前一时点：截至哪一天")
    then_known_on: Day | None = Field(None, description="前一时点：按哪一天已登记")


@ROUTER.view("/{fund}/changes", "两个时点之间的变化", FundBetween)
def changes(fund: FundRef, who: SignedIn, asked: Annotated[Moments, Query()]) -> Response:
    then, now = (asked.then_as_of, asked.then_known_on), (asked.as_of, asked.known_on)
    with who.ledger.reading() as reader:
        check_fund(reader, who, fund)
        told = replay.fund_between(reader, fund, then, now)
    return answer(told)


# ── keeping ──────────────────────────────────────────────────────────────────────────────────


class Opening(Body):
    """Whose money it is and where it comes from; of a share, of which joint fund, by whom."""

    keeper: UnionRef | None = Field(None, description="管账工会，默认办理工会")
    name: Name = Field(description="资金名称", examples=["东兰县总工会帮扶资金"])
    source: Source = Field(description="资金来源")
    year: int | None = Field(None, ge=1990, le=2199, description="资金年度")
    joint: Word | None = Field(None, description="联合资金代号，设立份额时填")
    contributor: Name = Field("", description="出资方，不限于工会", examples=["广东省广西商会"])
    annex: PartnershipRef | None = Field(None, description="联合资金所依协议")


@ROUTER.act("", "设立资金")
def open_fund(body: Opening, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = procedures.open_fund(
            entry, body.keeper or entry.act.union, body.name, body.source, annex=body.annex,
            joint=body.joint, contributor=body.contributor, year=body.year,
        )  # fmt: skip
        return {"fund": made}

    return asked.record(body, decide)


class Crediting(Body):
    """How much came in, from whom."""

    amount: Amount
    source: Source | None = Field(None, description="来源，默认同资金")
    contributor: Name = Field("", description="付款方；个人捐赠不写姓名")
    paper: Word | None = Field(None, description="凭证号")


@ROUTER.act("/{fund}/credit", "到账")
def credit(fund: FundRef, body: Crediting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        procedures.credit(entry, fund, body.amount, body.source, body.contributor, body.paper)

    return asked.record(body, decide, {fund: seen})


class Allotting(Body):
    """How much goes to which other fund of this province."""

    to: FundRef = Field(description="收款资金")
    amount: Amount
    paper: Word | None = Field(None, description="拨付文号")


@ROUTER.act("/{fund}/allotment", "拨付")
def allot(fund: FundRef, body: Allotting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = procedures.allot(entry, fund, body.to, body.amount, body.paper)
        return {"allotment": made}

    return asked.record(body, decide, {fund: seen})


class Covering(Body):
    """How much of what was paid without money is covered."""

    amount: Amount


@ROUTER.act("/{fund}/cover", "补足无资金来源的已付款项")
def cover(fund: FundRef, body: Covering, asked: Acting, seen: Seen) -> Response:
    return asked.record(
        body, lambda entry: procedures.cover(entry, fund, body.amount), {fund: seen}
    )


@ROUTER.act("/{fund}/closing", "关闭资金")
def close(fund: FundRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return asked.record(body, lambda entry: procedures.close_fund(entry, fund), {fund: seen})


# ── between two provinces ────────────────────────────────────────────────────────────────────


class Offering(Body):
    """How much is offered to which share of the other province."""

    to: FundRef = Field(description="对方省的份额")
    amount: Amount
    deadline: Day | None = Field(None, description="答复期限，默认按协议")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{fund}/offers", "提出划转")
def offer(fund: FundRef, body: Offering, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = procedures.offer_share(
            entry, fund, body.to, body.amount, deadline=body.deadline, paper=body.paper
        )
        return {"offer": made}

    return asked.record(body, decide, {fund: seen})


class Declining(Body):
    """Why the money is not taken."""

    ground: Text = Field(description="不予接收的理由")


@ROUTER.act("/{fund}/offers/{offer}/acceptance", "接收划转")
def accept(fund: FundRef, offer: AllotmentRef, body: Body, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        procedures.accept_share(entry, fund, _offer(entry, offer).giver, offer)

    return asked.record(body, decide, {fund: seen})


@ROUTER.act("/{fund}/offers/{offer}/refusal", "不予接收划转")
def decline(
    fund: FundRef, offer: AllotmentRef, body: Declining, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        giver = _offer(entry, offer).giver
        procedures.decline_share(entry, fund, giver, offer, body.ground)

    return asked.record(body, decide, {fund: seen})


@ROUTER.act("/{fund}/offers/{offer}/withdrawal", "撤回划转")
def withdraw(fund: FundRef, offer: AllotmentRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return asked.record(
        body, lambda entry: procedures.withdraw_share(entry, fund, offer), {fund: seen}
    )


def _offer(entry: Entry, offer: AllotmentRef) -> OfferRow:
    found = view.offers(entry.conn, entry.ledger.origin, offer=offer)
    if not found:
        raise NotFound(offer)
    return found[0]
