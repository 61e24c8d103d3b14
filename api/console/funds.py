"""帮扶资金: the tree of funds, what each has on any day, every line to its record, shares side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from api.console.fitting import GRAVE, MAIN, PLAIN, Offer, may, offered
from api.console.pages import (
    Moment,
    code_in,
    day_in,
    earlier_in,
    id_in,
    page,
    signed_in,
    size_in,
    time_text,
)
from api.problems import Problem
from api.showing import check_fund, check_union, looking, names_of
from ledger import replay
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain import funds as law
from ledger.domain.funds import Fund, Source
from ledger.domain.ids import UnionId
from ledger.domain.kernel import Event
from ledger.domain.money import capitals, yuan
from ledger.imports.returning import neutralised
from ledger.projections import fund_statements as view
from ledger.projections import union_tree
from ledger.projections.fund_statements import FundRow, Totals
from ledger.replay import Compared, Difference, FundFile, word
from ledger.replay.funds import FundStep

router = APIRouter(include_in_schema=False)
MOST = 400
EXPORTED = 20_000
"""How many lines one workbook has."""


@router.get("/funds")
def funds(request: Request) -> Response:
    """资金树：按管账工会，联合资金的份额在一起；可看任一天的余额."""
    who = signed_in(request)
    as_of, known_on = day_in(request, "as_of"), day_in(request, "known_on")
    source, every = code_in(request, "source", Source), request.query_params.get("closed") == "1"
    with who.ledger.reading() as reader:
        conn, origin = reader.conn, who.ledger.origin
        sought = view.Sought(
            union=check_union(reader, who, None), source=source, open=None if every else True
        )
        listed = view.listing(conn, origin, sought, limit=MOST)
        rows = listed.rows
        totals = view.totals(conn, origin, [row.fund for row in rows], as_of, known_on)
        keepers = {row.keeper for row in rows}
        names = names_of(reader, keepers)
        tree = list(_tree(reader, rows))
        here = {row.fund for row in rows}
        open_ = [
            each
            for each in view.offers(conn, origin, open=True)
            if here & {each.giver, each.receiver}
        ]
        called = {row.fund: row.name for row in rows}
        called |= {
            key: row.name
            for key, row in view.get(
                conn, origin, [end for o in open_ for end in (o.giver, o.receiver) if end]
            ).items()
        }
    own = [totals[row.fund] for row in rows if row.origin == origin]
    return page(
        request, "funds.html", who=who, tree=tree, totals=totals, names=names, own=origin,
        as_of=as_of, known_on=known_on, more=listed.next is not None, source=source, every=every,
        sources=[(each.value, word(each)) for each in Source], offers=open_, called=called,
        whole=_whole(own), opens=may(who, law.FundOpened),
    )  # fmt: skip


def _whole(totals: Sequence[Totals]) -> Mapping[str, int]:
    """What our own funds have together."""
    names = ("reserved", "drawn", "returned", "unfunded", "balance")
    return {name: sum(getattr(each, name) for each in totals) for name in names}


def _tree(reader: Reader, rows: Sequence[FundRow]) -> Iterator[tuple[int, FundRow]]:
    """The funds under their keepers, from the top down, each with how deep it stands."""
    conn, origin = reader.conn, reader.ledger.origin
    depth = {
        keeper: len(union_tree.line(conn, origin, keeper)) - 1
        for keeper in dict.fromkeys(row.keeper for row in rows)
    }
    top = min(depth.values(), default=0)
    order = sorted(
        rows, key=lambda row: (row.origin != origin, *_line(reader, row.keeper), row.joint or "~")
    )
    return ((depth[row.keeper] - top, row) for row in order)


def _line(reader: Reader, union: UnionId) -> tuple[str, ...]:
    """Where a union stands in the tree, as something to sort by."""
    rows = union_tree.line(reader.conn, reader.ledger.origin, union)
    return ("".join(f"{row.division or '~'} {row.name}\t" for row in reversed(rows)),)


# ── one fund ─────────────────────────────────────────────────────────────────────────────────


@router.get("/funds/{name}")
def fund(request: Request, name: str) -> Response:
    """一笔资金：任一天的合计、份额、划转、收支明细，每行到它的登记和它所为的事."""
    who = signed_in(request)
    as_of, known_on, since = (day_in(request, each) for each in ("as_of", "known_on", "since"))
    grant, kind = id_in(request, "grant", "grt"), request.query_params.get("kind", "")
    if kind and kind not in KINDS:
        raise Problem(400, "parameter", "No such kind.", f"没有“{kind}”这一项。")
    after, size = _place(request.query_params.get("after", "")), size_in(request)
    with who.ledger.reading() as reader:
        row = check_fund(reader, who, name)
        file = replay.fund(
            reader, name, as_of=as_of, known_on=known_on, since=since, kind=kind or None,
            grant=grant or None, limit=size, after=after,
        )  # fmt: skip
        earlier = earlier_in(request)
        compared = _compared(reader, name, earlier, (as_of, known_on)) if earlier else None
        ours = row.origin == who.ledger.origin and not file.historical
        offers = list(_offers(who, file)) if ours and row.closed_on is None else []
        version = reader.get(Fund, name).version
    return page(
        request, "fund.html", who=who, file=file, measures=replay.TOTALS, as_of=as_of,
        known_on=known_on, own=who.ledger.origin, offers=offers, kinds=KINDS, earlier=earlier,
        compared=compared, today=who.today,
        kind=kind, since=since, grant=grant, version=version, keeps=may(who, law.ShareOffered),
        at=who.ledger.clock.now(), after=" ".join(map(str, file.next)) if file.next else "",
    )  # fmt: skip


def _compared(reader: Reader, name: str, then: Moment, now: Moment) -> Compared:
    """What changed in a fund, in the words that every page has for it."""
    found = replay.fund_between(reader, name, then, now)
    changes = [
        (replay.TOTALS[each.measure], f"{yuan(each.then)} 元", f"{yuan(each.now)} 元")
        for each in found.changes
    ]
    lines = [Difference(line, "后来计入") for line in found.come]
    return Compared(
        tuple(changes), (*lines, *(Difference(line, "不再计入") for line in found.gone))
    )


KINDS: Mapping[str, str] = {
    "FundCredited": "到账", "FundAllotted": "拨出", "AllotmentReceived": "收到拨付",
    "MoneyReserved": "留用", "ReservationReleased": "解除留用", "MoneyDrawn": "列支",
    "MoneyReturned": "退回", "PastPaymentNoted": "补录已付", "UnfundedCovered": "补足",
    "ShareOffered": "提出划转", "ShareReceived": "划入", "ShareReleased": "划出",
}  # fmt: skip


# ── what one can do ──────────────────────────────────────────────────────────────────────────


def _offers(who: Visitor, file: FundFile) -> Iterator[Offer]:
    """The acts that make sense as the fund stands, by whose office."""
    fund, has = file.fund.fund, file.totals

    def one(event: type[Event], deed: str, text: str, look: str = PLAIN) -> list[Offer]:
        return offered(who, deed, text, event, look=look, fund=fund)

    yield from one(law.FundCredited, "funds/credit", "登记到账", MAIN)
    if has.balance:
        yield from one(law.FundAllotted, "funds/allot", "拨付")
        if file.fund.joint:
            yield from one(law.ShareOffered, "funds/offer", "提出划转")
        if has.unfunded:
            yield from one(law.UnfundedCovered, "funds/cover", "补足无资金来源的", MAIN)
    if not (has.balance or has.reserved or has.offered or has.unfunded):
        yield from one(law.FundClosed, "funds/close", "关闭资金", GRAVE)


# ── as a workbook ────────────────────────────────────────────────────────────────────────────

_HEADS = (
    "日期",
    "事由",
    "金额（元）",
    "大写",
    "其后余额（元）",
    "状态",
    "办理工会",
    "登记时间",
    "登记",
)


@router.get("/funds/{name}/export")
def fund_export(request: Request, name: str) -> Response:
    """收支明细的 Excel 工作簿：恰为所列的各行，次序相同."""
    who = signed_in(request)
    as_of, known_on, since = (day_in(request, each) for each in ("as_of", "known_on", "since"))
    grant, kind = id_in(request, "grant", "grt"), request.query_params.get("kind", "")
    if kind and kind not in KINDS:
        raise Problem(400, "parameter", "No such kind.", f"没有“{kind}”这一项。")
    rows: list[Sequence[str]] = []
    after: tuple[str, int, int] | None = None
    with looking(who, "fund-export", "导出收支明细") as reader:
        check_fund(reader, who, name)
        while True:
            file = replay.fund(
                reader, name, as_of=as_of, known_on=known_on, since=since, kind=kind or None,
                grant=grant or None, limit=500, after=after,
            )  # fmt: skip
            rows += map(_cells, file.steps)
            if file.next is None or len(rows) >= EXPORTED:
                break
            on, seq, position = file.next
            after = (str(on), int(seq), int(position))
    return workbook(f"{file.fund.name}收支明细", _HEADS, rows[:EXPORTED])


def _cells(step: FundStep) -> Sequence[str]:
    line = step.line
    return (
        line.on.isoformat(), line.text or line.title, yuan(step.amount) if step.amount else "",
        capitals(step.amount) if step.amount else "",
        yuan(step.balance) if step.balance is not None else "",
        "已被更正" if line.struck else "更正" if line.corrects else "", line.union_name,
        time_text(line.at), line.ref,
    )  # fmt: skip


def workbook(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """A workbook of one sheet; no text in it is run as a formula."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.append(list(heads))
    for row in rows:
        sheet.append([neutralised(cell) for cell in row])
    held = BytesIO()
    book.save(held)
    return Response(
        held.getvalue(),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(title)}.xlsx",
            "Cache-Control": "no-store",
        },
    )


def _place(text: str) -> tuple[str, int, int] | None:
    """Where the next page begins, as an address has it. 400 where it is none."""
    if not text:
        return None
    try:
        on, seq, position = text.split(" ")
        return on, int(seq), int(position)
    except ValueError:
        raise Problem(
            400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。"
        ) from None
