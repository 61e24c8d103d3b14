"""疑点与争议: by state, what is due first; and the life of one, with the records that it cites."""

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from api.console.fitting import may
from api.console.pages import (
    code_in,
    day_in,
    id_in,
    page,
    pair_in,
    place_of,
    signed_in,
    size_in,
    tab_in,
)
from api.console.records import Cite, cites
from api.console.seeking import people_sought
from api.problems import Problem
from api.showing import check_part, check_union, looking
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.auditing import Finding
from ledger.domain.ids import PersonId, QuestionId, UnionId, is_id
from ledger.domain.kernel import Office, Refused
from ledger.domain.questions import (
    Question,
    QuestionAnswered,
    QuestionClosed,
    QuestionKind,
    QuestionRaised,
    QuestionRuled,
    QuestionState,
)
from ledger.projections import questions as view
from ledger.projections import union_tree
from ledger.projections.questions import Line
from ledger.projections.worker_files import mentions
from ledger.replay import people, question, word

router = APIRouter(include_in_schema=False)
TABS = {
    "": "全部",
    **{each.value: word(each) for each in QuestionState if each is not QuestionState.UNKNOWN},
    "late": "逾期",
}


@router.get("/questions")
def listed(request: Request) -> Response:
    """疑点与争议列表."""
    who, tab = signed_in(request), tab_in(request, TABS)
    ledger, today = who.ledger, who.today
    rule = request.query_params.get("rule", "")
    if rule and rule not in Refused.rules and rule not in Finding.kinds:
        raise Problem(400, "parameter", "No such rule.", f"没有“{rule}”这条规则。")
    mine = request.query_params.get("turn", "") == "mine"
    with ledger.reading() as reader:
        conn, origin = reader.conn, ledger.origin
        union = check_union(reader, who, None)
        state = QuestionState(tab) if tab not in {"", "late"} else None
        sought = view.Sought(
            today, state=state, late=tab == "late", union=union,
            kind=code_in(request, "kind", QuestionKind), rule=rule or None,
            turn=who.union if mine else None, sample=id_in(request, "sample", "sam") or None,
            due=day_in(request, "due"),
        )  # fmt: skip
        found = view.listing(conn, origin, sought, limit=size_in(request), after=pair_in(request))
        counts = view.count(conn, origin, sought)
        unions = {u for row in found.rows for u in (row.union, row.asked, row.turn) if u}
        names = _names(reader, unions)
    return page(
        request, "questions.html", who=who, rows=found.rows, names=names, tab=tab, tabs=TABS,
        counts=counts, today=today, following=place_of(found.next),
        own=origin, kinds=list(QuestionKind), may=may(who, QuestionRaised), tones=TONES, rule=_called(rule),
    )  # fmt: skip


TONES = {"open": "todo", "answered": "doing", "to_remedy": "doing", "closed": "done"}


class Step(NamedTuple):
    """One step of a question's life: what it is, when it was done, or until when it is owed."""

    name: str
    done: str
    tone: str


@router.get("/questions/new")
def new(request: Request) -> Response:
    """提出疑点：先找职工，再指明是哪一笔登记."""
    who = signed_in(request)
    with looking(who, "question", "提出疑点") as reader:
        sought = people_sought(request, reader, who)
        found = list(sought.people)
        recorded = _recorded(reader, found[0]) if len(found) == 1 else ()
    return page(
        request, "question_new.html", who=who, q=sought.text, people=sought.people, recorded=recorded,
        may=may(who, QuestionRaised), own=who.ledger.origin,
    )  # fmt: skip


MOST_RECORDS = 100


def _recorded(reader: Reader, person: PersonId) -> list[Cite]:
    """What is on record of somebody, the newest first."""
    found = mentions(reader.conn, reader.ledger.origin, [person])[-MOST_RECORDS:]
    told = cites(reader, [f"{each.origin}#{each.position}" for each in found])
    return sorted(told.values(), key=lambda one: one.on, reverse=True)


@router.get("/questions/{name}")
def one(request: Request, name: str) -> Response:
    """一项疑点：两省各步、所涉记录，可看截至某日，按当时所知."""
    who = signed_in(request)
    if not is_id(name):
        raise NotFound(name)
    as_of, known_on = day_in(request, "as_of"), day_in(request, "known_on")
    with who.ledger.looking(who.look("question", "查看疑点")) as reader:
        row = check_part(reader, who, QuestionId(name))
        file = question(reader, name, as_of=as_of, known_on=known_on, mask=not who.sees_numbers)
        shown = people(reader, [row.person] if row.person else [])
        appeals = view.appeals_of(reader.conn, who.ledger.origin, name)
        things = cites(reader, [each.ref for each in file.cited])
        acts = frozenset[str]() if file.historical else _acts(reader, who, row)
        names = _names(reader, [u for u in (row.union, row.asked, row.judge) if u])
    return page(
        request, "question.html", who=who, row=row, file=file, appeals=appeals, as_of=as_of,
        known_on=known_on, person=shown.get(row.person) if row.person else None, today=who.today,
        own=who.ledger.origin, rule=_called(row.rule or ""), audited=row.rule in Finding.kinds,
        things=things, acts=acts, names=names, tones=TONES, life=_life(row),
    )  # fmt: skip


def _life(row: Line) -> Sequence[Step]:
    """The line of steps on top of the page."""
    verdict = word(row.verdict) if row.verdict else ""
    outcome = word(row.outcome) if row.outcome else ""
    ruled = f"{row.ruled_on} {verdict}" if row.ruled_on else ""
    return [
        Step("提出", str(row.raised_on), "done"),
        Step("答复", str(row.answered_on or ""), _tone(row.answered_on, row, "open")),
        Step("裁定", ruled, _tone(row.ruled_on, row, "answered")),
        Step(
            "了结", f"{row.closed_on} {outcome}" if row.closed_on else "",
            _tone(row.closed_on, row, "to_remedy"),
        ),
    ]  # fmt: skip


def _tone(done: object, row: Line, waits: str) -> str:
    if done:
        return "done"
    return "todo" if row.state.value == waits else "closed"


def _acts(reader: Reader, who: Visitor, row: Line) -> frozenset[str]:
    """What this visitor can do about it now."""
    mine: dict[UnionId, set[Office]] = {}
    for post in who.posts:
        mine.setdefault(post.union, set()).add(post.office)

    def of(union: UnionId | None) -> set[Office]:
        """The offices held in a union, or in one above it."""
        line = union_tree.line(reader.conn, reader.ledger.origin, union) if union else []
        return {office for each in line for office in mine.get(each.union, ())}

    held = reader.get(Question, row.question)  # whose hands were in it: they do not decide it
    found: set[str] = set()
    closed = row.state is QuestionState.CLOSED
    if row.ruled_on is None and not closed:
        if held.asker != who.person and of(row.asked).intersection(QuestionAnswered.by):
            found.add("answer_question")
        if who.person not in held.hands and of(row.judge).intersection(QuestionRuled.by):
            found.add("rule")
    if not closed and of(row.union).union(of(row.judge)).intersection(QuestionClosed.by):
        found.add("close")
    if row.ruled_on is not None:
        sides = of(row.union) | of(row.asked)
        if sides - {Office.AUDITOR} or (
            row.kind is QuestionKind.AUDIT_QUERY and Office.AUDITOR in sides
        ):
            found.add("appeal")
    return frozenset(found)


def _called(rule: str) -> str:
    """A rule, or a finding of the audit, in its Chinese sentence."""
    kind = Refused.rules.get(rule) or Finding.kinds.get(rule)
    return kind.zh if kind else rule


def _names(reader: Reader, unions: set[UnionId] | list[UnionId]) -> dict[str, str]:
    found = union_tree.get(reader.conn, reader.ledger.origin, unions)
    return {union: row.name for union, row in found.items()}
