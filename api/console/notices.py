"""公示: what hangs now with masked names, and the proof of what hung; objections that came meanwhile."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request, Response

from api.console.pages import id_in, page, signed_in, size_in, tab_in
from api.problems import Problem
from api.showing import check_address, check_grant_sight, looking, oversees, qr_of
from ledger import replay
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.aid import AidGrant, NoticePosted, ObjectionAnswered
from ledger.domain.ids import GrantId
from ledger.projections import notices as view
from ledger.projections import union_tree

router = APIRouter(include_in_schema=False)

TABS = {"": "正在公示", "over": "公示证明"}


@router.get("/notices")
def notices(request: Request) -> Response:
    """公示：期内和已满，可按工会筛选."""
    who = signed_in(request)
    tab, size = tab_in(request, TABS), size_in(request)
    union = id_in(request, "union", "uni") or None
    with looking(who, "notices", "公示") as reader:
        conn, origin, today = reader.conn, who.ledger.origin, who.today
        found = view.listing(
            conn, origin, today, union=union, running=not tab, limit=size, after=_place(request)
        )
        shown = replay.posted(reader, found.rows, today)
        counties = _unions(reader, who)
    return page(
        request, "notices.html", who=who, rows=shown, tab=tab, tabs=TABS, today=today,
        union=union or "", unions=counties, own=origin,
        next="~".join(found.next) if found.next else "",
    )  # fmt: skip


def _unions(reader: Reader, who: Visitor) -> list[tuple[str, str]]:
    """The visitor's union and those right below it: where one looks for notices."""
    top = reader.ledger.root if oversees(reader, who) or who.union is None else who.union
    conn, origin = reader.conn, reader.ledger.origin
    rows = [*union_tree.line(conn, origin, top)[:1], *union_tree.children(conn, origin, top)]
    return [(row.union, row.name) for row in rows[:400]]


def _place(request: Request) -> tuple[str, str, str] | None:
    text = request.query_params.get("after", "")
    if not text:
        return None
    until, _, rest = text.partition("~")
    number, found, union = rest.rpartition("~")
    if not found:
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    return until, number, union


@dataclass(frozen=True)
class Said:
    """One objection that came for a grant on a notice."""

    grant: str
    number: int
    on: date
    upheld: bool | None


@router.get("/notices/{number:path}")
def notice(request: Request, number: str) -> Response:
    """一份公示：期内姓名脱敏，按公文格式打印；期满只留公示证明."""
    who = signed_in(request)
    union = id_in(request, "union", "uni") or None
    with looking(who, "notice", "公示") as reader:
        found = view.of_number(reader.conn, who.ledger.origin, number, who.today, union)
        if not found:
            raise NotFound(number)
        shown = replay.posted(reader, found, who.today)
        said = _said(reader, who, [ref for each in found for ref in each.refs])
    return page(
        request, "notice.html", who=who, number=number, notices=shown, said=said, today=who.today,
        own=who.ledger.origin, origins={each.number: each.origin for each in found},
        marks={each.number: qr_of(check_address(request.base_url, each.number)) for each in found},
        answers=any(post.office in ObjectionAnswered.by for post in who.posts),
    )  # fmt: skip


def _said(reader: Reader, who: Visitor, refs: list[str]) -> list[Said]:
    """The objections to what hangs there, of grants that this visitor may read."""
    places = [(ref.rpartition("#")[0], int(ref.rpartition("#")[2])) for ref in refs[:500]]
    found: list[Said] = []
    for _, fact in reader.facts_at(places):
        event = fact.event
        if not isinstance(event, NoticePosted):
            continue
        one = reader.get(AidGrant, GrantId(event.grant))
        try:
            check_grant_sight(reader, who, one)
        except (Problem, NotFound):
            continue
        found += [Said(event.grant, o.number, o.on, o.upheld) for o in one.objections]
    return sorted(found, key=lambda each: (each.upheld is not None, each.on))
