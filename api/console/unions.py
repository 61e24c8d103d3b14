"""工会组织: the tree of this province and the partners' beside it; one union with its history."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api.console.pages import page, signed_in
from ledger.book import NotFound, Reader
from ledger.domain.ids import UnionId
from ledger.projections import officers as posts
from ledger.projections import rosters, union_tree
from ledger.projections.union_tree import UnionRow
from ledger.replay import people

router = APIRouter(include_in_schema=False)
SHOWN = 300  # unions of a tree on one page
POSTS = 100  # offices of one union; whoever has more goes on in the list of officers
MOST = 20_000
"""Members that are counted unasked; to count a million takes longer than anybody waits."""


@router.get("/unions")
def unions(request: Request) -> Response:
    """组织树，或按名称、代码查找."""
    who = signed_in(request)
    ledger, q = who.ledger, request.query_params.get("q", "").strip()
    with ledger.reading() as reader:
        conn, origin = reader.conn, ledger.origin
        found = union_tree.find(conn, origin, q, limit=50) if q else []
        trees = [] if q else [_tree(reader, root) for root in union_tree.roots(conn, origin)]
        counts = _counts(request, reader, rosters.Sought())
    return page(request, "unions.html", who=who, q=q, found=found, trees=trees, counts=counts)


def _counts(
    request: Request, reader: Reader, sought: rosters.Sought
) -> Mapping[UnionId, int] | None:
    """How many members each union has; None where they are many, and nobody asked (`?count=1`)."""
    most = None if request.query_params.get("count") == "1" else MOST
    found = rosters.count(reader.conn, reader.ledger.origin, sought, most=most)
    return None if found is None else found.by_union


def _tree(reader: Reader, root: UnionRow) -> dict[str, object]:
    own = reader.ledger.origin
    rows = union_tree.descending(reader.conn, own, [root], most=SHOWN)
    return {
        "root": root, "own": root.origin == own, "rows": rows,
        "more": len(rows) >= SHOWN,
    }  # fmt: skip


@router.get("/unions/{union}")
def union(request: Request, union: str) -> Response:
    """一个工会：人员、下级、沿革."""
    who = signed_in(request)
    ledger = who.ledger
    with ledger.looking(who.look("union", "查看工会")) as reader:
        conn, origin = reader.conn, ledger.origin
        spans = union_tree.spans_of(conn, origin, [union]).get(UnionId(union))
        if spans is None:
            raise NotFound(union)
        row = union_tree.nearest(spans)
        line = union_tree.line(conn, origin, row.union)
        children = union_tree.children(conn, origin, row.union)
        counts = _counts(request, reader, rosters.Sought(union=row.union))
        officers = posts.listing(conn, origin, who.today, union=row.union, limit=POSTS)
        names = union_tree.get(conn, origin, {one.superior for one in spans if one.superior})
        stations = union_tree.stations_of(conn, origin, owner=row.union, on=who.today)
        shown = people(
            reader, {p for one in officers.rows for p in (one.person, one.instead_of) if p}
        )
    above = [one for one in line if one.union != row.union]
    return page(
        request, "union.html", who=who, row=row, spans=spans, own=row.origin == origin,
        crumbs=[("/unions", "工会组织"), *((f"/unions/{each.union}", each.name) for each in reversed(above))],
        superior=above[0].name if above else "", children=children, counts=counts,
        members=None if counts is None else sum(counts.values()), officers=officers.rows, more=officers.next is not None, people=shown,
        names={each: named.name for each, named in names.items()}, stations=stations,
    )  # fmt: skip
