"""Services to anybody (普惠服务): given to a worker by name, or counted without names, and who paid.

A service to a named worker is one record for each person and each time. What was done for people
whose names nobody asked (hot drinks, haircuts, clinics) is a tally with its unit; units never add
up across kinds, and "more than 2000" stays "more than". A cost is a record of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.domain.ids import FundId, PersonId, ServiceId, StationId, TallyId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    CaseText,
    Code,
    Event,
    Fact,
    Fen,
    Office,
    PublicText,
    Refused,
    Scope,
    StreamId,
)


class ServiceKind(StrEnum):
    """What is done for workers (服务种类)."""

    TRAVEL = "travel"  # 返乡返岗出行
    REUNION = "reunion"  # 亲情团聚
    ROADSIDE = "roadside"  # 沿途服务
    REFRESHMENT = "refreshment"  # 热饮热食、休息
    REPAIRS = "repairs"  # 车辆检修、加油
    HEALTH = "health"  # 义诊、体检
    LEGAL_ADVICE = "legal_advice"  # 法律咨询、代书
    PUBLICITY = "publicity"  # 普法宣传、资料发放
    TRAINING = "training"  # 培训、讲座
    JOBS = "jobs"  # 职业介绍
    START_UP = "start_up"  # 创业扶持
    VIDEO_CALLS = "video_calls"  # 亲情视频
    PAIRING = "pairing"  # 结对关爱
    CULTURE = "culture"  # 文体、电影、书屋
    HAIRCUTS = "haircuts"  # 理发等便民服务
    SURVEY = "survey"  # 走访调研
    OTHER = "other"  # 其他


class Unit(StrEnum):
    """What is counted (计量单位): never added up one with another."""

    PERSON_TIMES = "person_times"  # 人次
    PERSONS = "persons"  # 人
    HOUSEHOLDS = "households"  # 户
    COPIES = "copies"  # 份
    SETS = "sets"  # 套
    TICKETS = "tickets"  # 张
    VEHICLES = "vehicles"  # 辆
    CARRIAGES = "carriages"  # 节
    SESSIONS = "sessions"  # 场
    PLACES = "places"  # 处
    ITEMS = "items"  # 项


class Bound(StrEnum):
    """How exact a count is (约数)."""

    EXACT = "exact"  # 实数
    MORE_THAN = "more_than"  # 余、多：下限
    NEARLY = "nearly"  # 近：上限


class Part(StrEnum):
    """What an organiser does (分工)."""

    LEADS = "leads"  # 牵头
    UNDERTAKES = "undertakes"  # 承办
    ASSISTS = "assists"  # 协办


@dataclass(frozen=True)
class Organiser:
    """One of those who do it together (组织单位): a union, or somebody else by name."""

    part: Part
    union: UnionId | None = None
    name: PublicText = ""  # of a third party: an agency, a railway, a chamber of commerce


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class NobodyNamed(
    Refused,
    zh="组织单位、出资单位须选定工会，或写明名称。",
    article="YH04, YH06",
    instead="选定工会；不是工会的，填写单位名称。",
):
    """Who organises, or bears a cost, is a union or is named."""


class LeadMissing(
    Refused,
    zh="几家合办的，须有牵头单位。",
    article="YH04, YH06",
    instead="在组织单位中写明由谁牵头。",
):
    """What several do together is led by one of them."""


class ServiceUnnamed(
    Refused,
    zh="选“其他”的，须写明是什么服务。",
    article="design: named otherwise",
    instead="写明服务内容；不写个人信息。",
):
    """A service of no kind on the list says what it is."""


class NobodyServed(
    Refused,
    zh="须写明服务了谁。",
    article="rules (f) 8",
    instead="选定职工；不记姓名的，登记计数。",
):
    """A service by name names whom it was given to."""


class NothingCounted(
    Refused,
    zh="计数须为正整数。",
    article="rules (f) 6, 7",
    instead="核对数量；约数填整数，另选“余”或“近”。",
):
    """A tally counts one at least."""


class TallyBeginsAfterItEnds(
    Refused,
    zh="计数的起始日期不得晚于业务日期（最后一天）。",
    article="design: days in order",
    instead="核对起止日期；业务日期填所计时段的最后一天。",
):
    """A tally covers the days from its first to the one on which it takes effect."""


class NoCost(
    Refused,
    zh="支出金额须为正数，以分为单位。",
    article="rules (e) disputes",
    instead="核对金额；没有支出的不登记。",
):
    """A cost is an amount above nothing, in whole fen."""


class FundOfAnother(
    Refused,
    zh="服务支出只能从出资工会所管的本省资金列支。",
    article="A15; rules (e) disputes",
    instead="核对出资工会和资金；对方省的资金，由对方登记这一笔支出。",
):
    """A cost is drawn on a fund of this journal that its bearer keeps."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_GIVERS = (Office.CLERK, Office.STATION, Office.LEGAL)


class ServiceGiven(Event, by=_GIVERS, scope=Scope.SERVICES):
    """提供服务: to one worker, once."""

    service: ServiceId
    person: PersonId
    union: UnionId
    kind: ServiceKind
    organisers: tuple[Organiser, ...]
    station: StationId | None = None
    what: PublicText = ""
    note: CaseText = ""


class ServicesTallied(Event, by=_GIVERS, scope=Scope.SERVICES):
    """服务计数: how much was done without names, from `since` until the day it takes effect."""

    tally: TallyId
    union: UnionId
    kind: ServiceKind
    count: int
    unit: Unit
    bound: Bound
    since: date
    organisers: tuple[Organiser, ...]
    station: StationId | None = None
    place: Code | None = None  # 区划代码，没有站点时
    what: PublicText = ""


class CostRecorded(
    Event, by=(Office.CLERK, Office.STATION, Office.ACCOUNTANT), scope=Scope.SERVICES
):
    """服务支出: one line of what it cost: who bore it, from which fund.

    `activity` is the service, the tally or the trip, `number` counts its lines from 1; the fund of
    a union that keeps it here is `fund`, which pays it in the same entry, any other source a
    `source`.
    """

    activity: StreamId
    union: UnionId
    amount: Fen
    bearer: UnionId | None = None
    name: PublicText = ""  # of a bearer that is no union
    fund: FundId | None = None
    source: Code | None = None
    person: PersonId | None = None  # whom the service was given to, where by name
    number: int = 0


# ── decisions ────────────────────────────────────────────────────────────────────────────────


class Service(Aggregate):
    """One service to one worker (stream `ser_…`), with what it cost."""

    def __init__(self) -> None:
        self.given: ServiceGiven | None = None
        self.costs: list[CostRecorded] = []

    @classmethod
    def give(
        cls,
        act: Act,
        service: ServiceId,
        person: PersonId,
        kind: ServiceKind,
        *,
        organisers: Iterable[Organiser] = (),
        station: StationId | None = None,
        what: str = "",
        note: str = "",
    ) -> ServiceGiven:
        """Raises: NobodyNamed, LeadMissing, ServiceUnnamed."""
        _named(kind, what)
        return ServiceGiven(
            service, person, act.union, kind, organised(act, organisers), station, what.strip(),
            note,
        )  # fmt: skip

    def after(self, fact: Fact) -> None:
        match fact.event:
            case ServiceGiven() as e:
                self.given = e
            case CostRecorded() as e:
                self.costs.append(e)
            case _:
                pass


class Tally(Aggregate):
    """One count without names (stream `tal_…`), with what it cost."""

    def __init__(self) -> None:
        self.counted: ServicesTallied | None = None
        self.costs: list[CostRecorded] = []

    @classmethod
    def count(
        cls,
        act: Act,
        tally: TallyId,
        kind: ServiceKind,
        count: int,
        unit: Unit,
        bound: Bound = Bound.EXACT,
        *,
        since: date | None = None,
        organisers: Iterable[Organiser] = (),
        station: StationId | None = None,
        place: Code | None = None,
        what: str = "",
    ) -> ServicesTallied:
        """`act.on` is the last day that is counted, `since` the first.

        Raises: NothingCounted, TallyBeginsAfterItEnds, NobodyNamed, LeadMissing, ServiceUnnamed.
        """
        if count < 1:
            raise NothingCounted(count=count)
        first = since or act.on
        if first > act.on:
            raise TallyBeginsAfterItEnds(since=first.isoformat(), on=act.on.isoformat())
        _named(kind, what)
        return ServicesTallied(
            tally, act.union, kind, count, unit, bound, first, organised(act, organisers), station,
            place, what.strip(),
        )  # fmt: skip

    def after(self, fact: Fact) -> None:
        match fact.event:
            case ServicesTallied() as e:
                self.counted = e
            case CostRecorded() as e:
                self.costs.append(e)
            case _:
                pass


def record_cost(
    act: Act,
    activity: StreamId,
    amount: Fen,
    *,
    bearer: UnionId | None = None,
    name: str = "",
    fund: FundId | None = None,
    keeper: UnionId | None = None,
    source: Code | None = None,
    person: PersonId | None = None,
    number: int = 1,
) -> CostRecorded:
    """One cost line of a service, a tally or a trip.

    `keeper`: who keeps the fund, where it is one of this journal.

    Raises: NoCost, NobodyNamed, FundOfAnother.
    """
    if amount <= 0:
        raise NoCost(amount=amount)
    if fund is not None and (keeper is None or keeper != bearer):
        raise FundOfAnother(fund=fund, keeper=keeper, bearer=bearer)
    if bearer is None and not name.strip():
        raise NobodyNamed(activity=activity)
    return CostRecorded(
        activity, act.union, amount, bearer, name.strip(), fund, source, person, number
    )


def organised(act: Act, organisers: Iterable[Organiser]) -> tuple[Organiser, ...]:
    """Those who do it together; the acting union alone where nobody is named.

    Raises: NobodyNamed, LeadMissing.
    """
    together: Sequence[Organiser] = tuple(organisers) or (Organiser(Part.LEADS, act.union),)
    if any(each.union is None and not each.name.strip() for each in together):
        raise NobodyNamed(organisers=len(together))
    if not any(each.part is Part.LEADS for each in together):
        raise LeadMissing(organisers=len(together))
    return tuple(dict.fromkeys(together))


def _named(kind: ServiceKind, what: str) -> None:
    if kind is ServiceKind.OTHER and not what.strip():
        raise ServiceUnnamed(kind=kind)
