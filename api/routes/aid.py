"""Aid (帮扶救助): applied for, examined, publicised, approved, paid, signed for, taken back, closed."""

from collections.abc import Callable, Iterable, Mapping
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
    Day,
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
    answer,
)
from api.showing import (
    Listing,
    Look,
    Page,
    Purpose,
    check_grant,
    check_grant_sight,
    check_sight,
    check_union,
    looking,
    named,
    turned,
)
from ledger import replay
from ledger.book import Entry
from ledger.desk import Visitor
from ledger.domain.aid import (
    AidGrant,
    Failure,
    Goods,
    Lifted,
    Means,
    PayeeKind,
    Signed,
    Stage,
    TakenBackFor,
)
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.ids import GrantId, UnionId
from ledger.domain.kernel import Basis, Fen, Office, Refused
from ledger.procedures import aiding, aiding_many
from ledger.projections import grants as view
from ledger.replay import (
    Amount,
    GrantBetween,
    GrantFile,
    GrantLine,
    GrantStep,
    grant_lines,
)

ROUTER = Room("/grants", "帮扶救助")

MANY = 200
"""How many grants are reviewed or approved in one request."""


# ── views ────────────────────────────────────────────────────────────────────────────────────


class GrantsSought(Listing):
    """Which grants: of which union, at which step, of which kind."""

    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    stage: Stage | None = Field(None, description="环节")
    kind: AidKind | None = Field(None, description="帮扶项目")
    fund: FundRef | None = Field(None, description="资金")
    aid_list: AidListRef | None = Field(None, description="名单")
    person: PersonRef | None = Field(None, description="申请人或受助人")
    turn: Office | None = Field(None, description="待何岗位办理")
    since: Day | None = Field(None, description="自哪一天申请")
    until: Day | None = Field(None, description="至哪一天申请")
    count: bool | None = Field(None, description="是否给出各环节合计")
    purpose: Purpose | None = Field(None, description="查阅目的；不填则对方省的救助不显示姓名")

    def sought(self, who: Visitor, union: UnionId | None) -> view.Sought:
        """The question to the view. Raises: UnknownFilter."""
        words = self.words()
        for aside in ("count", "purpose"):
            words.pop(aside, None)
        return view.Sought.of(who.today, {**words, **({"union": union} if union else {})})


@dataclass(frozen=True)
class Tally:
    """How many stand at a step, and how much that is."""

    count: int
    amount: Amount


@ROUTER.view("", "救助台账：按环节、项目、工会", Page[GrantLine])
def grants(who: SignedIn, asked: Annotated[GrantsSought, Query()]) -> Response:
    turn = turned(who, "grants", asked)
    ask, origin = turn.asked, who.ledger.origin
    with looking(who, "grants", ask.purpose) as reader:
        sought = ask.sought(who, check_union(reader, who, ask.union))
        page = view.listed(reader.conn, origin, sought, limit=ask.limit, after=turn.pair)
        counts = view.counted(reader.conn, origin, sought) if ask.count else {}
        lines = grant_lines(
            reader, page.rows, named(reader, ask.purpose), mask=not who.sees_numbers
        )
    told = {stage: Tally(count, Amount.of(fen)) for stage, (count, fen) in counts.items()}
    return turn.answer(lines, page.next, **({"counts": told} if ask.count else {}))


class Asked(Look):
    """How a grant is looked at; or as it was known on the day of one of its payments."""

    payment: int | None = Field(
        None, ge=1, le=1000, description="按第几次付款登记当日所知（不与 known_on 同用）"
    )


@ROUTER.view(
    "/{grant}", "一笔救助：程序、公示、审批、付款、签收、追回，截至某日、按某日已登记", GrantFile
)
def grant(grant: GrantRef, who: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    with looking(who, "grant", asked.purpose) as reader:
        one = check_grant(reader, who, grant, asked.purpose)
        known_on = asked.known_on
        if asked.payment is not None:
            known_on = replay.payment_day(reader, grant, asked.payment)
        told = replay.grant(
            reader, grant, as_of=asked.as_of, known_on=known_on, mask=not who.sees_numbers,
            accounts=who.sees_accounts,
        )  # fmt: skip
    return answer(told, version=one.version)


class Stepping(Look):
    """In which order the records are told."""

    as_known: bool = Field(False, description="按得知的先后，而不是按生效的先后")


@ROUTER.view("/{grant}/steps", "逐条回放：每条记录之后的情况", list[GrantStep])
def steps(grant: GrantRef, who: SignedIn, asked: Annotated[Stepping, Query()]) -> Response:
    with looking(who, "steps", asked.purpose) as reader:
        check_grant(reader, who, grant, asked.purpose)
        told = replay.grant_steps(
            reader, grant, as_of=asked.as_of, known_on=asked.known_on, as_known=asked.as_known,
            mask=not who.sees_numbers, accounts=who.sees_accounts,
        )  # fmt: skip
    return answer(told)


class Comparing(Look):
    """Two moments: then, and (`as_of`, `known_on`) now."""

    then_as_of: Day | None = Field(None, description="前一时点：截至哪一天")
    then_known_on: Day | None = Field(None, description="前一时点：按哪一天已登记")


@ROUTER.view("/{grant}/changes", "两个时点之间有何变化", GrantBetween)
def changes(grant: GrantRef, who: SignedIn, asked: Annotated[Comparing, Query()]) -> Response:
    then, now = (asked.then_as_of, asked.then_known_on), (asked.as_of, asked.known_on)
    with looking(who, "changes", asked.purpose) as reader:
        check_grant(reader, who, grant, asked.purpose)
        told = replay.grant_between(
            reader, grant, then, now, mask=not who.sees_numbers, accounts=who.sees_accounts
        )
    return answer(told)


# ── application and examination ──────────────────────────────────────────────────────────────


class Applying(Body):
    """Who asks for what, for whom, under which scheme."""

    person: PersonRef = Field(description="申请人")
    scheme: SchemeRef = Field(description="帮扶办法")
    kind: AidKind = Field(description="帮扶项目")
    amount_fen: AmountFen = Field(description="申请金额（分）")
    beneficiary: PersonRef | None = Field(None, description="受助人，默认申请人本人")
    need: Word | None = Field(
        None, description="事由，同一事由只救助一次", examples=["2026-2027学年"]
    )
    emergency: bool = Field(False, description="紧急办理")
    reason: Text = Field("", description="申请理由")


@ROUTER.act("", "申请救助")
def apply(body: Applying, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        if body.beneficiary is not None:
            check_sight(entry, asked.who, body.beneficiary)
        made = aiding.apply(
            entry, body.person, body.scheme, body.kind, body.amount_fen,
            beneficiary=body.beneficiary, need=body.need, emergency=body.emergency,
            reason=body.reason,
        )  # fmt: skip
        return {"grant": made}

    return asked.record(body, decide, lock=True)


class Amending(Body):
    """What is asked for now."""

    amount_fen: AmountFen = Field(description="申请金额（分）")
    need: Word | None = Field(None, description="事由，默认不变")
    reason: Text = Field("", description="修改原因")


@ROUTER.act("/{grant}/amendment", "修改申请（原审批作废）")
def amend(grant: GrantRef, body: Amending, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.amend(
        entry, grant, body.amount_fen, body.need, body.reason
    ))  # fmt: skip


class NamingPayee(Body):
    """To whom it is paid; for anybody but the applicant with a paper."""

    kind: PayeeKind = Field(description="收款对象")
    payee: PersonRef | None = Field(None, description="收款人（监护人、受托人）")
    paper: Word | None = Field(None, description="委托书、监护证明或缴费通知的文号")
    holder: Name = Field("", description="户名")
    bank: Name = Field("", description="开户银行")
    account: Annotated[str, Field(pattern=r"^[0-9A-Za-z -]{0,40}$")] = Field("", description="账号")


@ROUTER.act("/{grant}/payee", "登记收款人（原审批作废）")
def name_payee(grant: GrantRef, body: NamingPayee, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        if body.payee is not None:
            check_sight(entry, asked.who, body.payee)
        aiding.name_payee(
            entry, grant, body.kind, payee=body.payee, paper=body.paper, holder=body.holder,
            bank=body.bank, account=body.account,
        )  # fmt: skip

    return _upon(asked, body, grant, seen, decide)


class Visiting(Body):
    """What was found."""

    finding: Text = Field("", description="调查情况")


@ROUTER.act("/{grant}/visits", "入户调查")
def visit(grant: GrantRef, body: Visiting, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.visit(entry, grant, body.finding))


class Checking(Visiting):
    """What the verification centre answered."""

    result: Means = Field(description="核对结论")
    paper: Word | None = Field(None, description="核对报告文号")


@ROUTER.act("/{grant}/means-checks", "家庭经济状况核对")
def check_means(grant: GrantRef, body: Checking, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.check_means(
        entry, grant, body.result, body.paper, body.finding
    ))  # fmt: skip


class Reviewing(Body):
    """What the reviewer proposes."""

    amount_fen: AmountFen | None = Field(None, description="建议金额（分），默认同申请")
    opinion: Text = Field("", description="审核意见")


@ROUTER.act("/{grant}/reviews", "审核")
def review(grant: GrantRef, body: Reviewing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.review(
        entry, grant, body.amount_fen, body.opinion
    ))  # fmt: skip


class Publicising(Body):
    """Where the notice hangs, how long, and on which basis a name is made public."""

    number: Word = Field(description="公示编号", examples=["东工示〔2026〕6号"])
    basis: Basis | None = Field(None, description="公示个人信息的法律依据")
    place: Annotated[Name, Field(min_length=1)] = Field(description="公示地点")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    until: Day | None = Field(None, description="至哪一天（含），默认办法规定的最短期限")


@ROUTER.act("/{grant}/notices", "公示")
def publicise(grant: GrantRef, body: Publicising, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.publicise(
        entry, grant, body.number, body.basis, body.place, since=body.since, until=body.until
    ))  # fmt: skip


class TakingDown(Body):
    """Which notice is taken down, the consent to it withdrawn."""

    number: Word = Field(description="公示编号", examples=["公示〔2026〕3号"])


@ROUTER.act("/{grant}/notices-taken-down", "撤下公示（本人撤回同意）")
def take_down(grant: GrantRef, body: TakingDown, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, grant, seen, lambda entry: aiding.take_down(entry, grant, body.number)
    )


class Objecting(Body):
    """What somebody says against it."""

    said: Annotated[Text, Field(min_length=1)] = Field(description="异议内容")


@ROUTER.act("/{grant}/objections", "提出异议")
def object_(grant: GrantRef, body: Objecting, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, int]:
        _sight(entry, asked, grant)
        return {"objection": aiding.object_(entry, grant, body.said)}

    return asked.record(body, decide)


class Answering(Body):
    """Whether the objection holds, and why."""

    objection: int = Field(ge=1, le=10_000, description="第几件异议")
    upheld: bool = Field(description="异议是否成立")
    answer: Text = Field("", description="答复")


@ROUTER.act("/{grant}/answers", "答复异议（经办人以外的人）")
def answer_objection(grant: GrantRef, body: Answering, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.answer(
        entry, grant, body.objection, body.upheld, body.answer
    ))  # fmt: skip


class Lifting(Body):
    """For which other grant it was held, and why it goes on."""

    other: GrantRef = Field(description="疑似重复的另一笔")
    ground: Lifted = Field(description="解除理由")
    opinion: Text = Field("", description="意见")


@ROUTER.act("/{grant}/lifted-holds", "解除疑似重复的暂停")
def lift(grant: GrantRef, body: Lifting, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.lift(
        entry, grant, body.other, body.ground, body.opinion
    ))  # fmt: skip


# ── decision ─────────────────────────────────────────────────────────────────────────────────


class Deciding(Body):
    """From which fund, under which minutes."""

    fund: FundRef = Field(description="资金")
    minutes: Word | None = Field(None, description="会议纪要文号")
    opinion: Text = Field("", description="审批意见")


Content = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="所批内容：有变即不批")]


class Approving(Deciding):
    """Of exactly the content that was seen."""

    content: Content


@ROUTER.act("/{grant}/approval", "审批：所见的内容，有变即不批")
def approve(grant: GrantRef, body: Approving, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.approve(
        entry, grant, body.content, body.fund, minutes=body.minutes, opinion=body.opinion
    ))  # fmt: skip


class Opinion(Body):
    """Why."""

    opinion: Text = Field("", description="意见")


@ROUTER.act("/{grant}/refusal", "不予救助")
def decline(grant: GrantRef, body: Opinion, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.decline(entry, grant, body.opinion))


class Withdrawing(Body):
    """Why the applicant no longer asks."""

    reason: Text = Field("", description="撤回原因")


@ROUTER.act("/{grant}/withdrawal", "撤回申请")
def withdraw(grant: GrantRef, body: Withdrawing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.withdraw(entry, grant, body.reason))


class ReviewingLater(Opinion):
    """Whether what one person approved in a hurry holds."""

    upheld: bool = Field(description="是否维持")


@ROUTER.act("/{grant}/emergency-review", "紧急救助补审")
def review_emergency(grant: GrantRef, body: ReviewingLater, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.review_emergency(
        entry, grant, body.upheld, body.opinion
    ))  # fmt: skip


# ── many at once ─────────────────────────────────────────────────────────────────────────────


class ReviewingMany(Opinion):
    """Which grants have had their second look."""

    grants: list[GrantRef] = Field(min_length=1, max_length=MANY, description="所列各笔")


@ROUTER.act("/reviews", "批量审核，逐笔给出结果")
def review_many(body: ReviewingMany, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        _sights(entry, asked, body.grants)
        return _listed(aiding_many.review_many(entry, body.grants, body.opinion))

    return asked.record(body, decide, lock=True)


class SeenGrant(Part):
    """One grant as it was seen."""

    grant: GrantRef
    content: Content


class ApprovingMany(Deciding):
    """Which grants, each as it was seen, and the total that was seen."""

    grants: list[SeenGrant] = Field(min_length=1, max_length=MANY, description="所列各笔")
    total_fen: AmountFen = Field(description="所见合计（分）：与所列各笔之和不符即不办理")


@ROUTER.act("/approvals", "批量审批：逐笔核对所见内容，逐笔给出结果")
def approve_many(body: ApprovingMany, asked: Acting) -> Response:
    seen = {each.grant: each.content for each in body.grants}

    def decide(entry: Entry) -> dict[str, Any]:
        _sights(entry, asked, seen)
        listed = aiding_many.approve_many(
            entry, seen, body.total_fen, body.fund, minutes=body.minutes, opinion=body.opinion
        )
        told = _listed(listed)
        for each in told["done"]:
            each["content"] = seen[each["grant"]]
        return told

    return asked.record(body, decide, lock=True)


def _listed(listed: aiding_many.Listed) -> dict[str, Any]:
    return {
        "done": [_amounted(grant, fen) for grant, fen in listed.done.items()],
        "refused": refused(listed.refused),
        "count": len(listed.done),
        **told_total(listed.total),
    }


def _amounted(grant: GrantId, fen: Fen) -> dict[str, Any]:
    one = Amount.of(fen)
    return {"grant": grant, "amount_fen": fen, "amount_yuan": one.yuan}


def told_total(fen: Fen) -> dict[str, Any]:
    """A total as a receipt shows it: in fen, in yuan, and in capital characters."""
    one = Amount.of(fen)
    return {"total_fen": fen, "total_yuan": one.yuan, "total_capitals": one.capitals}


def refused(found: Mapping[Any, Refused]) -> dict[str, dict[str, str]]:
    """Which could not be, each with the rule that says so."""
    return {
        str(name): {
            "type": f"/rules/{type(rule).__name__}",
            "title": rule.sentence(),
            "zh": rule.zh,
        }
        for name, rule in found.items()
    }


# ── money ────────────────────────────────────────────────────────────────────────────────────


class GoodsGiven(Part):
    """What is given in kind."""

    item: Annotated[Name, Field(min_length=1)] = Field(description="品名")
    quantity: int = Field(strict=True, ge=1, lt=2**31, description="数量")
    unit: Word = Field(description="单位", examples=["件"])
    value_fen: AmountFen = Field(description="价值合计（分）")
    invoice: Word = Field(description="发票号码")

    def goods(self) -> Goods:
        return Goods(self.item, self.quantity, self.unit, self.value_fen, self.invoice)


GoodsList = Annotated[list[GoodsGiven], Field(max_length=50, description="实物明细")]


class Instructing(Body):
    """How it is handed over, and how much of it now."""

    mode: PayMode = Field(description="发放方式")
    amount_fen: AmountFen | None = Field(None, description="金额（分），默认尚未支付的全部")
    goods: GoodsList = Field(default_factory=list[GoodsGiven])


@ROUTER.act("/{grant}/payments", "送付")
def instruct(grant: GrantRef, body: Instructing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: {
        "payment": aiding.instruct(
            entry, grant, body.mode, body.amount_fen, tuple(each.goods() for each in body.goods)
        )
    })  # fmt: skip


Number = Annotated[int, Field(ge=1, le=1000, description="付款序号")]


class Paying(Body):
    """Which payment, by which voucher."""

    payment: Number
    voucher: Word = Field(description="凭证号")


@ROUTER.act("/{grant}/payments-made", "已支付")
def made(grant: GrantRef, body: Paying, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.made(
        entry, grant, body.payment, body.voucher
    ))  # fmt: skip


class Failing(Body):
    """Which payment did not arrive, and why."""

    payment: Number
    why: Failure = Field(description="原因")


@ROUTER.act("/{grant}/payments-failed", "付款失败")
def failed(grant: GrantRef, body: Failing, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, grant, seen,
        lambda entry: aiding.failed(entry, grant, body.payment, body.why),
    )  # fmt: skip


class Returning(Failing):
    """By which voucher it came back."""

    voucher: Word = Field(description="退汇凭证号")


@ROUTER.act("/{grant}/payments-returned", "退汇")
def returned(grant: GrantRef, body: Returning, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.returned(
        entry, grant, body.payment, body.why, body.voucher
    ))  # fmt: skip


class Signing(Body):
    """How it is known that it was received, and who collected it."""

    how: Signed = Field(Signed.SELF, description="签收方式")
    collector: PersonRef | None = Field(None, description="代领人")
    paper: Word | None = Field(None, description="委托书或核实材料文号")


class Receiving(Signing):
    """Which payment was received."""

    payment: Number
    remark: Text = Field("", description="备注")


@ROUTER.act("/{grant}/receipts", "签收（未参与办理的人核实）")
def sign(grant: GrantRef, body: Receiving, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.sign(
        entry, grant, body.payment, body.how, collector=body.collector, paper=body.paper,
        remark=body.remark,
    ))  # fmt: skip


class OrderingBack(Opinion):
    """How much is to come back, and why."""

    amount_fen: AmountFen = Field(description="追回金额（分）")
    why: TakenBackFor = Field(description="追回原因")


@ROUTER.act("/{grant}/take-backs", "决定追回")
def order_back(grant: GrantRef, body: OrderingBack, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.order_back(
        entry, grant, body.amount_fen, body.why, body.opinion
    ))  # fmt: skip


class TakingBack(Body):
    """How much has come back, by which voucher."""

    amount_fen: AmountFen = Field(description="到账金额（分）")
    voucher: Word = Field(description="收款凭证号")


@ROUTER.act("/{grant}/money-taken-back", "追回到账")
def took_back(grant: GrantRef, body: TakingBack, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.took_back(
        entry, grant, body.amount_fen, body.voucher
    ))  # fmt: skip


class Closing(Body):
    """Whether what did not arrive is given up."""

    uncollected: bool = Field(False, description="未到账的不再发放")


@ROUTER.act("/{grant}/closure", "办结")
def close(grant: GrantRef, body: Closing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, grant, seen, lambda entry: aiding.close(
        entry, grant, uncollected=body.uncollected
    ))  # fmt: skip


class Past(Body):
    """What was paid on paper before, as the paper has it."""

    person: PersonRef = Field(description="受助职工")
    kind: AidKind = Field(description="帮扶项目")
    amount_fen: AmountFen = Field(description="金额（分）")
    fund: FundRef = Field(description="资金")
    voucher: Word = Field(description="凭证号")
    mode: PayMode = Field(description="发放方式")
    beneficiary: PersonRef | None = Field(None, description="受助人，默认职工本人")
    need: Word | None = Field(None, description="事由")
    handler: PersonRef | None = Field(None, description="经办人")
    approver: PersonRef | None = Field(None, description="审批人")
    signed: bool = Field(False, description="有无签收")
    remark: Text = Field("", description="备注")


@ROUTER.act("/past", "补录已发放的救助")
def record_past(body: Past, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        if body.beneficiary is not None:
            check_sight(entry, asked.who, body.beneficiary)
        made = aiding.record_past(
            entry, body.person, body.kind, body.amount_fen, body.fund, body.voucher,
            mode=body.mode, beneficiary=body.beneficiary, need=body.need, handler=body.handler,
            approver=body.approver, signed=body.signed, remark=body.remark,
        )  # fmt: skip
        return {"grant": made}

    return asked.record(body, decide, lock=True)


# ── acting upon a grant ──────────────────────────────────────────────────────────────────────


def _upon(
    asked: Asking, body: Body, grant: GrantId, seen: int,
    act: Callable[[Entry], Mapping[str, Any] | None],
) -> Response:  # fmt: skip
    """An act upon a grant that was seen, by whom may see it.

    The head is held: most acts look at what the fund has, or at what was given beside this.
    """

    def decide(entry: Entry) -> Mapping[str, Any] | None:
        _sight(entry, asked, grant)
        return act(entry)

    return asked.record(body, decide, {grant: seen}, lock=True)


def _sight(entry: Entry, asked: Asking, grant: GrantId) -> None:
    check_grant_sight(entry, asked.who, entry.read(AidGrant, grant))


def _sights(entry: Entry, asked: Asking, grants: Iterable[GrantId]) -> None:
    every = list(grants)
    entry.read_ahead(every)
    for each in every:
        _sight(entry, asked, each)
