"""Service counts: unit by unit, persons and person-times apart, bounds marked; trips, costs, both sides."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger import procedures
from ledger.book import Conflict
from ledger.domain.channels import Cause
from ledger.domain.corrections import OthersRelyOnIt, Why
from ledger.domain.funds import CostDrawn, Fund, FundExhausted, NotTheKeeper, Source
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import (
    FundId,
    PersonId,
    TallyId,
    TripId,
    UnionId,
    new_person,
    new_station,
    new_union,
)
from ledger.domain.kernel import Basis, Code, Fen, Office, Scope, standing
from ledger.domain.offices import NotYourOffice
from ledger.domain.persons import Particulars, Person
from ledger.domain.services import (
    Bound,
    CostRecorded,
    Eligibility,
    FundOfAnother,
    NobodyServed,
    NoCost,
    Organiser,
    Part,
    QuotaFull,
    SeatHeld,
    SeatReturn,
    ServiceKind,
    Trip,
    TripEnd,
    Unit,
)
from ledger.domain.stations import Station, StationKind, StationNotOpen
from ledger.domain.unions import UnionKind
from ledger.projections import (
    VIEWS,
    disbursement_audit,
    fund_statements,
    rebuild,
    service_counts,
)
from ledger.projections.filters import UnknownFilter
from ledger.projections.service_counts import By, Counted, Named, Sought, TripRow, shown
from ledger.replay import derive
from tests.pair import SHARED, Pair, annex, close, open_pair
from tests.world import World, citizen_number, open_province

FIRST, LAST = date(2026, 1, 20), date(2026, 2, 20)


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path).agree(annex(scopes=(*SHARED, Scope.SERVICES)))
    yield opened
    close(opened)


def station(world: World, owner: UnionId, name: str, place: str) -> Any:
    made = new_station()
    with world.entry(owner) as entry:
        entry.write(
            Station.establish(
                entry.act, made, name, StationKind.ROADSIDE, owner, Code(place), line=[owner],
                since=FIRST, until=date(2026, 3, 10),
            )
        )  # fmt: skip
    return made


def counted(world: World, **sought: Any) -> list[Counted]:
    with world.ledger.reading() as reader:
        return service_counts.counted(reader.conn, world.origin, Sought(**sought))


def named(world: World, **sought: Any) -> list[Named]:
    with world.ledger.reading() as reader:
        return service_counts.named(reader.conn, world.origin, Sought(**sought))


def tally(
    world: World, union: UnionId, kind: ServiceKind, number: int, unit: Unit,
    bound: Bound = Bound.EXACT, on: date | None = None, **more: Any,
) -> TallyId:  # fmt: skip
    with world.entry(union, on=on) as entry:
        return procedures.count(entry, kind, number, unit, bound, **more)


def give(
    world: World, union: UnionId, *persons: PersonId, kind: ServiceKind = ServiceKind.HEALTH,
    **more: Any,
) -> list[Any]:  # fmt: skip
    with world.entry(union) as entry:
        return procedures.give(entry, persons, kind, **more)


def announce(
    world: World, union: UnionId, quota: int,
    grounds: tuple[Eligibility, ...] = (Eligibility.HARDSHIP, Eligibility.LEFT_BEHIND_CHILD),
) -> TripId:  # fmt: skip
    with world.entry(union) as entry:
        return procedures.announce_trip(
            entry, "温暖回家路", ServiceKind.TRAVEL, quota, grounds, date(2026, 3, 10)
        )


def seat(world: World, union: UnionId, trip: TripId, *persons: PersonId) -> Any:
    with world.entry(union) as entry:
        return procedures.take_seats(
            entry, trip, [procedures.Passenger(each, Eligibility.HARDSHIP) for each in persons]
        )


def row(world: World, trip: TripId) -> TripRow:
    with world.ledger.reading() as reader:
        found = service_counts.trip_of(reader.conn, world.origin, trip)
    assert found is not None
    return found


def rebuilt(*worlds: World) -> None:
    for world in worlds:
        rebuild(world.ledger.database, world.origin, *[view for view in VIEWS if view.tables])


# ── without names ────────────────────────────────────────────────────────────────────────────


def test_the_warm_current_is_tallied_by_station_unit_by_unit(home: World) -> None:
    stations = [
        station(home, home.root, f"暖流行动{name}服务站", place)
        for name, place in (("梧州", "450400"), ("贺州", "451100"), ("玉林", "450900"),
                            ("百色", "451000"), ("桂林", "450300"), ("肇庆", "441200"))
    ]  # fmt: skip
    for at, each in enumerate(stations):
        tally(
            home, home.root, ServiceKind.REFRESHMENT, 2000 + at, Unit.PERSON_TIMES,
            Bound.MORE_THAN if at == 0 else Bound.EXACT, LAST, since=FIRST, station=each,
        )  # fmt: skip
    tally(home, home.root, ServiceKind.REPAIRS, 350, Unit.VEHICLES, station=stations[0])
    tally(home, home.root, ServiceKind.REPAIRS, 90, Unit.PERSON_TIMES, station=stations[0])
    tally(home, home.root, ServiceKind.ROADSIDE, 20, Unit.ITEMS, Bound.NEARLY, what="免费服务项目")

    told = counted(home)

    assert [(c.kind, c.unit, c.number, c.more, c.nearly, c.tallies) for c in told] == [
        (ServiceKind.REFRESHMENT, Unit.PERSON_TIMES, 12_015, True, False, 6),
        (ServiceKind.REPAIRS, Unit.PERSON_TIMES, 90, False, False, 1),
        (ServiceKind.REPAIRS, Unit.VEHICLES, 350, False, False, 1),
        (ServiceKind.ROADSIDE, Unit.ITEMS, 20, False, True, 1),
    ]  # fmt: skip
    by_station = counted(home, by=By.STATION, kind=ServiceKind.REFRESHMENT)
    assert {c.by: c.more for c in by_station}[stations[0]]
    assert sorted(c.number for c in by_station) == [2000 + at for at in range(6)]
    assert sum(c.number for c in counted(home, station=stations[0])) == 2000 + 350 + 90


def test_tickets_carriages_and_coaches_are_not_one_number(home: World) -> None:
    tally(home, home.root, ServiceKind.TRAVEL, 2560, Unit.TICKETS)
    tally(home, home.root, ServiceKind.TRAVEL, 485, Unit.PERSON_TIMES)
    tally(home, home.root, ServiceKind.TRAVEL, 1250, Unit.PERSON_TIMES)

    assert [(c.unit, c.number) for c in counted(home)] == [
        (Unit.PERSON_TIMES, 1735), (Unit.TICKETS, 2560),
    ]  # fmt: skip


def test_counts_are_asked_by_period_union_and_month(home: World, village: UnionId) -> None:
    tally(home, village, ServiceKind.HEALTH, 10, Unit.PERSON_TIMES, on=date(2026, 1, 31))
    tally(home, village, ServiceKind.HEALTH, 20, Unit.PERSON_TIMES, on=date(2026, 2, 28))
    tally(home, home.root, ServiceKind.HEALTH, 40, Unit.PERSON_TIMES, on=date(2026, 2, 1))

    assert [c.number for c in counted(home)] == [70]
    assert [c.number for c in counted(home, union=village)] == [30]
    assert [c.number for c in counted(home, union=home.root)] == [70]
    assert [c.number for c in counted(home, union=home.root, below=False)] == [40]
    within = {"since": date(2026, 2, 1), "until": date(2026, 2, 28)}
    assert [c.number for c in counted(home, **within)] == [60]
    assert [(c.by, c.number) for c in counted(home, by=By.MONTH)] == [
        ("2026-01", 10), ("2026-02", 60),
    ]  # fmt: skip
    assert {c.by: c.number for c in counted(home, by=By.UNION)} == {village: 30, home.root: 40}


def test_a_corrected_tally_counts_once_and_what_was_known_stays(home: World) -> None:
    tally(home, home.root, ServiceKind.CULTURE, 100, Unit.PERSONS)
    before = home.today
    home.time.to(date(2026, 3, 5))
    position = _newest(home)
    with home.entry(home.root) as entry:
        procedures.correct(entry, position, {"count": 10}, Why.MISTYPED, "多打了一个零")

    assert [c.number for c in counted(home)] == [10]
    assert [c.number for c in counted(home, known_on=before)] == [100]
    rebuilt(home)


def _newest(home: World) -> int:
    with home.ledger.database.reading() as conn:
        return home.ledger.recorder.page(conn, 0, 10_000)[-1].position


def test_a_count_is_printed_with_its_bound() -> None:
    assert shown(2000, "人次", more=True) == "2000余人次"
    assert shown(20, "项", nearly=True) == "近20项"
    assert shown(7, "户", more=True, nearly=True) == "约7户"
    assert shown(7, "户") == "7户"


def test_filters_are_words_and_an_unknown_one_is_an_error() -> None:
    asked = Sought.of({"by": "month", "since": "2026-01-01", "own": "false"})

    assert asked == Sought(by=By.MONTH, since=date(2026, 1, 1), own=False)
    with pytest.raises(UnknownFilter):
        Sought.of({"colour": "red"})


# ── by name ──────────────────────────────────────────────────────────────────────────────────


def test_named_services_count_persons_and_person_times_apart(home: World) -> None:
    one, other, again = (home.worker() for _ in range(3))
    give(home, home.root, one, other)
    give(home, home.root, one)
    give(home, home.root, one, again, kind=ServiceKind.TRAINING)

    assert named(home) == [
        Named(ServiceKind.HEALTH, None, 2, 3), Named(ServiceKind.TRAINING, None, 2, 2),
        Named(None, None, 3, 5),
    ]  # fmt: skip
    home.link(other, again)
    assert named(home)[-1] == Named(None, None, 2, 5)
    assert not counted(home)


def test_a_service_is_given_to_somebody_at_a_station_that_is_open(home: World) -> None:
    one, closed = home.worker(), station(home, home.root, "暖流行动服务站", "450400")

    with pytest.raises(NobodyServed):
        give(home, home.root)
    give(home, home.root, one, station=closed)
    home.time.to(date(2026, 3, 11))
    with pytest.raises(StationNotOpen):
        give(home, home.root, one, station=closed)


# ── trips and what they cost ─────────────────────────────────────────────────────────────────


def test_a_trip_fills_its_seats_and_each_refusal_is_named(home: World) -> None:
    people = [home.worker() for _ in range(4)]
    trip = announce(home, home.root, 3)

    first = seat(home, home.root, trip, *people[:2])
    second = seat(home, home.root, trip, *people[1:])

    assert first.done == people[:2]
    assert second.done == [people[2]]
    assert {p: type(r) for p, r in second.refused.items()} == {
        people[1]: SeatHeld, people[3]: QuotaFull,
    }  # fmt: skip
    with home.entry(home.root) as entry:
        procedures.give_up_seat(entry, trip, people[0], SeatReturn.ASKED)
    assert seat(home, home.root, trip, people[3]).done == [people[3]]
    with home.entry(home.root) as entry:
        gone = procedures.depart(entry, trip, people)
    assert set(gone.refused) == {people[0]}
    assert (row(home, trip).seats, row(home, trip).departed, row(home, trip).left) == (3, 3, 0)
    assert named(home)[0] == Named(ServiceKind.TRAVEL, None, 3, 3)
    rebuilt(home)


def test_the_last_seat_is_given_once_where_two_give_it_at_once(home: World) -> None:
    one, other, trip = home.worker(), home.worker(), announce(home, home.root, 1)
    passengers = [procedures.Passenger(each, Eligibility.HARDSHIP) for each in (one, other)]

    def both_at_once() -> None:
        with home.entry(home.root) as entry:
            procedures.take_seats(entry, trip, passengers[:1])
            with home.entry(home.root) as faster:
                procedures.take_seats(faster, trip, passengers[1:])

    with pytest.raises(Conflict):
        both_at_once()

    with home.ledger.reading() as reader:
        assert list(reader.find(Trip, trip).seats) == [other]


def test_forty_three_children_wait_for_their_guardians(home: World) -> None:
    trip = announce(home, home.root, 43)
    children = [home.worker() for _ in range(43)]
    mother = home.worker()
    with home.entry(home.root) as entry:
        procedures.take_seats(
            entry, trip,
            [procedures.Passenger(c, Eligibility.LEFT_BEHIND_CHILD, minor=True) for c in children],
        )  # fmt: skip
    # They were registered as grown up: the birth date on record decides.
    assert (row(home, trip).seats, row(home, trip).awaiting) == (43, 0)

    young = [new_person() for _ in range(2)]
    small = announce(home, home.root, 2)
    for order, each in enumerate(young, start=1):
        _register_child(home, each, order)
    with home.entry(home.root) as entry:
        procedures.take_seats(
            entry, small,
            [procedures.Passenger(c, Eligibility.LEFT_BEHIND_CHILD) for c in young],
        )  # fmt: skip
    with home.entry(home.root) as entry:
        procedures.guardian_agrees(entry, small, young[0], mother, Code("同意书1"))
    with home.entry(home.root) as entry:
        gone = procedures.depart(entry, small, young)

    assert (gone.done, list(gone.refused)) == ([young[0]], [young[1]])
    assert row(home, small).awaiting == 1


def _register_child(home: World, child: PersonId, order: int) -> None:
    born = date(2016, 5, 1)
    number = citizen_number("451224", born, order)
    told = Particulars(
        "韦小宝", DocumentKind.CITIZEN_NUMBER, number, sex="男", birth=born.isoformat()
    )
    with home.entry(home.root) as entry:
        entry.write(Person.register(entry.act, child, told))


def test_a_trip_that_is_cancelled_says_why(home: World) -> None:
    trip = announce(home, home.root, 5)
    with home.entry(home.root, Office.CHAIR) as entry:
        procedures.cancel_trip(entry, trip, TripEnd.WEATHER)

    assert row(home, trip).cancelled is TripEnd.WEATHER
    with home.ledger.reading() as reader:
        assert [each.trip for each in service_counts.trips(reader.conn, home.origin).rows] == [trip]


def funded(world: World, amount: Fen) -> FundId:
    with world.entry(world.root, Office.CHAIR) as entry:
        fund = procedures.open_fund(entry, world.root, "服务资金", Source.OWN)
    with world.entry(world.root, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, fund, amount)
    return fund


def money(world: World, fund: FundId) -> tuple[int, int]:
    """What is free in a fund, and what its statement says so."""
    with world.ledger.reading() as reader:
        told = fund_statements.totals(reader.conn, world.origin, [fund])[fund]
        held = reader.get(Fund, fund)
    assert (held.drawn, held.unfunded) == (told.drawn, told.unfunded)
    return held.balance, told.balance


def spend(world: World, thing: TripId | TallyId, amount: int, fund: FundId) -> int:
    with world.entry(world.root, Office.ACCOUNTANT) as entry:
        procedures.add_cost(entry, thing, Fen(amount), fund=fund)
    assert entry.receipt is not None
    return entry.receipt.positions[0]


def test_a_cost_draws_on_its_fund_at_once_and_never_below_zero(home: World) -> None:
    trip, fund = announce(home, home.root, 600), funded(home, Fen(1000))

    spend(home, trip, 700, fund)
    spend(home, trip, 300, fund)

    assert money(home, fund) == (0, 0)
    with pytest.raises(FundExhausted):
        spend(home, trip, 1, fund)
    with home.ledger.reading() as reader:
        assert [each.number for each in reader.get(Trip, trip).costs] == [1, 2]
        (line,) = service_counts.costs(reader.conn, home.origin, Sought(), [trip])
        assert [d.matches for d in derive(reader)] == [True, True]
    assert (line.bearer, line.amount) == (home.root, 1000)


def test_who_may_draw_on_a_fund_for_a_service(home: World) -> None:
    trip, fund = announce(home, home.root, 600), funded(home, Fen(1000))
    one, other = (
        home.union(name, UnionKind.FEDERATION) for name in ("东兰县总工会", "凤山县总工会")
    )
    with home.entry(other, Office.CHAIR) as entry:
        theirs = procedures.open_fund(entry, other, "凤山服务资金", Source.OWN)
    with home.entry(other, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, theirs, Fen(1000))

    with pytest.raises(NotYourOffice), home.entry(home.root) as entry:
        procedures.add_cost(entry, trip, Fen(1), fund=fund)
    for stranger, whose in ((one, theirs), (one, fund)):
        with pytest.raises(NotTheKeeper), home.entry(stranger, Office.ACCOUNTANT) as entry:
            procedures.add_cost(entry, trip, Fen(1), fund=whose)
    with pytest.raises(FundOfAnother), home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.add_cost(entry, trip, Fen(1), bearer=one, fund=fund)
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.add_cost(entry, trip, Fen(600), fund=theirs)
    assert money(home, theirs) == (400, 400)


def correct(world: World, position: int, **changes: Any) -> None:
    second = world.officer(world.root, Office.CHAIR)
    with world.entry(world.root, Office.ACCOUNTANT) as entry:
        procedures.correct(entry, position, changes, Why.MISTYPED, "录错", confirmed_by=second)


def test_a_corrected_cost_corrects_what_its_fund_paid(home: World) -> None:
    tally_, fund, another = (
        tally(home, home.root, ServiceKind.HEALTH, 10, Unit.PERSON_TIMES),
        funded(home, Fen(1000)), funded(home, Fen(500)),
    )  # fmt: skip
    cost = spend(home, tally_, 700, fund)

    correct(home, cost, amount=Fen(300))
    assert money(home, fund) == (700, 700)
    with home.ledger.reading() as reader:
        stands = next(
            f for f in standing(reader.history(tally_)) if isinstance(f.event, CostRecorded)
        )
        drawn = next(f for f in standing(reader.history(fund)) if isinstance(f.event, CostDrawn))
    with pytest.raises(OthersRelyOnIt):
        correct(home, drawn.position, amount=Fen(1))
    with pytest.raises(NoCost):
        correct(home, stands.position, amount=Fen(-300))
    with pytest.raises(FundExhausted):
        correct(home, stands.position, amount=Fen(501), fund=another)
    correct(home, stands.position, fund=another)
    assert (money(home, fund), money(home, another)) == ((1000, 1000), (200, 200))

    with home.ledger.reading() as reader:
        stands = next(
            f for f in standing(reader.history(tally_)) if isinstance(f.event, CostRecorded)
        )
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.annul(
            entry, stands.position, Why.NOT_SO, "没有这笔支出",
            confirmed_by=home.officer(home.root, Office.CHAIR),
        )  # fmt: skip
    assert money(home, another) == (500, 500)
    with home.ledger.reading() as reader:
        assert list(derive(reader)) == []
        assert service_counts.costs(reader.conn, home.origin, Sought()) == []
    rebuild(home.ledger.database, home.origin, fund_statements.VIEW)


def test_a_cost_beyond_what_is_left_after_a_correction_is_found(home: World) -> None:
    trip, fund = announce(home, home.root, 600), funded(home, Fen(1000))
    cost = spend(home, trip, 700, fund)

    correct(home, cost, amount=Fen(1200))

    with home.ledger.reading() as reader:
        sought = disbursement_audit.Sought(home.today)
        found = disbursement_audit.listing(reader.conn, home.origin, sought).rows
    assert [(line.rule, line.amount) for line in found] == [("FundOverspent", 200)]


def test_what_it_cost_is_told_by_who_bore_it_and_from_which_fund(home: World) -> None:
    trip, one = announce(home, home.root, 600), home.worker()
    fund = funded(home, Fen(20_000_000))
    (service,) = give(home, home.root, one)
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.add_cost(entry, trip, Fen(10_000_000), bearer=home.root, fund=fund)
        procedures.add_cost(entry, trip, Fen(2_618_000), bearer=home.root, fund=fund)
        procedures.add_cost(entry, trip, Fen(50), name="南宁铁路局", source=Code("票价减免"))
        procedures.add_cost(entry, service, Fen(7), bearer=home.root)

    with home.ledger.reading() as reader:
        every = service_counts.costs(reader.conn, home.origin, Sought())
        of_trip = service_counts.costs(reader.conn, home.origin, Sought(), [trip])

    assert sorted((c.name, c.fund, c.amount, c.lines) for c in of_trip) == sorted([
        ("", fund, Fen(12_618_000), 2), ("南宁铁路局", None, Fen(50), 1),
    ])  # fmt: skip
    assert sum(c.amount for c in every) == 12_618_057


# ── two provinces ────────────────────────────────────────────────────────────────────────────


def test_tallies_and_trips_reach_the_partner_and_named_services_with_a_link(pair: Pair) -> None:
    shared, _ = pair.member("韦秀英")
    unshared, _ = pair.member("蓝美莲")
    trip = announce(pair.home, pair.home.root, 600)
    tally(pair.home, pair.home.root, ServiceKind.ROADSIDE, 500, Unit.PERSON_TIMES)
    give(pair.home, pair.home.root, shared, unshared)
    seat(pair.home, pair.home.root, trip, shared, unshared)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, shared, pair.host.origin, Basis.STATUTORY_DUTY, Cause.ROSTER)
    pair.sync()

    assert not counted(pair.host)
    assert [c.number for c in counted(pair.host, own=False)] == [500]
    with pair.host.ledger.reading() as reader:
        asked = Sought(union=pair.street, kind=ServiceKind.ROADSIDE)
        (theirs,) = service_counts.of_partners(reader.conn, pair.host.origin, asked)
    assert (theirs.number, theirs.by) == (500, pair.home.origin)
    assert named(pair.host, own=False) == [
        Named(ServiceKind.HEALTH, None, 1, 1), Named(None, None, 1, 1),
    ]  # fmt: skip
    assert (row(pair.host, trip).quota, row(pair.host, trip).seats) == (600, 1)
    assert row(pair.home, trip).seats == 2
    rebuilt(pair.home, pair.host)


def test_what_was_tallied_before_the_agreement_follows_it(tmp_path: Path) -> None:
    pair = open_pair(tmp_path)
    tally(pair.home, pair.home.root, ServiceKind.ROADSIDE, 500, Unit.PERSON_TIMES)

    pair.agree(annex(scopes=(*SHARED, Scope.SERVICES)))
    pair.sync()

    assert [c.number for c in counted(pair.host, own=False)] == [500]
    close(pair)


def test_where_services_are_not_covered_no_tally_goes(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree()
    tally(pair.home, pair.home.root, ServiceKind.ROADSIDE, 500, Unit.PERSON_TIMES)
    pair.sync()

    assert not counted(pair.host, own=False)
    close(pair)


def test_organisers_that_are_unions_are_known_here(home: World) -> None:
    stranger = Organiser(Part.LEADS, new_union())

    with pytest.raises(LookupError):
        tally(home, home.root, ServiceKind.HEALTH, 1, Unit.SETS, organisers=[stranger])
