"""Forgetting: restricted, lifted, shredded; by two officers, and by none where something needs her."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.domain.forgetting import (
    Forgetting,
    Ground,
    LiftCause,
    Need,
    Needed,
    NotRestricted,
    PersonForgotten,
    PersonRestricted,
    PersonShredded,
    RequestNotShown,
    RestrictedAlready,
    RestrictionLifted,
    StillNeeded,
    TermsStillRun,
    TwoOfficers,
)
from ledger.domain.identity import NumberTaken
from ledger.domain.ids import PersonId, UnionId, new_person, new_union
from ledger.domain.kernel import Act, Code, Decision, Fact, Office, Release

UNION: UnionId = new_union()
WORKER: PersonId = new_person()
CLERK: PersonId = new_person()
LEAD: PersonId = new_person()
DAY = date(2026, 3, 2)
LATER = date(2036, 3, 2)


def act(who: PersonId = CLERK, office: Office = Office.CLERK, on: date = DAY) -> Act:
    return Act(who, UNION, office, on, on)


def restricted(by: Act | None = None, acting_for: PersonId | None = None) -> Forgetting:
    under = by or act()
    event = PersonRestricted(
        WORKER, Ground.ASKED, LATER, Code("1"), (Code("rights"),), Code("申1"), acting_for
    )
    fact = Fact(
        event, under.on, officer=under.officer, decided_by=under.decided_by, office=under.office
    )
    return Forgetting.of([fact])


def restrict(
    under: Act, needs: tuple[Need, ...] = (), paper: str | None = "申1"
) -> PersonRestricted:
    return Forgetting().restrict(
        under, WORKER, Ground.ASKED, until=LATER, edition=Code("1"), held_by=[Code("rights")],
        needs=needs, paper=Code(paper) if paper else None,
    )  # fmt: skip


def test_who_asks_is_restricted_until_the_last_term_ends() -> None:
    event = restrict(act())

    assert (event.until, event.held_by, event.edition) == (LATER, ("rights",), "1")
    assert Forgetting.told(event).restricted == event


def test_a_request_can_be_shown_by_its_number_or_its_scan() -> None:
    with pytest.raises(RequestNotShown):
        restrict(act(), paper=None)

    assert restrict(replace(act(), evidence=("00" * 32,)), paper=None).paper is None


def test_what_runs_still_needs_the_person() -> None:
    needs = (Need(Needed.GRANT, "grt_x"), Need(Needed.CASE, "cas_x"))

    with pytest.raises(StillNeeded) as refused:
        restrict(act(), needs)
    assert refused.value.facts["needs"] == ["grant grt_x", "case cas_x"]
    with pytest.raises(StillNeeded):
        restricted().shred(act(LEAD, Office.PRIVACY, LATER), WORKER, until=LATER, needs=needs)


def test_nobody_restricts_or_shreds_herself() -> None:
    with pytest.raises(TwoOfficers):
        restrict(act(WORKER))
    with pytest.raises(TwoOfficers):
        restricted().shred(act(WORKER, Office.PRIVACY, LATER), WORKER, until=LATER, needs=())


def test_a_person_is_restricted_once() -> None:
    with pytest.raises(RestrictedAlready):
        restricted().restrict(
            act(), WORKER, Ground.ASKED, until=LATER, edition=Code("1"), held_by=(), needs=(),
            paper=Code("申2"),
        )  # fmt: skip


def test_a_lifted_restriction_is_over() -> None:
    lifted = restricted().lift(act(LEAD, Office.PRIVACY), WORKER, LiftCause.WORKER_BACK)

    told = Forgetting.told(restrict(act()), lifted)

    assert lifted == RestrictionLifted(WORKER, LiftCause.WORKER_BACK)
    assert told.restricted is None
    with pytest.raises(NotRestricted):
        told.lift(act(LEAD, Office.PRIVACY), WORKER, LiftCause.MISTAKEN)
    with pytest.raises(NotRestricted):
        told.shred(act(LEAD, Office.PRIVACY), WORKER, until=DAY, needs=())


def test_shredding_waits_for_the_last_term() -> None:
    lead = act(LEAD, Office.PRIVACY, date(2036, 3, 1))

    with pytest.raises(TermsStillRun):
        restricted().shred(lead, WORKER, until=LATER, needs=())

    shredded = restricted().shred(
        act(LEAD, Office.PRIVACY, LATER), WORKER, until=LATER, needs=(), paper=Code("销1")
    )
    assert shredded == PersonShredded(WORKER, Ground.ASKED, Code("销1"))


def test_a_forgotten_person_frees_her_number_and_nothing_follows() -> None:
    shredded = PersonShredded(WORKER, Ground.ASKED)
    told = Forgetting.told(restrict(act()), shredded)

    assert list(shredded.frees()) == [Release(NumberTaken)]
    lead = act(LEAD, Office.PRIVACY, LATER)
    with pytest.raises(PersonForgotten):
        told.lift(lead, WORKER, LiftCause.MISTAKEN)
    with pytest.raises(PersonForgotten):
        told.shred(lead, WORKER, until=LATER, needs=())
    with pytest.raises(PersonForgotten):
        told.restrict(
            lead, WORKER, Ground.UNLAWFUL, until=LATER, edition=Code("1"), held_by=(), needs=()
        )


@pytest.mark.parametrize("way", ["herself", "standing in", "stood in for", "on paper", "paper too"])
def test_two_officers_are_two_persons_also_by_delegation_and_on_paper(way: str) -> None:
    paper = Decision(CLERK, Office.PRIVACY, Code("文1"))
    first, second, acting_for = act(), act(LEAD, Office.PRIVACY, LATER), None
    told = restricted(first)
    match way:
        case "herself":
            second = act(CLERK, Office.PRIVACY, LATER)
        case "standing in":
            acting_for = CLERK
        case "stood in for":
            told = restricted(act(new_person()), acting_for=LEAD)
        case "on paper":
            second = replace(second, decided_by=paper)
        case _:
            told = restricted(replace(act(new_person()), decided_by=paper))
            second = act(CLERK, Office.PRIVACY, LATER)

    with pytest.raises(TwoOfficers):
        told.shred(second, WORKER, until=LATER, needs=(), acting_for=acting_for)
