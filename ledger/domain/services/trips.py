"""Trips (行程): a quota of seats, on what grounds, with whom; who took one, and who departed.

A trip is kept in the journal that announced it: all its seats stand in one stream there, so that
two who give the last one at once meet in its version. Each passenger is a record of their own. A
minor departs when the guardian has agreed.
"""

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum

from ledger.domain.ids import PersonId, TripId, UnionId
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
    weigh,
)
from ledger.domain.offices import check_minor, is_minor
from ledger.domain.services.given import CostRecorded, Organiser, ServiceKind, organised


class Eligibility(StrEnum):
    """On what ground somebody has a seat (乘坐资格)."""

    OUTSTANDING = "outstanding"  # 优秀农民工
    HARDSHIP = "hardship"  # 困难农民工
    LEFT_BEHIND_CHILD = "left_behind_child"  # 留守儿童
    SEPARATED_COUPLE = "separated_couple"  # 两地分居夫妻
    ACCOMPANYING = "accompanying"  # 陪同的监护人、工作人员
    MEMBER = "member"  # 工会会员
    RETURNING = "returning"  # 返乡返岗


class SeatReturn(StrEnum):
    """Why a seat is given up (退出原因)."""

    ASKED = "asked"  # 本人（监护人）退出
    NOT_REACHED = "not_reached"  # 联系不上
    NOT_ELIGIBLE = "not_eligible"  # 不符合条件
    DID_NOT_COME = "did_not_come"  # 未到乘车地点
    ILL = "ill"  # 患病


class TripEnd(StrEnum):
    """Why a trip does not take place (取消原因)."""

    WEATHER = "weather"  # 天气
    TRANSPORT = "transport"  # 运力
    HEALTH = "health"  # 疫情防控
    NO_FUNDS = "no_funds"  # 经费未落实
    DECIDED = "decided"  # 主办单位决定


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class TripUnplanned(
    Refused,
    zh="行程须有名称、名额和乘坐资格。",
    article="YH04",
    instead="填写名称、名额（至少一人），并至少选择一种资格。",
):
    """A trip is announced with its name, its quota and the grounds on which one may go."""


class NoSuchTrip(
    Refused,
    zh="没有这一行程，或已取消。",
    article="design: on record",
    instead="核对行程编号。",
):
    """Seats are given on a trip that was announced and stands."""


class KeptElsewhere(
    Refused,
    zh="行程的名额由发布行程的一方登记。",
    article="rules (d) 7",
    instead="请发布行程的工会登记座位；可先向其提供名单。",
):
    """The seats of a trip are given in the journal that announced it."""


class QuotaFull(
    Refused,
    zh="名额已满。",
    article="YH04",
    instead="等有人退出，或另行发布行程。",
):
    """No more seats are given than the trip has."""


class SeatHeld(
    Refused,
    zh="此人已有该行程的座位。",
    article="design: recorded once",
):
    """A person has one seat on a trip."""


class GroundNotOfTheTrip(
    Refused,
    zh="该资格不在本行程规定的范围内。",
    article="YH04",
    instead="按行程公布的资格选择。",
):
    """A seat is given on one of the trip's own grounds."""


class NotForSelfOrKin(
    Refused,
    zh="不得为本人或近亲属安排座位。",
    article="rules (d) 2",
    instead="请他人办理。",
):
    """Nobody gives a seat to themselves or to their household."""


class NoSeat(
    Refused,
    zh="此人没有该行程的座位。",
    article="design: on record",
    instead="先登记座位。",
):
    """Who departs, or gives up a seat, has one."""


class DepartedAlready(
    Refused,
    zh="此人已登记出发。",
    article="design: recorded once",
    instead="登记有误的，办理更正或作废。",
):
    """A passenger departs once, and then has no seat to give up."""


class GuardianIsAnother(
    Refused,
    zh="同意出行的须是监护人，不能是未成年人本人。",
    article="民法典 art. 27, 34; YH06",
    instead="登记监护人，由其签字。",
):
    """The leave for a minor is given by another person."""


class AgreementUnshown(
    Refused,
    zh="监护人同意须有凭据。",
    article="rules (e) disputes",
    instead="填写同意书编号，或附其影像。",
):
    """A guardian's agreement is shown by a paper."""


class GuardianAgreesFirst(
    Refused,
    zh="未成年人出行前，须经监护人同意。",
    article="民法典 art. 34; YH06; rules (e) disputes",
    instead="请监护人在同意书上签字并登记，再登记出发。",
):
    """No minor departs before the guardian has agreed."""


class TripUnderWay(
    Refused,
    zh="已有人出发，不能取消行程。",
    article="design: trips",
    instead="未出发的，逐人登记退出。",
):
    """A trip on which somebody has departed is not cancelled."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_GIVERS = (Office.CLERK, Office.STATION)


class TripAnnounced(Event, by=(*_GIVERS, Office.CHAIR), scope=Scope.SERVICES):
    """发布行程: so many seats, on these grounds, organised by these."""

    trip: TripId
    union: UnionId
    name: PublicText
    kind: ServiceKind
    quota: int
    grounds: tuple[Eligibility, ...]
    organisers: tuple[Organiser, ...]
    leaves: date
    start: Code | None = None  # 出发地区划代码
    goal: Code | None = None  # 到达地区划代码


class SeatTaken(Event, by=_GIVERS, scope=Scope.SERVICES):
    """安排座位: one passenger; `minor` is what the rule of the guardian asks about."""

    trip: TripId
    person: PersonId
    union: UnionId
    ground: Eligibility
    minor: bool
    findings: tuple[Code, ...] = ()


class SeatGivenUp(Event, by=_GIVERS, scope=Scope.SERVICES):
    """退出行程: the seat is free again."""

    trip: TripId
    person: PersonId
    union: UnionId
    why: SeatReturn


class GuardianAgreed(Event, by=_GIVERS, scope=Scope.SERVICES):
    """监护人同意出行: for a minor who has a seat."""

    trip: TripId
    person: PersonId
    union: UnionId
    guardian: PersonId
    form: Code | None = None


class PassengerDeparted(Event, by=_GIVERS, scope=Scope.SERVICES):
    """出发: one passenger, on the day it takes effect."""

    trip: TripId
    person: PersonId
    union: UnionId
    findings: tuple[Code, ...] = ()


class TripCancelled(Event, by=(*_GIVERS, Office.CHAIR), scope=Scope.SERVICES):
    """取消行程: nobody departs."""

    trip: TripId
    union: UnionId
    why: TripEnd


# ── the trip ─────────────────────────────────────────────────────────────────────────────────


class Trip(Aggregate):
    """One trip (stream `tri_…`) with its seats, its passengers and what it cost."""

    def __init__(self) -> None:
        self.announced: TripAnnounced | None = None
        self.origin = ""  # the journal that announced it, and so keeps it
        self.cancelled: TripEnd | None = None
        self.seats: dict[PersonId, SeatTaken] = {}
        self.agreed: dict[PersonId, date] = {}
        self.departed: dict[PersonId, date] = {}
        self.costs: list[CostRecorded] = []

    # ── decisions ──

    @classmethod
    def announce(
        cls,
        act: Act,
        trip: TripId,
        name: str,
        kind: ServiceKind,
        quota: int,
        grounds: Iterable[Eligibility],
        leaves: date,
        *,
        organisers: Iterable[Organiser] = (),
        start: Code | None = None,
        goal: Code | None = None,
    ) -> TripAnnounced:
        """Raises: TripUnplanned, NobodyNamed, LeadMissing."""
        allowed = tuple(dict.fromkeys(grounds))
        if not name.strip() or quota < 1 or not allowed:
            raise TripUnplanned(quota=quota, grounds=allowed)
        return TripAnnounced(
            trip, act.union, name.strip(), kind, quota, allowed, organised(act, organisers),
            leaves, start, goal,
        )  # fmt: skip

    def take_seat(
        self,
        act: Act,
        person: PersonId,
        ground: Eligibility,
        *,
        origin: str,
        born: date | None = None,
        minor: bool = False,
        kin: Collection[PersonId] = (),
    ) -> SeatTaken:
        """Gives one seat. `minor` is what the officer says where no birth date is on record.

        Raises: NoSuchTrip, KeptElsewhere, SeatHeld, QuotaFull, GroundNotOfTheTrip,
        NotForSelfOrKin.
        """
        told = self._standing(origin)
        if person in self.seats:
            raise SeatHeld(trip=told.trip, person=person)
        if self.left < 1:
            raise QuotaFull(quota=told.quota)
        young = is_minor(born, told.leaves)
        child = ground is Eligibility.LEFT_BEHIND_CHILD
        found = weigh(act, [
            None if ground in told.grounds else GroundNotOfTheTrip(ground=ground),
            NotForSelfOrKin(person=person) if act.decider in {person, *kin} else None,
        ])  # fmt: skip
        under_age = (minor or child) if young is None else young
        return SeatTaken(told.trip, person, act.union, ground, under_age, found)

    def give_up(self, act: Act, person: PersonId, why: SeatReturn, *, origin: str) -> SeatGivenUp:
        """Frees a seat. Raises: NoSuchTrip, KeptElsewhere, NoSeat, DepartedAlready."""
        told = self._standing(origin)
        if person not in self.seats:
            raise NoSeat(trip=told.trip, person=person)
        if person in self.departed:
            raise DepartedAlready(on=self.departed[person].isoformat())
        return SeatGivenUp(told.trip, person, act.union, why)

    def agree(
        self,
        act: Act,
        person: PersonId,
        guardian: PersonId,
        *,
        origin: str,
        form: Code | None = None,
        born: date | None = None,
    ) -> GuardianAgreed:
        """Records a guardian's leave, from the day it was given.

        Raises: NoSuchTrip, KeptElsewhere, NoSeat, GuardianIsAnother, GuardianshipEnded,
        AgreementUnshown.
        """
        told = self._standing(origin)
        if person not in self.seats:
            raise NoSeat(trip=told.trip, person=person)
        if guardian == person:
            raise GuardianIsAnother(person=person)
        check_minor(person, born, act.on)
        if form is None and not act.evidence:
            raise AgreementUnshown(person=person)
        return GuardianAgreed(told.trip, person, act.union, guardian, form)

    def depart(self, act: Act, person: PersonId, *, origin: str) -> PassengerDeparted:
        """Records a departure. What happened already is recorded with the rule that it broke.

        Raises: NoSuchTrip, KeptElsewhere, DepartedAlready, NoSeat, GuardianAgreesFirst.
        """
        told = self._standing(origin)
        if person in self.departed:
            raise DepartedAlready(on=self.departed[person].isoformat())
        seat = self.seats.get(person)
        agreed = self.agreed.get(person)
        without = seat is not None and seat.minor and (agreed is None or agreed > act.on)
        found = weigh(act, [
            NoSeat(trip=told.trip, person=person) if seat is None else None,
            GuardianAgreesFirst(person=person) if without else None,
        ])  # fmt: skip
        return PassengerDeparted(told.trip, person, act.union, found)

    def cancel(self, act: Act, why: TripEnd, *, origin: str) -> TripCancelled:
        """Raises: NoSuchTrip, KeptElsewhere, TripUnderWay."""
        told = self._standing(origin)
        if self.departed:
            raise TripUnderWay(departed=len(self.departed))
        return TripCancelled(told.trip, act.union, why)

    def _standing(self, origin: str) -> TripAnnounced:
        if self.announced is None or self.cancelled is not None:
            raise NoSuchTrip(cancelled=self.cancelled)
        if self.origin != origin:
            raise KeptElsewhere(origin=self.origin)
        return self.announced

    # ── questions ──

    @property
    def left(self) -> int:
        """How many seats are still to be given."""
        return (self.announced.quota if self.announced else 0) - len(self.seats)

    @property
    def awaiting_guardian(self) -> list[PersonId]:
        """The minors with a seat for whom nobody has agreed yet."""
        return [p for p, seat in self.seats.items() if seat.minor and p not in self.agreed]

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case TripAnnounced() as e:
                self.announced, self.origin = e, fact.origin
            case SeatTaken() as e:
                self.seats[e.person] = e
            case SeatGivenUp() as e:
                self.seats.pop(e.person, None)
            case GuardianAgreed() as e:
                self.agreed[e.person] = min(fact.on, self.agreed.get(e.person, fact.on))
            case PassengerDeparted() as e:
                self.departed[e.person] = fact.on
            case TripCancelled() as e:
                self.cancelled = e.why
            case CostRecorded() as e:
                self.costs.append(e)
            case _:
                pass
