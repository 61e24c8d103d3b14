"""服务站点: where they stand, whose they are, what they do and who works there."""

from fastapi import APIRouter, Request, Response

from api.console.pages import code_in, day_in, id_in, page, place_in, place_of, signed_in, size_in
from api.console.pickers import choices
from api.problems import Problem
from api.showing import looking, may_see, names_of, people
from ledger.book import NotFound
from ledger.domain import divisions
from ledger.domain.ids import is_id
from ledger.domain.stations import Station, StationKind
from ledger.projections import union_tree

router = APIRouter(include_in_schema=False)


@router.get("/stations")
def stations(request: Request) -> Response:
    """站点列表：按主办工会、所在地、类型，可看某一天."""
    who = signed_in(request)
    owner, kind = id_in(request, "owner", "uni") or None, code_in(request, "kind", StationKind)
    day = day_in(request, "as_of") or who.today
    location = request.query_params.get("location", "").strip()
    if location and not (location.isascii() and location.isdecimal() and 2 <= len(location) <= 12):
        raise Problem(400, "parameter", "No such place.", "所在地写区划代码的前几位。")
    origin, after = who.ledger.origin, place_in(request, 3)
    with who.ledger.reading() as reader:
        found = union_tree.station_page(
            reader.conn, origin, owner=owner, location=location or None, kind=kind, on=day,
            limit=size_in(request), after=(after[0], after[1], after[2]) if after else None,
        )  # fmt: skip
        provinces = union_tree.station_provinces(reader.conn, origin, day)
        names = names_of(reader, [row.owner for row in found.rows])
        unions = choices(reader, who, "uni", ())
    return page(
        request, "stations.html", who=who, rows=found.rows, following=place_of(found.next), names=names,
        kinds=list(StationKind), day=day, own=origin, unions=unions, place=divisions.name_of,
        provinces=[(code, divisions.name_of(f"{code}0000")) for code in provinces],
        historical=day != who.today, today=who.today,
    )  # fmt: skip


@router.get("/stations/{station}")
def station(request: Request, station: str) -> Response:
    """一个站点：服务项目、人员、电话."""
    who = signed_in(request)
    if not is_id(station) or not station.startswith("sta_"):
        raise NotFound(station)
    day = day_in(request, "as_of") or who.today
    with looking(who, "station", "office") as reader:
        held = reader.find(Station, station)
        rows = union_tree.stations_of(reader.conn, who.ledger.origin, station=station, on=day)
        then = rows[0] if rows else None
        line = [
            row.union
            for row in union_tree.line(reader.conn, who.ledger.origin, held.owner)
        ] if held.owner else []  # fmt: skip
        staff = held.staff(day)
        seen = [person for person, _ in staff if may_see(reader, who, person)]
        shown = people(reader, who, seen)
        names = names_of(reader, [held.owner])
    mine = {post.union for post in who.posts}
    ours = then is not None and then.origin == who.ledger.origin
    return page(
        request, "station.html", who=who, station=station, held=held, then=then, names=names,
        staff=staff, people=shown, day=day, today=who.today, place=divisions.name_of,
        keeps=ours and day == who.today and not mine.isdisjoint(line),
    )  # fmt: skip
