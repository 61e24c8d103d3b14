"""Stations: whose they are, where they stand, who serves there, and from when until when."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import stations
from ledger.domain.ids import PersonId, UnionId, new_person, new_station, new_union
from ledger.domain.kernel import Act, Code, Event, Fact, Office
from ledger.domain.stations import (
    ClosedBeforeOpening,
    Duty,
    NoSuchPlace,
    NotItsOwner,
    NotOnTheStaff,
    OnTheStaff,
    RoadsideWithoutEnd,
    StaffPosted,
    StaffWithdrawn,
    Station,
    StationClosed,
    StationClosing,
    StationHandedOver,
    StationKind,
    StationMoved,
    StationNameMissing,
    StationNotOpen,
    StationOpened,
    StationRenamed,
    StationService,
    StationServicesListed,
    StationUnchanged,
)

CLERK = PersonId("per_aaaaaaaaaaaaaaaaaaaaaaaaaa")
HOME, CITY, STRANGER, STATION, LIN = (
    new_union(), new_union(), new_union(), new_station(), new_person(),
)  # fmt: skip
LINE = (HOME,)
GUANGZHOU, SHENZHEN, WUZHOU = Code("440100"), Code("440300"), Code("450400")
OPENING, TODAY = date(2015, 3, 27), date(2026, 6, 1)


def act(union: UnionId = HOME, on: date = TODAY) -> Act:
    return Act(CLERK, union, Office.CLERK, on, TODAY)


MAIN_STATION = StationOpened(
    STATION, "驻粤农民工服务总站", StationKind.MAIN_STATION, HOME, GUANGZHOU, OPENING,
    address="广州市越秀区", services=(StationService.ENROLMENT, StationService.RIGHTS),
)  # fmt: skip
OPEN = Station.told(MAIN_STATION)


def test_the_owner_opens_a_station_in_another_province() -> None:
    by_the_home_federation = act(on=OPENING)

    event = Station.establish(
        by_the_home_federation, STATION, " 驻粤农民工服务总站 ", StationKind.MAIN_STATION, HOME,
        GUANGZHOU, line=LINE, address="广州市越秀区",
        services=[StationService.RIGHTS, StationService.ENROLMENT, StationService.RIGHTS],
    )  # fmt: skip

    assert event == MAIN_STATION
    station = Station.told(event)
    assert (station.owner, station.province, station.kind) == (
        HOME, "44", StationKind.MAIN_STATION,
    )  # fmt: skip
    assert not station.open(date(2015, 3, 26))
    assert station.open(TODAY)
    assert not station.temporary


def test_a_city_station_sits_with_another_agency() -> None:
    host = "深圳劳务工作办事处"

    event = Station.establish(
        act(), STATION, "驻深圳工作站", StationKind.WORK_STATION, HOME, SHENZHEN,
        line=LINE, host=host,
    )  # fmt: skip

    assert Station.told(event).host == host


def test_nobody_but_the_owner_or_one_above_it_opens_or_changes_a_station() -> None:
    stranger = act(STRANGER)

    with pytest.raises(NotItsOwner):
        Station.establish(
            stranger, STATION, "站", StationKind.WORK_STATION, HOME, SHENZHEN, line=LINE
        )
    with pytest.raises(NotItsOwner):
        OPEN.rename(stranger, "新名", line=LINE)

    procedure = Act(CLERK, STRANGER, Office.PROCEDURE, TODAY, TODAY)
    assert OPEN.rename(procedure, "新名", line=LINE) == StationRenamed(STATION, "新名")


def test_a_station_has_a_name() -> None:
    with pytest.raises(StationNameMissing):
        Station.establish(act(), STATION, " ", StationKind.WORK_STATION, HOME, SHENZHEN, line=LINE)
    with pytest.raises(StationNameMissing):
        OPEN.rename(act(), "", line=LINE)


def test_a_station_stands_in_a_division_that_is_on_the_list() -> None:
    nowhere = Code("999999")

    with pytest.raises(NoSuchPlace):
        Station.establish(act(), STATION, "站", StationKind.WORK_STATION, HOME, nowhere, line=LINE)
    with pytest.raises(NoSuchPlace):
        OPEN.move(act(), nowhere, line=LINE)


def test_a_roadside_station_has_its_last_day_from_the_beginning() -> None:
    since, until = date(2026, 1, 25), date(2026, 2, 16)

    with pytest.raises(RoadsideWithoutEnd):
        Station.establish(
            act(), STATION, "梧州服务点", StationKind.ROADSIDE, HOME, WUZHOU, line=LINE
        )

    event = Station.establish(
        act(), STATION, "梧州服务点", StationKind.ROADSIDE, HOME, WUZHOU,
        line=LINE, since=since, until=until,
    )  # fmt: skip
    roadside = Station.told(event)
    assert roadside.temporary
    assert [roadside.open(day) for day in (since, date(2026, 2, 15), until)] == [True, True, False]


def test_a_station_does_not_end_before_it_begins() -> None:
    since = date(2026, 2, 1)

    with pytest.raises(ClosedBeforeOpening):
        Station.establish(
            act(), STATION, "站", StationKind.ROADSIDE, HOME, WUZHOU,
            line=LINE, since=since, until=since,
        )  # fmt: skip


def test_a_station_moves_with_its_telephone_and_its_host() -> None:
    event = OPEN.move(
        act(), SHENZHEN, line=LINE, address="罗湖区", telephone="0755-12351", host="办事处"
    )

    moved = Station.told(MAIN_STATION, event)

    assert event == StationMoved(STATION, SHENZHEN, "罗湖区", "0755-12351", "办事处")
    assert (moved.location, moved.address, moved.telephone, moved.host) == (
        SHENZHEN, "罗湖区", "0755-12351", "办事处",
    )  # fmt: skip


def test_a_station_goes_over_to_another_owner() -> None:
    event = OPEN.hand_over(act(), CITY, line=LINE, paper=Code("桂工办〔2026〕8号"))

    assert event == StationHandedOver(STATION, HOME, CITY, Code("桂工办〔2026〕8号"))
    assert Station.told(MAIN_STATION, event).owner == CITY


def test_a_station_lists_what_it_does() -> None:
    event = OPEN.list_services(
        act(), [StationService.VIDEO_CALLS, StationService.LEGAL_ADVICE], line=LINE
    )

    assert event == StationServicesListed(
        STATION, (StationService.LEGAL_ADVICE, StationService.VIDEO_CALLS)
    )
    assert Station.told(MAIN_STATION, event).services == event.services


def test_a_change_that_changes_nothing_is_refused() -> None:
    with pytest.raises(StationUnchanged):
        OPEN.rename(act(), "驻粤农民工服务总站", line=LINE)
    with pytest.raises(StationUnchanged):
        OPEN.move(act(), GUANGZHOU, line=LINE, address="广州市越秀区")
    with pytest.raises(StationUnchanged):
        OPEN.hand_over(act(), HOME, line=LINE)
    with pytest.raises(StationUnchanged):
        OPEN.list_services(act(), MAIN_STATION.services, line=LINE)


def test_the_staff_serves_from_a_day_until_a_day() -> None:
    since, until = date(2026, 1, 1), date(2026, 5, 1)

    event = OPEN.post(act(), LIN, Duty.HEAD, line=LINE, since=since, until=until)

    assert event == StaffPosted(STATION, LIN, Duty.HEAD, since, until)
    station = Station.told(MAIN_STATION, event)
    assert station.staff(date(2025, 12, 31)) == []
    assert station.staff(since) == [(LIN, Duty.HEAD)]
    assert station.staff(until) == []


def test_a_person_holds_a_duty_once_and_may_hold_two_duties() -> None:
    posted = Station.told(MAIN_STATION, StaffPosted(STATION, LIN, Duty.LAWYER, OPENING))

    with pytest.raises(OnTheStaff):
        posted.post(act(), LIN, Duty.LAWYER, line=LINE)

    assert posted.post(act(), LIN, Duty.MEDIATOR, line=LINE).duty is Duty.MEDIATOR


def test_who_is_withdrawn_serves_no_more_from_that_day() -> None:
    posted = Station.told(MAIN_STATION, StaffPosted(STATION, LIN, Duty.STAFF, OPENING))

    event = posted.withdraw(act(), LIN, Duty.STAFF, line=LINE)
    posted.after(Fact(event, TODAY))

    assert event == StaffWithdrawn(STATION, LIN, Duty.STAFF)
    assert posted.staff(date(2026, 5, 31)) == [(LIN, Duty.STAFF)]
    assert posted.staff(TODAY) == []


def test_only_who_is_on_the_staff_is_withdrawn() -> None:
    with pytest.raises(NotOnTheStaff):
        OPEN.withdraw(act(), LIN, Duty.STAFF, line=LINE)


def test_a_closed_station_has_no_staff_and_changes_no_more() -> None:
    posted = Station.told(MAIN_STATION, StaffPosted(STATION, LIN, Duty.STAFF, OPENING))

    event = posted.close(act(), StationClosing.HOST_ENDED, line=LINE)
    posted.after(Fact(event, TODAY))

    assert event == StationClosed(STATION, StationClosing.HOST_ENDED)
    assert not posted.open(TODAY)
    assert posted.staff(TODAY) == []
    with pytest.raises(StationNotOpen):
        posted.rename(act(), "新名", line=LINE)
    with pytest.raises(StationNotOpen):
        posted.close(act(on=date(2026, 1, 1)), StationClosing.DECIDED, line=LINE)


def test_a_station_that_was_never_opened_does_nothing() -> None:
    nothing = Station()

    with pytest.raises(StationNotOpen):
        nothing.post(act(), LIN, Duty.STAFF, line=LINE)

    assert nothing.kind is nothing.province is None
    assert not nothing.temporary


# ── always ───────────────────────────────────────────────────────────────────────────────────

KINDS = [kind for kind in Event.kinds.values() if kind.__module__ == stations.__name__]
FACTS = st.lists(
    st.builds(
        Fact,
        event=st.one_of([st.from_type(kind) for kind in KINDS]),
        on=st.dates(),
        origin=st.sampled_from(["a", "b"]),
        position=st.integers(0, 20),
        corrects=st.none() | st.integers(1, 20),
    ),
    max_size=8,
)


@given(FACTS, st.dates())
def test_after_any_sequence_of_facts_folding_never_refuses(facts: list[Fact], on: date) -> None:
    station = Station.of(facts)

    assert isinstance(station.open(on), bool)
    assert station.open(on) or not station.staff(on)
