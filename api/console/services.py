"""普惠服务: what was given and counted, unit by unit, what it cost; the trips and their seats."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

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
from api.console.pickers import choices
from api.problems import Problem
from api.showing import check_union, looking, may_see, names_of, oversees, partners, people
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain import divisions
from ledger.domain.ids import TripId, UnionId, is_id
from ledger.domain.services import ServiceKind, Trip
from ledger.domain.stations import Station
from ledger.projections import fund_statements, service_counts, union_tree
from ledger.projections.service_counts import By, Counted, Sought
from ledger.replay import word

router = APIRouter(include_in_schema=False)
TABS = {"": "统计", "lines": "逐笔登记", "trips": "行程"}


@router.get("/services")
def services(request: Request) -> Response:
    """普惠服务：统计、逐笔、行程."""
    who, tab = signed_in(request), tab_in(request, TABS)
    by = code_in(request, "by", By)
    since, until = day_in(request, "since"), day_in(request, "until")
    kind, station = code_in(request, "kind", ServiceKind), id_in(request, "station", "sta") or None
    union = id_in(request, "union", "uni")
    both = request.query_params.get("whose", "") == "both"
    with looking(who, "services", "service") as reader:
        here = check_union(reader, who, UnionId(union) if union else None)
        sought = Sought(
            kind=kind, station=station, union=here, since=since, until=until, own=not both,
            by=by if not tab else None,
        )  # fmt: skip
        told: dict[str, Any] = {"counts": _counts, "lines": _lines, "trips": _trips}[
            tab or "counts"
        ](request, reader, who, sought)
        stations = choices(reader, who, "sta", ())
        unions = choices(reader, who, "uni", ()) if oversees(reader, who) else ()
    return page(
        request, "services.html", who=who, tab=tab, tabs=TABS, by=by.value if by else "",
        kinds=list(ServiceKind), splits=list(By), stations=stations, unions=unions,
        own=who.ledger.origin, today=who.today, **told,
    )  # fmt: skip


def _counts(request: Request, reader: Reader, who: Visitor, sought: Sought) -> dict[str, Any]:
    conn, origin = reader.conn, who.ledger.origin
    counted = service_counts.counted(conn, origin, sought)
    theirs = [] if not sought.own else service_counts.of_partners(conn, origin, sought)
    named = service_counts.named(conn, origin, sought)
    costs = service_counts.costs(conn, origin, sought)
    split = {row.by for row in (*counted, *named) if row.by}
    unions = [*(u for u in split if u.startswith("uni_")), *(cost.bearer for cost in costs)]
    funds = fund_statements.get(conn, origin, [cost.fund for cost in costs if cost.fund])
    names: dict[str, str] = {
        **names_of(reader, unions),
        **{s: reader.get(Station, s).name for s in split if s.startswith("sta_")},
        **{fund: row.name for fund, row in funds.items()},
        **({origin: who.ledger.province.name} if sought.by is By.PROVINCE else {}),
        **(dict(partners(reader)) if sought.by is By.PROVINCE else {}),
    }
    return {
        "counted": _with_numbers(counted), "theirs": _with_numbers(theirs), "named": named,
        "costs": costs, "names": names, "origins": dict(partners(reader)),
    }  # fmt: skip


def _with_numbers(rows: Sequence[Counted]) -> list[tuple[Counted, str]]:
    """Counts with their number as it is printed."""
    return [
        (row, service_counts.shown(row.number, word(row.unit), more=row.more, nearly=row.nearly))
        for row in rows
    ]


def _lines(request: Request, reader: Reader, who: Visitor, sought: Sought) -> dict[str, Any]:
    conn, origin = reader.conn, who.ledger.origin
    found = service_counts.lines(
        conn, origin, sought, limit=size_in(request), after=_place(request)
    )
    seen = {row.person for row in found.rows if row.person and may_see(reader, who, row.person)}
    stations = {row.station for row in found.rows if row.station}
    names: dict[str, str] = {**names_of(reader, [row.union for row in found.rows])}
    names |= {each: reader.get(Station, each).name for each in stations}
    numbers = {
        row.thing: service_counts.shown(
            row.number, word(row.unit), more=row.bound == "more_than", nearly=row.bound == "nearly"
        )
        for row in found.rows
        if row.number is not None
    }
    return {
        "rows": found.rows, "people": people(reader, who, seen), "names": names,
        "numbers": numbers,
        "cost": service_counts.cost_of(conn, origin, {row.thing for row in found.rows}),
        "following": " ".join(map(str, found.next)) if found.next else "",
    }  # fmt: skip


def _place(request: Request) -> tuple[str, str, int] | None:
    """Where the next page of records begins. 400 where it is none."""
    text = request.query_params.get("after", "")
    if not text:
        return None
    on, _, rest = text.partition(" ")
    thing, _, position = rest.partition(" ")
    if not position.isdecimal() or len(position) > 15:
        raise Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")
    return on, thing, int(position)


def _trips(request: Request, reader: Reader, who: Visitor, sought: Sought) -> dict[str, Any]:
    found = service_counts.trips(
        reader.conn, who.ledger.origin, limit=size_in(request), after=pair_in(request)
    )
    return {
        "rows": found.rows, "names": names_of(reader, [row.union for row in found.rows]),
        "following": place_of(found.next),
    }  # fmt: skip


@router.get("/trips/{trip}")
def trip(request: Request, trip: str) -> Response:
    """一个行程：名额、乘客、监护人同意、出发、支出."""
    who = signed_in(request)
    if not is_id(trip) or not trip.startswith("tri_"):
        raise NotFound(trip)
    ledger = who.ledger
    with looking(who, "trip", f"service:{trip}") as reader:
        held = reader.find(Trip, TripId(trip))
        row = service_counts.trip_of(reader.conn, ledger.origin, TripId(trip))
        if row is None or held.announced is None:
            raise NotFound(trip)
        line = {each.union for each in union_tree.line(reader.conn, ledger.origin, row.union)}
        keeps = oversees(reader, who) or bool(line & {post.union for post in who.posts})
        costs = service_counts.costs(reader.conn, ledger.origin, Sought(own=False), [trip])
        unions = [row.union, *(each.union for each in held.announced.organisers)]
        names = names_of(reader, [*unions, *(cost.bearer for cost in costs)])
        funds = fund_statements.get(
            reader.conn, ledger.origin, [cost.fund for cost in costs if cost.fund]
        )
        shown = people(reader, who, held.seats) if keeps else {}
    open_ = keeps and row.origin == ledger.origin and row.cancelled is None
    return page(
        request, "trip.html", who=who, trip=row, held=held, told=held.announced, names=names,
        costs=costs, people=shown, keeps=keeps, open=open_, today=who.today, own=ledger.origin,
        waits=set(held.awaiting_guardian), place=divisions.name_of,
        funds={fund: row.name for fund, row in funds.items()},
    )  # fmt: skip
