"""Offices (任职): who may decide, who may enter, for which union, on which day."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.ids import PersonId, UnionId, new_person, new_union, officer_of
from ledger.domain.kernel import (
    Act,
    Code,
    DateAhead,
    Decision,
    Event,
    Late,
    LateWithoutReason,
    Office,
    dated,
)
from ledger.domain.offices import (
    DeciderHeldNoOffice,
    EntryEntrusted,
    IncompatibleOffices,
    NoSuchPost,
    NotAboveIt,
    NotYourOffice,
    OfficeDelegated,
    OfficerAppointed,
    OfficerRelieved,
    Offices,
    authorise,
    in_force,
)

TODAY = date(2026, 6, 1)
VILLAGE, COUNTY, OTHER = new_union(), new_union(), new_union()
LINE = [VILLAGE, COUNTY]
CLERK, CHAIR = new_person(), new_person()


def act(office: Office = Office.CHAIR, union: UnionId = COUNTY, on: date = TODAY) -> Act:
    return Act(CHAIR, union, office, on, TODAY)


def appointed(
    office: Office, union: UnionId = VILLAGE, since: date = TODAY, until: date | None = None,
    person: PersonId = CLERK,
) -> OfficerAppointed:  # fmt: skip
    return OfficerAppointed(officer_of(person), person, union, office, since, until)


class Decided(Event, by=Office.APPROVER):
    """Something that an approver decides."""

    union: UnionId


class Announced(Event, by=Office.CHAIR, ahead=True):
    """Something that is announced for a day to come."""

    union: UnionId


del Event.kinds["Decided"], Event.kinds["Announced"]  # of this test alone


def test_the_superior_appoints() -> None:
    made = Offices().appoint(act(), CLERK, VILLAGE, Office.CLERK, line=LINE)

    assert made == appointed(Office.CLERK)


def test_a_union_beside_it_appoints_nobody() -> None:
    with pytest.raises(NotAboveIt):
        Offices().appoint(act(union=OTHER), CLERK, VILLAGE, Office.CLERK, line=LINE)


def test_an_auditor_of_a_union_is_not_its_approver() -> None:
    auditor = Offices.told(appointed(Office.AUDITOR), on=TODAY)

    with pytest.raises(IncompatibleOffices):
        auditor.appoint(act(), CLERK, VILLAGE, Office.APPROVER, line=LINE)


def test_an_auditor_of_a_union_does_not_act_for_its_approver_either() -> None:
    auditor = Offices.told(appointed(Office.AUDITOR), on=TODAY)
    giver = Offices.told(appointed(Office.APPROVER, person=CHAIR), on=TODAY)

    with pytest.raises(IncompatibleOffices):
        auditor.delegate(
            act(), CLERK, giver, CHAIR, VILLAGE, Office.APPROVER, TODAY, date(2026, 7, 1), line=LINE
        )


def test_who_will_be_auditor_is_appointed_approver_only_until_then() -> None:
    later = Offices.told(appointed(Office.AUDITOR, since=date(2026, 9, 1)), on=TODAY)

    with pytest.raises(IncompatibleOffices):
        later.appoint(act(), CLERK, VILLAGE, Office.APPROVER, line=LINE)
    until = date(2026, 9, 1)
    assert later.appoint(act(), CLERK, VILLAGE, Office.APPROVER, line=LINE, until=until)


def test_only_an_office_that_is_held_can_be_relieved() -> None:
    with pytest.raises(NoSuchPost):
        Offices().relieve(act(), CLERK, VILLAGE, Office.CLERK, line=LINE)


def test_only_an_office_that_is_held_can_be_delegated() -> None:
    with pytest.raises(NoSuchPost):
        Offices().delegate(
            act(), CLERK, Offices(), CHAIR, VILLAGE, Office.APPROVER, TODAY, date(2026, 7, 1),
            line=LINE,
        )  # fmt: skip


def test_an_office_is_held_from_its_first_day_to_the_day_before_its_last() -> None:
    held = Offices.told(appointed(Office.CLERK, until=date(2026, 7, 1)), on=TODAY)

    assert held.holds(VILLAGE, Office.CLERK, TODAY)
    assert held.holds(VILLAGE, Office.CLERK, date(2026, 6, 30))
    assert not held.holds(VILLAGE, Office.CLERK, date(2026, 7, 1))


def test_who_is_relieved_holds_the_office_no_longer() -> None:
    relieved = OfficerRelieved(officer_of(CLERK), CLERK, VILLAGE, Office.CLERK)
    held = Offices.told(appointed(Office.CLERK, since=date(2026, 1, 1)), relieved, on=TODAY)

    assert held.holds(VILLAGE, Office.CLERK, date(2026, 5, 31))
    assert not held.holds(VILLAGE, Office.CLERK, TODAY)


def test_relief_leaves_a_later_appointment_that_is_on_record() -> None:
    relieved = OfficerRelieved(officer_of(CLERK), CLERK, VILLAGE, Office.CLERK)
    first, again = (appointed(Office.CLERK, since=date(2026, month, 1)) for month in (1, 8))
    held = Offices.told(first, again, relieved, on=TODAY)

    assert not held.holds(VILLAGE, Office.CLERK, date(2026, 7, 31))
    assert held.holds(VILLAGE, Office.CLERK, date(2026, 8, 1))


def test_who_acts_for_another_does_so_no_longer_than_the_other_holds_the_office() -> None:
    until = date(2026, 6, 15)
    recorded = {
        CHAIR: Offices.told(appointed(Office.APPROVER, person=CHAIR, until=until), on=TODAY),
        CLERK: Offices.told(
            OfficeDelegated(
                officer_of(CLERK), CLERK, VILLAGE, Office.APPROVER, CHAIR, TODAY, date(2027, 1, 1)
            ),
            appointed(Office.LEGAL),
        ),
    }

    held = in_force(CLERK, recorded.__getitem__)

    assert held.holds(VILLAGE, Office.APPROVER, date(2026, 6, 14))
    assert not held.holds(VILLAGE, Office.APPROVER, until)
    assert held.holds(VILLAGE, Office.LEGAL, until)


def test_two_who_act_for_each_other_hold_nothing_by_it() -> None:
    recorded = {
        one: Offices.told(
            OfficeDelegated(
                officer_of(one), one, VILLAGE, Office.APPROVER, other, TODAY, date(2027, 1, 1)
            )
        )
        for one, other in ((CLERK, CHAIR), (CHAIR, CLERK))
    }

    assert in_force(CLERK, recorded.__getitem__).posts == []


def test_a_delegate_acts_for_the_time_that_is_given() -> None:
    delegated = OfficeDelegated(
        officer_of(CLERK), CLERK, VILLAGE, Office.APPROVER, CHAIR, TODAY, date(2026, 6, 15)
    )
    held = Offices.told(delegated, on=TODAY)

    assert held.holds(VILLAGE, Office.APPROVER, date(2026, 6, 14))
    assert not held.holds(VILLAGE, Office.APPROVER, date(2026, 6, 15))


def test_who_holds_no_deciding_office_decides_nothing() -> None:
    clerk = Offices.told(appointed(Office.CLERK), on=TODAY)
    mine = Act(CLERK, VILLAGE, Office.CLERK, TODAY, TODAY)

    with pytest.raises(NotYourOffice):
        authorise(Decided(VILLAGE), mine, clerk, line=LINE)


def test_who_held_the_office_once_decides_nothing_today() -> None:
    once = Offices.told(appointed(Office.APPROVER, until=TODAY, since=date(2026, 1, 1)))
    mine = Act(CLERK, VILLAGE, Office.APPROVER, TODAY, TODAY)

    with pytest.raises(NotYourOffice):
        authorise(Decided(VILLAGE), mine, once, line=LINE)


def test_a_clerk_enters_what_the_committee_decided_on_paper() -> None:
    clerk = Offices.told(appointed(Office.CLERK), on=TODAY)
    decided = Decision(VILLAGE, Office.APPROVER, Code("纪要1号"))
    paper = Act(CLERK, VILLAGE, Office.CLERK, TODAY, TODAY, decided)

    authorise(Decided(VILLAGE), paper, clerk, line=LINE)

    assert paper.decider == VILLAGE


def test_a_township_clerk_enters_for_the_villages_that_entrusted_her() -> None:
    entrusted = EntryEntrusted(
        officer_of(CLERK), CLERK, COUNTY, below=True, since=TODAY, until=date(2026, 12, 31)
    )
    clerk = Offices.told(entrusted, on=TODAY)
    decided = Decision(VILLAGE, Office.APPROVER)

    authorise(
        Decided(VILLAGE), Act(CLERK, VILLAGE, Office.CLERK, TODAY, TODAY, decided), clerk, line=LINE
    )
    elsewhere = Act(CLERK, OTHER, Office.CLERK, TODAY, TODAY, decided)
    with pytest.raises(NotYourOffice):
        authorise(Decided(OTHER), elsewhere, clerk, line=[OTHER])


def test_a_person_on_the_paper_held_the_office_on_that_day() -> None:
    clerk = Offices.told(appointed(Office.CLERK), on=TODAY)
    decided = Decision(CHAIR, Office.APPROVER, Code("纪要2号"))
    paper = Act(CLERK, VILLAGE, Office.CLERK, date(2026, 5, 1), TODAY, decided)
    later = Offices.told(appointed(Office.APPROVER, person=CHAIR), on=TODAY)

    with pytest.raises(DeciderHeldNoOffice):
        authorise(Decided(VILLAGE), paper, clerk, line=LINE, decider=later)


def test_nothing_but_notices_takes_effect_in_the_future() -> None:
    ahead = act(on=date(2026, 6, 2))

    with pytest.raises(DateAhead):
        dated(Decided(VILLAGE), ahead, 30)
    dated(Announced(VILLAGE), ahead, 30)


def test_what_is_entered_long_afterwards_says_why() -> None:
    long_ago = act(on=date(2026, 4, 1))

    with pytest.raises(LateWithoutReason):
        dated(Decided(VILLAGE), long_ago, 30)
    dated(Decided(VILLAGE), replace(long_ago, late=Late.PAPER_DELAYED), 30)
    dated(Decided(VILLAGE), act(on=date(2026, 5, 2)), 30)


SOME = st.sampled_from(
    [
        appointed(Office.CLERK),
        appointed(Office.AUDITOR, until=date(2026, 9, 1)),
        OfficerRelieved(officer_of(CLERK), CLERK, VILLAGE, Office.CLERK),
        OfficeDelegated(officer_of(CLERK), CLERK, COUNTY, Office.CHAIR, CHAIR, TODAY, TODAY),
        EntryEntrusted(officer_of(CLERK), CLERK, COUNTY, below=False, since=TODAY),
    ]
)


@given(st.lists(SOME, max_size=12))
def test_after_any_sequence_of_facts_folding_never_refuses(events: list[Event]) -> None:
    held = Offices.told(*events, on=TODAY)

    assert len(held.posts) <= len(events)
