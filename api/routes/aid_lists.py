"""Lists of one amount (名单): drawn up, sent up, reviewed, approved, handed out, signed for as one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    AidListRef,
    AmountFen,
    Asking,
    Body,
    FundRef,
    GrantRef,
    Name,
    Part,
    PersonRef,
    Room,
    SchemeRef,
    Seen,
    SignedIn,
    Text,
    UnionRef,
    Word,
)
from api.routes.aid import (
    Content,
    GoodsGiven,
    GoodsList,
    Opinion,
    Signing,
    told_total,
)
from api.showing import (
    Listing,
    Page,
    Purpose,
    check_list,
    check_sight,
    check_union,
    looking,
    named,
    turned,
)
from ledger.book import Entry, NotFound
from ledger.domain.aid import AidList
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.ids import AidListId, GrantId
from ledger.procedures import aiding
from ledger.projections import grants as view
from ledger.replay import GrantLine, ListLine, grant_lines, list_lines

ROUTER = Room("/aid-lists", "发放名单")

MANY = 1000
"""How many persons are put on a list, or grants handed out, in one request."""


# ── views ────────────────────────────────────────────────────────────────────────────────────


class ListsSought(Listing):
    """Which lists: of a union and those below it."""

    union: UnionRef | None = Field(None, description="工会，默认本工会及下级")


@ROUTER.view("", "名单列表", Page[ListLine])
def lists(who: SignedIn, asked: Annotated[ListsSought, Query()]) -> Response:
    turn = turned(who, "aid-lists", asked)
    origin = who.ledger.origin
    with who.ledger.reading() as reader:
        union = check_union(reader, who, turn.asked.union)
        page = view.lists(reader.conn, origin, union=union, limit=turn.asked.limit, after=turn.pair)
        lines = list_lines(reader, page.rows)
    return turn.answer(lines, page.next)


class SheetSought(Listing):
    """Who stands on a list, a page at a time."""

    purpose: Purpose | None = Field(None, description="查阅目的；不填则对方省的不显示姓名")


@dataclass(frozen=True)
class ListFile:
    """A list with who stands on it; `content` is what an approval is of."""

    aid_list: ListLine
    content: str
    items: Sequence[GrantLine]
    next: str | None


@ROUTER.view("/{aid_list}", "一张名单：状态、合计、名单上的人", ListFile)
def one_list(
    aid_list: AidListRef, who: SignedIn, asked: Annotated[SheetSought, Query()]
) -> Response:
    turn = turned(who, f"aid-list:{aid_list}", asked)
    ask, origin = turn.asked, who.ledger.origin
    with looking(who, "aid-list", ask.purpose) as reader:
        held, row = check_list(reader, who, aid_list)
        after = turn.after[0] if turn.after else ""
        rows = view.sheet(reader.conn, origin, aid_list, after=after, limit=ask.limit + 1)
        lines = grant_lines(
            reader, rows[: ask.limit], named(reader, ask.purpose), mask=not who.sees_numbers
        )
        (head,) = list_lines(reader, [row])
    place = (rows[ask.limit - 1]["grant_id"],) if len(rows) > ask.limit else None
    made = turn.answer(lines, place, aid_list=head, content=held.content)
    made.headers["ETag"] = f'"{held.version}"'
    return made


# ── drawing up ───────────────────────────────────────────────────────────────────────────────


class DrawingUp(Body):
    """What everybody on it is given, and how."""

    title: Annotated[Name, Field(min_length=1)] = Field(
        description="名单名称", examples=["2026年春节送温暖"]
    )
    scheme: SchemeRef = Field(description="帮扶办法")
    kind: AidKind = Field(description="帮扶项目")
    each_fen: AmountFen = Field(description="每人金额（分）")
    mode: PayMode = Field(description="发放方式")


@ROUTER.act("", "拟定名单")
def draw_up(body: DrawingUp, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        return {
            "aid_list": aiding.draw_up(
                entry, body.title, body.scheme, body.kind, body.each_fen, body.mode
            )
        }

    return asked.record(body, decide)


class PuttingOn(Body):
    """Who is put on it, a grant each."""

    persons: list[PersonRef] = Field(min_length=1, max_length=MANY, description="受助职工")
    need: Word | None = Field(None, description="事由", examples=["2026春节"])


@ROUTER.act("/{aid_list}/persons", "列入名单，每人一笔")
def put_on(aid_list: AidListRef, body: PuttingOn, asked: Acting, seen: Seen) -> Response:
    def act(entry: Entry) -> dict[str, Any]:
        for person in dict.fromkeys(body.persons):
            check_sight(entry, asked.who, person)
        return {"grants": aiding.put_on(entry, aid_list, body.persons, body.need)}

    return _upon(asked, body, aid_list, seen, act)


class StrikingOff(Body):
    """Who is taken off it, and why."""

    grant: GrantRef = Field(description="名单上的一笔")
    reason: Text = Field("", description="剔除原因")


@ROUTER.act("/{aid_list}/struck-off", "从名单中剔除")
def strike_off(aid_list: AidListRef, body: StrikingOff, asked: Acting, seen: Seen) -> Response:
    def act(entry: Entry) -> None:
        _on(entry, aid_list, [body.grant])
        aiding.strike_off(entry, body.grant, body.reason)

    return _upon(asked, body, aid_list, seen, act)


@ROUTER.act("/{aid_list}/submission", "名单送审")
def send_up(aid_list: AidListRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, aid_list, seen, lambda entry: {"content": aiding.send_up(entry, aid_list)}
    )


# ── deciding ─────────────────────────────────────────────────────────────────────────────────


@ROUTER.act("/{aid_list}/review", "名单审核")
def review(aid_list: AidListRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, aid_list, seen, lambda entry: aiding.review_list(entry, aid_list))


@ROUTER.act("/{aid_list}/return", "名单退回修改")
def give_back(aid_list: AidListRef, body: Opinion, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, aid_list, seen,
        lambda entry: aiding.give_back_list(entry, aid_list, body.opinion),
    )  # fmt: skip


class ApprovingList(Body):
    """Of exactly the list that was seen."""

    content: Content
    fund: FundRef = Field(description="资金")
    minutes: Word | None = Field(None, description="会议纪要文号")


@ROUTER.act("/{aid_list}/approval", "名单审批：所见的名单，有变即不批")
def approve(aid_list: AidListRef, body: ApprovingList, asked: Acting, seen: Seen) -> Response:
    def act(entry: Entry) -> dict[str, Any]:
        approved = aiding.approve_list(entry, aid_list, body.content, body.fund, body.minutes)
        return {"count": approved.count, **told_total(approved.total)}

    return _upon(asked, body, aid_list, seen, act)


# ── handing out ──────────────────────────────────────────────────────────────────────────────


class Some(Part):
    """Which grants of the list; left out: all whose turn it is."""

    only: list[GrantRef] | None = Field(
        None, min_length=1, max_length=MANY, description="所列各笔，默认全部"
    )


class HandingOut(Body, Some):
    """By which signing sheet."""

    voucher: Word = Field(description="签领表编号")
    goods: GoodsList = Field(default_factory=list[GoodsGiven])


@ROUTER.act("/{aid_list}/sheets", "按签领表发放")
def hand_out(aid_list: AidListRef, body: HandingOut, asked: Acting, seen: Seen) -> Response:
    def act(entry: Entry) -> dict[str, int]:
        _on(entry, aid_list, body.only)
        goods = tuple(each.goods() for each in body.goods)
        return {
            "count": aiding.hand_out(entry, aid_list, body.voucher, only=body.only, goods=goods)
        }

    return _upon(asked, body, aid_list, seen, act)


class SigningFor(Signing, Some):
    """Who has signed, or who signed for them."""


@ROUTER.act("/{aid_list}/receipts", "签收（未参与办理的人核实）")
def sign_for(aid_list: AidListRef, body: SigningFor, asked: Acting, seen: Seen) -> Response:
    def act(entry: Entry) -> dict[str, int]:
        _on(entry, aid_list, body.only)
        return {
            "count": aiding.sign_for(
                entry, aid_list, body.how, only=body.only, collector=body.collector,
                paper=body.paper,
            )
        }  # fmt: skip

    return _upon(asked, body, aid_list, seen, act)


# ── acting upon a list ───────────────────────────────────────────────────────────────────────


def _upon(
    asked: Asking, body: Body, aid_list: AidListId, seen: int,
    act: Callable[[Entry], Mapping[str, Any] | None],
) -> Response:  # fmt: skip
    """An act upon a list that was seen; the head is held, for who is on it is asked of a view."""

    def decide(entry: Entry) -> Mapping[str, Any] | None:
        held = entry.read(AidList, aid_list)
        if held.union is None:
            raise NotFound(aid_list)
        check_union(entry, asked.who, held.union)
        return act(entry)

    return asked.record(body, decide, {aid_list: seen}, lock=True)


def _on(entry: Entry, aid_list: AidListId, only: Sequence[GrantId] | None) -> None:
    """NotFound where one of these stands on no such list."""
    known = view.get(entry.conn, entry.ledger.origin, only or ())
    for grant in only or ():
        if grant not in known or known[grant]["aid_list"] != aid_list:
            raise NotFound(grant)
