"""Requests for help: asked by whom it concerns, taken up, passed on, settled with what came of it."""

from datetime import date

import pytest

from ledger.domain.consents import ConsentWithdrawn
from ledger.domain.help import (
    CallAt,
    HelpNotOpen,
    HelpOutcome,
    HelpRequest,
    HelpState,
    NotAskedOfThisUnion,
    NothingOpened,
    PassedOnToItself,
    Want,
)
from ledger.domain.ids import (
    HelpId,
    new_consent,
    new_grant,
    new_help,
    new_person,
    new_union,
    spoken,
)
from ledger.domain.kernel import Act, Code, Decision, Group, Office
from ledger.domain.offices import (
    NotAnOffice,
    NotYourOffice,
    NotYourOwn,
    Offices,
    authorise,
)
from ledger.domain.persons import DeathProof, Person

HELP, WEI, LAN, CLERK = new_help(), new_person(), new_person(), new_person()
COUNTY, CITY, ELSEWHERE = new_union(), new_union(), new_union()
LINE = [COUNTY, CITY]
TODAY = date(2026, 11, 20)
HERSELF = Act(WEI, COUNTY, Office.SELF, TODAY, TODAY)


def by_clerk(union: str = COUNTY) -> Act:
    return Act(CLERK, type(COUNTY)(union), Office.CLERK, TODAY, TODAY)


def asked() -> HelpRequest:
    made = HelpRequest.ask(
        HERSELF, HELP, WEI, COUNTY, Want.WAGES, CallAt.EVENING, text="欠了三个月"
    )
    return HelpRequest.told(made)


def test_a_request_is_open_then_taken_up_then_settled() -> None:
    first = asked()

    taken = HelpRequest.told(first.asked, first.take_up(by_clerk(), line=LINE))  # type: ignore[arg-type]
    done = taken.settle(by_clerk(), HelpOutcome.ANSWERED, line=LINE)
    settled = HelpRequest.told(taken.asked, done)  # type: ignore[arg-type]

    assert [each.state for each in (HelpRequest(), first, taken, settled)] == [
        HelpState.UNKNOWN, HelpState.OPEN, HelpState.TAKEN_UP, HelpState.SETTLED,
    ]  # fmt: skip


def test_who_was_passed_a_request_has_it_and_must_call_back_anew() -> None:
    first = asked()

    passed = first.pass_on(by_clerk(), ELSEWHERE, line=LINE)
    there = HelpRequest.told(first.asked, first.take_up(by_clerk(), line=LINE), passed)  # type: ignore[arg-type]

    assert there.union == ELSEWHERE
    assert there.state is HelpState.OPEN
    with pytest.raises(PassedOnToItself):
        first.pass_on(by_clerk(), COUNTY, line=LINE)


def test_another_union_has_no_part_in_it_and_one_above_has() -> None:
    assert asked().take_up(by_clerk(CITY), line=LINE).union == CITY
    with pytest.raises(NotAskedOfThisUnion):
        asked().take_up(by_clerk(ELSEWHERE), line=LINE)


def test_what_is_not_there_or_settled_is_not_worked_on() -> None:
    first = asked()
    done = first.settle(by_clerk(), HelpOutcome.ANSWERED, line=LINE)
    settled = HelpRequest.told(first.asked, done)  # type: ignore[arg-type]

    for each in (HelpRequest(), settled):
        with pytest.raises(HelpNotOpen):
            each.take_up(by_clerk(), line=LINE)


def test_who_settles_by_opening_something_says_what_it_is() -> None:
    grant = Code(new_grant())

    for named in (None, Code(HELP)):
        with pytest.raises(NothingOpened):
            asked().settle(by_clerk(), HelpOutcome.GRANT, named, line=LINE)
    assert asked().settle(by_clerk(), HelpOutcome.GRANT, grant, line=LINE).opened == grant


def test_by_herself_a_worker_acts_for_herself_alone() -> None:
    hers = HelpRequest.ask(HERSELF, HELP, WEI, COUNTY, Want.LIVING)
    another = HelpRequest.ask(HERSELF, HELP, LAN, COUNTY, Want.LIVING)

    authorise(hers, HERSELF, Offices(), line=[COUNTY])

    with pytest.raises(NotYourOwn):
        authorise(another, HERSELF, Offices(), line=[COUNTY])
    signed = Act(WEI, COUNTY, Office.SELF, TODAY, TODAY, Decision(WEI, Office.CLERK))
    with pytest.raises(NotYourOwn):
        authorise(hers, signed, Offices(), line=[COUNTY])


def test_a_guardian_acts_for_the_child_as_whose_guardian_she_is_named() -> None:
    for_child = ConsentWithdrawn(new_consent(), LAN, (Group.IDENTITY,), guardian=WEI)

    authorise(for_child, HERSELF, Offices(), line=[COUNTY])


def test_what_needs_an_office_nobody_does_by_herself() -> None:
    death = Person().die(HERSELF, WEI, DeathProof.KIN)

    with pytest.raises(NotYourOffice):
        authorise(death, HERSELF, Offices(), line=[COUNTY])


def test_nobody_is_appointed_to_be_herself_or_a_procedure() -> None:
    for office in (Office.SELF, Office.PROCEDURE):
        with pytest.raises(NotAnOffice):
            Offices().appoint(by_clerk(), WEI, COUNTY, office, line=LINE)


def test_a_number_is_eight_digits_and_always_the_same_of_one_thing() -> None:
    number = spoken(HELP)

    assert len(number) == 9
    assert number[4] == " "
    assert number.replace(" ", "").isdecimal()
    assert number == spoken(HelpId(str(HELP)))
    assert spoken("hlp_" + "a" * 26) == "0000 0000"
