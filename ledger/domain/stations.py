"""Stations (服务站点): a place where a union serves workers, perhaps in another province.

The owner and the location are two things: the home federation's main station stands in the host
province, its city stations sit with another agency. A roadside station of the travel season has
its first and its last day from the beginning.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from ledger.domain import divisions
from ledger.domain.ids import PersonId, StationId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Code,
    Event,
    Fact,
    Office,
    PublicText,
    Refused,
    Scope,
    Terms,
)


class StationKind(StrEnum):
    """Kinds of station (站点类型)."""

    MAIN_STATION = "main_station"  # 农民工服务总站
    WORK_STATION = "work_station"  # 服务工作站
    TOWNSHIP_RIGHTS = "township_rights"  # 乡镇（街道）维权服务站
    VILLAGE_POINT = "village_point"  # 村（社区）联络点
    SETTLEMENT_POINT = "settlement_point"  # 聚居地联络点
    LEGAL_AID = "legal_aid"  # 法律援助服务中心、工作站
    LAW_TO_WORKERS = "law_to_workers"  # 送法维权工作站
    RESPONSE_CENTRE = "response_centre"  # 劳动关系全响应中心
    SERVICE_CENTRE = "service_centre"  # 职工服务中心、帮扶中心（窗口）
    UNION_STATION = "union_station"  # 工会工作站
    WORKERS_HOME = "workers_home"  # 职工之家
    OUTDOOR_STATION = "outdoor_station"  # 户外劳动者服务站点、驿站
    ROADSIDE = "roadside"  # 临时沿途服务点


class StationService(StrEnum):
    """What a station does for workers (服务项目)."""

    ENROLMENT = "enrolment"  # 入会受理
    TRANSFER = "transfer"  # 会籍接转
    LEGAL_ADVICE = "legal_advice"  # 法律咨询、代书
    RIGHTS = "rights"  # 维权受理、调解
    AID = "aid"  # 帮扶救助受理
    JOBS = "jobs"  # 职业介绍
    TRAINING = "training"  # 培训、讲座
    HEALTH = "health"  # 义诊、体检
    VIDEO_CALLS = "video_calls"  # 亲情视频
    CULTURE = "culture"  # 文体、电影、书屋
    TRAVEL = "travel"  # 返乡返岗出行
    REFRESHMENT = "refreshment"  # 热饮、热食、休息
    REPAIRS = "repairs"  # 车辆检修、加油
    HAIRCUTS = "haircuts"  # 理发等便民服务


class Duty(StrEnum):
    """What a person on the staff does (岗位)."""

    HEAD = "head"  # 负责人
    STAFF = "staff"  # 工作人员
    LAWYER = "lawyer"  # 律师
    MEDIATOR = "mediator"  # 调解员
    INSTRUCTOR = "instructor"  # 工会工作指导员
    CONTACT = "contact"  # 信息联络员
    VOLUNTEER = "volunteer"  # 志愿者


class StationClosing(StrEnum):
    """Why a station is closed (撤站原因)."""

    TERM_ENDED = "term_ended"  # 期满
    SITE_GONE = "site_gone"  # 场地灭失、收回
    HOST_ENDED = "host_ended"  # 挂靠单位终止
    OWNER_ENDED = "owner_ended"  # 主办工会撤销
    MERGED = "merged"  # 并入其他站点
    DECIDED = "decided"  # 主办工会决定


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class NotItsOwner(
    Refused,
    zh="服务站点由主办工会或其上级工会设立、变更和撤销。",
    article="K1",
    instead="请由主办工会或其上级工会办理。",
):
    """A station is opened, changed and closed by its owner union or by one above it."""


class StationNameMissing(
    Refused,
    zh="服务站点须有名称。",
    article="K1",
):
    """A station is opened under a name."""


class NoSuchPlace(
    Refused,
    zh="站点所在地的行政区划代码不存在。",
    article="GB/T 2260; K1",
    instead="核对代码：前六位须是曾经或现行的县级以上区划。",
):
    """A station stands in a division that is or was in force."""


class ClosedBeforeOpening(
    Refused,
    zh="站点的结束日期不得早于或等于开始日期。",
    article="K1",
    instead="核对起止日期；结束日期为不再服务的第一天。",
):
    """A station's last day is not before its first."""


class RoadsideWithoutEnd(
    Refused,
    zh="临时沿途服务点须填写结束日期。",
    article="K2, YH05",
    instead="填写撤点日期。",
):
    """A temporary roadside station is opened for a stated time."""


class StationNotOpen(
    Refused,
    zh="该站点在所填日期未开放。",
    article="K1",
    instead="核对站点和日期。",
):
    """Only a station that is open on the day can be changed, staffed or closed."""


class StationUnchanged(
    Refused,
    zh="与现有登记相同，无须变更。",
    article="design: changes",
):
    """A change of a station records something new."""


class OnTheStaff(
    Refused,
    zh="此人已在该站点担任这一岗位。",
    article="K1",
):
    """A person holds one duty at a station once at a time."""


class NotOnTheStaff(
    Refused,
    zh="此人在该日期不在该站点任职。",
    article="K1",
    instead="核对人员和日期。",
):
    """Only who is on the staff of a station can be withdrawn from it."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_RUNNERS = (Office.CHAIR, Office.CLERK, Office.STATION, Office.PROCEDURE)


class StationOpened(Event, by=_RUNNERS, scope=Scope.ORGANISATION, ahead=True):
    """设站: open from `since` until `until` (excluded); `host` is the agency it sits with."""

    station: StationId
    name: PublicText
    kind: StationKind
    owner: UnionId
    location: Code  # 所在地行政区划
    since: date
    until: date | None = None
    address: PublicText = ""
    telephone: PublicText = ""  # 对外公布的电话
    host: PublicText = ""  # 挂靠单位
    services: tuple[StationService, ...] = ()
    paper: Code | None = None


class StationRenamed(Event, by=_RUNNERS, scope=Scope.ORGANISATION):
    """站点更名: the new name holds from the day the fact takes effect."""

    station: StationId
    name: PublicText


class StationMoved(Event, by=_RUNNERS, scope=Scope.ORGANISATION, ahead=True):
    """迁址: to another address, and perhaps to another host agency."""

    station: StationId
    location: Code
    address: PublicText = ""
    telephone: PublicText = ""
    host: PublicText = ""


class StationHandedOver(
    Event, by=(Office.CHAIR, Office.PROCEDURE), scope=Scope.ORGANISATION, ahead=True
):
    """变更主办工会: another union owns the station from this day."""

    station: StationId
    former: UnionId
    owner: UnionId
    paper: Code | None = None


class StationServicesListed(Event, by=_RUNNERS, scope=Scope.ORGANISATION, ahead=True):
    """登记服务项目: what the station does from this day, in place of the last list."""

    station: StationId
    services: tuple[StationService, ...]


class StaffPosted(Event, by=_RUNNERS, scope=Scope.ORGANISATION, ahead=True):
    """派驻: a person is on the staff from `since` until `until` (excluded)."""

    station: StationId
    person: PersonId
    duty: Duty
    since: date
    until: date | None = None


class StaffWithdrawn(Event, by=_RUNNERS, scope=Scope.ORGANISATION, ahead=True):
    """撤回: the person is no longer on the staff in this duty from this day."""

    station: StationId
    person: PersonId
    duty: Duty


class StationClosed(Event, by=_RUNNERS, scope=Scope.ORGANISATION, ahead=True):
    """撤站: the station is open no more from the day the fact takes effect."""

    station: StationId
    reason: StationClosing
    paper: Code | None = None


# ── the station ──────────────────────────────────────────────────────────────────────────────


def _check_place(code: Code, today: date) -> None:
    if not divisions.in_force(code[:6], date.min, today):
        raise NoSuchPlace(code=code)


def _check_term(since: date, until: date | None) -> None:
    if until is not None and until <= since:
        raise ClosedBeforeOpening(since=since.isoformat(), until=until.isoformat())


class Station(Aggregate):
    """One station, from its opening to its closing (stream `sta_…`).

    In each decision `line` is the owner union and those above it.
    """

    def __init__(self) -> None:
        self.opened: StationOpened | None = None
        self.name = ""
        self.owner: UnionId | None = None
        self.location: Code | None = None
        self.address = ""
        self.telephone = ""
        self.host = ""
        self.services: tuple[StationService, ...] = ()
        self.closed_on: date | None = None
        self.reason: StationClosing | None = None
        self._staff = Terms()

    # ── decisions ──

    @classmethod
    def establish(
        cls,
        act: Act,
        station: StationId,
        name: str,
        kind: StationKind,
        owner: UnionId,
        location: Code,
        *,
        line: Sequence[UnionId],
        since: date | None = None,
        until: date | None = None,
        address: str = "",
        telephone: str = "",
        host: str = "",
        services: Iterable[StationService] = (),
        paper: Code | None = None,
    ) -> StationOpened:
        """Opens a station, from `act.on` where no day is given.

        Raises: NotItsOwner, StationNameMissing, NoSuchPlace, RoadsideWithoutEnd,
        ClosedBeforeOpening.
        """
        _owned_by(act, line)
        if not name.strip():
            raise StationNameMissing(station=station)
        _check_place(location, act.today)
        if kind is StationKind.ROADSIDE and until is None:
            raise RoadsideWithoutEnd(station=station)
        first = since or act.on
        _check_term(first, until)
        return StationOpened(
            station, name.strip(), kind, owner, location, first, until, address.strip(),
            telephone.strip(), host.strip(), tuple(sorted(set(services))), paper,
        )  # fmt: skip

    def rename(self, act: Act, name: str, *, line: Sequence[UnionId]) -> StationRenamed:
        """Raises: StationNotOpen, NotItsOwner, StationNameMissing, StationUnchanged."""
        opened = self._standing(act, line)
        if not name.strip():
            raise StationNameMissing(station=opened.station)
        if name.strip() == self.name:
            raise StationUnchanged(name=name)
        return StationRenamed(opened.station, name.strip())

    def move(
        self,
        act: Act,
        location: Code,
        *,
        line: Sequence[UnionId],
        address: str = "",
        telephone: str = "",
        host: str = "",
    ) -> StationMoved:
        """Raises: StationNotOpen, NotItsOwner, NoSuchPlace, StationUnchanged."""
        opened = self._standing(act, line)
        _check_place(location, act.today)
        place = location, address.strip(), telephone.strip(), host.strip()
        if place == (self.location, self.address, self.telephone, self.host):
            raise StationUnchanged(location=location)
        return StationMoved(opened.station, *place)

    def hand_over(
        self, act: Act, owner: UnionId, *, line: Sequence[UnionId], paper: Code | None = None
    ) -> StationHandedOver:
        """Raises: StationNotOpen, NotItsOwner, StationUnchanged."""
        opened = self._standing(act, line)
        former = self.owner or opened.owner
        if owner == former:
            raise StationUnchanged(owner=owner)
        return StationHandedOver(opened.station, former, owner, paper)

    def list_services(
        self, act: Act, services: Iterable[StationService], *, line: Sequence[UnionId]
    ) -> StationServicesListed:
        """Raises: StationNotOpen, NotItsOwner, StationUnchanged."""
        opened = self._standing(act, line)
        listed = tuple(sorted(set(services)))
        if listed == self.services:
            raise StationUnchanged(services=listed)
        return StationServicesListed(opened.station, listed)

    def post(
        self,
        act: Act,
        person: PersonId,
        duty: Duty,
        *,
        line: Sequence[UnionId],
        since: date | None = None,
        until: date | None = None,
    ) -> StaffPosted:
        """Puts a person on the staff, from `act.on` where no day is given.

        Raises: StationNotOpen, NotItsOwner, ClosedBeforeOpening, OnTheStaff.
        """
        first = since or act.on
        opened = self._standing(act.effective(first), line)
        _check_term(first, until)
        if (person, duty) in self.staff(first):
            raise OnTheStaff(person=person, duty=duty)
        return StaffPosted(opened.station, person, duty, first, until)

    def withdraw(
        self, act: Act, person: PersonId, duty: Duty, *, line: Sequence[UnionId]
    ) -> StaffWithdrawn:
        """Raises: StationNotOpen, NotItsOwner, NotOnTheStaff."""
        opened = self._standing(act, line)
        if (person, duty) not in self.staff(act.on):
            raise NotOnTheStaff(person=person, duty=duty, on=act.on.isoformat())
        return StaffWithdrawn(opened.station, person, duty)

    def close(
        self,
        act: Act,
        reason: StationClosing,
        *,
        line: Sequence[UnionId],
        paper: Code | None = None,
    ) -> StationClosed:
        """Raises: StationNotOpen, NotItsOwner."""
        opened = self._standing(act, line)
        if self.reason is not None:
            raise StationNotOpen(station=opened.station, closed=self.reason)
        return StationClosed(opened.station, reason, paper)

    def _standing(self, act: Act, line: Sequence[UnionId]) -> StationOpened:
        if self.opened is None or not self.open(act.on):
            raise StationNotOpen(on=act.on.isoformat())
        _owned_by(act, line)
        return self.opened

    # ── questions ──

    def open(self, on: date) -> bool:
        """Whether the station serves on that day."""
        return (
            self.opened is not None
            and self.opened.since <= on
            and (self.closed_on is None or on < self.closed_on)
        )

    @property
    def kind(self) -> StationKind | None:
        return self.opened.kind if self.opened else None

    @property
    def temporary(self) -> bool:
        return self.opened is not None and self.opened.until is not None

    @property
    def province(self) -> Code | None:
        """The province where it stands, two digits; the owner's may be another."""
        return Code(self.location[:2]) if self.location else None

    def staff(self, on: date) -> list[tuple[PersonId, Duty]]:
        """Who is on the staff on that day, and as what."""
        return list(self._staff.at(on)) if self.open(on) else []

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case StationOpened() as e:
                self.opened, self.name, self.owner = e, e.name, e.owner
                self.location, self.address, self.telephone = e.location, e.address, e.telephone
                self.host, self.services, self.closed_on = e.host, e.services, e.until
            case StationRenamed() as e:
                self.name = e.name
            case StationMoved() as e:
                self.location, self.address = e.location, e.address
                self.telephone, self.host = e.telephone, e.host
            case StationHandedOver() as e:
                self.owner = e.owner
            case StationServicesListed() as e:
                self.services = e.services
            case StaffPosted() as e:
                self._staff.begin((e.person, e.duty), e.since, e.until)
            case StaffWithdrawn() as e:
                self._staff.end((e.person, e.duty), fact.on)
            case StationClosed() as e:
                self.reason = e.reason
                self.closed_on = min(fact.on, self.closed_on or fact.on)
            case _:
                pass


def _owned_by(act: Act, line: Sequence[UnionId]) -> None:
    if act.office is not Office.PROCEDURE and act.union not in line:
        raise NotItsOwner(by=act.union)
