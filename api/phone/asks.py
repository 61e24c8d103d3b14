"""我要求助、我要维权、我换城市了: four choices, few facts, a call back, and a number."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.phone.frame import COOKIE, check_token, form_of, maybe_worker, page, window_of, worker
from api.phone.join import shown_number
from api.phone.steps import Choice, Finished, Flow, Question, fen, record, take
from api.phone.vouchers import under_way
from api.problems import Problem
from ledger import procedures
from ledger.book import Entry, Ledger, Reader
from ledger.desk import csrf_of
from ledger.domain.help import CallAt, Want
from ledger.domain.identity import normalise_name, normalise_phone
from ledger.domain.ids import HelpId, UnionId, is_id, spoken
from ledger.domain.kernel import Code
from ledger.journal.tables import reading
from ledger.projections import rosters, union_tree
from ledger.replay import word
from ledger.window import Worker

router = APIRouter(include_in_schema=False)

KINDS: Mapping[str, tuple[str, tuple[Want, ...]]] = {
    "help": ("我要求助", (Want.LIVING, Want.ILLNESS, Want.SCHOOL, Want.OTHER_AID)),
    "rights": ("我要维权", (Want.WAGES, Want.INJURY, Want.CONTRACT, Want.OTHER_RIGHTS)),
}
ICONS = {
    Want.LIVING: "living", Want.ILLNESS: "illness", Want.SCHOOL: "school", Want.WAGES: "wages",
    Want.INJURY: "injury", Want.CONTRACT: "contract",
}  # fmt: skip
_WANT = {
    "help": ("遇到了什么困难？", "选最要紧的一件，别的可以在电话里说。"),
    "rights": ("出了什么事？", "选最要紧的一件，别的可以在电话里说。"),
}
_CALL = Question(
    "call_at", "什么时候方便接电话？", "choice",
    choices=tuple(Choice(each.value, word(each)) for each in CallAt),
)  # fmt: skip
_NOTE = Question(
    "text", "还有什么要说的？", "long", "说几句就行，也可以不写，电话里再说。", needed=False,
    skip="不写了",
)  # fmt: skip


# ── help and rights ──────────────────────────────────────────────────────────────────────────


def flow_of(kind: str, me: Worker | None, ledgers: Mapping[str, Ledger], csrf: str) -> Flow:
    """The questions: who is known is not asked who she is."""
    title, wants = KINDS[kind]

    def asked(answers: Mapping[str, str]) -> list[Question]:
        said, hint = _WANT[kind]
        found = [
            Question(
                "want", said, "choice", hint,
                tuple(Choice(each.value, word(each), ICONS.get(each, "other")) for each in wants),
            )
        ]  # fmt: skip
        found += _facts(answers.get("want", ""))
        found.append(_NOTE)
        if me is None:
            found.append(Question("name", "您叫什么名字？", "name"))
        found.append(
            Question(
                "phone", "打哪个电话找您？", "phone", "工会会给您回电话。", needed=me is None,
                skip="打登记的那个号码" if me else "",
            )
        )  # fmt: skip
        found.append(_CALL)
        if me is None and len(ledgers) > 1:
            names = [Choice(code, each.province.name) for code, each in sorted(ledgers.items())]
            found.append(Question("province", "您现在在哪个省？", "choice", choices=tuple(names)))
        return found

    return Flow(title, f"/m/{kind}", asked, "提交", {"csrf": csrf} if me else {})


def _facts(want: str) -> list[Question]:
    """The few facts that one kind of trouble needs; each may be left to the telephone."""
    owed = Question(
        "amount", "欠了多少钱？", "money", "大概就行，单位是元。", needed=False, skip="说不清"
    )
    match want:
        case Want.WAGES:
            return [
                owed,
                Question("since", "从哪天开始没发工资？", "date", needed=False, skip="记不清"),
                Question("employer", "在哪个单位或工地？", "text", "老板、包工头的名字也可以写。"),
            ]
        case Want.INJURY:
            return [
                Question("since", "哪天受的伤？", "date", needed=False, skip="记不清"),
                Question("employer", "在哪个单位或工地受的伤？", "text"),
            ]
        case Want.CONTRACT | Want.OTHER_RIGHTS:
            return [Question("employer", "在哪个单位或工地？", "text", needed=False, skip="不写")]
        case Want.ILLNESS | Want.SCHOOL:
            spent = "看病大概要多少钱？" if want == Want.ILLNESS else "学费还差多少钱？"
            return [Question("amount", spent, "money", needed=False, skip="说不清")]
        case _:
            return []


@router.get("/m/{kind}/sent")
def sent(request: Request, kind: str, n: str = "", open: str = "") -> Response:
    """已提交：受理号；同类的还有一件在办的，说明这次没有登记."""
    if kind not in {*KINDS, "moved", "objection", "forget"}:
        raise Problem(404, "not-found", "There is no such page.", "没有这个页面。")
    return page(
        request, "number.html", number=shown_number(n), clear=f"/m/{kind}",
        open=open == "1", said=_IN_HAND if open == "1" else _RECEIVED,
    )  # fmt: skip


_RECEIVED = "工会收到了，三个工作日内会给您回电话。"
_IN_HAND = (
    "这类事您已有一件在办，刚才填的没有另外登记。有新情况的，工会来电时说，或打12351报受理号。"
)


@router.get("/m/help")
def help_page(request: Request) -> Response:
    """我要求助."""
    return _step(request, "help", {})


@router.post("/m/help")
async def help_on(request: Request) -> Response:
    """我要求助：下一页，最后一页是登记."""
    return await run_in_threadpool(_step, request, "help", await form_of(request))


@router.get("/m/rights")
def rights_page(request: Request) -> Response:
    """我要维权."""
    return _step(request, "rights", {})


@router.post("/m/rights")
async def rights_on(request: Request) -> Response:
    """我要维权：下一页，最后一页是登记."""
    return await run_in_threadpool(_step, request, "rights", await form_of(request))


def _step(request: Request, kind: str, fields: Mapping[str, str]) -> Response:
    me, ledgers = maybe_worker(request), window_of(request).ledgers
    if fields and me:
        check_token(request, fields.get("_csrf", ""))
    ledger = me.ledger if me else ledgers.get(fields.get("province", "")) or _first(ledgers)
    flow = flow_of(kind, me, ledgers, _token(request))
    with ledger.reading() as reader:
        made = take(request, flow, fields, reader, ledger.today)
        if isinstance(made, Response):
            return made
        union = _union_of(reader, me)
    return _ask(request, kind, ledger, me, union, made, Want(made.answers["want"]))


class _InHand(Exception):
    """She has a request of this kind open: nothing is recorded."""

    def __init__(self, name: HelpId) -> None:
        super().__init__(name)
        self.name = name


def _ask(
    request: Request, kind: str, ledger: Ledger, me: Worker | None, union: UnionId, made: Finished,
    want: Want, *, to_union: UnionId | None = None, about: Code | None = None,
) -> Response:  # fmt: skip
    """Records the request, and leads to its number; or to that of the one that is open."""
    answers = made.answers
    phone = normalise_phone(answers.get("phone", ""))

    def decide(entry: Entry) -> str:
        if me is not None:
            open_ = procedures.help_open(entry, me.person, want)
            if open_ is not None:
                raise _InHand(open_)
            person = me.person
        else:
            person = procedures.register_caller(entry, normalise_name(answers["name"]), phone)
        since = answers.get("since")
        return procedures.ask_for_help(
            entry, person, union, want, CallAt(answers.get("call_at", CallAt.ANY)),
            amount=fen(answers.get("amount", "")), since=date.fromisoformat(since) if since else None,
            to_union=to_union, about=about, employer=answers.get("employer", ""),
            text=answers.get("text", ""), phone=phone,
        )  # fmt: skip

    act = me.act(union) if me else ledger.procedure(union)
    try:
        name = HelpId(record(ledger, act, me.account if me else "phone", made, decide).result["of"])
        again = ""
    except _InHand as held:
        name, again = held.name, "&open=1"
    number = spoken(name).replace(" ", "-")
    return RedirectResponse(f"/m/{kind}/sent?n={number}{again}", 303)


def _first(ledgers: Mapping[str, Ledger]) -> Ledger:
    return ledgers[min(ledgers)]


def _token(request: Request) -> str:
    return csrf_of(request.cookies.get(COOKIE, ""))


def _union_of(reader: Reader, me: Worker | None) -> UnionId:
    """To whom it is put: the worker's own union here, else the province's, which passes it on."""
    if me is not None:
        rows = rosters.of_persons(reader.conn, reader.ledger.origin, me.own)
        for row in (each for found in rows.values() for each in found):
            if row.origin == reader.ledger.origin:
                return row.union
    return reader.ledger.root


# ── another city ─────────────────────────────────────────────────────────────────────────────


@router.get("/m/moved")
def moved_page(request: Request, again: str = "") -> Response:
    """我换城市了；会籍已在转出途中的，看凭证."""
    me = worker(request)
    with me.ledger.reading() as reader:
        moving = under_way(reader, me)
    if moving and not again:
        return RedirectResponse(f"/m/voucher/{moving[0].transfer}", 303)
    return _moved(request, {})


@router.post("/m/moved")
async def moved_on(request: Request) -> Response:
    """我换城市了：下一页，最后一页是登记."""
    return await run_in_threadpool(_moved, request, await form_of(request))


def _moved(request: Request, fields: Mapping[str, str]) -> Response:
    me = worker(request)
    if fields:
        check_token(request, fields.get("_csrf", ""))
    ledger = me.ledger
    questions = (
        Question("to_union", "您现在在哪里上班？", "union", "先选省，再一级一级往下选；选到单位或街道最好。"),
        Question("employer", "单位或工地叫什么？", "text"),
        Question(
            "proof", "有什么能证明您在那里上班？", "choice", "现在不用交，先告诉我们有什么。",
            (
                Choice("劳动合同", "劳动合同"), Choice("工资条或银行流水", "工资条、银行流水"),
                Choice("工牌或社保记录", "工牌、社保记录"), Choice("暂时没有", "暂时没有"),
            ),
        ),
        Question(
            "phone", "打哪个电话找您？", "phone", needed=False, skip="打登记的那个号码"
        ),
        _CALL,
    )  # fmt: skip
    flow = Flow("我换城市了", "/m/moved", lambda _: questions, "提交", {"csrf": _token(request)})
    with ledger.reading() as reader:
        rows = rosters.of_persons(reader.conn, ledger.origin, me.own)
        held = next((row for found in rows.values() for row in found), None)
        if held is None:
            return page(request, "no_membership.html")
        made = take(request, flow, fields, reader, ledger.today)
        if isinstance(made, Response):
            return made
        to_union = UnionId(made.answers["to_union"])
        if to_union == held.union:
            raise Problem(
                409, "same-union", "The membership is there already.", "您的会籍就在这个工会，不用转。",
                instead="选的不对的，请退回重选。",
            )  # fmt: skip
        # Who holds the membership offers it; held in the other province, the union here asks for it.
        own = held.origin == ledger.origin
        target = union_tree.get(reader.conn, ledger.origin, [to_union]).get(to_union)
        here = target is not None and target.origin == ledger.origin
        union = held.union if own else (to_union if here else ledger.root)
    answers = {**made.answers, "text": f"工作证明：{made.answers['proof']}"}
    told = Finished({k: v for k, v in answers.items() if k != "proof"}, made.command)
    return _ask(
        request, "moved", ledger, me, union, told, Want.MOVED, to_union=to_union,
        about=Code(held.membership),
    )  # fmt: skip


# ── an objection to a look ───────────────────────────────────────────────────────────────────


@router.get("/m/objection")
def objection_page(request: Request, read: str = "") -> Response:
    """对查阅有异议."""
    return _objection(request, {"read": read})


@router.post("/m/objection")
async def objection_on(request: Request) -> Response:
    """对查阅有异议：登记."""
    return await run_in_threadpool(_objection, request, await form_of(request))


def _objection(request: Request, fields: Mapping[str, str]) -> Response:
    me = worker(request)
    if "_at" in fields:
        check_token(request, fields.get("_csrf", ""))
    read = fields.get("read") or fields.get("_read", "")
    with me.ledger.reading() as reader:
        row = reader.conn.execute(
            reading.select().where(reading.c.id == read, reading.c.person.in_(sorted(me.own)))
        ).first()
        if row is None:
            raise Problem(404, "not-found", "There is no such look.", "没有这次查阅。")
        own = is_id(row.union) and union_tree.get(reader.conn, me.ledger.origin, [row.union])
        flow = Flow(
            "对查阅有异议", "/m/objection",
            lambda _: (Question("text", "您觉得哪里不对？", "long", "工会会查清楚是谁、为什么看，再告诉您。"), _CALL),
            "提交", {"csrf": _token(request), "read": read},
        )  # fmt: skip
        made = take(
            request, flow, {k: v for k, v in fields.items() if k != "read"}, reader, me.today
        )
        union = UnionId(row.union) if own else me.ledger.root
    if isinstance(made, Response):
        return made
    return _ask(request, "objection", me.ledger, me, union, made, Want.OBJECTION, about=Code(read))


# ── to be forgotten ──────────────────────────────────────────────────────────────────────────


@router.get("/m/forget")
def forget_page(request: Request) -> Response:
    """要求删除我的信息."""
    return _forget(request, {})


@router.post("/m/forget")
async def forget_on(request: Request) -> Response:
    """要求删除我的信息：登记。窗口按限制与删除办理。"""
    return await run_in_threadpool(_forget, request, await form_of(request))


def _forget(request: Request, fields: Mapping[str, str]) -> Response:
    me = worker(request)
    if "_at" in fields:
        check_token(request, fields.get("_csrf", ""))
    flow = Flow(
        "要求删除我的信息", "/m/forget",
        lambda _: (
            Question(
                "text", "为什么想删除？", "long", "不说也行。还有会籍或正在办的事，先一起办完；"
                "再停止使用；法定的保存期满，就删除，以后谁也打不开。", needed=False, skip="不说了",
            ),
            _CALL,
        ),
        "提交", {"csrf": _token(request)},
    )  # fmt: skip
    with me.ledger.reading() as reader:
        made = take(request, flow, fields, reader, me.today)
        union = _union_of(reader, me)
    if isinstance(made, Response):
        return made
    return _ask(request, "forget", me.ledger, me, union, made, Want.FORGET)
