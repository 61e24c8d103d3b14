"""岗位人员: who holds which office for which union, from when until when; incompatible duties."""

from fastapi import APIRouter, Request, Response

from api.console.pages import (
    code_in,
    day_in,
    id_in,
    no_such_page,
    page,
    place_in,
    place_of,
    signed_in,
    size_in,
)
from api.console.pickers import choices
from api.console.workers import union_names
from ledger.domain.kernel import Office
from ledger.domain.offices import NO_OFFICES
from ledger.projections import officers as posts
from ledger.replay import people

router = APIRouter(include_in_schema=False)


@router.get("/officers")
def officers(request: Request) -> Response:
    """任职名单：按工会、岗位和日期."""
    who = signed_in(request)
    union, office = id_in(request, "union", "uni"), code_in(request, "office", Office)
    as_of, after = day_in(request, "as_of"), _place(request)
    day = as_of or who.today
    with who.ledger.looking(who.look("officers", "任职名单")) as reader:
        conn, origin = reader.conn, who.ledger.origin
        found = posts.listing(
            conn,
            origin,
            day,
            union=union or None,
            office=office,
            limit=size_in(request),
            after=after,
        )
        clashes = [] if after else posts.clashes(conn, origin, day, union=union or None)
        shown = people(
            reader,
            {p for one in found.rows for p in (one.person, one.instead_of) if p}
            | {one.person for one in clashes},
        )
        names = union_names(reader, {one.union for one in (*found.rows, *clashes)})
        unions = choices(reader, who, "uni", ())
    return page(
        request, "officers.html", who=who, rows=found.rows, following=place_of(found.next),
        people=shown, names=names, unions=unions, union=union, office=office or "", as_of=as_of,
        clashes=clashes, offices=[each for each in Office if each not in NO_OFFICES],
    )  # fmt: skip


def _place(request: Request) -> posts.Place | None:
    found = place_in(request, 4)
    if found is None:
        return None
    union, office, number, holder = found
    if not number.isdecimal():
        raise no_such_page()
    return union, office, int(number), holder
