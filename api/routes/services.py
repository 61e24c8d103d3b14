"""Services (普惠服务): given by name, counted without names, what they cost; trips and their seats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Amount,
    Asking,
    Body,
    Day,
    Division,
    FundRef,
    Name,
    Part,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    StationRef,
    Text,
    TripRef,
    UnionRef,
    Word,
    answer,
)
from api.routes.membership import refused
from api.showing import (
    Listing,
    Looking,
    Page,
    Turn,
    check_sight,
    check_union,
    looking,
    names_of,
    oversees,
    people,
    turned,
)
from ledger import procedures
from ledger.book import Entry, NotFound, Reader
from ledger.domain import services as law
from ledger.domain.ids import PersonId, ServiceId, TripId
from ledger.domain.services import (
    Bound,
    Eligibility,
    Organiser,
    SeatReturn,
    ServiceKind,
    Trip,
    TripEnd,
    Unit,
)
from ledger.procedures import Passenger, Seated
from ledger.projections import service_counts, union_tree
from ledger.projections.service_counts import By, Cost, Counted, Named, Sought, TripRow
from ledger.replay import Shown

ROUTER = Room("/services", "普惠服务")
TRIPS = Room("/trips", "行程")


class OrganiserPart(Part):
    """One of those who do it together: a union, or somebody else by name."""

    part: law.Part = Field(description="牵头、承办或协办")
    union: UnionRef | None = Field(None, description="工会")
    name: Name = Field("", description="不是工会的，写单位名称")


def _organisers(told: Sequence[OrganiserPart]) -> list[Organiser]:
    return [Organiser(each.part, each.union, each.name) for each in told]


_Together = Annotated[
    list[OrganiserPart], Field(max_length=30, description="组织单位，默认只有办理工会")
]


# ── by name, by count ────────────────────────────────────────────────────────────────────────


class Doing(Body):
    """What was done, by whom and where."""

    kind: ServiceKind = Field(description="服务种类")
    organisers: _Together = Field(default_factory=list[OrganiserPart])
    station: StationRef | None = Field(None, description="服务站点")
    what: Name = Field("", description="服务内容，不写个人信息")


class Giving(Doing):
    """To which workers; a record each."""

    persons: list[PersonRef] = Field(min_length=1, max_length=200, description="职工")
    note: Text = Field("", description="说明，密封于本人")


@ROUTER.act("", "提供服务：逐人登记")
def give(body: Giving, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        for person in body.persons:
            check_sight(entry, asked.who, person)
        made = procedures.give(
            entry, body.persons, body.kind, organisers=_organisers(body.organisers),
            station=body.station, what=body.what, note=body.note,
        )  # fmt: skip
        return {"services": made}

    return asked.record(body, decide)


class Tallying(Doing):
    """How much was done without names; the effective date is the last day that is counted."""

    count: int = Field(ge=1, le=10**9, description="数量", examples=[2000])
    unit: Unit = Field(description="计量单位：不同单位不相加")
    bound: Bound = Field(Bound.EXACT, description="实数、余（下限）或近（上限）")
    since: Day | None = Field(None, description="所计第一天，默认业务日期")
    place: Division | None = Field(None, description="地点区划代码，没有站点时")


@ROUTER.act("/tallies", "服务计数：不记姓名")
def tally(body: Tallying, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = procedures.count(
            entry, body.kind, body.count, body.unit, body.bound, since=body.since,
            organisers=_organisers(body.organisers), station=body.station, place=body.place,
            what=body.what,
        )  # fmt: skip
        return {"tally": made}

    return asked.record(body, decide)


class Costing(Body):
    """One cost line: of what, how much, borne by whom, from which fund."""

    activity: Annotated[str, Field(pattern=r"^(ser|tal|tri)_[a-z2-7]{26}$")] = Field(
        description="服务、计数或行程的编号"
    )
    amount: Amount = Field(description="金额（分）", examples=[12618000])
    bearer: UnionRef | None = Field(None, description="出资工会")
    name: Name = Field("", description="出资单位不是工会的，写名称")
    fund: FundRef | None = Field(None, description="资金份额")
    source: Word | None = Field(None, description="其他资金来源")


@ROUTER.act("/costs", "登记一笔支出：由谁出；写了资金的，由会计从中列支")
def cost(body: Costing, asked: Acting) -> Response:
    def decide(entry: Entry) -> None:
        activity = ServiceId(body.activity)
        if activity.startswith("ser_"):
            given = entry.read(law.Service, activity).given
            if given is not None:
                check_sight(entry, asked.who, given.person)
        procedures.add_cost(
            entry, activity, body.amount, bearer=body.bearer, name=body.name, fund=body.fund,
            source=body.source,
        )  # fmt: skip

    return asked.record(body, decide)


# ── counts ───────────────────────────────────────────────────────────────────────────────────


class CountsSought(Part):
    """Which services are counted, and by what the counts are split further."""

    kind: ServiceKind | None = Field(None, description="服务种类")
    station: StationRef | None = Field(None, description="服务站点")
    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool = Field(True, description="是否包括下级工会")
    since: Day | None = Field(None, description="自哪一天")
    until: Day | None = Field(None, description="至哪一天（含）")
    own: bool = Field(True, description="只计本省登记的")
    by: By | None = Field(None, description="按站点、工会、月份或登记省分列")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")


@dataclass(frozen=True)
class CountsShape:
    """Counts: without names unit by unit; by name as persons and person-times; and the costs.

    `partners`: what the other provinces counted without names, each by itself.
    """

    counted: list[Counted]
    partners: list[Counted]
    named: list[Named]
    costs: list[Cost]


@ROUTER.view("/counts", "普惠服务统计：单位不同不相加，合计不由人填", CountsShape)
def counts(who: SignedIn, asked: Annotated[CountsSought, Query()]) -> Response:
    with who.ledger.reading() as reader:
        conn, origin = reader.conn, who.ledger.origin
        union = check_union(reader, who, asked.union)
        told = {name: getattr(asked, name) for name in type(asked).model_fields}
        sought = replace(Sought(**told), union=union)
        found = CountsShape(
            service_counts.counted(conn, origin, sought),
            service_counts.of_partners(conn, origin, sought) if asked.own else [],
            service_counts.named(conn, origin, sought),
            service_counts.costs(conn, origin, sought),
        )
    return answer(found)


# ── trips ────────────────────────────────────────────────────────────────────────────────────


class Announcing(Body):
    """A trip: how many seats, on what grounds, with whom, and when it leaves."""

    name: Name = Field(examples=["温暖回家路"], description="名称")
    kind: ServiceKind = Field(ServiceKind.TRAVEL, description="服务种类")
    quota: int = Field(ge=1, le=10**6, description="名额", examples=[600])
    grounds: list[Eligibility] = Field(min_length=1, max_length=10, description="乘坐资格")
    leaves: Day = Field(description="出发日期")
    organisers: _Together = Field(default_factory=list[OrganiserPart])
    start: Division | None = Field(None, description="出发地区划代码")
    goal: Division | None = Field(None, description="到达地区划代码")


@TRIPS.act("", "发布行程")
def announce(body: Announcing, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        told = body.model_dump(exclude={"act", "organisers"})
        made = procedures.announce_trip(entry, organisers=_organisers(body.organisers), **told)
        return {"trip": made}

    return asked.record(body, decide)


class TripsSought(Listing):
    """Trips, the latest first."""


@TRIPS.view("", "行程列表：名额、已安排、已出发", Page[TripRow])
def trips(who: SignedIn, asked: Annotated[TripsSought, Query()]) -> Response:
    turn: Turn[TripsSought] = turned(who, "trips", asked)
    with who.ledger.reading() as reader:
        page = service_counts.trips(
            reader.conn, who.ledger.origin, limit=turn.asked.limit, after=turn.pair
        )
    return turn.answer(page.rows, page.next)


@dataclass(frozen=True)
class PassengerShape:
    """One passenger, with a name where the visitor may see it."""

    person: str
    shown: Shown | None
    ground: Eligibility
    minor: bool
    guardian_agreed_on: date | None
    departed_on: date | None


@dataclass(frozen=True)
class TripFile:
    """One trip with its organisers and its costs; its passengers for the unions that keep it."""

    trip: TripRow
    union_name: str
    organisers: list[Organiser]
    costs: list[Cost]
    passengers: list[PassengerShape]
    hidden: int  # passengers that are not shown to this visitor


@TRIPS.view("/{trip}", "一个行程：乘客、监护人同意、出发、支出", TripFile)
def trip(trip: TripRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "trip", asked.purpose) as reader:
        held, row = reader.find(Trip, trip), _row(reader, trip)
        line = {
            each.union for each in union_tree.line(reader.conn, reader.ledger.origin, row.union)
        }
        keeps = oversees(reader, who) or bool(line & {post.union for post in who.posts})
        shown = people(reader, who, held.seats) if keeps else {}
        told = TripFile(
            row, names_of(reader, [row.union]).get(row.union, ""),
            list(held.announced.organisers) if held.announced else [],
            service_counts.costs(reader.conn, who.ledger.origin, Sought(own=False), [trip]),
            [
                PassengerShape(
                    person, shown.get(person), seat.ground, seat.minor, held.agreed.get(person),
                    held.departed.get(person),
                )
                for person, seat in held.seats.items()
            ] if keeps else [],
            0 if keeps else len(held.seats),
        )  # fmt: skip
    return answer(told, version=held.version)


def _row(reader: Reader, trip: TripId) -> TripRow:
    found = service_counts.trip_of(reader.conn, reader.ledger.origin, trip)
    if found is None:
        raise NotFound(trip)
    return found


class PassengerPart(Part):
    """Somebody for a seat."""

    person: PersonRef = Field(description="职工、家属")
    ground: Eligibility = Field(description="乘坐资格")
    minor: bool = Field(False, description="未成年人，没有出生日期可查时")


class Seating(Body):
    """Who gets a seat; a record each, and each refusal by its rule."""

    passengers: list[PassengerPart] = Field(min_length=1, max_length=200, description="乘客")


@TRIPS.act("/{trip}/seats", "安排座位：逐人给出结果")
def take_seats(trip: TripRef, body: Seating, asked: Acting, seen: Seen) -> Response:
    passengers = [Passenger(each.person, each.ground, each.minor) for each in body.passengers]
    return _upon_list(
        asked, body, trip, seen, [each.person for each in passengers],
        lambda entry: procedures.take_seats(entry, trip, passengers),
    )  # fmt: skip


class Departing(Body):
    """Who has departed, on the effective date."""

    persons: list[PersonRef] = Field(min_length=1, max_length=200, description="乘客")


@TRIPS.act("/{trip}/departures", "登记出发：逐人给出结果")
def depart(trip: TripRef, body: Departing, asked: Acting, seen: Seen) -> Response:
    return _upon_list(
        asked, body, trip, seen, body.persons,
        lambda entry: procedures.depart(entry, trip, body.persons),
    )  # fmt: skip


class Agreeing(Body):
    """For which child, by which guardian, shown by which form."""

    person: PersonRef = Field(description="未成年人")
    guardian: PersonRef = Field(description="监护人")
    form: Word | None = Field(None, description="同意书编号；没有编号的，在 act.evidence 附影像")


@TRIPS.act("/{trip}/agreements", "监护人同意出行")
def agree(trip: TripRef, body: Agreeing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        check_sight(entry, asked.who, body.person)
        procedures.guardian_agrees(entry, trip, body.person, body.guardian, body.form)

    return asked.record(body, decide, {trip: seen})


class GivingUp(Body):
    """Whose seat is free again, and why."""

    person: PersonRef = Field(description="乘客")
    why: SeatReturn = Field(description="退出原因")


@TRIPS.act("/{trip}/returns", "退出行程")
def give_up(trip: TripRef, body: GivingUp, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        check_sight(entry, asked.who, body.person)
        procedures.give_up_seat(entry, trip, body.person, body.why)

    return asked.record(body, decide, {trip: seen})


class Cancelling(Body):
    """Why the trip does not take place."""

    why: TripEnd = Field(description="取消原因")


@TRIPS.act("/{trip}/cancellation", "取消行程")
def cancel(trip: TripRef, body: Cancelling, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        procedures.cancel_trip(entry, trip, body.why)

    return asked.record(body, decide, {trip: seen})


def _upon_list(
    asked: Asking, body: Body, trip: TripId, seen: int, persons: Sequence[PersonId],
    act: Callable[[Entry], Seated],
) -> Response:  # fmt: skip
    """An act upon a trip that was seen, for workers whom this visitor may see; a result each."""

    def decide(entry: Entry) -> dict[str, Any]:
        for person in persons:
            check_sight(entry, asked.who, person)
        found = act(entry)
        return {"done": found.done, "refused": refused(found.refused)}

    return asked.record(body, decide, {trip: seen})
