"""Services: by name, by count with its unit, what they cost; trips with a quota, and a guardian first."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.ids import (
    PersonId,
    UnionId,
    new_fund,
    new_person,
    new_service,
    new_station,
    new_tally,
    new_trip,
    new_union,
)
from ledger.domain.kernel import Act, Code, Decision, Event, Fact, Fen, Office, Scope, StreamId
from ledger.domain.offices import GuardianshipEnded
from ledger.domain.services import (
    AgreementUnshown,
    Bound,
    CostRecorded,
    DepartedAlready,
    Eligibility,
    FundOfAnother,
    GroundNotOfTheTrip,
    GuardianAgreesFirst,
    GuardianIsAnother,
    KeptElsewhere,
    LeadMissing,
    NobodyNamed,
    NoCost,
    NoSeat,
    NoSuchTrip,
    NotForSelfOrKin,
    NothingCounted,
    Organiser,
    Part,
    QuotaFull,
    SeatHeld,
    SeatReturn,
    Service,
    ServiceKind,
    ServicesTallied,
    ServiceUnnamed,
    Tally,
    TallyBeginsAfterItEnds,
    Trip,
    TripAnnounced,
    TripEnd,
    TripUnderWay,
    TripUnplanned,
    Unit,
    record_cost,
)

CLERK = PersonId("per_aaaaaaaaaaaaaaaaaaaaaaaaaa")
HOME, HOST, TRIP, CHILD, MOTHER, WORKER = (
    new_union(), new_union(), new_trip(), new_person(), new_person(), new_person(),
)  # fmt: skip
TODAY, LEAVES = date(2026, 2, 6), date(2026, 2, 10)
RAILWAY = "南宁铁路局"
TOGETHER = (
    Organiser(Part.LEADS, HOME),
    Organiser(Part.UNDERTAKES, None, "广西驻广州办事处"),
    Organiser(Part.ASSISTS, HOST),
    Organiser(Part.ASSISTS, None, "自治区人力资源和社会保障厅"),
    Organiser(Part.ASSISTS, None, RAILWAY),
)


def act(on: date = TODAY, *, paper: str | None = None, evidence: tuple[str, ...] = ()) -> Act:
    decided = Decision(paper, Office.CLERK) if paper else None
    return Act(CLERK, HOME, Office.CLERK, on, TODAY, decided, evidence)


def announced(
    quota: int = 600,
    grounds: tuple[Eligibility, ...] = (Eligibility.OUTSTANDING, Eligibility.HARDSHIP),
) -> TripAnnounced:
    return Trip.announce(
        act(), TRIP, "温暖回家路", ServiceKind.TRAVEL, quota, grounds, LEAVES,
        organisers=TOGETHER, start=Code("440100"), goal=Code("450100"),
    )  # fmt: skip


def reunion(*more: Event, quota: int = 43) -> Trip:
    """The children's journey to their parents, with what happened so far."""
    return Trip.told(announced(quota, (Eligibility.LEFT_BEHIND_CHILD,)), *more, on=TODAY)


def seat(
    trip: Trip, person: PersonId, ground: Eligibility = Eligibility.LEFT_BEHIND_CHILD
) -> Event:
    return trip.take_seat(act(), person, ground, origin="")


# ── by name ──────────────────────────────────────────────────────────────────────────────────


def test_a_service_by_name_says_what_for_whom_and_by_whom() -> None:
    station = new_station()

    given = Service.give(
        act(), new_service(), WORKER, ServiceKind.LEGAL_ADVICE, station=station, note="工资条"
    )

    assert (given.person, given.union, given.station) == (WORKER, HOME, station)
    assert given.organisers == (Organiser(Part.LEADS, HOME),)
    assert type(given).scope is Scope.SERVICES
    assert Service.told(given).given == given


def test_who_does_it_together_is_a_union_or_named_and_one_leads() -> None:
    def by(*organisers: Organiser) -> Event:
        return Service.give(
            act(), new_service(), WORKER, ServiceKind.REUNION, organisers=organisers
        )

    by(*TOGETHER)
    with pytest.raises(NobodyNamed):
        by(Organiser(Part.LEADS, HOME), Organiser(Part.ASSISTS, None, " "))
    with pytest.raises(LeadMissing):
        by(Organiser(Part.ASSISTS, HOME), Organiser(Part.UNDERTAKES, HOST))


def test_a_service_that_is_not_on_the_list_says_what_it_is() -> None:
    with pytest.raises(ServiceUnnamed):
        Service.give(act(), new_service(), WORKER, ServiceKind.OTHER)
    with pytest.raises(ServiceUnnamed):
        Tally.count(act(), new_tally(), ServiceKind.OTHER, 1, Unit.SETS)

    told = Service.give(act(), new_service(), WORKER, ServiceKind.OTHER, what=" 代订车票 ")

    assert told.what == "代订车票"


# ── by count ─────────────────────────────────────────────────────────────────────────────────


def test_a_tally_has_a_unit_a_bound_and_its_days() -> None:
    riders = Tally.count(
        act(), new_tally(), ServiceKind.ROADSIDE, 2000, Unit.PERSON_TIMES, Bound.MORE_THAN,
        since=date(2026, 1, 20), place=Code("450400"), what="暖流行动",
    )  # fmt: skip

    assert (riders.count, riders.unit, riders.bound) == (2000, Unit.PERSON_TIMES, Bound.MORE_THAN)
    assert Tally.told(riders).counted == riders
    with pytest.raises(NothingCounted):
        Tally.count(act(), new_tally(), ServiceKind.ROADSIDE, 0, Unit.PERSONS)
    with pytest.raises(TallyBeginsAfterItEnds):
        Tally.count(
            act(), new_tally(), ServiceKind.ROADSIDE, 1, Unit.PERSONS, since=date(2026, 2, 7)
        )


def test_a_tally_names_nobody() -> None:
    assert not [name for name in ServicesTallied.__annotations__ if "Person" in name]
    assert "person" not in ServicesTallied.__annotations__


# ── what it cost ─────────────────────────────────────────────────────────────────────────────


def test_a_cost_line_says_who_bore_it_and_from_which_fund() -> None:
    fund, trip = new_fund(), StreamId(TRIP)
    ours = record_cost(act(), trip, Fen(12_618_000), bearer=HOME, fund=fund, keeper=HOME)
    theirs = record_cost(act(), trip, Fen(5), name=RAILWAY, source=Code("票价减免"))

    told = Trip.told(announced(), ours, theirs)

    assert [(each.bearer, each.name, each.fund) for each in told.costs] == [
        (HOME, "", fund), (None, RAILWAY, None),
    ]  # fmt: skip
    with pytest.raises(NoCost):
        record_cost(act(), trip, Fen(0), bearer=HOME)
    with pytest.raises(NobodyNamed):
        record_cost(act(), trip, Fen(1))
    for keeper, told_by in ((None, HOME), (HOST, HOME)):
        with pytest.raises(FundOfAnother):
            record_cost(act(), trip, Fen(1), bearer=told_by, fund=fund, keeper=keeper)


@pytest.mark.parametrize("cls", [Service, Tally])
def test_services_and_tallies_keep_their_costs(cls: type[Service | Tally]) -> None:
    cost = CostRecorded(StreamId("ser_x"), HOME, Fen(700), HOME)

    assert cls.told(cost).costs == [cost]


# ── trips ────────────────────────────────────────────────────────────────────────────────────


def test_six_hundred_ride_home_on_two_grounds_with_five_organisers() -> None:
    trip = Trip.told(announced())

    for number in range(600):
        ground = Eligibility.HARDSHIP if number % 3 else Eligibility.OUTSTANDING
        trip.after(Fact(seat(trip, new_person(), ground), TODAY))

    assert len(trip.seats) == 600
    assert trip.left == 0
    with pytest.raises(QuotaFull):
        seat(trip, new_person(), Eligibility.HARDSHIP)


def test_a_trip_has_a_name_a_quota_and_grounds() -> None:
    for quota, grounds in ((0, (Eligibility.MEMBER,)), (1, ())):
        with pytest.raises(TripUnplanned):
            Trip.announce(act(), TRIP, "专列", ServiceKind.TRAVEL, quota, grounds, LEAVES)
    with pytest.raises(TripUnplanned):
        Trip.announce(act(), TRIP, " ", ServiceKind.TRAVEL, 1, (Eligibility.MEMBER,), LEAVES)


def test_a_person_has_one_seat_on_one_of_the_trips_grounds() -> None:
    trip = Trip.told(announced())

    with pytest.raises(GroundNotOfTheTrip):
        seat(trip, WORKER, Eligibility.MEMBER)

    trip = Trip.told(announced(), seat(trip, WORKER, Eligibility.HARDSHIP))
    with pytest.raises(SeatHeld):
        seat(trip, WORKER, Eligibility.HARDSHIP)


def test_nobody_gives_a_seat_to_self_or_kin_and_on_paper_it_is_a_finding() -> None:
    trip = Trip.told(announced())

    for person, kin in ((CLERK, ()), (WORKER, (CLERK,))):
        with pytest.raises(NotForSelfOrKin):
            trip.take_seat(act(), person, Eligibility.HARDSHIP, origin="", kin=kin)

    on_paper = trip.take_seat(act(paper=WORKER), WORKER, Eligibility.HARDSHIP, origin="")
    assert on_paper.findings == ("NotForSelfOrKin",)


def test_a_seat_that_is_given_up_is_free_again() -> None:
    trip = reunion(quota=1)
    taken = seat(trip, CHILD)
    given_up = reunion(taken, quota=1).give_up(act(), CHILD, SeatReturn.ASKED, origin="")

    free = reunion(taken, given_up, quota=1)

    assert free.left == 1
    with pytest.raises(NoSeat):
        free.give_up(act(), CHILD, SeatReturn.ILL, origin="")


def test_the_seats_of_a_trip_are_given_where_it_was_announced() -> None:
    trip = Trip.of([Fact(announced(), TODAY, "liangdi.example/guangxi", 1)])

    with pytest.raises(KeptElsewhere):
        trip.take_seat(act(), WORKER, Eligibility.HARDSHIP, origin="liangdi.example/guangdong")
    with pytest.raises(NoSuchTrip):
        seat(Trip(), WORKER)


def test_a_child_departs_when_the_guardian_has_agreed() -> None:
    taken = seat(reunion(), CHILD)
    trip = reunion(taken)

    assert trip.awaiting_guardian == [CHILD]
    with pytest.raises(GuardianAgreesFirst):
        trip.depart(act(), CHILD, origin="")
    with pytest.raises(GuardianIsAnother):
        trip.agree(act(), CHILD, CHILD, origin="", form=Code("1"))
    with pytest.raises(AgreementUnshown):
        trip.agree(act(), CHILD, MOTHER, origin="")
    with pytest.raises(NoSeat):
        trip.agree(act(), WORKER, MOTHER, origin="", form=Code("1"))

    agreed = trip.agree(act(evidence=("a" * 64,)), CHILD, MOTHER, origin="")
    trip = reunion(taken, agreed)
    departed = trip.depart(act(), CHILD, origin="")
    assert departed.findings == ()
    assert trip.awaiting_guardian == []
    trip = reunion(taken, agreed, departed)
    with pytest.raises(DepartedAlready):
        trip.depart(act(), CHILD, origin="")
    with pytest.raises(DepartedAlready):
        trip.give_up(act(), CHILD, SeatReturn.ILL, origin="")


def test_nobody_agrees_for_a_grown_passenger() -> None:
    trip = reunion(seat(reunion(), CHILD))

    with pytest.raises(GuardianshipEnded):
        trip.agree(act(), CHILD, MOTHER, origin="", form=Code("1"), born=date(2008, 2, 6))
    agreed = trip.agree(act(), CHILD, MOTHER, origin="", form=Code("1"), born=date(2008, 2, 7))

    assert agreed.guardian == MOTHER


def test_forty_three_children_go_each_with_leave() -> None:
    trip = reunion()
    for child in [new_person() for _ in range(43)]:
        trip.after(Fact(seat(trip, child), TODAY))
        trip.after(Fact(trip.agree(act(), child, MOTHER, origin="", form=Code("同意书")), TODAY))
        trip.after(Fact(trip.depart(act(), child, origin=""), TODAY))

    assert len(trip.departed) == 43
    assert not trip.left


def test_a_child_that_went_without_leave_is_on_record_with_a_finding() -> None:
    trip = reunion(seat(reunion(), CHILD))
    yesterday = date(2026, 2, 5)
    late = Trip.told(*(trip.announced, *trip.seats.values()), on=yesterday)  # pyright: ignore[reportArgumentType]
    late.after(Fact(late.agree(act(), CHILD, MOTHER, origin="", form=Code("补")), TODAY))

    went = late.depart(act(yesterday), CHILD, origin="")
    nobody = late.depart(act(yesterday), WORKER, origin="")

    assert went.findings == ("GuardianAgreesFirst",)
    assert nobody.findings == ("NoSeat",)


@pytest.mark.parametrize(
    ("born", "said", "ground", "minor"),
    [
        (date(2008, 2, 11), False, Eligibility.MEMBER, True),
        (date(2008, 2, 10), True, Eligibility.MEMBER, False),
        (date(2000, 1, 1), False, Eligibility.LEFT_BEHIND_CHILD, False),
        (None, False, Eligibility.MEMBER, False),
        (None, True, Eligibility.MEMBER, True),
        (None, False, Eligibility.LEFT_BEHIND_CHILD, True),
    ],
)
def test_who_is_a_minor_is_asked_of_the_birth_date_on_the_day_it_leaves(
    born: date | None, said: bool, ground: Eligibility, minor: bool
) -> None:
    trip = Trip.told(announced(9, (Eligibility.MEMBER, Eligibility.LEFT_BEHIND_CHILD)))

    taken = trip.take_seat(act(), CHILD, ground, origin="", born=born, minor=said)

    assert taken.minor is minor


def test_a_trip_is_cancelled_before_anybody_departs() -> None:
    trip = Trip.told(announced())
    taken = seat(trip, WORKER, Eligibility.HARDSHIP)
    gone = Trip.told(announced(), taken).depart(act(), WORKER, origin="")

    cancelled = trip.cancel(act(), TripEnd.WEATHER, origin="")

    with pytest.raises(NoSuchTrip):
        seat(Trip.told(announced(), cancelled), WORKER, Eligibility.HARDSHIP)
    with pytest.raises(TripUnderWay):
        Trip.told(announced(), taken, gone).cancel(act(), TripEnd.WEATHER, origin="")


PEOPLE = [PersonId(f"per_{letter * 26}") for letter in "bcdefgh"]


@given(
    quota=st.integers(1, 4),
    steps=st.lists(
        st.tuples(st.sampled_from(["take", "leave", "depart"]), st.sampled_from(PEOPLE)),
        max_size=40,
    ),
)
def test_never_more_seats_than_the_quota_whatever_is_tried(
    quota: int, steps: list[tuple[str, PersonId]]
) -> None:
    trip = Trip.told(announced(quota, (Eligibility.MEMBER,)))

    for step, person in steps:
        try:
            match step:
                case "take":
                    made: Event = seat(trip, person, Eligibility.MEMBER)
                case "leave":
                    made = trip.give_up(act(), person, SeatReturn.ASKED, origin="")
                case _:
                    made = trip.depart(act(), person, origin="")
        except (QuotaFull, SeatHeld, NoSeat, DepartedAlready):
            continue
        trip.after(Fact(made, TODAY))
        assert 0 <= trip.left <= quota
        assert set(trip.departed) <= set(trip.seats)


def test_the_office_that_gives_is_a_clerk_or_a_station() -> None:
    assert Office.AUDITOR not in TripAnnounced.by
    assert UnionId(HOME) == announced().union
