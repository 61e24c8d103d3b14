"""维权案件: the board, one case in both provinces, its settlement sheet and its letters on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from api.console.at_hand import MOST, Planned, confirmed, plan_of, whole_case
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
    tab_in,
)
from api.console.pickers import choices
from api.console.workers import lanes_by_day
from api.problems import Problem
from api.showing import check_case, check_union, mark_of, oversees
from ledger import replay
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import divisions
from ledger.domain.ids import CaseId, StepId, UnionId, is_id
from ledger.domain.kernel import Event, Fen, Office
from ledger.domain.money import yuan
from ledger.domain.rights import (
    CalledBack,
    CaseClosed,
    CaseKind,
    CaseState,
    CaseStepTaken,
    ClockState,
    Money,
    RecoveryRecorded,
    Result,
    ShareConfirmed,
    ShareDenied,
)
from ledger.domain.rights.opening import REPRESENTED_FROM
from ledger.domain.rights.working import LetterSent
from ledger.projections import arrears, case_boards, union_tree
from ledger.projections.case_boards import Due, Line, Role, Sought, Tab
from ledger.replay import CaseFile, ClaimantNow

router = APIRouter(include_in_schema=False)
TABS = {"": "全部", "open": "在办", "late": "有逾期", "disputed": "有异议", "closed": "已结"}
PARTS = {
    "": "概况", "claimants": "职工名单", "money": "协议与到账", "letters": "函件与外部",
    "steps": "经过",
}  # fmt: skip
COLUMN = 30  # cases of one column of the board
DUE_WITHIN = (("0", "今日前"), ("7", "7 日内"), ("15", "15 日内"), ("30", "30 日内"))


# ── the board and the table ──────────────────────────────────────────────────────────────────


class Column(NamedTuple):
    """One column of the board: a state and its cases."""

    state: CaseState
    rows: Sequence[Line]
    more: bool


@router.get("/cases")
def cases(request: Request) -> Response:
    """案件列表：表格或看板，有期限的在前."""
    who, tab = signed_in(request), tab_in(request, TABS)
    board = request.query_params.get("view", "") == "board"
    union = id_in(request, "union", "uni")
    within = request.query_params.get("due_within", "")
    if within not in {"", *(days for days, _ in DUE_WITHIN)}:
        raise Problem(400, "parameter", "No such term.", f"没有“{within}”这一期限。")
    ledger, today = who.ledger, who.today
    with ledger.reading() as reader:
        conn, origin = reader.conn, ledger.origin
        here = check_union(reader, who, UnionId(union) if union else None)
        asked: dict[str, Any] = {
            "union": here, "role": code_in(request, "role", Role),
            "kind": code_in(request, "kind", CaseKind),
            "number": request.query_params.get("number", "").strip() or None,
            "due_within": int(within) if within else None,
        }  # fmt: skip
        state = code_in(request, "state", CaseState)
        columns: list[Column] = []
        following: tuple[str, str] | None = None
        if board:
            for each in CaseState:
                sought = Sought(today, tab=Tab(tab) if tab else None, state=each, **asked)
                found = case_boards.listing(conn, origin, sought, limit=COLUMN)
                columns.append(Column(each, found.rows, found.next is not None))
            rows = [row for column in columns for row in column.rows]
        else:
            sought = Sought(today, tab=Tab(tab) if tab else None, state=state, **asked)
            found = case_boards.listing(
                conn, origin, sought, limit=size_in(request), after=pair_in(request)
            )
            rows, following = found.rows, found.next
        counts = case_boards.count(conn, origin, Sought(today, union=here))
        ids = [row.case for row in rows]
        sums = arrears.totals(conn, origin, ids)
        due = case_boards.dues_of(conn, origin, ids)
        names = _names(reader, [row.lead for row in rows])
        unions = choices(reader, who, "uni", ()) if oversees(reader, who) else ()
    return page(
        request, "cases.html", who=who, rows=rows, columns=columns, sums=sums, names=names,
        tab=tab, tabs=TABS, counts={t.value: n for t, n in counts.items()}, today=today,
        next={case: dues[0] for case, dues in due.items()}, board=board, unions=unions,
        following=place_of(following), kinds=list(CaseKind),
        states=list(CaseState), roles=list(Role), terms=DUE_WITHIN, own=ledger.origin,
        place=divisions.name_of,
    )  # fmt: skip


# ── one case ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """One claimant of the sheet."""

    person: str
    asked: Money
    agreed: Money | None
    recovered: Money
    open: Money
    withdrawn: bool
    denied: bool
    receipts: str
    called: bool
    represents: bool
    against: int


@dataclass(frozen=True)
class Stand:
    """As what a visitor stands to a case, and so what she can do in it now."""

    role: Role | None = None
    union: UnionId | None = None
    acts: frozenset[str] = frozenset()

    def __contains__(self, act: str) -> bool:
        return act in self.acts


@router.get("/cases/{case}")
def case(request: Request, case: str) -> Response:
    """一件案件：各方、期限、金额、职工名单、函件、经过，可看截至某日."""
    who, tab = signed_in(request), tab_in(request, PARTS)
    as_of = day_in(request, "as_of")
    then = request.query_params.get("known", "now") == "then"
    known_on = (day_in(request, "known_on") or as_of) if then else None
    after, earlier = request.query_params.get("after") or None, earlier_in(request)
    if not is_id(case) or not case.startswith("cas_"):
        raise NotFound(case)
    ledger, mask = who.ledger, not who.sees_numbers
    with ledger.looking(who.look("case", f"case:{case}")) as reader:
        check_case(reader, who, CaseId(case))
        rows: Sequence[Row] = ()
        following: str | None = None
        if as_of is None and known_on is None:
            file = replay.case(reader, case, mask=mask)
            if tab == "claimants":
                rows, following = _sheet(reader, file, after, size_in(request))
        else:
            file, told = replay.case_with_claimants(
                reader, case, as_of=as_of, known_on=known_on, mask=mask
            )
            if tab == "claimants":
                rows, following = _sheet_then(told, after, size_in(request))
        named: set[str] = {row.person for row in rows}
        named |= {clock.person for clock in file.state.clocks if clock.person}
        shown = replay.people(reader, sorted(named), mask=mask)
        found = case_boards.dues_of(reader.conn, ledger.origin, [case]).get(CaseId(case), [])
        have = confirmed(reader, case) if tab == "money" and not file.historical else {}
        compared = earlier and replay.case_between(
            reader, case, earlier, (as_of, known_on), mask=mask
        )
        offer = file.state.offer
        names = _names(reader, [offer.to_union] if offer and offer.to_union else [])
    lanes = {lane.origin != ledger.origin: lane for lane in reversed(file.lanes)}
    dues = [] if file.historical else found
    return page(
        request, "case.html", who=who, file=file, now=file.state, case=case, sheet=rows, tab=tab,
        parts=PARTS, people=shown, following=following, dues=dues, home=lanes.get(False),
        host=lanes.get(True), steps=lanes_by_day(file.lines) if tab == "steps" else [],
        as_of=as_of, then=then, known_on=known_on, today=who.today, day=file.day, names=names,
        late=sum(due.due < who.today for due in dues), stand=_stand(file, dues, who),
        place=divisions.name_of, confirmed=have, taken_up=(None, Result.TAKEN_UP),
        earlier=earlier, compared=compared,
    )  # fmt: skip


def _sheet_then(
    told: Sequence[ClaimantNow], after: str | None, size: int
) -> tuple[Sequence[Row], str | None]:
    """A page of claimants as at a date, and after whom the next one begins."""
    ahead = [each for each in told if after is None or each.person > after]
    rows = [
        Row(
            each.person, each.claim.asked, each.claim.agreed, each.recovered, each.open,
            not each.claim.active, each.claim.denied,
            str(sum(proof is not None for proof in each.claim.receipts.values())),
            each.claim.called, each.claim.represents, each.claim.against,
        )
        for each in ahead[:size]
    ]  # fmt: skip
    return rows, rows[-1].person if len(ahead) > size else None


def _sheet(
    reader: Reader, file: CaseFile, after: str | None, size: int
) -> tuple[Sequence[Row], str | None]:
    """A page of claimants as they stand now, and after whom the next one begins."""
    listed = arrears.sheet(reader.conn, reader.ledger.origin, file.case, limit=size, after=after)
    rows = [
        Row(
            each.person, each.asked, each.agreed if each.settled else None, each.recovered,
            each.open, each.withdrawn, each.denied > 0, f"{each.received}/{each.shares}",
            each.called, each.represents, each.against,
        )
        for each in listed.rows
    ]  # fmt: skip
    return rows, listed.next


def _stand(file: CaseFile, dues: Sequence[Due], who: Visitor) -> Stand:
    """What this visitor can do in the case as it stands; nothing on a page of the past."""
    now = file.state
    if file.historical or now.lead is None:
        return Stand()
    mine = {post.union for post in who.posts}
    side = next((each for each in now.sides if each.union in mine), None)
    offer = now.offer
    offered = offer is not None and offer.accepted is None and offer.to_union in mine
    union = side.union if side else offer.to_union if offer and offered else None
    if union is None:
        return Stand()
    offices = {post.office for post in who.posts if post.union == union}
    role = side.role if side else Role.ASKED
    acts = {
        act
        for act, by in (
            *_of_part(file, role), *_of_lead(file, role), *_of_asked(file, role, offered=offered),
        )
        if offices.intersection(by)
    }  # fmt: skip
    return Stand(role, union, frozenset(acts))


_Acts = list[tuple[str, Sequence[Office]]]


def _by(kind: type[Event]) -> Sequence[Office]:
    return kind.by


def _of_part(file: CaseFile, role: Role) -> _Acts:
    """What whoever takes part can do: lead or help."""
    if role is Role.ASKED:
        return []
    now, works, closes = file.state, _by(CaseStepTaken), _by(CaseClosed)
    found: _Acts = [("recover", _by(RecoveryRecorded)), ("call_back", _by(CalledBack))]
    if any(not each.report for each in now.payments):
        found += [("receive", _by(ShareConfirmed)), ("deny", _by(ShareDenied))]
    if any(each.reply is None for each in now.letters):
        found.append(("answer_letter", works))
    if any(each.number is None for each in now.outside):
        found.append(("number_outside", works))
    if any(each.result in (None, Result.TAKEN_UP) for each in now.outside):
        found.append(("answer_outside", works))
    running = any(each.state is ClockState.RUNNING for each in now.clocks)
    if running:
        found.append(("meet", works))
    if now.closure is not None:
        return [*found, ("reopen", closes)]
    steps = ["add", "revise", "withdraw_claim", "take_step", "send_letter", "bring_before",
             "start_clock"]  # fmt: skip
    if running:
        steps += ["interrupt", "pause", "extend"]
    if any(each.state is ClockState.PAUSED for each in now.clocks):
        steps.append("resume")
    if now.totals.claimants + now.unknown >= REPRESENTED_FROM:
        steps.append("choose")
    if role is Role.HELPS:
        steps.append("leave")
    return [*found, *((each, works) for each in steps)]


def _of_lead(file: CaseFile, role: Role) -> _Acts:
    """What the lead alone can do; and to dispute a closure, whoever helps."""
    now, works, closes = file.state, _by(CaseStepTaken), _by(CaseClosed)
    if role is Role.HELPS and now.closure is not None:
        return [("dispute", closes)]
    if role is not Role.LEAD:
        return []
    found: _Acts = []
    if now.unmatched and any(not each.report for each in now.payments):
        found.append(("match", _by(RecoveryRecorded)))
    if now.offer is not None and now.offer.accepted is None:
        found.append(("withdraw_lead", works))
    if now.closure is not None:
        return [*found, *([("uphold", closes)] if now.state is CaseState.DISPUTED else [])]
    found += [(each, works) for each in ("name_party", "ask_help", "settle")]
    if now.offer is None:
        found.append(("offer_lead", works))
    return [*found, ("close", closes)]


def _of_asked(file: CaseFile, role: Role, *, offered: bool) -> _Acts:
    """What whoever is asked can answer."""
    works, found = _by(CaseStepTaken), list[str]()
    if offered:
        found += ["accept_lead", "decline_lead"]
    asked = role is Role.ASKED and not offered and file.state.closure is None
    if asked:
        found += ["join", "decline_help"]
    return [(each, works) for each in found]


# ── the plan of a settlement ─────────────────────────────────────────────────────────────────


@router.get("/cases/{case}/settlement")
def settlement(request: Request, case: str) -> Response:
    """达成协议的分期方案：各期合计，逐人按诉求比例分到分，下一步可逐人改."""
    who = signed_in(request)
    if not is_id(case) or not case.startswith("cas_"):
        raise NotFound(case)
    given = dict(request.query_params)
    with who.ledger.looking(who.look("case", f"case:{case}")) as reader:
        check_case(reader, who, CaseId(case))
        held = whole_case(reader, case)
        totals = arrears.totals(reader.conn, who.ledger.origin, [case])[CaseId(case)]
    asked, many = totals.asked, totals.claimants
    fault, plan = "", list[Planned]()
    try:
        plan = plan_of(given)
    except ValueError as unreadable:
        fault = str(unreadable)
    if not fault and any(one.due is None for one in plan):
        fault = "每一期都须写明付款日期。"
    whole = Money(
        Fen(sum(one.money.wages for one in plan)), Fen(sum(one.money.compensation for one in plan))
    )
    return page(
        request, "settlement.html", who=who, case=case, number=held.number, asked=asked,
        plan=plan, whole=whole, fault=fault, most=MOST, given=given, many=many,
        lines=max(2, len(plan) + 1), ready=bool(plan) and not fault,
        said=_said(plan) if many > MOST else [
            (key, value) for key, value in given.items() if key.startswith("plan.")
        ],
        status=422 if fault else 200,
    )  # fmt: skip


def _said(plan: Sequence[Planned]) -> list[tuple[str, str]]:
    """A plan as the rows of a form."""
    return [
        (f"plan.{at}.{name}", text)
        for at, one in enumerate(plan)
        for name, text in (
            ("number", str(one.number)), ("due", one.due.isoformat() if one.due else ""),
            ("wages", yuan(one.money.wages)), ("compensation", yuan(one.money.compensation)),
        )
    ]  # fmt: skip


# ── letters on paper ─────────────────────────────────────────────────────────────────────────


@router.get("/cases/{case}/letters/{step}")
def letter(request: Request, case: str, step: str) -> Response:
    """一份函件，按公文格式打印；不写职工姓名."""
    who = signed_in(request)
    if not is_id(case) or not case.startswith("cas_"):
        raise NotFound(case)
    with who.ledger.reading() as reader:
        check_case(reader, who, CaseId(case))
        held = whole_case(reader, case)
        found = held.letters.get(StepId(step))
        if found is None:
            raise NotFound(step)
        sums = arrears.totals(reader.conn, who.ledger.origin, [case])[CaseId(case)]
        line = case_boards.get(reader.conn, who.ledger.origin, [case])[CaseId(case)]
        sender, sent_at = _sender(reader, case, step)
        mark = mark_of(request.base_url, reader, case, sent_at) if sent_at else ""
    return page(
        request, "letter.html", who=who, case=case, letter=found, held=held, sums=sums, line=line,
        sender=sender, employer=line.employer, mark=mark,
    )  # fmt: skip


def _sender(reader: Reader, case: str, step: str) -> tuple[str, int]:
    """Which union sent the letter, as it was called then; and where that stands in our journal."""
    for told in case_boards.whole(reader.conn, reader.ledger.origin, case):
        sent = told.fact.event
        if isinstance(sent, LetterSent) and sent.step == step:
            rows = union_tree.get(reader.conn, reader.ledger.origin, [sent.union], told.fact.on)
            ours = told.fact.origin == reader.ledger.origin
            name = rows[sent.union].name if sent.union in rows else ""
            return name, told.fact.position if ours else 0
    return "", 0


def _names(reader: Reader, unions: Sequence[str]) -> dict[str, str]:
    found = union_tree.get(reader.conn, reader.ledger.origin, set(unions))
    return {union: row.short_name or row.name for union, row in found.items()}
