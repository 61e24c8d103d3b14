"""会员名册: find somebody or list many, with columns of one's choice; hand over, save, export.

Filters, columns and page stand in the address. A list is logged like every look; what is exported
is what the filters list, to the last row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from io import BytesIO
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.asking import desk_of
from api.console.fitting import may, post_for
from api.console.pages import form_of, page, signed_in
from api.console.pickers import find_people
from api.problems import Problem
from api.showing import check_union
from ledger.book import Ledger, Reader
from ledger.desk import TooManyFilters, Visitor
from ledger.domain import divisions
from ledger.domain.glass import GlassBroken
from ledger.domain.ids import PersonId, UnionId, is_id
from ledger.domain.membership import Channel, TransferOffered, TransferRequested
from ledger.domain.persons import PersonRegistered
from ledger.imports.returning import neutralised
from ledger.projections import rosters, union_tree
from ledger.projections.filters import UnknownFilter
from ledger.projections.rosters import Member
from ledger.replay import Shown, people, word
from ledger.replay.people import memberships
from ledger.replay.told import Line

router = APIRouter(include_in_schema=False)

SIZES = (20, 50, 100)
COLUMNS: Mapping[str, str] = {
    "number": "证件号码", "sex": "性别", "birth": "出生日期", "home": "户籍", "phone": "电话",
    "employer": "用人单位", "union": "工会", "state": "状态", "channel": "入会渠道", "since": "自何时",
}  # fmt: skip
USUAL = ("number", "sex", "home", "union", "state", "since")
STATES = {
    "member,retained": "在册和保留", "member": "在册", "retained": "保留会籍", "applied": "待批准",
}  # fmt: skip
_FILTERS = ("union", "below", "state", "channel", "own", "as_of", "home", "employer")
MOST = 50_000
"""Rows of one export; beyond them one narrows the filters."""


@dataclass(frozen=True)
class Row:
    """One line of the list: a membership, or somebody who was found and is on no roster."""

    person: PersonId
    shown: Shown | None
    member: Member | None
    union: str
    home: str
    employer: str

    def text(self, column: str) -> str:
        """What stands in a column; the same on the page and in the export."""
        one, m = self.shown, self.member
        match column:
            case "number":
                return one.number if one else ""
            case "sex":
                return one.sex if one else ""
            case "birth":
                return one.birth if one else ""
            case "home":
                return self.home
            case "phone":
                return one.phone if one else ""
            case "union":
                return self.union
            case "employer":
                return self.employer
            case "state":
                return word(m.state) if m else "没有会籍"
            case "channel":
                return word(m.channel) if m else ""
            case _:
                return m.since.isoformat() if m else ""


@dataclass(frozen=True)
class Asked:
    """What the address asks of the roster."""

    q: str
    words: Mapping[str, str]
    columns: tuple[str, ...]
    size: int
    after: tuple[str, str] | None

    def sought(self, ledger: Ledger, union: UnionId | None) -> rosters.Sought:
        """The question to the roster. Raises: Problem 400 for what does not exist."""
        given = {name: value for name, value in self.words.items() if value and name != "union"}
        if union:
            given["union"] = union
        try:
            return rosters.Sought.of(given, ledger.vault, ledger.province.code)
        except UnknownFilter as unknown:
            if unknown.name == "home":
                raise Problem(
                    400, "parameter", "No such division.", f"没有“{unknown.value}”这一户籍地。",
                    instead="填写省、市、县的名称，如“河池市东兰县”，或其区划代码。",
                ) from None  # fmt: skip
            raise Problem(
                400, "parameter", "No such filter.", f"没有“{unknown}”这一筛选条件。"
            ) from None


@router.get("/workers")
def workers(request: Request) -> Response:
    """会员名册：按工会、状态、渠道，或按姓名、拼音、证件号码、电话."""
    who = signed_in(request)
    if chosen := request.query_params.getlist("col"):  # the boxes of a plain form, as one word
        words = {k: v for k, v in request.query_params.items() if k != "col" and v}
        return RedirectResponse(f"/workers?{urlencode({**words, 'cols': ','.join(chosen)})}", 303)
    asked = _asked(request)
    with who.ledger.looking(who.look("workers", "名册")) as reader:
        listed, following, elsewhere = _listed(reader, who, asked)
        rows = list(_rows(reader, who, asked, listed))
        unions = _unions_below(reader, who)
    return page(
        request, "workers.html", who=who, asked=asked, rows=rows, elsewhere=elsewhere, unions=unions,
        following="~".join(following) if following else None, columns=COLUMNS, states=STATES,
        channels=[(str(each), word(each)) for each in Channel], sizes=SIZES,
        homes=homes(who.ledger.province.code),
        saved=desk_of(request).filters(who, "workers"), moves=_may_hand_over(who),
        registers=post_for(who, PersonRegistered) is not None,
        asks=post_for(who, TransferRequested) is not None,
        words=urlencode({k: v for k, v in request.query_params.items() if k != "after"}),
        kept=urlencode(_kept(request)), own=who.ledger.origin, breaks=may(who, GlassBroken),
    )  # fmt: skip


def _asked(request: Request) -> Asked:
    """Raises: Problem 400 for a column, a size or a place that does not exist."""
    given = request.query_params
    columns = tuple(each for each in given.get("cols", "").split(",") if each) or USUAL
    size = given.get("size", "") or "20"
    at, _, membership = given.get("after", "").partition("~")
    if set(columns) - set(COLUMNS) or size not in map(str, SIZES):
        raise Problem(400, "parameter", "No such column or size.", "没有这样的列或每页行数。")
    for name in ("union",):
        if given.get(name) and not is_id(given[name]):
            raise Problem(400, "parameter", "No such union.", "没有这个工会。")
    return Asked(
        given.get("q", "").strip(), {name: given.get(name, "") for name in _FILTERS},
        tuple(each for each in COLUMNS if each in columns), int(size),
        (at, membership) if membership else None,
    )  # fmt: skip


def _listed(
    reader: Reader, who: Visitor, asked: Asked
) -> tuple[list[tuple[PersonId, Member | None]], tuple[str, str] | None, list[PersonId]]:
    """Who is listed, where the next page begins, and who is known elsewhere by her whole number."""
    conn, origin = reader.conn, reader.ledger.origin
    given = asked.words["union"]
    union = check_union(reader, who, UnionId(given) if given else None)
    if union is None and asked.words["own"] != "false":
        union = who.union
    if not asked.q:
        sought = asked.sought(reader.ledger, union)
        found = rosters.members(conn, origin, sought, limit=asked.size, after=asked.after)
        return [(row.person, row) for row in found.rows], found.next, []
    persons, elsewhere = find_people(reader, who, asked.q)
    if any(asked.words.values()):
        # Somebody is found wherever she stands, unless a union was named.
        sought = replace(
            asked.sought(reader.ledger, union if given else None), persons=frozenset(persons)
        )
        found = rosters.members(conn, origin, sought, limit=asked.size, after=asked.after)
        return [(row.person, row) for row in found.rows], found.next, elsewhere
    ahead = [each for each in persons if asked.after is None or each > asked.after[1]]
    listed: list[tuple[PersonId, Member | None]] = []
    standing = rosters.of_persons(conn, origin, ahead)
    for person in ahead:
        listed += [(person, row) for row in standing.get(person, [None])]
    shown = listed[: asked.size]
    more = len(listed) > len(shown)
    return shown, ("found", shown[-1][0]) if more else None, elsewhere


def _rows(
    reader: Reader, who: Visitor, asked: Asked,
    listed: Sequence[tuple[PersonId, Member | None]],
) -> Iterator[Row]:  # fmt: skip
    """The lines with their names: of our own members; a partner's are opened in their file, where
    one says what for."""
    own = reader.ledger.origin
    open_ = [person for person, row in listed if row is None or row.origin == own]
    shown = people(reader, open_, mask=not who.sees_numbers)
    names = union_names(reader, {row.union for _, row in listed if row})
    held = [row.membership for _, row in listed if row and row.origin == own]
    work = memberships(reader, held if "employer" in asked.columns else [])
    for person, row in listed:
        one, at_work = shown.get(person), work.get(row.membership) if row else None
        home = divisions.name_of(one.division[:6]) if one and one.division else ""
        yield Row(
            person, one, row, names.get(row.union, "") if row else "", home,
            str(at_work.employer) if at_work else "",
        )  # fmt: skip


def union_names(reader: Reader, unions: Iterable[str]) -> dict[str, str]:
    """The names of unions, by id."""
    found = union_tree.get(reader.conn, reader.ledger.origin, unions)
    return {union: row.name for union, row in found.items()}


def _unions_below(reader: Reader, who: Visitor, most: int = 400) -> list[tuple[str, str]]:
    """The visitor's union and those below it, as choices from the top."""
    conn, origin = reader.conn, reader.ledger.origin
    tops = union_tree.get(conn, origin, {post.union for post in who.posts}).values()
    rows = union_tree.descending(conn, origin, tops, most=most)
    return list({row.union: (row.union, "　" * depth + row.name) for depth, row in rows}.values())


@cache
def homes(province: str) -> list[str]:
    """The cities and counties of a province as one writes them: 河池市东兰县."""
    code = f"{province}0000"
    begins = len(divisions.name_of(code))
    return [divisions.name_of(each)[begins:] for each in divisions.of_province(code)[1:]]


def _may_hand_over(who: Visitor) -> bool:
    return post_for(who, TransferOffered) is not None


# ── filters that one keeps ───────────────────────────────────────────────────────────────────


def _kept(request: Request) -> dict[str, str]:
    """The words of the address that may be kept: never a name or a number that was sought."""
    wanted = {*_FILTERS, "cols", "size"}
    return {k: v for k, v in request.query_params.items() if k in wanted and v}


@router.post("/workers/filters")
async def filters(request: Request) -> Response:
    """保存或删除常用筛选."""
    who = await run_in_threadpool(signed_in, request)
    fields = await form_of(request)
    name, words = fields.get("name", "").strip()[:30], fields.get("words", "")[:1000]
    desk = desk_of(request)
    if "drop" in fields:
        await run_in_threadpool(desk.drop_filter, who, "workers", fields["drop"])
    elif name:
        try:
            await run_in_threadpool(desk.keep_filter, who, "workers", name, words)
        except TooManyFilters:
            raise Problem(
                409, "filters", "There is room for 20 filters.", "最多保存 20 个常用筛选。",
                instead="先删除不用的。",
            ) from None  # fmt: skip
    return RedirectResponse(f"/workers?{words}" if words else "/workers", 303)


# ── the list as a file ───────────────────────────────────────────────────────────────────────


@router.get("/workers/export.xlsx")
def export(request: Request) -> Response:
    """名册导出：所列的每一行，不多不少；记入读取日志."""
    from openpyxl import Workbook  # slow to import, and few export

    who = signed_in(request)
    asked = _asked(request)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("会员名册")
    sheet.append(["姓名", *(COLUMNS[each] for each in asked.columns)])
    written, after = 0, asked.after
    while True:
        step = Asked(asked.q, asked.words, asked.columns, SIZES[-1] * 5, after)
        with who.ledger.looking(who.look("workers", "名册导出")) as reader:
            listed, following, _ = _listed(reader, who, step)
            for row in _rows(reader, who, asked, listed):
                name = row.shown.name if row.shown else ""
                cells = (name, *(row.text(each) for each in asked.columns))
                sheet.append([neutralised(each) for each in cells])
        written, after = written + len(listed), following
        if after is None:
            break
        if written >= MOST:
            raise Problem(
                413, "size", f"At most {MOST} rows.", f"一次最多导出 {MOST} 行。",
                instead="按工会、状态或入会渠道缩小范围，分次导出。",
            )  # fmt: skip
    file = BytesIO()
    book.save(file)
    return Response(
        file.getvalue(),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={
            "Content-Disposition": "attachment; filename*=UTF-8''"
            f"%E4%BC%9A%E5%91%98%E5%90%8D%E5%86%8C-{who.today}.xlsx",
            "Cache-Control": "no-store",
        },
    )


# ── lanes ────────────────────────────────────────────────────────────────────────────────────


def lanes_by_day(lines: Sequence[Line]) -> list[tuple[date, list[Line]]]:
    """The lines by day, so that both lanes share one line of time."""
    found: list[tuple[date, list[Line]]] = []
    for line in lines:
        if found and found[-1][0] == line.on:
            found[-1][1].append(line)
        else:
            found.append((line.on, [line]))
    return found
