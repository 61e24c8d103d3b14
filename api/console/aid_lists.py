"""发放与签领: lists of one amount, who stands on one, its acts by state, and the sheet to be signed."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request, Response

from api.console.fitting import GRAVE, MAIN, PLAIN, Offer, may, offered
from api.console.grants import TONES
from api.console.pages import id_in, page, pair_in, place_of, signed_in, size_in
from api.problems import Problem
from api.showing import check_list, check_union, looking, mark_of, named
from ledger import replay
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import aid
from ledger.domain.aid import AidList, Duty, Stage
from ledger.domain.ids import AidListId, PersonId, UnionId, spoken
from ledger.domain.kernel import Event
from ledger.projections import fund_statements, union_tree
from ledger.projections import grants as view
from ledger.replay import Amount, ListLine, word

router = APIRouter(include_in_schema=False)

SHEET = 20
"""How many stand on one printed page of a signing sheet."""
PRINTED = 100
"""How many pages are printed at once: 2,000 persons."""

STATES = {
    "open": ("拟定中", "todo"), "sent_up": ("已送审", "doing"), "reviewed": ("已审核", "doing"),
    "approved": ("已审批，发放中", "doing"), "paid": ("已发放", "done"),
}  # fmt: skip


@router.get("/aid-lists")
def aid_lists(request: Request) -> Response:
    """发放名单：新的在前."""
    who = signed_in(request)
    size = size_in(request)
    with who.ledger.reading() as reader:
        union = check_union(reader, who, UnionId(id_in(request, "union", "uni")) or None)
        found = view.lists(
            reader.conn, who.ledger.origin, union=union, limit=size, after=pair_in(request)
        )
        lines = replay.list_lines(reader, found.rows)
    return page(
        request, "aid_lists.html", who=who, lines=lines, states=STATES, own=who.ledger.origin,
        next=place_of(found.next), draws=may(who, aid.AidListDrawnUp),
    )  # fmt: skip


@router.get("/aid-lists/{name}")
def aid_list(request: Request, name: str) -> Response:
    """一张名单：状态、合计、进度、名单上的人（分页）、可以办理的事项."""
    who = signed_in(request)
    after, size = id_in(request, "after", "grt"), size_in(request)
    with looking(who, "aid-list", "名单") as reader:
        held, row = _list(reader, who, name)
        conn, origin = reader.conn, who.ledger.origin
        rows = view.sheet(conn, origin, name, after=after, limit=size + 1)
        lines = replay.grant_lines(
            reader, rows[:size], named(reader, None), mask=not who.sees_numbers
        )
        (head,) = replay.list_lines(reader, [row])
        counts = view.counted(conn, origin, view.Sought(aid_list=name))
        duties = _duties(reader, who, held)
        fund = fund_statements.get(conn, origin, [head.fund] if head.fund else [])
    standing = {
        stage: count for stage, (count, _) in counts.items() if stage is not Stage.WITHDRAWN
    }
    number = sum(standing.values())
    offers = list(_offers(who, held, head, standing)) if head.origin == origin else []
    return page(
        request, "aid_list.html", who=who, head=head, held=held, lines=lines, duties=duties,
        states=STATES, tones=TONES, first=_place(request) + 1, number=number,
        total=Amount.of(number * head.each.fen), place=_place(request) + len(lines),
        next=lines[-1].grant if len(rows) > size else "", offers=offers,
        signed=sum(standing.get(each, 0) for each in (Stage.RECEIVED, Stage.CLOSED)),
        counts={each: standing[each] for each in Stage if each in standing}, size=size,
        struck=counts.get(Stage.WITHDRAWN, (0, 0))[0], pages=-(-number // SHEET),
        fund=next(iter(fund.values()), None), strikes=held.open and may(who, aid.StruckOff),
    )  # fmt: skip


@router.get("/aid-lists/{name}/sheet")
def aid_sheet(request: Request, name: str) -> Response:
    """签领表：A4，每页二十人，页合计与总合计附大写，签字栏；一次最多打印一百页."""
    who = signed_in(request)
    after, before = id_in(request, "after", "grt"), _place(request)
    with looking(who, "aid-list", "打印签领表") as reader:
        held, row = _list(reader, who, name)
        conn, origin = reader.conn, who.ledger.origin
        rows = view.sheet(conn, origin, name, after=after, limit=SHEET * PRINTED + 1)
        lines = replay.grant_lines(reader, rows[: SHEET * PRINTED], named(reader, None))
        (head,) = replay.list_lines(reader, [row])
        counts = view.counted(conn, origin, view.Sought(aid_list=name))
        mark = mark_of(request.base_url, reader, name)
    number = sum(count for stage, (count, _) in counts.items() if stage is not Stage.WITHDRAWN)
    more = len(rows) > SHEET * PRINTED
    return page(
        request, "aid_sheet.html", who=who, head=head, held=held, sheets=list(_sheets(lines)),
        number=number, total=Amount.of(number * head.each.fen), first=before,
        page_from=before // SHEET, pages=-(-number // SHEET), at=who.ledger.clock.now(),
        next=lines[-1].grant if more else "", place=before + len(lines),
        mode=word(held.mode), mark=mark,
    )  # fmt: skip


def _sheets(
    lines: Sequence[replay.GrantLine],
) -> Iterator[tuple[Sequence[replay.GrantLine], Amount]]:
    """The lines a printed page at a time, each with its sum."""
    for start in range(0, len(lines), SHEET):
        some = lines[start : start + SHEET]
        yield some, Amount.of(sum(line.amount.fen for line in some))


def _list(reader: Reader, who: Visitor, name: str) -> tuple[AidList, view.Row]:
    if not name.startswith("lis_"):
        raise NotFound(name)
    return check_list(reader, who, AidListId(name))


def _place(request: Request) -> int:
    """How many stood on the pages before this one: what the lines are counted from."""
    text = request.query_params.get("place", "")
    if text and not (text.isdecimal() and text.isascii() and len(text) < 8):
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    return int(text or 0)


def _offers(
    who: Visitor, held: AidList, head: ListLine, standing: dict[Stage, int]
) -> Iterator[Offer]:
    """The acts that make sense as the list stands, by whose office."""

    def one(event: type[Event], deed: str, text: str, look: str = PLAIN, **given: object):
        return offered(who, deed, text, event, look=look, aid_list=held.id, **given)

    match head.state:
        case "open":
            yield from one(aid.AidApplied, "aid_lists/put_on", "列入人员", MAIN)
            if standing:
                yield from one(aid.AidListClosed, "aid_lists/send_up", "送审")
        case "sent_up" | "reviewed":
            if head.state == "sent_up":
                yield from one(aid.AidListReviewed, "aid_lists/review", "审核", MAIN)
            yield from one(
                aid.AidListApproved, "aid_lists/approve", "审批", MAIN, content=held.content
            )
            yield from one(aid.AidListReturned, "aid_lists/give_back", "退回修改", GRAVE)
        case _:
            if standing.get(Stage.APPLIED) or standing.get(Stage.FAILED):
                yield from one(aid.SheetPaid, "aid_lists/hand_out", "按签领表发放", MAIN)
            if standing.get(Stage.PAID):
                yield from one(aid.ReceiptSigned, "aid_lists/sign_for", "登记签收", MAIN)


def _duties(reader: Reader, who: Visitor, held: AidList) -> dict[Duty, list[str]]:
    """Who had which duty, by name."""
    officers = {person for each in held.duties.held.values() for person in each}
    people = replay.people(reader, {each for each in officers if each.startswith("per_")})
    unions = union_tree.get(
        reader.conn, reader.ledger.origin, {each for each in officers if each.startswith("uni_")}
    )

    def called(one: str) -> str:
        if one in unions:
            return unions[UnionId(one)].name
        shown = people.get(PersonId(one))
        return shown.name if shown and shown.name else f"人员 {spoken(one)}"

    return {
        duty: [called(each) for each in sorted(held.duties.held[duty])]
        for duty in Duty
        if held.duties.held.get(duty)
    }
