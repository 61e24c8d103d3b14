"""会籍接转: what is under way between unions, both sides on one line, and whose turn it is.

A clerk may take one in hand (认领) for eight working hours, so that two do not do the same. That is
no fact and stops nobody from acting; the ledger decides who came first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.asking import desk_of
from api.console.fitting import Offer, offered, post_for
from api.console.pages import day_in, form_of, page, signed_in, tab_in
from api.console.workers import union_names
from api.problems import Problem
from api.showing import check_case, check_transfer, check_union, glimpse, looking, may_see, ours
from ledger import replay
from ledger.book import NotFound, Reader
from ledger.clock import working_days_between
from ledger.desk import Visitor
from ledger.domain.aid import Stage
from ledger.domain.ids import CaseId, PersonId, TransferId, UnionId, is_id
from ledger.domain.membership import (
    EscalationAnswered,
    EscalationCause,
    Ground,
    RefusalGround,
    RequestAnswered,
    RequestClosed,
    RequestEscalated,
    RequestRefused,
    TransferAccepted,
    TransferDeclined,
    TransferEscalated,
    TransferOffered,
    TransferRequested,
    TransferWithdrawn,
    VoucherIssued,
    VoucherShown,
)
from ledger.domain.rights import CaseState
from ledger.procedures import open_around
from ledger.projections import case_boards, grants, rosters, union_tree, worker_files
from ledger.projections import transfers as view
from ledger.projections.transfers import Line, Tab, TransferState, Way
from ledger.replay import word

router = APIRouter(include_in_schema=False)
SHOWN = 50
TABS = {
    "": "在途", "out": "转出", "in": "转入", "late": "逾期", "returned": "退回", "done": "已完成",
}  # fmt: skip
_TABS: Mapping[str, tuple[Tab, Way | None]] = {
    "": (Tab.WAITING, None), "out": (Tab.WAITING, Way.OUT), "in": (Tab.WAITING, Way.IN),
    "late": (Tab.LATE, None), "returned": (Tab.RETURNED, None), "done": (Tab.DONE, None),
}  # fmt: skip
TONES = {
    TransferState.REQUESTED: "todo", TransferState.OPEN: "todo", TransferState.ACCEPTED: "doing",
    TransferState.DECLINED: "back", TransferState.RELEASED: "doing", TransferState.RECEIVED: "done",
    TransferState.REFUSED: "back", TransferState.RETURNED: "back", TransferState.LAPSED: "back",
    TransferState.CLOSED: "closed", TransferState.WITHDRAWN: "closed", TransferState.SHOWN: "doing",
}  # fmt: skip


@router.get("/transfers")
def transfers(request: Request) -> Response:
    """接转列表：在途、转出、转入、逾期、退回、已完成."""
    who = signed_in(request)
    today = who.today
    tab, way = _TABS[tab_in(request, TABS)]
    given = request.query_params.get("union", "")
    if given and not is_id(given):
        raise Problem(400, "parameter", "No such union.", "没有这个工会。")
    at, _, last = request.query_params.get("after", "").partition("~")
    with looking(who, "transfers", "transfer") as reader:
        conn, origin = reader.conn, who.ledger.origin
        union = check_union(reader, who, UnionId(given) if given else None) or who.union
        sought = view.Sought(today, tab=tab, way=way, union=union)
        listed = view.listing(conn, origin, sought, limit=SHOWN, after=(at, last) if last else None)
        shown = glimpse(reader, who, listed.rows)
        names = _names(reader, listed.rows)
        counts = _counts(reader, today, union)
        answers = {row.transfer for row in listed.rows if _may_answer(reader, who, row)}
    return page(
        request, "transfers.html", who=who, rows=listed.rows, people=shown, names=names,
        left=_left(listed.rows, today), tab=request.query_params.get("tab", ""), tabs=TABS,
        counts=counts, today=today, tones=TONES, answers=answers, union=given,
        following="~".join(listed.next) if listed.next else None,
        takers=desk_of(request).takers(who, [row.transfer for row in listed.rows]),
        grounds={row.transfer: _ground(row.ground) for row in listed.rows if row.ground},
        asks=post_for(who, TransferRequested) is not None,
        takes=post_for(who, VoucherShown) is not None,
    )  # fmt: skip


def _counts(reader: Reader, today: date, union: str | None) -> dict[str, int]:
    """How many are under way; what is over is not counted, there is ever more of it."""
    conn, origin = reader.conn, reader.ledger.origin
    sought = view.Sought(today, union=union)
    every = view.count(conn, origin, sought, view.WAITING)
    found = {"": every[Tab.WAITING], "late": every[Tab.LATE]}
    for way in Way:
        ways = view.count(conn, origin, replace(sought, way=way), view.WAITING)
        found[way.value] = ways[Tab.WAITING]
    return found


def _names(reader: Reader, rows: Sequence[Line]) -> dict[str, str]:
    sides = (
        union
        for row in rows
        for union in (row.from_union, row.to_union, row.receiver, row.turn, row.escalated_to)
    )
    return union_names(reader, {union for union in sides if union})


def _left(rows: Sequence[Line], today: date) -> dict[str, int]:
    """Working days until the answer is due; below nought: since it was."""
    return {
        row.transfer: working_days_between(today, row.deadline)
        for row in rows
        if row.deadline
        and (
            row.state in view.UNANSWERED
            or (row.state is TransferState.SHOWN and today <= row.deadline)
        )
    }


def _ground(code: str) -> str:
    """Why an offer or a request was not granted, in words."""
    for words in (Ground, RefusalGround):
        if code in set(words):
            return word(words(code))
    return code


# ── one transfer ─────────────────────────────────────────────────────────────────────────────


@router.get("/transfers/{transfer}")
def transfer(request: Request, transfer: str) -> Response:
    """一次接转：双方各步、期限、谁在办、随接转的在办事项、可办事项."""
    who, as_of = signed_in(request), day_in(request, "as_of")
    then = request.query_params.get("known", "now") == "then"
    known_on = (day_in(request, "known_on") or as_of) if then else None
    with looking(who, "transfer", f"transfer:{transfer}" if is_id(transfer) else None) as reader:
        row = _row(reader, transfer)
        check_transfer(reader, who, row)
        sees = may_see(reader, who, row.person)
        file = replay.transfer(
            reader, transfer, as_of=as_of, known_on=known_on, mask=not who.sees_numbers
        )
        shown = glimpse(reader, who, [row], mask=not who.sees_numbers)
        names = _names(reader, [row])
        offers = [] if file.historical else transfer_offers(reader, who, row)
        items = {} if file.historical or not sees else _travelling(reader, who, row.person)
    taken = desk_of(request).takers(who, [transfer]).get(transfer)
    return page(
        request, "transfer.html", who=who, row=row, file=file, person=shown.get(row.person),
        names=names, offers=offers, items=items, sees=sees, taken=taken, tones=TONES, as_of=as_of, then=then,
        known_on=known_on, today=who.today, left=_left([row], who.today).get(row.transfer),
        ground=_ground(row.ground) if row.ground else "", home=file.lanes[0] if file.lanes else None,
        waiting=row.state in view.WAITING,
        carries=row.voucher_until is not None
        and row.state is TransferState.OPEN
        and row.from_origin == who.ledger.origin
        and not row.late(who.today),
    )  # fmt: skip


def _row(reader: Reader, transfer: str) -> Line:
    found = view.get(reader.conn, reader.ledger.origin, [transfer]) if is_id(transfer) else {}
    if not found:
        raise NotFound(transfer)
    return found[TransferId(transfer)]


def _travelling(reader: Reader, who: Visitor, person: PersonId) -> dict[str, object]:
    """What is open around her and goes on wherever she is: files, aid, cases."""
    conn, origin = reader.conn, reader.ledger.origin
    ids = worker_files.identity(conn, origin, person)
    files = open_around(reader, list(ids))
    aid = grants.listed(conn, origin, grants.Sought(person=person, today=who.today), limit=50).rows
    board = case_boards.get(conn, origin, worker_files.streams_of(conn, origin, ids, "cas"))
    open_cases = [line for line in board.values() if line.state is not CaseState.CLOSED]
    mine = [line for line in open_cases if _sees_case(reader, who, line.case)]
    return {
        "files": files,
        "grants": [
            {"id": one["grant_id"], "stage": word(Stage(one["stage"])), "on": one["applied_on"]}
            for one in aid
            if one["turn"] is not None
        ],
        "cases": mine,
        "elsewhere": len(open_cases) - len(mine),
    }  # fmt: skip


def _sees_case(reader: Reader, who: Visitor, case: CaseId) -> bool:
    try:
        check_case(reader, who, case)
    except (Problem, NotFound):
        return False
    return True


# ── what can be done now ─────────────────────────────────────────────────────────────────────


def _below(reader: Reader, who: Visitor, union: str | None) -> set[str | None]:
    """Those unions of the visitor's posts that the addressed one stands above, or is."""
    return {
        post.union
        for post in who.posts
        if union is not None
        and any(
            row.union == union
            for row in union_tree.line(reader.conn, reader.ledger.origin, post.union)
        )
    }


def _may_answer(reader: Reader, who: Visitor, row: Line) -> bool:
    """Whether this visitor can accept it now."""
    return (
        row.state is TransferState.OPEN
        and not row.late(who.today)
        and post_for(who, TransferAccepted, _below(reader, who, row.to_union)) is not None
    )


def transfer_offers(reader: Reader, who: Visitor, row: Line) -> list[Offer]:
    """The acts that make sense in a transfer's state, for either side and the superior."""
    given, late = {"transfer": row.transfer}, row.late(who.today)
    sender, receiver = {row.from_union}, _below(reader, who, row.to_union)
    found: list[Offer] = []
    match row.state:
        case TransferState.OPEN:
            if not late:
                found += offered(
                    who, "transfers/accept", "接收", TransferAccepted, receiver, **given
                )
            found += offered(
                who, "transfers/decline", "不予接收", TransferDeclined, receiver, **given
            )
            if row.voucher_until is None and not late:
                found += offered(
                    who, "transfers/issue_voucher", "开具凭证", VoucherIssued, sender, **given
                )
            found += offered(who, "transfers/withdraw", "撤回", TransferWithdrawn, sender, **given)
            if late:
                found += offered(
                    who, "transfers/escalate", "报上级", TransferEscalated,
                    sender | receiver, cause=EscalationCause.UNANSWERED.value, **given,
                )  # fmt: skip
        case TransferState.REQUESTED | TransferState.REFUSED:
            asker = {row.to_union}
            if row.state is TransferState.REQUESTED:
                found += offered(
                    who, "transfers/answer_request", "应商请转出", RequestAnswered, sender,
                    membership=row.membership, **given,
                )  # fmt: skip
                found += offered(
                    who, "transfers/refuse_request", "不予转出", RequestRefused, sender, **given
                )
            if late or row.state is TransferState.REFUSED:
                found += offered(
                    who, "transfers/escalate_request", "商请报上级", RequestEscalated, asker,
                    **given,
                )  # fmt: skip
            found += offered(
                who, "transfers/close_request", "商请了结", RequestClosed, asker, **given
            )
        case TransferState.RETURNED | TransferState.LAPSED | TransferState.WITHDRAWN:
            held = rosters.get(reader.conn, reader.ledger.origin, [row.membership or ""])
            if any(each.union in sender for each in held.values()):
                found += offered(
                    who, "transfers/offer", "再次转出", TransferOffered, sender,
                    membership=row.membership,
                )  # fmt: skip
        case _:
            pass
    if row.escalated_to is not None and row.ruling is None:
        found += offered(
            who, "transfers/rule", "上级答复", EscalationAnswered, {row.escalated_to}, **given
        )
    return found


# ── in hand ──────────────────────────────────────────────────────────────────────────────────


@router.post("/transfers/{transfer}/claim")
async def claim(request: Request, transfer: str) -> Response:
    """认领，或放下；八个工作小时后自动解除."""
    who = await run_in_threadpool(signed_in, request)
    fields = await form_of(request)
    taken = await run_in_threadpool(_take, request, who, transfer, "drop" in fields)
    if not taken:
        raise Problem(
            409, "taken", "Somebody else has taken it in hand.", "他人已先认领。",
            instead="请与其联系，或等认领到期。",
        )  # fmt: skip
    return RedirectResponse(ours(fields.get("next", "")) or f"/transfers/{transfer}", 303)


def _take(request: Request, who: Visitor, transfer: str, drop: bool) -> bool:
    with who.ledger.reading() as reader:
        check_transfer(reader, who, _row(reader, transfer))
    desk = desk_of(request)
    if drop:
        desk.lay_down(who, transfer)
        return True
    return desk.take_up(who, transfer)
