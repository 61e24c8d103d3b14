"""工作台: what waits for me, by the day on which it is due; the money; how old the partner's news is.

Each kind of work is asked of its own view, a page of it, and what is counted is what is listed.
What the visitor's offices cannot do anything about is not on her bench.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response

from api.console.enrolments import applicants
from api.console.fitting import may
from api.console.grants import above
from api.console.pages import page, signed_in, tab_in
from api.console.workers import union_names
from api.problems import Problem
from api.showing import (
    answers_for_privacy,
    check_union,
    glimpse,
    looking,
    own_unions,
    sees_offer,
    signals_for,
)
from ledger.book import Reader
from ledger.clock import beijing, working_days_after
from ledger.desk import Visitor
from ledger.domain.aid import Stage
from ledger.domain.aiding import AidKind
from ledger.domain.auditing import Finding
from ledger.domain.forgetting import PersonShredded
from ledger.domain.funds import ShareAccepted
from ledger.domain.glass import GlassReviewed
from ledger.domain.help import HelpState, HelpTakenUp
from ledger.domain.ids import UnionId, spoken
from ledger.domain.kernel import Event, Office
from ledger.domain.membership import (
    ApplicationExamined,
    MemberEnrolled,
    RequestAnswered,
    TransferAccepted,
)
from ledger.domain.money import yuan
from ledger.domain.questions import QuestionAnswered, QuestionRuled
from ledger.domain.rights import CaseOpened
from ledger.exchange.running import Standing, standings
from ledger.exchange.signals import names
from ledger.projections import (
    case_boards,
    forgetting,
    fund_statements,
    glasses,
    grants,
    help_requests,
    questions,
    transfers,
)
from ledger.projections.disbursement_audit import asking as audit
from ledger.replay import people, word

router = APIRouter(include_in_schema=False)

MOST = 50
"""Of one kind of work; who has more opens its list."""
SOON = 14  # days ahead for which the time limits of cases are shown
KINDS = {
    "": "全部", "transfers": "会籍接转", "enrolments": "入会审核", "grants": "帮扶审批",
    "help": "职工诉求", "cases": "案件期限", "questions": "疑点与争议", "shares": "资金划转", "privacy": "个人信息",
}  # fmt: skip
MONEY = frozenset({
    Office.ACCOUNTANT, Office.CASHIER, Office.APPROVER, Office.CHAIR, Office.AUDITOR,
})  # fmt: skip
FINDS = frozenset({Office.AUDITOR, Office.CHAIR, Office.REVIEWER, Office.ACCOUNTANT})


@dataclass(frozen=True)
class Task:
    """One thing to do: what, about whom, until when, and where it is done."""

    kind: str
    what: str
    about: str
    href: str
    due: date | None
    since: date | None

    def late(self, today: date) -> bool:
        return self.due is not None and self.due < today

    @property
    def order(self) -> tuple[date, date]:
        return self.due or date.max, self.since or date.max


@dataclass(frozen=True)
class Heard:
    """A partner province: since when there is no news, and what waits."""

    name: str
    standing: Standing
    minutes: int | None


@router.get("/workbench")
def workbench(request: Request) -> Response:
    """工作台：待办按期限，资金余额，审计发现，对方省消息."""
    who, kind = signed_in(request), tab_in(request, KINDS)
    with looking(who, "workbench", "office") as reader:
        tasks = sorted(_tasks(reader, who), key=lambda task: task.order)
        funds = _funds(reader, who)
        findings = _findings(reader, who)
        partners, found = _partners(reader, who), signals_for(reader, who)
        union = union_names(reader, [who.union]).get(who.union, "") if who.union else ""
    counts = {name: sum(task.kind == name for task in tasks) for name in KINDS if name}
    return page(
        request, "workbench.html", who=who, kind=kind, kinds=KINDS,
        counts={"": len(tasks), **counts},
        tasks=[task for task in tasks if not kind or task.kind == kind],
        late=sum(task.late(who.today) for task in tasks), most=MOST, funds=funds,
        findings=findings, kinds_found=Finding.kinds, partners=partners, today=who.today, union=union,
        signals=found,
    )  # fmt: skip


def _tasks(reader: Reader, who: Visitor) -> Iterator[Task]:
    for source in _SOURCES:
        yield from source(reader, who)


def _unions(who: Visitor, *kinds: type[Event]) -> list[UnionId]:
    """The unions for which the visitor may record one of these."""
    offices = {office for kind in kinds for office in kind.by}
    return sorted({post.union for post in who.posts if post.office in offices})


# ── each kind of work ────────────────────────────────────────────────────────────────────────


def _transfers(reader: Reader, who: Visitor) -> Iterator[Task]:
    conn, origin = reader.conn, reader.ledger.origin
    rows = [
        row
        for union in _unions(who, TransferAccepted, RequestAnswered)
        for row in transfers.listing(
            conn, origin, transfers.Sought(who.today, tab=transfers.Tab.WAITING, turn=union),
            limit=MOST,
        ).rows
    ]  # fmt: skip
    shown = glimpse(reader, who, rows)
    for row in rows:
        name = shown[row.person].name if row.person in shown else ""
        yield Task(
            "transfers", f"接转：{word(row.state)}", name or "姓名未提供",
            f"/transfers/{row.transfer}", row.deadline, row.turn_since,
        )  # fmt: skip


def _enrolments(reader: Reader, who: Visitor) -> Iterator[Task]:
    # A union's own: those above it see its applications in the list, and leave them to it.
    steps = [
        (tab, union)
        for tab, kind in (("", ApplicationExamined), ("examined", MemberEnrolled))
        for union in _unions(who, kind)
    ]
    for tab, union in steps:
        rows, _ = applicants(reader, who, tab, union=union, limit=MOST, checked=False)
        for row in rows:
            name = row.shown.name if row.shown else ""
            yield Task(
                "enrolments", f"入会：{row.step}", f"{name or '姓名未提供'} · {row.union_name}",
                f"/enrolments/{row.membership}", None, row.applied_on,
            )  # fmt: skip


def _grants(reader: Reader, who: Visitor) -> Iterator[Task]:
    conn, origin = reader.conn, reader.ledger.origin
    turns = {(post.union, _TURNS.get(post.office, post.office)) for post in who.posts}
    rows: dict[str, grants.Row] = {}
    for union, turn in sorted(turns):
        # Whoever approves does so for the unions below as well; the rest is each union's own work.
        below = turn not in {Office.CLERK, Office.REVIEWER}
        sought = grants.Sought(union=union, below=below, turn=turn, today=who.today)
        rows |= {
            row["grant_id"]: row for row in grants.listed(conn, origin, sought, limit=MOST).rows
        }
    own = [row["person"] for row in rows.values() if row["origin"] == origin]
    shown = people(reader, own)
    for name, row in rows.items():
        if row["stage"] == Stage.ON_NOTICE:
            continue  # nobody can do anything before the notice ends
        if above(reader, who, row):
            continue
        whose = shown[row["person"]].name if row["person"] in shown else ""
        due = row["review_by"]
        yield Task(
            "grants", f"{word(AidKind(row['kind']))}：{_waits_for(Stage(row['stage']))}",
            f"{whose or '姓名未提供'} · {yuan(row['amount'])} 元", f"/grants/{name}",
            date.fromisoformat(due) if due else None, date.fromisoformat(row["since"]),
        )  # fmt: skip


CALL_BACK = 3
"""Within so many working days a worker is called back, as the page tells her that she will be."""


def _help(reader: Reader, who: Visitor) -> Iterator[Task]:
    conn, origin = reader.conn, reader.ledger.origin
    rows = [
        row
        for union in _unions(who, HelpTakenUp)
        for state in (HelpState.OPEN, HelpState.TAKEN_UP)
        for row in help_requests.listing(
            conn, origin, help_requests.Sought(union=union, below=False, state=state), limit=MOST
        ).rows
    ]
    shown = people(reader, [row.person for row in rows])
    for row in rows:
        name = shown[row.person].name if row.person in shown else ""
        waits = row.state is HelpState.OPEN
        yield Task(
            "help", f"{word(row.want)}：{word(row.state)}", name or "姓名未提供",
            f"/help-requests/{row.help}",
            working_days_after(row.asked_on, CALL_BACK) if waits else None,
            row.asked_on if waits else row.taken_up_on,
        )  # fmt: skip


def _waits_for(stage: Stage) -> str:
    """What is to be done at a step, where its own word says only what was."""
    return "已签收，待办结" if stage is Stage.RECEIVED else word(stage)


_TURNS = {Office.ACCOUNTANT: Office.CASHIER}
"""Who does another office's work: either pays out."""


def _cases(reader: Reader, who: Visitor) -> Iterator[Task]:
    conn, origin = reader.conn, reader.ledger.origin
    found: dict[tuple[str, str], case_boards.Due] = {}
    for union in _unions(who, CaseOpened):
        sought = case_boards.Sought(
            who.today, tab=case_boards.Tab.OPEN, union=union, due_within=SOON
        )
        for due in case_boards.dues(conn, origin, sought, limit=MOST):
            if due.left(who.today) <= SOON:
                found[due.case, due.step] = due
    lines = case_boards.get(conn, origin, {due.case for due in found.values()})
    for due in found.values():
        line = lines.get(due.case)
        if line is not None:
            yield Task(
                "cases", f"案件：{word(due.kind)}", f"{line.number} · {line.employer}",
                f"/cases/{due.case}", due.due, None,
            )  # fmt: skip


def _questions(reader: Reader, who: Visitor) -> Iterator[Task]:
    conn, origin = reader.conn, reader.ledger.origin
    for union in _unions(who, QuestionAnswered, QuestionRuled):
        sought = questions.Sought(who.today, turn=union, open=True)
        rows = questions.listing(conn, origin, sought, limit=MOST).rows
        names = union_names(reader, {row.union for row in rows})
        for row in rows:
            yield Task(
                "questions", f"{word(row.kind)}：{word(row.state)}", names.get(row.union, ""),
                f"/questions/{row.question}", row.due, row.raised_on,
            )  # fmt: skip


def _shares(reader: Reader, who: Visitor) -> Iterator[Task]:
    mine = set(_unions(who, ShareAccepted))
    if not mine:
        return
    conn, origin = reader.conn, reader.ledger.origin
    rows = [row for row in fund_statements.offers(conn, origin, open=True) if row.answer is None]
    ends = fund_statements.get(conn, origin, [row.receiver for row in rows if row.receiver])
    for row in rows[:MOST]:
        end = ends.get(row.receiver) if row.receiver else None
        if end is not None and end.keeper in mine and sees_offer(reader, who, row):
            yield Task(
                "shares", "划转待接收", f"{end.name} · {yuan(row.amount)} 元",
                f"/funds/{end.fund}", row.deadline, row.offered_on,
            )  # fmt: skip


def _privacy(reader: Reader, who: Visitor) -> Iterator[Task]:
    """Who waits for the second officer; and whose look is to be reviewed by somebody else."""
    conn, origin, today = reader.conn, reader.ledger.origin, who.today
    if may(who, PersonShredded):
        unions = own_unions(reader, who)
        rows = forgetting.listing(conn, origin, due=today, unions=unions, limit=MOST).rows
        names = union_names(reader, {row.union for row in rows if row.union})
        for row in rows:
            if row.first != who.person:
                yield Task(
                    "privacy", "期满，待第二人销毁",
                    f"人员 {spoken(row.person)} · {names.get(row.union or '', '—')}",
                    f"/forgetting/{row.person}", row.until, row.since,
                )  # fmt: skip
    if may(who, GlassReviewed):
        led = answers_for_privacy(reader, who)
        looks = glasses.listing(
            conn, origin, reviewed=False, officer=None if led is None else who.person,
            unions=led or (), limit=MOST,
        ).rows  # fmt: skip
        names = union_names(reader, {look.union for look in looks})
        for look in looks:
            if who.person not in {look.officer, look.person}:
                yield Task(
                    "privacy", f"紧急查阅待复核：{word(look.emergency)}",
                    f"人员 {spoken(look.person)} · {names.get(look.union, '—')}",
                    f"/glasses/{look.glass}", look.review_by, beijing(look.at).date(),
                )  # fmt: skip


_SOURCES: Sequence[Callable[[Reader, Visitor], Iterator[Task]]] = (
    _transfers, _enrolments, _grants, _help, _cases, _questions, _shares, _privacy,
)  # fmt: skip


# ── beside the queue ─────────────────────────────────────────────────────────────────────────


def _funds(reader: Reader, who: Visitor) -> list[tuple[fund_statements.FundRow, int]]:
    """What can be spent of the funds that this office works with."""
    if not any(post.office in MONEY for post in who.posts):
        return []
    try:
        union = check_union(reader, who, None)
    except Problem:
        return []
    conn, origin = reader.conn, reader.ledger.origin
    sought = fund_statements.Sought(union=union, open=True)
    rows = fund_statements.listing(conn, origin, sought, limit=6).rows
    totals = fund_statements.totals(conn, origin, [row.fund for row in rows])
    return [(row, totals[row.fund].balance) for row in rows]


def _findings(reader: Reader, who: Visitor) -> list[tuple[str, int]]:
    """Open findings of the audit by rule, the most frequent first."""
    if not any(post.office in FINDS for post in who.posts):
        return []
    union = check_union(reader, who, None)
    sought = audit.Sought(who.today, union=union)
    tallies = audit.count(reader.conn, reader.ledger.origin, sought)
    found = [(rule, tally.open) for rule, tally in tallies.items() if tally.open]
    return sorted(found, key=lambda each: -each[1])[:6]


def _partners(reader: Reader, who: Visitor) -> list[Heard]:
    """How old the partners' news is."""
    called = names(reader)
    now = who.ledger.clock.now()
    return [
        Heard(
            called.get(each.partner, each.partner), each,
            int((now - each.heard).total_seconds() // 60) if each.heard else None,
        )
        for each in standings(who.ledger)
    ]  # fmt: skip
