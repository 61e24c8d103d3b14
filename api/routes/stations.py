"""Stations (服务站点): opened, changed, staffed and closed by their owner; found by place."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Body,
    Day,
    Division,
    Name,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    StationRef,
    UnionRef,
    Word,
    answer,
)
from api.routes.unions import When
from api.showing import Listing, Page, names_of, turned
from ledger.book import Entry
from ledger.domain.ids import UnionId, new_station
from ledger.domain.stations import Duty, Station, StationClosing, StationKind, StationService
from ledger.domain.unions import Union
from ledger.projections import union_tree
from ledger.projections.union_tree import StationRow

ROUTER = Room("/stations", "服务站点")


# ── views ────────────────────────────────────────────────────────────────────────────────────


class StationsSought(Listing):
    """Which stations: of an owner, in a place (the first digits of its code), of a kind."""

    owner: UnionRef | None = Field(None, description="主办工会")
    location: str | None = Field(
        None, pattern=r"^[0-9]{2,12}$", description="所在地区划代码，可只填前几位", examples=["44"]
    )
    kind: StationKind | None = Field(None, description="站点类型")
    as_of: Day | None = Field(None, description="截至哪一天，默认今天")
    known_on: Day | None = Field(None, description="按哪一天已登记的情况")


@ROUTER.view("", "站点列表", Page[StationRow])
def stations(who: SignedIn, asked: Annotated[StationsSought, Query()]) -> Response:
    turn = turned(who, "stations", asked)
    ask = turn.asked
    with who.ledger.reading() as reader:
        found = union_tree.station_page(
            reader.conn, who.ledger.origin, owner=ask.owner, location=ask.location, kind=ask.kind,
            on=ask.as_of or who.today, known_on=ask.known_on, limit=ask.limit,
            after=turn.place(str, str, str),
        )  # fmt: skip
    return turn.answer(found.rows, found.next)


@dataclass(frozen=True)
class StaffShape:
    """Somebody on the staff, and as what."""

    person: str
    duty: Duty


@dataclass(frozen=True)
class StationFile:
    """One station as it stands on a day; closed, as it last stood."""

    station: str
    name: str
    kind: StationKind | None
    owner: str | None
    owner_name: str
    location: str | None
    address: str
    telephone: str
    host: str
    services: tuple[StationService, ...]
    open: bool
    closed_on: date | None
    closing: StationClosing | None
    staff: list[StaffShape]


@ROUTER.view("/{station}", "一个站点及其人员", StationFile)
def station(station: StationRef, who: SignedIn, when: Annotated[When, Query()]) -> Response:
    on = when.as_of or who.today
    with who.ledger.reading() as reader:
        held = reader.find(Station, station)
        rows = union_tree.stations_of(
            reader.conn, who.ledger.origin, station=station, on=on, known_on=when.known_on
        )
        then = rows[0] if rows else held
        names = names_of(reader, [then.owner], on)
    told = StationFile(
        station, then.name, then.kind, then.owner, names.get(then.owner, "") if then.owner else "",
        then.location, then.address, then.telephone, then.host, then.services, bool(rows),
        held.closed_on, held.reason, [StaffShape(*each) for each in held.staff(on)],
    )  # fmt: skip
    return answer(told, version=held.version)


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class Opening(Body):
    """A station to be opened."""

    name: Name = Field(examples=["驻粤农民工服务总站"], description="名称")
    kind: StationKind = Field(description="类型")
    owner: UnionRef = Field(description="主办工会")
    location: Division = Field(description="所在地区划代码，可在他省", examples=["441900"])
    since: Day | None = Field(None, description="开始服务日期，默认业务日期")
    until: Day | None = Field(None, description="结束日期（不含）")
    address: Name = Field("", description="地址")
    telephone: Name = Field("", description="对外公布的电话")
    host: Name = Field("", description="挂靠单位")
    services: list[StationService] = Field(
        default_factory=list[StationService], max_length=30, description="服务项目"
    )
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("", "设站")
def establish(body: Opening, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made, line = new_station(), _line(entry, body.owner)
        told = body.model_dump(exclude={"act"})
        entry.write(Station.establish(entry.act, made, line=line, **told))
        return {"station": made}

    return asked.record(body, decide)


class Renaming(Body):
    """A new name."""

    name: Name = Field(description="新名称")


@ROUTER.act("/{station}/name", "站点更名")
def rename(station: StationRef, body: Renaming, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        entry.write(held.rename(entry.act, body.name, line=line))

    return asked.record(body, decide, {station: seen})


class Moving(Body):
    """Another address, and perhaps another host agency."""

    location: Division = Field(description="所在地区划代码")
    address: Name = Field("", description="地址")
    telephone: Name = Field("", description="电话")
    host: Name = Field("", description="挂靠单位")


@ROUTER.act("/{station}/location", "迁址")
def move(station: StationRef, body: Moving, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        told = body.model_dump(exclude={"act"})
        entry.write(held.move(entry.act, line=line, **told))

    return asked.record(body, decide, {station: seen})


class HandingOver(Body):
    """Another owner union."""

    owner: UnionRef = Field(description="新的主办工会")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{station}/owner", "变更主办工会")
def hand_over(station: StationRef, body: HandingOver, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        _line(entry, body.owner)
        entry.write(held.hand_over(entry.act, body.owner, line=line, paper=body.paper))

    return asked.record(body, decide, {station: seen})


class ListingServices(Body):
    """What the station does from now on, in place of the last list."""

    services: list[StationService] = Field(max_length=30, description="服务项目")


@ROUTER.act("/{station}/services", "登记服务项目")
def list_services(
    station: StationRef, body: ListingServices, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        entry.write(held.list_services(entry.act, body.services, line=line))

    return asked.record(body, decide, {station: seen})


class Posting(Body):
    """Somebody for the staff."""

    person: PersonRef = Field(description="人员")
    duty: Duty = Field(description="岗位")
    since: Day | None = Field(None, description="自哪一天")
    until: Day | None = Field(None, description="至哪一天（不含）")


@ROUTER.act("/{station}/staff", "派驻人员")
def post(station: StationRef, body: Posting, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        entry.write(
            held.post(
                entry.act, body.person, body.duty, line=line, since=body.since, until=body.until
            )
        )

    return asked.record(body, decide, {station: seen})


class Withdrawing(Body):
    """Somebody who leaves the staff."""

    person: PersonRef = Field(description="人员")
    duty: Duty = Field(description="岗位")


@ROUTER.act("/{station}/withdrawals", "撤回人员")
def withdraw(station: StationRef, body: Withdrawing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        entry.write(held.withdraw(entry.act, body.person, body.duty, line=line))

    return asked.record(body, decide, {station: seen})


class Closing(Body):
    """Why the station closes."""

    reason: StationClosing = Field(description="撤站原因")
    paper: Word | None = Field(None, description="文号")


@ROUTER.act("/{station}/closing", "撤站")
def close(station: StationRef, body: Closing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held, line = _read(entry, station)
        entry.write(held.close(entry.act, body.reason, line=line, paper=body.paper))

    return asked.record(body, decide, {station: seen})


def _read(entry: Entry, station: StationRef) -> tuple[Station, list[UnionId]]:
    held = entry.read(Station, station)
    return held, entry.line(held.owner) if held.owner else []


def _line(entry: Entry, owner: UnionId) -> list[UnionId]:
    entry.read(Union, owner)
    return entry.line(owner)
