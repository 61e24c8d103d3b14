"""Services (普惠服务办理): given to a list of workers, counted, and what they cost; seats on a trip.

What concerns several is one record for each, in one entry; who cannot have a seat is named with
the rule that says so, and the others have theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from ledger.book import Entry, NotFound
from ledger.domain.funds import Fund
from ledger.domain.ids import (
    FundId,
    PersonId,
    ServiceId,
    StationId,
    TallyId,
    TripId,
    UnionId,
    new_service,
    new_tally,
    new_trip,
)
from ledger.domain.kernel import Act, Code, Fen, Refused, StreamId
from ledger.domain.persons import Person
from ledger.domain.services import (
    Bound,
    CostRecorded,
    Eligibility,
    FundOfAnother,
    NobodyServed,
    NoCost,
    Organiser,
    SeatReturn,
    Service,
    ServiceKind,
    Tally,
    Trip,
    TripEnd,
    Unit,
    record_cost,
)
from ledger.domain.stations import Station, StationNotOpen
from ledger.domain.unions import Union
from ledger.procedures.enrolling import kin_of
from ledger.procedures.guarding import born


class Passenger(NamedTuple):
    """Somebody for a seat: on what ground; `minor` is asked where no birth date is on record."""

    person: PersonId
    ground: Eligibility
    minor: bool = False


@dataclass
class Seated:
    """What became of a list of passengers: who is done, and who is refused, by which rule."""

    done: list[PersonId] = field(default_factory=list[PersonId])
    refused: dict[PersonId, Refused] = field(default_factory=dict[PersonId, Refused])


def give(
    entry: Entry,
    persons: Iterable[PersonId],
    kind: ServiceKind,
    *,
    organisers: Sequence[Organiser] = (),
    station: StationId | None = None,
    what: str = "",
    note: str = "",
) -> list[ServiceId]:
    """A service to each of these workers, a record each.

    Raises: NotFound, NobodyServed, StationNotOpen, and what `Service.give` raises.
    """
    every = list(dict.fromkeys(persons))
    if not every:
        raise NobodyServed()
    _check_place(entry, organisers, station)
    made: list[ServiceId] = []
    for person in every:
        entry.read(Person, person)
        service = new_service()
        entry.start(
            Service.give(
                entry.act, service, person, kind, organisers=organisers, station=station,
                what=what, note=note,
            )
        )  # fmt: skip
        made.append(service)
    return made


def count(
    entry: Entry,
    kind: ServiceKind,
    number: int,
    unit: Unit,
    bound: Bound = Bound.EXACT,
    *,
    since: date | None = None,
    organisers: Sequence[Organiser] = (),
    station: StationId | None = None,
    place: Code | None = None,
    what: str = "",
) -> TallyId:
    """What was done without names. Raises: NotFound, StationNotOpen, and what `Tally.count` raises."""
    _check_place(entry, organisers, station)
    tally = new_tally()
    entry.start(
        Tally.count(
            entry.act, tally, kind, number, unit, bound, since=since, organisers=organisers,
            station=station, place=place, what=what,
        )
    )  # fmt: skip
    return tally


def add_cost(
    entry: Entry,
    activity: ServiceId | TallyId | TripId,
    amount: Fen,
    *,
    bearer: UnionId | None = None,
    name: str = "",
    fund: FundId | None = None,
    source: Code | None = None,
) -> CostRecorded:
    """One cost line of a service, a tally or a trip; the fund that it names pays it at once.

    Without a bearer, who keeps the fund bears it.

    Raises: NotFound, NoCost, NobodyNamed, FundOfAnother, and what `Fund.spend` raises.
    """
    kind = {"ser_": Service, "tri_": Trip}.get(activity[:4], Tally)
    done = entry.read(kind, activity)
    given = done.given if isinstance(done, Service) else None
    keeper = _keeper(entry, fund)
    bearer = bearer or (None if name.strip() else keeper)
    if bearer is not None:
        entry.read(Union, bearer)
    line = record_cost(
        entry.act, StreamId(activity), amount, bearer=bearer, name=name, fund=fund, keeper=keeper,
        source=source, person=given.person if given else None,
        number=max((each.number for each in done.costs), default=0) + 1,
    )  # fmt: skip
    entry.write(line)
    if fund is not None:
        money = entry.read(Fund, fund)
        above = entry.line(keeper)[1:] if keeper else []
        entry.write(money.spend(entry.act, line.activity, line.number, amount, line=above))
    return line


def _keeper(entry: Entry, fund: FundId | None) -> UnionId | None:
    """Who keeps a fund of this journal. Raises: NotFound."""
    if fund is None:
        return None
    money = entry.read(Fund, fund)
    return money.keeper if money.origin == entry.ledger.origin else None


def draw_anew(entry: Entry, act: Act, before: CostRecorded, after: CostRecorded) -> None:
    """A cost as it is corrected draws on its fund, where that is another than before.

    Raises: NoCost, FundOfAnother, and what `Fund.spend` raises.
    """
    if after.amount <= 0:
        raise NoCost(amount=after.amount)
    if after.fund is None or after.fund == before.fund:
        return
    keeper = _keeper(entry, after.fund)
    if keeper is None or keeper != after.bearer:
        raise FundOfAnother(fund=after.fund, keeper=keeper, bearer=after.bearer)
    by = entry.ledger.procedure(keeper, act.on)
    money = entry.read(Fund, after.fund)
    entry.write(money.spend(by, after.activity, after.number, after.amount), act=by)


# ── trips ────────────────────────────────────────────────────────────────────────────────────


def announce_trip(
    entry: Entry,
    name: str,
    kind: ServiceKind,
    quota: int,
    grounds: Iterable[Eligibility],
    leaves: date,
    *,
    organisers: Sequence[Organiser] = (),
    start: Code | None = None,
    goal: Code | None = None,
) -> TripId:
    """Raises: NotFound, and what `Trip.announce` raises."""
    _check_place(entry, organisers, None)
    trip = new_trip()
    entry.start(
        Trip.announce(
            entry.act, trip, name, kind, quota, grounds, leaves, organisers=organisers,
            start=start, goal=goal,
        )
    )  # fmt: skip
    return trip


def take_seats(entry: Entry, trip: TripId, passengers: Iterable[Passenger]) -> Seated:
    """A seat for each of these, a record each; who has none is named with the rule."""
    seated = Seated()
    for person, ground, minor in dict.fromkeys(passengers):
        entry.read(Person, person)
        try:
            with entry.attempt():
                held = entry.read(Trip, trip)
                entry.write(
                    held.take_seat(
                        entry.act, person, ground, origin=entry.ledger.origin,
                        born=born(entry, person), minor=minor, kin=kin_of(entry, person),
                    )
                )  # fmt: skip
        except Refused as refused:
            seated.refused[person] = refused
        else:
            seated.done.append(person)
    return seated


def depart(entry: Entry, trip: TripId, persons: Iterable[PersonId]) -> Seated:
    """The departure of each of these, a record each; who may not go is named with the rule."""
    departed = Seated()
    for person in dict.fromkeys(persons):
        entry.read(Person, person)
        try:
            with entry.attempt():
                held = entry.read(Trip, trip)
                entry.write(held.depart(entry.act, person, origin=entry.ledger.origin))
        except Refused as refused:
            departed.refused[person] = refused
        else:
            departed.done.append(person)
    return departed


def give_up_seat(entry: Entry, trip: TripId, person: PersonId, why: SeatReturn) -> None:
    """Raises: NotFound, and what `Trip.give_up` raises."""
    held = entry.read(Trip, trip)
    entry.write(held.give_up(entry.act, person, why, origin=entry.ledger.origin))


def guardian_agrees(
    entry: Entry, trip: TripId, person: PersonId, guardian: PersonId, form: Code | None = None
) -> None:
    """Raises: NotFound, and what `Trip.agree` raises."""
    held = entry.read(Trip, trip)
    entry.read(Person, guardian)
    entry.write(
        held.agree(
            entry.act, person, guardian, origin=entry.ledger.origin, form=form,
            born=born(entry, person),
        )
    )  # fmt: skip


def cancel_trip(entry: Entry, trip: TripId, why: TripEnd) -> None:
    """Raises: NotFound, and what `Trip.cancel` raises."""
    held = entry.read(Trip, trip)
    entry.write(held.cancel(entry.act, why, origin=entry.ledger.origin))


def _check_place(entry: Entry, organisers: Iterable[Organiser], station: StationId | None) -> None:
    """The unions and the station that are named are there. Raises: NotFound, StationNotOpen."""
    for each in organisers:
        if each.union is not None and not entry.history(each.union):
            raise NotFound(each.union)
    if station is not None and not entry.read(Station, station).open(entry.act.on):
        raise StationNotOpen(station=station, on=entry.act.on.isoformat())
