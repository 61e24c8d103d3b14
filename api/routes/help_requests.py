"""Requests for help (职工诉求): who waits to be called back, taken up, passed on, settled."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    AmountFen,
    Body,
    Day,
    HelpRef,
    Name,
    PersonRef,
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
    Page,
    check_sight,
    check_union,
    looking,
    turned,
)
from ledger import procedures
from ledger.book import Entry, Reader
from ledger.desk import Visitor
from ledger.domain.help import CallAt, HelpOutcome, HelpRequest, HelpState, Want
from ledger.domain.ids import HelpId, PersonId
from ledger.projections import help_requests
from ledger.replay import HelpLine, HelpTold, help_lines, help_request

ROUTER = Room("/help-requests", "职工诉求")


# ── views ────────────────────────────────────────────────────────────────────────────────────


class HelpSought(Listing):
    """Which requests: of a union and those below it, in which state, for what."""

    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    state: HelpState | None = Field(None, description="状态")
    want: Want | None = Field(None, description="诉求")
    person: PersonRef | None = Field(None, description="职工")
    number: Name | None = Field(None, description="受理号", examples=["4821 0937"])


@ROUTER.view("", "职工诉求，等得最久的在前", Page[HelpLine])
def requests(who: SignedIn, asked: Annotated[HelpSought, Query()]) -> Response:
    turn = turned(who, "help_requests", asked)
    ask = turn.asked
    with looking(who, "help_requests") as reader:
        union = check_union(reader, who, ask.union)
        words = {**ask.words(), **({"union": union} if union else {})}
        page = help_requests.listing(
            reader.conn, who.ledger.origin, help_requests.Sought.of(words), limit=ask.limit,
            after=turn.pair,
        )  # fmt: skip
        lines = help_lines(reader, page.rows, mask=not who.sees_numbers)
    return turn.answer(lines, page.next)


@ROUTER.view("/{help}", "一件诉求", HelpTold)
def request(help: HelpRef, who: SignedIn) -> Response:
    with looking(who, "help_request") as reader:
        _sight(reader, who, help)
        told = help_request(reader, help, mask=not who.sees_numbers)
    return answer(told, version=told.version)


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class Asking(Body):
    """What a worker asks for at the window, entered for her (代办)."""

    person: PersonRef = Field(description="职工")
    union: UnionRef | None = Field(None, description="由哪个工会办理，默认本工会")
    want: Want = Field(description="诉求")
    call_at: CallAt = Field(CallAt.ANY, description="方便接电话的时间")
    amount: AmountFen | None = Field(None, description="涉及金额")
    since: Day | None = Field(None, description="从哪一天开始")
    to_union: UnionRef | None = Field(None, description="现在所在地的工会（换了城市的）")
    employer: Name = Field("", description="工作单位")
    text: Text = Field("", description="说明")
    phone: Name = Field("", description="回电号码")


@ROUTER.act("", "登记诉求（代办）")
def ask(body: Asking, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        made = procedures.ask_for_help(
            entry, body.person, body.union or entry.act.union, body.want, body.call_at,
            amount=body.amount, since=body.since, to_union=body.to_union, employer=body.employer,
            text=body.text, phone=body.phone,
        )  # fmt: skip
        return {"help": made}

    return asked.record(body, decide)


class TakingUp(Body):
    """That the worker was called back."""

    remark: Text = Field("", description="联系情况")


@ROUTER.act("/{help}/taking-up", "受理诉求（已联系本人）")
def take_up(help: HelpRef, body: TakingUp, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _sight(entry, asked.who, help)
        procedures.take_up(entry, help, body.remark)

    return asked.record(body, decide, {help: seen})


class PassingOn(Body):
    """Which union is to work on it."""

    to_union: UnionRef = Field(description="转给哪个工会")
    remark: Text = Field("", description="说明")


@ROUTER.act("/{help}/passing-on", "转办诉求")
def pass_on(help: HelpRef, body: PassingOn, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _sight(entry, asked.who, help)
        procedures.pass_on(entry, help, body.to_union, body.remark)

    return asked.record(body, decide, {help: seen})


class Settling(Body):
    """What became of it, and what was opened from it."""

    outcome: HelpOutcome = Field(description="办理结果")
    opened: Word | None = Field(None, description="另立的申请、案件、接转、异议或会籍编号")
    remark: Text = Field("", description="说明")


@ROUTER.act("/{help}/settlement", "办结诉求")
def settle(help: HelpRef, body: Settling, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        _sight(entry, asked.who, help)
        procedures.settle_help(entry, help, body.outcome, body.opened, body.remark)

    return asked.record(body, decide, {help: seen})


def _sight(reader: Reader, who: Visitor, help_: HelpId) -> None:
    held = reader.find(HelpRequest, help_)
    check_sight(reader, who, held.asked.person if held.asked else PersonId(""))
