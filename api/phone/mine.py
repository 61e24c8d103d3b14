"""我的会籍、我的进度与补助、我的授权与谁看过: what is on record of me, and of my children."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_urlsafe

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from api.phone.frame import Me, check_token, form_of, page, worker
from api.phone.steps import Finished, record
from api.phone.vouchers import under_way
from api.problems import Problem
from api.showing import mark_of
from ledger import procedures
from ledger.book import Entry, Reader
from ledger.domain.aid import PaymentState, Stage
from ledger.domain.consents import Consent, ConsentGiven, Evidence
from ledger.domain.ids import (
    CaseId,
    ConsentId,
    GrantId,
    StepId,
    is_id,
    new_consent,
    spoken,
)
from ledger.domain.kernel import Code, Fen
from ledger.domain.membership import Membership
from ledger.domain.money import yuan
from ledger.domain.questions import AskedAlready, Cited, QuestionKind
from ledger.domain.rights import CaseState, RightsCase
from ledger.journal.tables import reading
from ledger.projections import (
    arrears,
    case_boards,
    glasses,
    grants,
    help_requests,
    questions,
    rosters,
    union_tree,
    worker_files,
)
from ledger.replay import GrantFile, grant, people, word
from ledger.window import Worker

router = APIRouter(include_in_schema=False)

ANSWER_DAYS, RULING_DAYS = 10, 20
"""Within how many days a worker's objection is answered, and then ruled."""
SHOWN = 20
READS = 30


def names_of(reader: Reader, unions: set[str]) -> dict[str, str]:
    found = union_tree.get(reader.conn, reader.ledger.origin, unions)
    return {union: row.name for union, row in found.items()}


# ── membership ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Card:
    """One membership as its holder shows it: where, since when, and a code that is checked."""

    union: str
    state: str
    since: date
    first: date | None
    number: str
    qr: str
    moving: str  # a transfer that nobody has answered yet


@router.get("/m/membership")
def membership(request: Request, me: Me) -> Response:
    """我的会籍：在哪、从何时、会员码."""
    ledger = me.ledger
    with ledger.looking(me.look("my-membership")) as reader:
        shown = people(reader, [me.person])
        rows = rosters.of_persons(reader.conn, ledger.origin, me.own)
        every = [row for found in rows.values() for row in found]
        names = names_of(reader, {row.union for row in every})
        moving = {line.membership: line.transfer for line in under_way(reader, me)}
        cards = [
            _card(request, reader, row, names, moving.get(row.membership, "")) for row in every
        ]
    one = shown.get(me.person)
    return page(request, "membership.html", name=one.name if one else "", cards=cards)


def _card(
    request: Request, reader: Reader, row: rosters.Member, names: Mapping[str, str], moving: str
) -> Card:
    held = reader.get(Membership, row.membership)
    qr = ""
    if row.origin == reader.ledger.origin and row.state is not rosters.Standing.APPLIED:
        qr = mark_of(request.base_url, reader, row.membership)
    return Card(
        names.get(row.union, ""), word(row.state), row.since, held.first,
        spoken(row.membership), qr, moving,
    )  # fmt: skip


# ── progress ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Step:
    """One of the four steps: its word, whether it is done, and on which day."""

    zh: str
    state: str  # done · now · empty: still to come
    on: date | None


@dataclass(frozen=True)
class Payout:
    """One payment: how much, when, to which account, and whether it may be said not to have come."""

    amount: Fen
    on: date
    tail: str
    number: int
    came: bool | None  # signed for; None: on its way
    disputed: bool


@dataclass(frozen=True)
class Thing:
    """One thing that goes on: aid, a case, a request, an application."""

    title: str
    number: str
    of: str
    whose: str
    where: str
    amount: Fen | None
    steps: tuple[Step, ...]
    payouts: tuple[Payout, ...] = ()
    ended: str = ""


_VERIFYING = {Stage.OBJECTED, Stage.HELD}
_PAID = {Stage.PAID, Stage.RECEIVED, Stage.TAKING_BACK, Stage.CLOSED}
_ENDED = {Stage.DECLINED: "没有批准。想知道原因，请打12351。", Stage.WITHDRAWN: "已撤回。"}


@router.get("/m/progress")
def progress(request: Request, me: Me) -> Response:
    """我的进度与补助：走到哪一步、多少钱、到哪张卡."""
    with me.ledger.looking(me.look("my-progress")) as reader:
        things = [
            *_requests(reader, me),
            *_applications(reader, me),
            *_grants(reader, me),
            *_cases(reader, me),
        ]
    return page(
        request, "progress.html", things=things, said=request.query_params.get("said") == "1"
    )


def _grants(reader: Reader, me: Worker) -> Iterator[Thing]:
    conn, origin = reader.conn, reader.ledger.origin
    rows = [
        row
        for person in (me.person, *me.children)
        for row in grants.listed(conn, origin, grants.Sought(person=person), limit=SHOWN).rows
    ]
    shown = people(reader, me.children)
    for row in {row["grant_id"]: row for row in rows}.values():
        if not (me.sees(row["person"]) or me.sees(row["beneficiary"])):
            continue
        file = grant(reader, row["grant_id"])
        child = shown.get(row["person"]) or shown.get(row["beneficiary"])
        yield _grant(reader, file, child.name if child else "")


def _grant(reader: Reader, file: GrantFile, whose: str) -> Thing:
    now = file.state
    notice = now.notices[-1] if now.notices else None
    paid = next((each.on for each in now.payments if each.state in _ARRIVED), None)
    approved = now.approval.on if now.approval else None
    ahead = now.stage in _VERIFYING or now.stage is Stage.APPLIED
    steps = (
        Step("已收到", "done", file.applied_on),
        Step("正在核实", "now" if ahead else "done", None),
        Step(
            "公示中", "done" if approved or paid else ("now" if notice else ""),
            notice.since if notice else None,
        ),
        Step("已发放", "done" if paid else ("now" if approved else ""), paid),
    )  # fmt: skip
    disputed = _disputed(reader, [each.ref for each in now.payments])
    payouts = tuple(
        Payout(
            each.amount.fen, each.on, now.payee.account[-4:] if now.payee and now.payee.account else "",
            each.number, each.signed is not None if each.state in _ARRIVED else None,
            each.ref in disputed,
        )
        for each in now.payments
        if each.failed is None
    )  # fmt: skip
    return Thing(
        f"{word(file.kind)}{'（' + file.need + '）' if file.need and not is_id(file.need) else ''}",
        spoken(file.grant), file.grant, whose, file.union_name,
        now.approved.fen or now.amount.fen, steps, payouts,
        _ENDED.get(now.stage, "") if now.stage else "",
    )  # fmt: skip


_ARRIVED = {PaymentState.MADE, PaymentState.SIGNED}


def _disputed(reader: Reader, refs: list[str]) -> set[str]:
    """Which of these records a question cites that is still open."""
    places = [(ref.rpartition("#")[0], int(ref.rpartition("#")[2])) for ref in refs if ref]
    found = questions.of_records(reader.conn, reader.ledger.origin, places)
    return {
        f"{place[0]}#{place[1]}"
        for place, lines in found.items()
        if any(line.closed_on is None for line in lines)
    }


def _cases(reader: Reader, me: Worker) -> Iterator[Thing]:
    conn, origin = reader.conn, reader.ledger.origin
    rows = arrears.of_person(conn, origin, me.own)
    lines = case_boards.get(conn, origin, [row.case for row in rows])
    for row in rows:
        told = reader.get(RightsCase, row.case)
        claim = told.claims.get(row.person)
        if claim is None or row.case not in lines:
            continue
        line = lines[row.case]
        got = row.recovered.wages + row.recovered.compensation
        owed = row.open.wages + row.open.compensation
        first = next(iter(told.recoveries.values()), None)
        steps = (
            Step("已收到", "done", row.made_on),
            Step("正在办理", "done" if row.settled or got else "now", None),
            Step("达成协议", "done" if row.settled else "", None),
            _recovered(got, owed, first.on if first and got else None),
        )
        payouts = tuple(
            Payout(
                Fen(each.wages + each.compensation), told.recoveries[recovery].on, "", n,
                claim.receipts.get(recovery) is not None, claim.receipts.get(recovery, 0) is None,
            )
            for n, (recovery, shares) in enumerate(told.shares.items(), 1)
            if (each := shares.get(row.person)) is not None and recovery in told.recoveries
        )  # fmt: skip
        names = names_of(reader, {line.lead}) if line.lead else {}
        due = row.agreed if row.settled else row.asked
        yield Thing(
            f"{word(line.kind)} {line.number}", spoken(row.case), row.case, "",
            names.get(line.lead, ""), Fen(due.wages + due.compensation), steps, payouts,
            "您已撤回。" if row.withdrawn else "已结案。" if line.state is CaseState.CLOSED else "",
        )  # fmt: skip


def _recovered(got: int, owed: int, since: date | None) -> Step:
    """The last step of a case: done when nothing is owed any more."""
    if got and owed > 0:
        return Step(f"已追回 {yuan(got)} 元，还有 {yuan(owed)} 元没到", "now", since)
    return Step("钱已追回", "done" if got else "", since)


def _requests(reader: Reader, me: Worker) -> Iterator[Thing]:
    rows = help_requests.of_person(reader.conn, reader.ledger.origin, [*me.own, *me.children])
    names = names_of(reader, {row.union for row in rows})
    for row in rows[:SHOWN]:
        steps = (
            Step("已收到", "done", row.asked_on),
            Step("正在办理", "done" if row.settled_on else "now", row.taken_up_on),
            Step("已办结", "done" if row.settled_on else "", row.settled_on),
        )
        yield Thing(
            word(row.want), row.number, row.help, "", names.get(row.union, ""), None, steps, (),
            f"结果：{word(row.outcome)}" if row.outcome else "",
        )  # fmt: skip


def _applications(reader: Reader, me: Worker) -> Iterator[Thing]:
    conn, origin = reader.conn, reader.ledger.origin
    every = [
        row
        for person in sorted(me.own)
        for row in rosters.spans_of(conn, origin, person)
        if row.state is rosters.Standing.APPLIED
    ]
    waiting = [row for row in every if row.until is None]
    names = names_of(reader, {row.union for row in waiting})
    for row in waiting:
        steps = (
            Step("已收到", "done", row.since), Step("正在核实", "now", None), Step("批准入会", "", None)
        )  # fmt: skip
        yield Thing(
            "入会申请", spoken(row.membership), row.membership, "", names.get(row.union, ""), None,
            steps,
        )  # fmt: skip


# ── it has not come ──────────────────────────────────────────────────────────────────────────


@router.get("/m/progress/{thing}/{number}")
def not_received_page(request: Request, me: Me, thing: str, number: int) -> Response:
    """没收到：先看清楚再按."""
    with me.ledger.looking(me.look("my-progress")) as reader:
        payout = _payout(reader, me, thing, number)
    return page(
        request, "not_received.html", thing=thing, number=number, payout=payout,
        command=token_urlsafe(12),
    )  # fmt: skip


def _payout(reader: Reader, me: Worker, thing: str, number: int) -> Payout:
    """One payment of mine. 404 where it is not mine."""
    mine = {"grt": _grants, "cas": _cases}.get(thing[:3])
    for each in mine(reader, me) if mine else ():
        for payout in each.payouts:
            if each.of == thing and payout.number == number:
                return payout
    raise Problem(404, "not-found", "There is no such payment of yours.", "没有这笔钱。")


@router.post("/m/progress/{thing}/{number}")
async def not_received(request: Request, thing: str, number: int) -> Response:
    """没收到：登记为异议，由工会查清."""
    return await run_in_threadpool(_not_received, request, thing, number, await form_of(request))


def _not_received(request: Request, thing: str, number: int, fields: Mapping[str, str]) -> Response:
    me = worker(request)
    check_token(request, fields.get("csrf", ""))
    with me.ledger.looking(me.look("my-progress")) as reader:
        _payout(reader, me, thing, number)
    made = Finished({"of": thing, "payment": str(number)}, fields.get("command", "")[:64])
    if thing.startswith("grt_"):
        _question(me, GrantId(thing), number, made)
    else:
        _deny(me, CaseId(thing), number, made)
    return RedirectResponse("/m/progress?said=1", 303)


def _question(me: Worker, name: GrantId, number: int, made: Finished) -> None:
    """Aid that has not come is a question about the payment, answered by who paid and ruled above."""
    ledger = me.ledger
    with ledger.looking(me.look("my-progress")) as reader:
        file = grant(reader, name)
        paid = next(each for each in file.state.payments if each.number == number)
        own = union_tree.get(reader.conn, ledger.origin, [file.union]).get(file.union)
        union = file.union if own and own.origin == ledger.origin else ledger.root
    origin, _, position = paid.ref.rpartition("#")
    # A child's guardian speaks for it in the child's own file.
    act = me.act(union, file.person)

    def decide(entry: Entry) -> str:
        return procedures.raise_question(
            entry, QuestionKind.OBJECTION, [Cited(Code(origin), int(position))], "本人反映没有收到这笔钱",
            answer_days=ANSWER_DAYS, ruling_days=RULING_DAYS, person=file.person,
        )  # fmt: skip

    try:
        record(ledger, act, me.account, made, decide)
    except AskedAlready:
        return  # it is being looked into


def _deny(me: Worker, name: CaseId, number: int, made: Finished) -> None:
    """Money of a case that has not come: the claimant says so in the case itself."""
    ledger = me.ledger
    with ledger.reading() as reader:
        told = reader.get(RightsCase, name)
        recovery: StepId = list(told.shares)[number - 1]
        person = next(each for each in sorted(me.own) if each in told.shares[recovery])
        claim = told.claims.get(person)
        if claim is not None and claim.receipts.get(recovery, 0) is None:
            return  # said already
        sides = case_boards.sides(reader.conn, ledger.origin, name)
        rows = union_tree.get(reader.conn, ledger.origin, sides)
        union = next(
            (u for u in sides if u in rows and rows[u].origin == ledger.origin), ledger.root
        )

    def decide(entry: Entry) -> str:
        entry.write(
            entry.read(RightsCase, name).deny(entry.act, recovery, person, "本人反映没有收到")
        )
        return name

    record(ledger, me.act(union, person), me.account, made, decide)


# ── consents, and who looked ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Allowed:
    """One consent in plain words."""

    consent: ConsentId
    whose: str
    receiver: str
    purpose: str
    groups: str
    since: date
    stands: bool


@dataclass(frozen=True)
class Seen:
    """One look at my file, in plain words."""

    id: str
    at: str
    who: str
    what: str
    by_itself: bool
    """Whether nobody looked, but the system by its rules."""


@dataclass(frozen=True)
class Hurried:
    """One emergency in which my file was opened, in plain words."""

    at: datetime
    who: str
    why: str
    found: str  # what the review said; empty: it is to come
    review_by: date


VIEWS = {
    "search": "查找名单", "workers": "查找名单", "person": "您的档案", "worker": "您的档案",
    "steps": "您的档案", "changes": "您的档案", "act": "办理业务时核对您的信息", "grants": "补助名单",
    "grant": "您的补助", "case": "您的维权案件", "claimants": "维权案件的名单", "transfers": "会籍接转名单",
    "transfer": "您的会籍接转", "help_requests": "诉求名单", "help_request": "您的诉求",
    "question": "您的异议", "members": "会员名册", "rosters": "会员名册", "hardship_files": "困难档案名单",
    "hardship_file": "您的困难档案", "sign-in": "您登记的手机号码，核对登录", "notices": "公示", "export": "导出的名单", "forgetting": "限制与删除您的信息的办理", "glass": "对您档案的紧急查阅", "glasses": "查找名单",
}  # fmt: skip
"""What an officer looked at, as the worker is told."""


@router.get("/m/consents")
def consents(request: Request, me: Me) -> Response:
    """我的授权与谁看过."""
    with me.ledger.looking(me.look("my-consents")) as reader:
        allowed = list(_consents(reader, me))
        seen = list(_reads(reader, me))
        hurried = list(_glasses(reader, me))
    return page(
        request, "consents.html", allowed=allowed, seen=seen, hurried=hurried, most=READS, command=token_urlsafe(12),
        said=request.query_params.get("said", ""),
    )  # fmt: skip


def _consents(reader: Reader, me: Worker) -> Iterator[Allowed]:
    shown = people(reader, me.children)
    for person in (*sorted(me.own), *me.children):
        for name in worker_files.streams_of(reader.conn, reader.ledger.origin, [person], "con"):
            held = reader.get(Consent, name)
            given = held.given
            if not isinstance(given, ConsentGiven) or given.person != person:
                continue
            receiver = given.receiver.partner or given.receiver.union or ""
            standing = held.groups(receiver, me.today)
            child = shown.get(person)
            yield Allowed(
                ConsentId(name), child.name if child else "", given.receiver.name,
                word(given.purpose), "、".join(word(each) for each in given.groups), given.since,
                bool(standing),
            )  # fmt: skip


def _reads(reader: Reader, me: Worker) -> Iterator[Seen]:
    rows = reader.conn.execute(
        select(reading)
        .where(
            reading.c.person.in_(sorted({*me.own, *me.children})),
            reading.c.officer.not_in(sorted(me.own)),
        )
        .order_by(reading.c.at.desc(), reading.c.id.desc())
        .limit(READS)
    ).all()
    names = names_of(reader, {row.union for row in rows if is_id(row.union)})
    for row in rows:
        who = f"{names[row.union]}的工作人员" if row.union in names else "系统"
        yield Seen(row.id, row.at, who, VIEWS.get(row.view, "您的资料"), row.union not in names)


def _glasses(reader: Reader, me: Worker) -> Iterator[Hurried]:
    conn, origin = reader.conn, reader.ledger.origin
    rows = [
        row
        for person in (*sorted(me.own), *me.children)
        for row in glasses.listing(conn, origin, person=person, limit=SHOWN).rows
    ]
    names = names_of(reader, {row.union for row in rows})
    for row in sorted(rows, key=lambda each: each.at, reverse=True):
        found = word(row.finding) if row.finding else ""
        yield Hurried(row.at, names.get(row.union, ""), word(row.emergency), found, row.review_by)


@router.post("/m/consents/{consent}")
async def change(request: Request, consent: str) -> Response:
    """撤回，或重新同意."""
    return await run_in_threadpool(_change, request, consent, await form_of(request))


def _change(request: Request, name: str, fields: Mapping[str, str]) -> Response:
    me = worker(request)
    check_token(request, fields.get("csrf", ""))
    ledger = me.ledger
    with ledger.reading() as reader:
        given = reader.get(Consent, name).given if is_id(name) else None
        if not isinstance(given, ConsentGiven) or not me.sees(given.person):
            raise Problem(
                404, "not-found", "There is no such consent of yours.", "没有这一份授权。"
            )
        rows = union_tree.get(reader.conn, ledger.origin, [given.receiver.union or ""])
        own = next((row.union for row in rows.values() if row.origin == ledger.origin), None)
    child = given.person in me.children
    guardian = me.person if child else None
    act = me.act(own or ledger.root, me.person if child else given.person)
    again = fields.get("to") == "again"
    made = Finished({"consent": name, "to": fields.get("to", "")}, fields.get("command", "")[:64])

    def decide(entry: Entry) -> str:
        if not again:
            procedures.withdraw_consent(entry, ConsentId(name), guardian=guardian)
            return name
        fresh = new_consent()
        entry.start(
            Consent.give(
                entry.act, fresh, given.person, given.receiver, given.purpose, given.groups,
                Evidence.PHONE_PAGE, given.notice, born=procedures.born(entry, given.person),
                guardian=guardian,
            )
        )  # fmt: skip
        return fresh

    record(ledger, act, me.account, made, decide)
    return RedirectResponse(f"/m/consents?said={'again' if again else 'withdrawn'}", 303)
