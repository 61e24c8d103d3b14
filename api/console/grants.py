"""申请与审批: grants by step and whose turn it is; one grant with what is asked, flow and opinion; many at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from secrets import token_urlsafe

from fastapi import APIRouter, Request, Response

from api.console.fitting import GRAVE, MAIN, PLAIN, Offer, may, offered
from api.console.pages import (
    code_in,
    day_in,
    earlier_in,
    id_in,
    page,
    pair_in,
    place_of,
    signed_in,
    size_in,
)
from api.problems import Problem
from api.showing import Purpose, check_grant, check_union, looking, named
from ledger import replay
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import aid
from ledger.domain.aid import AidGrant, Duty, PaymentState, Stage
from ledger.domain.aiding import AidKind, Step
from ledger.domain.ids import FundId, GrantId, UnionId
from ledger.domain.kernel import Event, Fen, Office
from ledger.domain.schemes import NoRuleForThis, Scheme
from ledger.projections import fund_statements, hardship_files, union_tree
from ledger.projections import grants as view
from ledger.projections.grants import Sought
from ledger.replay import Amount, GrantFile, GrantNow, Line, word

router = APIRouter(include_in_schema=False)

MANY = 200
PURPOSES = frozenset({"grant", "case", "service", "correction", "dispute", "audit"})
TONES: Mapping[Stage, str] = {
    Stage.APPLIED: "doing", Stage.ON_NOTICE: "doing", Stage.OBJECTED: "back", Stage.HELD: "back",
    Stage.APPROVED: "todo", Stage.INSTRUCTED: "doing", Stage.FAILED: "back", Stage.PAID: "todo",
    Stage.RECEIVED: "done", Stage.TAKING_BACK: "back", Stage.CLOSED: "done",
    Stage.DECLINED: "closed", Stage.WITHDRAWN: "closed",
}  # fmt: skip
PHRASES: Mapping[str, tuple[str, ...]] = {
    "review": (
        "情况属实，拟同意。",
        "材料齐全，符合办法规定，拟同意。",
        "金额按办法核定，拟同意。",
    ),
    "approve": ("同意。", "经集体研究，同意。", "情况属实，程序完备，同意。"),
    "decline": ("不符合办法规定的条件。", "同一事由已获救助。", "材料不实。"),
}


# ── the list ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Back:
    """Money that came back and was not sent again (退汇未重发)."""

    grant: str
    payment: int
    amount: Amount
    state: PaymentState
    why: aid.Failure | None
    since: date


@router.get("/grants")
def grants(request: Request) -> Response:
    """救助台账：按环节分栏，可按项目、工会、日期筛选；可勾选多笔一并审核、审批."""
    who = signed_in(request)
    asked, today = request.query_params, who.today
    tab = asked.get("stage", "")
    stage = None if tab in {"", "mine", "back"} else code_in(request, "stage", Stage)
    kind, size = code_in(request, "kind", AidKind), size_in(request)
    since, until = day_in(request, "since"), day_in(request, "until")
    person = id_in(request, "person", "per") or None
    turn = who.post.office if tab == "mine" and who.post else None
    with looking(who, "grants", "救助台账") as reader:
        conn, origin = reader.conn, who.ledger.origin
        union = check_union(reader, who, UnionId(id_in(request, "union", "uni")) or None)
        every = Sought(union=union, kind=kind, person=person, since=since, until=until, today=today)
        counts = view.counted(conn, origin, every)
        sought = Sought(
            union=union, kind=kind, stage=stage, person=person, turn=turn, since=since,
            until=until, today=today,
        )  # fmt: skip
        if tab == "back":
            lost = view.lost(conn, origin, every, after=pair_in(request), limit=size)
            rows = list(view.get(conn, origin, [each["grant_id"] for each in lost.rows]).values())
            ordered = view.listed(
                conn, origin, Sought(union=union, kind=kind, stage=Stage.TAKING_BACK), limit=size
            ).rows
            rows, following = [*rows, *ordered], lost.next
            backs = _backs(reader, lost.rows)
            owed = {
                r["grant_id"]: reader.get(AidGrant, r["grant_id"]).to_take_back for r in ordered
            }
        else:
            listed = view.listed(conn, origin, sought, after=pair_in(request), limit=size)
            rows, following, backs, owed = listed.rows, listed.next, [], dict[str, Fen]()
        lines = replay.grant_lines(reader, rows, named(reader, None), mask=not who.sees_numbers)
        higher = {row["grant_id"]: name for row in rows if (name := above(reader, who, row))}
        unions = view.unions(conn, origin, Sought(union=check_union(reader, who, None)))
        names = union_tree.get(conn, origin, unions)
    return page(
        request, "grants.html", who=who, lines=lines, backs=backs, owed=owed, tab=tab,
        by_grant={line.grant: line for line in lines}, own=who.ledger.origin, today=today,
        tabs=_tabs(who, counts, tab), counts=_counts(counts, who), tones=TONES,
        kinds=[(each.value, word(each)) for each in AidKind], kind=kind, since=since, until=until,
        union=asked.get("union", ""), unions=sorted((u, names[u].name) for u in unions if u in names),
        next=place_of(following), size=size,
        total=Amount.of(_sum(counts, stage)) if tab not in {"mine", "back"} else None,
        ticks=_ticks(who) if tab in _TICKED else (),
        takes=may(who, aid.AidApplied), lists=may(who, aid.AidListDrawnUp),
        pays=may(who, aid.PaymentInstructed), above=higher,
    )  # fmt: skip


_TICKED = frozenset({"", "mine", Stage.APPLIED.value, Stage.ON_NOTICE.value})


def _ticks(who: Visitor) -> tuple[tuple[str, str], ...]:
    """What is done to many ticked ones at once by who looks."""
    found = [("review", "批量审核", aid.AidReviewed), ("approve", "批量审批", aid.AidApproved)]
    return tuple((name, text) for name, text, event in found if may(who, event))


def _tabs(
    who: Visitor, counts: Mapping[Stage, tuple[int, Fen]], tab: str
) -> dict[str, str]:  # fmt: skip
    """The tabs: those with something in them, and those where one looks anyway."""
    tabs = {"": "全部"}
    if who.post is not None and who.post.office in _HAVE_TURNS:
        tabs["mine"] = f"待{word(who.post.office)}办"
    tabs |= {stage.value: word(stage) for stage in Stage if stage in counts or stage.value == tab}
    return {**tabs, "back": "退汇与追回"}


_HAVE_TURNS = frozenset({Office.CLERK, Office.REVIEWER, Office.APPROVER, Office.CASHIER})


def _counts(counts: Mapping[Stage, tuple[int, Fen]], who: Visitor) -> dict[str, int]:
    found = {stage.value: count for stage, (count, _) in counts.items()}
    back = found.get(Stage.FAILED.value, 0) + found.get(Stage.TAKING_BACK.value, 0)
    return {"": sum(found.values()), **found, "back": back}


def _sum(counts: Mapping[Stage, tuple[int, Fen]], stage: Stage | None) -> int:
    return sum(fen for each, (_, fen) in counts.items() if stage in (None, each))


def _backs(reader: Reader, rows: Sequence[view.Row]) -> list[Back]:
    """Payments that did not arrive, each with why."""
    places = [(ref, int(at)) for ref, _, at in (row["ref"].rpartition("#") for row in rows)]
    told = {
        f"{one.origin}#{one.position}": fact.event.__dict__.get("why")
        for one, fact in reader.facts_at(places)
    }
    return [
        Back(
            row["grant_id"], row["number"], Amount.of(row["amount"]), PaymentState(row["state"]),
            told.get(row["ref"]), date.fromisoformat(row["since"]),
        )
        for row in rows
    ]  # fmt: skip


# ── many at once ─────────────────────────────────────────────────────────────────────────────


@router.get("/grants/many")
def grants_many(request: Request) -> Response:
    """勾选的各笔：核对人数与合计，填一次意见，逐笔给出结果."""
    who = signed_in(request)
    deed = request.query_params.get("act", "")
    if deed not in {"review", "approve"}:
        raise Problem(400, "parameter", "No such act.", "请从台账中勾选后办理。")
    ticked = list(dict.fromkeys(request.query_params.getlist("grant")))
    if len(ticked) > MANY or not all(each.startswith("grt_") for each in ticked):
        raise Problem(400, "parameter", "At most 200 grants.", f"一次最多办理 {MANY} 笔。")
    with looking(who, "grants", "批量办理") as reader:
        for each in ticked:
            check_grant(reader, who, GrantId(each), "grant")
        rows = view.get(reader.conn, who.ledger.origin, ticked)
        lines = replay.grant_lines(
            reader, [rows[GrantId(each)] for each in ticked if each in rows], named(reader, None),
            mask=not who.sees_numbers,
        )  # fmt: skip
        funds = _funds(reader, who)
    return page(
        request, "grants_many.html", who=who, lines=lines, deed=deed, funds=funds,
        total=Amount.of(sum(line.amount.fen for line in lines)), command=token_urlsafe(18),
        phrases=PHRASES[deed], onward=_back(request), tones=TONES,
    )  # fmt: skip


def _back(request: Request) -> str:
    onward = request.query_params.get("next", "")
    return onward if onward.startswith("/grants") else "/grants"


def _funds(reader: Reader, who: Visitor) -> list[tuple[FundId, str]]:
    """The funds of our own that are open, each with what it has."""
    conn, origin = reader.conn, reader.ledger.origin
    listed = fund_statements.listing(conn, origin, fund_statements.Sought(open=True), limit=200)
    own = [row for row in listed.rows if row.origin == origin]
    has = fund_statements.totals(conn, origin, [row.fund for row in own], who.today)
    return [(r.fund, f"{r.name}（可用 {Amount.of(has[r.fund].balance).yuan} 元）") for r in own]


# ── one grant ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Passed:
    """One step of the flow: what, by whom, on which day; or that it is due, since when."""

    what: str
    who: str
    on: date | None
    state: str  # done · now · ahead · back
    note: str = ""


@router.get("/grants/{name}")
def grant(request: Request, name: str) -> Response:
    """一笔救助：所请事项、变动、材料与以往救助在左，意见、流程在右；可看截至某日、按当时所知，可比两个时点."""
    who = signed_in(request)
    as_of = day_in(request, "as_of")
    then = request.query_params.get("known", "now") == "then"
    known_on = (day_in(request, "known_on") or as_of) if then else None
    payment, purpose = _number(request, "payment"), _purpose_in(request)
    earlier = earlier_in(request)
    with looking(who, "grant", _purpose(as_of, known_on, payment, purpose)) as reader:
        if not name.startswith("grt_"):
            raise NotFound(name)
        one = check_grant(reader, who, GrantId(name), purpose)
        if payment is not None:
            known_on = replay.payment_day(reader, name, payment)
        mask, accounts = not who.sees_numbers, who.sees_accounts
        file = replay.grant(
            reader, name, as_of=as_of, known_on=known_on, mask=mask, accounts=accounts
        )
        compared = None
        if earlier:
            compared = replay.grant_between(
                reader, name, earlier, (as_of, known_on), mask=mask, accounts=accounts
            )
        current = not file.historical and payment is None
        decided = _decided(file) if current and not file.aid_list else None
        since = None
        if decided is not None and decided.known is not None:
            since = replay.grant_between(
                reader, name, (None, decided.known), (None, None), mask=mask, accounts=accounts
            )
        others = _others(reader, who, one)
        files = hardship_files.open_of(
            reader.conn, who.ledger.origin, [file.person], [one.household] if one.household else []
        )
        fund_name = _fund_name(reader, file)
        ours = current and one.origin == who.ledger.origin
        steps = file.state.steps
        offers = list(_offers(who, file)) if ours else []
        decides = _decides(who, file) if ours else ""
        higher = None
        if decides in {"approve", "decline"} and one.scheme and one.applied_on:
            amount = Fen(file.state.amount.fen)
            higher = higher_approver(reader, who, one.scheme, file.kind, one.applied_on, amount)
        if higher is not None:
            decides = "decline"
        funds = _funds(reader, who) if decides == "approve" else []
    return page(
        request, "grant.html", who=who, file=file, now=file.state, duties=list(Duty), as_of=as_of,
        known_on=known_on, then=then, payment=payment, today=who.today, purpose=purpose,
        compared=compared, earlier=earlier, since=since,
        decided=decided, others=others, files=files, fund_name=fund_name, offers=offers,
        decides=decides, funds=funds, flow=flow(file), version=one.version, command=token_urlsafe(18),
        phrases=PHRASES.get(decides, ()), refusals=PHRASES["decline"], tones=TONES,
        papers=[line for line in file.lines if line.evidence], own=who.ledger.origin,
        minutes=any(each.step is Step.MINUTES for each in steps),
        waits=_waits(file.state, who.today), lacks=lacks(file) if decides == "decline" else (),
        higher=higher,
    )  # fmt: skip


def higher_approver(
    reader: Reader, who: Visitor, scheme: str, kind: AidKind, applied_on: date, amount: Fen
) -> str | None:
    """The union that approves so much under its scheme, where none of the visitor's may: its name."""
    try:
        _, rules = reader.get(Scheme, scheme).rules(kind, applied_on, who.today)
    except NoRuleForThis:
        return None
    reached = [level.approver for level in rules.levels if amount > level.above]
    if not reached:
        return None
    line = union_tree.line(reader.conn, reader.ledger.origin, reached[-1])
    mine = {post.union for post in who.posts if post.office in aid.AidApproved.by}
    if not mine or not mine.isdisjoint(row.union for row in line):
        return None
    return line[0].name if line else reached[-1]


def above(reader: Reader, who: Visitor, row: view.Row) -> str | None:
    """The union that approves this grant, where it waits for approval above the visitor's unions."""
    own = row["origin"] == who.ledger.origin
    if not own or row["turn"] != Office.APPROVER or row["scheme"] is None:
        return None
    return higher_approver(
        reader, who, row["scheme"], AidKind(row["kind"]), date.fromisoformat(row["applied_on"]),
        Fen(row["amount"]),
    )  # fmt: skip


def _others(reader: Reader, who: Visitor, one: AidGrant) -> list[replay.GrantLine]:
    """What else she has been given or asks for, by either province: ten newest."""
    if one.person is None:
        return []
    listed = view.listed(
        reader.conn, who.ledger.origin, Sought(person=one.person, today=who.today), limit=11
    )
    rows = [row for row in listed.rows if row["grant_id"] != one.id]
    return replay.grant_lines(reader, rows[:10], ())


def _fund_name(reader: Reader, file: GrantFile) -> str:
    if file.state.approval is None:
        return ""
    found = fund_statements.get(
        reader.conn, reader.ledger.origin, [file.state.approval.fund]
    ).values()
    return next((row.name for row in found), "")


_DECISIONS = ("AidReviewed", "AidApproved", "AidDeclined")


def _decided(file: GrantFile) -> Line | None:
    """The last time somebody looked at it as a whole, where something was changed since."""
    stands = [line for line in file.lines if not line.struck]
    at = max((n for n, line in enumerate(stands) if line.kind in _DECISIONS), default=None)
    if at is None:
        return None
    changed = any(line.kind in {"AidAmended", "PayeeNamed"} for line in stands[at + 1 :])
    return stands[at] if changed else None


def _waits(now: GrantNow, today: date) -> int:
    return (today - now.since).days if now.since and now.turn else 0


# ── what one can do ──────────────────────────────────────────────────────────────────────────

_UNDECIDED = frozenset({Stage.APPLIED, Stage.ON_NOTICE, Stage.OBJECTED, Stage.HELD})
_OVER = frozenset({Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN})


def _decides(who: Visitor, file: GrantFile) -> str:
    """Whose form stands beside the grant: `review`, `approve`, or none."""
    now = file.state
    if now.renamed and may(who, aid.AidReviewed):
        return "review"
    if now.stage not in _UNDECIDED or file.aid_list or file.past or now.approval:
        return ""
    reviewed = all(each.done_on for each in now.steps if each.step is Step.REVIEW)
    if not reviewed and may(who, aid.AidReviewed):
        return "review"
    if not may(who, aid.AidApproved):
        return ""
    return "decline" if lacks(file) else "approve"


def lacks(file: GrantFile) -> list[str]:
    """What is still missing before it can be approved, in words."""
    now = file.state
    found = ["解除疑似重复的暂停"] if now.held else []
    if file.emergency:
        return found
    found += [
        word(each.step)
        for each in now.steps
        if not each.later and not each.done_on and each.step not in {Step.MINUTES, Step.FILE}
    ]
    runs = max((each.until for each in now.notices if each.runs), default=None)
    if runs is not None:
        found.append(f"公示期满（{runs} 为末日）")
    return found + [
        f"答复第 {each.number} 件异议" for each in now.objections if each.upheld is None
    ]


def _offers(who: Visitor, file: GrantFile) -> Iterator[Offer]:
    """The acts that make sense as it stands, by whose office; the rules may still refuse one."""
    now, grant = file.state, file.grant
    if now.stage is None or file.past:
        return
    over, unpaid = now.stage in _OVER, not (now.paid.fen or now.under_way.fen)
    wanted = {each.step for each in now.steps if not each.done_on}
    asked = {each.step for each in now.steps}

    def one(
        event: type[Event], deed: str, text: str, look: str = PLAIN, **given: object
    ) -> Iterator[Offer]:
        yield from offered(who, deed, text, event, look=look, grant=grant, **given)

    if now.stage in _UNDECIDED:
        if Step.VISIT in asked:
            yield from one(
                aid.HouseholdVisited, "aid/visit", "登记入户", _first(Step.VISIT in wanted)
            )
        if Step.MEANS_CHECK in asked:
            look = _first(Step.MEANS_CHECK in wanted)
            yield from one(aid.MeansChecked, "aid/check_means", "登记经济状况核对", look)
        if Step.NOTICE in asked:
            yield from one(aid.NoticePosted, "aid/publicise", "公示", _first(Step.NOTICE in wanted))
    elif not over:
        if Step.VISIT in wanted:
            yield from one(aid.HouseholdVisited, "aid/visit", "补登入户", MAIN)
        if Step.NOTICE in wanted:
            yield from one(aid.NoticePosted, "aid/publicise", "补作公示", MAIN)
    for each in now.objections:
        if each.upheld is None and not over:
            yield from one(
                aid.ObjectionAnswered, "aid/answer_objection", f"答复第 {each.number} 件异议", MAIN,
                objection=each.number,
            )  # fmt: skip
    for other in now.held if not over else ():
        yield from one(aid.HoldLifted, "aid/lift", "解除疑似重复的暂停", MAIN, other=other)
    if now.review_due:
        yield from one(aid.EmergencyReviewed, "aid/review_emergency", "紧急救助补审", MAIN)
    if not file.aid_list:
        yield from _paying(who, file)
    if now.stage is Stage.TAKING_BACK:
        yield from one(aid.MoneyTakenBack, "aid/took_back", "登记追回到账", MAIN)
    if now.stage in {Stage.RECEIVED, Stage.FAILED}:
        yield from one(aid.GrantClosed, "aid/close", "办结", _first(now.stage is Stage.RECEIVED))
    if not over and unpaid and not file.aid_list:
        yield from one(aid.AidAmended, "aid/amend", "修改申请")
    if not over and not now.under_way.fen and now.paid.fen < max(now.approved.fen, 1):
        yield from one(aid.PayeeNamed, "aid/name_payee", "改收款人" if now.payee else "登记收款人")
    if not over:
        yield from one(aid.ObjectionRaised, "aid/object", "登记异议")
    for each in now.payments:
        if each.state in {PaymentState.MADE, PaymentState.SIGNED}:
            yield from one(
                aid.PaymentReturned, "aid/returned", f"第 {each.number} 次付款退回",
                payment=each.number,
            )  # fmt: skip
    if now.paid.fen > now.taken_back.fen + now.to_take_back.fen:
        yield from one(aid.TakeBackOrdered, "aid/order_back", "决定追回", GRAVE)
    if not over and unpaid:
        if file.aid_list:
            yield from one(
                aid.StruckOff, "aid_lists/strike_off", "从名单中剔除", GRAVE, aid_list=file.aid_list
            )
        else:
            yield from one(aid.AidWithdrawn, "aid/withdraw", "撤回申请", GRAVE)


def _first(due: bool) -> str:
    return MAIN if due else PLAIN


def _paying(who: Visitor, file: GrantFile) -> Iterator[Offer]:
    """Sending, paying, signing for: by the state of each payment."""
    now = file.state
    if now.stage in _OVER:
        return
    rest = now.approved.fen - now.paid.fen - now.under_way.fen
    stopped = now.held or any(each.upheld is None for each in now.objections)

    def one(event: type[Event], deed: str, text: str, look: str = MAIN, **given: object):
        return offered(who, deed, text, event, look=look, grant=file.grant, **given)

    if now.approval and rest > 0 and not stopped:
        text = "重新送付" if now.stage is Stage.FAILED else "送付"
        yield from one(aid.PaymentInstructed, "aid/instruct", text)
    for each in now.payments:
        nth, number = f"第 {each.number} 次", each.number
        if each.state is PaymentState.INSTRUCTED:
            yield from one(aid.PaymentMade, "aid/made", f"{nth}已支付", payment=number)
            yield from one(aid.PaymentFailed, "aid/failed", f"{nth}未付成", GRAVE, payment=number)
        if each.state is PaymentState.MADE:
            yield from one(aid.ReceiptSigned, "aid/sign", f"登记{nth}签收", payment=number)


# ── the flow ─────────────────────────────────────────────────────────────────────────────────

_FLOW: Sequence[tuple[str, str]] = (
    ("AidApplied", "受理申请"), ("HouseholdVisited", "入户"), ("MeansChecked", "经济状况核对"),
    ("AidReviewed", "审核"), ("AidListReviewed", "名单审核"), ("NoticePosted", "公示"),
    ("ObjectionRaised", "异议"), ("ObjectionAnswered", "答复异议"), ("AidApproved", "审批"),
    ("AidListApproved", "名单审批"), ("PaymentInstructed", "送付"), ("PaymentFailed", "未付成"),
    ("PaymentMade", "支付"), ("PaymentReturned", "退汇"), ("ReceiptSigned", "签收"),
    ("EmergencyReviewed", "补审"), ("TakeBackOrdered", "决定追回"), ("MoneyTakenBack", "追回到账"),
    ("AidDeclined", "不予救助"), ("AidWithdrawn", "撤回"), ("StruckOff", "剔除"),
    ("GrantClosed", "办结"), ("PastAidRecorded", "补录"), ("AidAmended", "修改申请"),
)  # fmt: skip
_BAD = frozenset(
    {"PaymentFailed", "PaymentReturned", "AidDeclined", "ObjectionRaised", "StruckOff"}
)


def flow(file: GrantFile) -> list[Passed]:
    """Who did what when, whose turn it is since when, and what is still ahead."""
    names, now = dict(_FLOW), file.state
    officers = {each.id: each.name for held in now.duties.values() for each in held}
    passed = [
        Passed(
            names[line.kind], line.decider_name or officers.get(line.decider or line.officer or "")
            or line.union_name, line.on,
            "back" if line.kind in _BAD else "done",
            "纸面决定" if line.on_paper else "",
        )
        for line in file.lines
        if line.kind in names and not line.struck
    ]  # fmt: skip
    if now.stage is None or now.stage in _OVER:
        return passed
    ahead = [
        Passed(word(each.step), "", None, "ahead", "可后补" if each.later else "")
        for each in now.steps
        if not each.done_on and each.step is not Step.MINUTES and not each.later
    ]
    done = {line.kind for line in file.lines if not line.struck}
    for kinds, text in (
        (("AidApproved", "AidListApproved"), "审批"), (("PaymentMade",), "支付"),
        (("ReceiptSigned",), "签收"), (("GrantClosed",), "办结"),
    ):  # fmt: skip
        if done.isdisjoint(kinds) or (text == "审批" and now.voided):
            ahead.append(Passed(text, "", None, "ahead"))
    if now.turn:
        who = f"待{word(now.turn)}办理"
        passed.append(Passed(word(now.stage), who, now.since, "now"))
    return [*passed, *ahead]


# ── the address ──────────────────────────────────────────────────────────────────────────────


def _purpose_in(request: Request) -> Purpose | None:
    """What a partner's grant is read for: a word of the closed list. 400 for another."""
    text = request.query_params.get("purpose", "")
    if text and text not in PURPOSES:
        raise Problem(400, "parameter", "No such purpose.", f"没有“{text}”这一查阅目的。")
    return text or None


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > 4:
        raise Problem(400, "parameter", f"{name} is no number.", f"“{text}”不是序号。")
    return int(text)


def _purpose(
    as_of: date | None, known_on: date | None, payment: int | None, purpose: str | None
) -> str:
    words = [purpose or "查看救助"]
    if as_of:
        words.append(f"截至{as_of}")
    if known_on:
        words.append(f"按{known_on}所知")
    if payment:
        words.append(f"按第{payment}次付款当日所知")
    return " ".join(words)
