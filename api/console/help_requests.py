"""职工诉求: who waits to be called back, and what is opened from it; the phone's own queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response

from api.console.acts import PAGES
from api.console.pages import page, signed_in, tab_in
from api.problems import Problem
from api.showing import check_sight, check_union, names_of
from ledger.book import NotFound, Reader
from ledger.domain.aiding import AidKind
from ledger.domain.forgetting import Ground
from ledger.domain.help import AID, RIGHTS, HelpOutcome, HelpRequest, HelpState, Want
from ledger.domain.ids import PersonId, is_id
from ledger.domain.money import yuan
from ledger.projections import (
    arrears,
    case_boards,
    grants,
    help_requests,
    questions,
    rosters,
    transfers,
)
from ledger.replay import HelpLine, help_lines, help_request, picture, word

router = APIRouter(include_in_schema=False)

TABS = {
    "": "待联系", HelpState.TAKEN_UP.value: "办理中", HelpState.SETTLED.value: "已办结", "all": "全部",
}  # fmt: skip
SIZE = 50


@dataclass(frozen=True)
class Leading:
    """An act that suits what is asked for: its name, its words, what it already knows."""

    deed: str
    text: str
    given: dict[str, str]


@router.get("/help-requests")
def listed(request: Request) -> Response:
    """职工诉求：等得最久的在前，按受理号可查."""
    who, tab, words = signed_in(request), tab_in(request, TABS), request.query_params
    want, number = words.get("want", ""), words.get("number", "").strip()
    if want and want not in {each.value for each in Want}:
        raise Problem(400, "parameter", "No such kind of request.", f"没有“{want}”这类诉求。")
    state = {"all": None, "": HelpState.OPEN}.get(
        tab, HelpState(tab or "open") if tab != "all" else None
    )
    after = words.get("after", "")
    place = (after[:10], after[11:]) if len(after) > 11 else None
    with who.ledger.looking(who.look("help_requests", "回访诉求")) as reader:
        conn, origin = reader.conn, who.ledger.origin
        union = check_union(reader, who, None)
        sought = help_requests.Sought(union=union, want=Want(want) if want else None)
        if number:
            asked = help_requests.Sought(union=union, number=number)
        else:
            asked = help_requests.Sought(union=union, want=sought.want, state=state)
        found = help_requests.listing(conn, origin, asked, limit=SIZE, after=place)
        counts = help_requests.count(conn, origin, sought)
        rows = help_lines(reader, found.rows, mask=not who.sees_numbers)
    return page(
        request, "help_requests.html", who=who, rows=rows, tab=tab,
        tabs=TABS, counts={"": counts["open"], **counts}, want=want, number=number, kinds=tuple((each.value, word(each)) for each in Want),
        next=f"{found.next[0]}~{found.next[1]}" if found.next else None, picture=picture, today=who.today,
    )  # fmt: skip


@router.get("/help-requests/{name}")
def one(request: Request, name: str) -> Response:
    """一件诉求：本人说了什么、打哪个电话、从这里立什么."""
    who = signed_in(request)
    if not is_id(name) or not name.startswith("hlp_"):
        raise NotFound(name)
    with who.ledger.looking(who.look("help_request", "办理诉求")) as reader:
        held_by = reader.find(HelpRequest, name).asked
        check_sight(reader, who, held_by.person if held_by else PersonId(""))
        found = help_request(reader, name, mask=not who.sees_numbers)
        rows = rosters.of_persons(reader.conn, who.ledger.origin, [found.line.person_id])
        held = [row for each in rows.values() for row in each]
        names = names_of(reader, [row.union for row in held])
        membership = next((row.membership for row in held if row.origin == who.ledger.origin), "")
        things = list(_things(reader, found.line.person_id, found.line.asked_on))
    line = found.line
    opened = PAGES.get((line.opened or "")[:3], "").format(line.opened)
    return page(
        request, "help_request.html", who=who, told=found, line=line, held=held, names=names,
        leading=_leading(line, membership, found.to_union), opened=opened,
        things=things,
        picture=picture(line.number),
    )  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """Something of the worker's that may have come of a request."""

    id: str
    text: str
    on: date
    outcome: HelpOutcome
    href: str


def _things(reader: Reader, person: str, since: date) -> Iterator[Opened]:
    """What was opened for this person since she asked."""
    conn, origin = reader.conn, reader.ledger.origin

    def of(id_: str, text: str, on: date | None, outcome: HelpOutcome) -> Iterator[Opened]:
        if on is not None and on >= since:
            yield Opened(id_, text, on, outcome, PAGES.get(id_[:3], "").format(id_))

    for row in grants.listed(conn, origin, grants.Sought(person=person), limit=20).rows:
        text = f"{word(AidKind(row['kind']))} {yuan(row['amount'])} 元"
        yield from of(
            row["grant_id"], text, date.fromisoformat(row["applied_on"]), HelpOutcome.GRANT
        )
    cases = {row.case for row in arrears.of_person(conn, origin, [person])}
    for case, line in case_boards.get(conn, origin, cases).items():
        yield from of(case, f"{word(line.kind)} {line.number}", line.opened_on, HelpOutcome.CASE)
    moves = transfers.Sought(reader.ledger.today, person=person)
    for one in transfers.listing(conn, origin, moves, limit=20).rows:
        begun = one.offered_on or one.requested_on
        yield from of(one.transfer, "会籍接转", begun, HelpOutcome.TRANSFER)
    asked = questions.Sought(reader.ledger.today, person=person)
    for each in questions.listing(conn, origin, asked, limit=20).rows:
        yield from of(each.question, word(each.kind), each.raised_on, HelpOutcome.QUESTION)
    for member in rosters.spans_of(conn, origin, person):
        yield from of(member.membership, "入会", member.since, HelpOutcome.ENROLMENT)


def _leading(line: HelpLine, membership: str, to_union: str | None) -> list[Leading]:
    """What may be opened from this request."""
    want, person = line.want, line.person_id
    found: list[Leading] = []
    if want in AID:
        found.append(Leading("aid/apply", "立帮扶申请", {"person": person}))
    if want in RIGHTS:
        found.append(Leading("cases/open", "立维权案件", {"claims__person": person}))
    if want is Want.MOVED and membership:
        given = {"membership": membership, **({"to_union": to_union} if to_union else {})}
        found.append(Leading("transfers/offer", "办转出", given))
    elif want in {Want.MOVED, Want.JOINING}:
        found.append(Leading("transfers/request", "商请接转", {"person": person}))
    if want is Want.FORGET:
        given = {"person": person, "ground": Ground.ASKED.value, "paper": f"受理号 {line.number}"}
        found.append(Leading("forgetting/restrict", "限制处理", given))
    return found
