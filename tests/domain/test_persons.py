"""People and households: identified late or never, renamed, linked as one, told apart."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.identity import DocumentKind
from ledger.domain.ids import HouseholdId, LinkId, PersonId, UnionId
from ledger.domain.kernel import Act, Claim, Code, Decision, Fact, Office, Release
from ledger.domain.persons import (
    AlreadyIdentified,
    AlreadyInHousehold,
    AlreadyOnePerson,
    ContactChanged,
    DeathOnRecord,
    DeathProof,
    GuardianNamed,
    Household,
    HouseholdMemberJoined,
    HouseholdMemberLeft,
    HouseholdOpened,
    LinkGround,
    NameMissing,
    NotInHousehold,
    NotLinked,
    NotYetIdentified,
    NumberChange,
    NumberCorrected,
    NumberNeedsCardSeen,
    NumberOwed,
    NumberOwedNeedsReason,
    NumberTaken,
    OnePersonNotTwo,
    OwnGuardian,
    Particulars,
    Parting,
    Person,
    PersonDied,
    PersonIdentified,
    PersonLink,
    PersonRegistered,
    PersonRenamed,
    PersonsLinked,
    PersonsToldApart,
    PersonsUnlinked,
    Relation,
    ResidenceMoved,
    SecondPersonNeeded,
    one_person,
)

WEI, LAN, CHILD, GRANNY = (PersonId(f"per_{n}") for n in ("wei", "lan", "child", "granny"))
CLERK, CHECKER = PersonId("per_clerk"), PersonId("per_checker")
HECHI = UnionId("uni_hechi")
TODAY = date(2026, 3, 10)
NUMBER = "452728198808015587"
CITIZEN = DocumentKind.CITIZEN_NUMBER
ACT = Act(CLERK, HECHI, Office.CLERK, TODAY, TODAY)
SCANNED = Act(CLERK, HECHI, Office.CLERK, TODAY, TODAY, evidence=("ab",))
LINK = LinkId("lnk_1")
HOME = HouseholdId("hou_1")

WANG = Particulars("王强", CITIZEN, NUMBER, sex="女", ethnic="壮", birth="1988-08-01")
REGISTERED = PersonRegistered(WEI, CITIZEN, name="王强", number=NUMBER)
NUMBERLESS = PersonRegistered(
    WEI, DocumentKind.NONE_YET, name="王强",
    number_owed=NumberOwed.NOT_AT_HAND, number_due=date(2026, 4, 1),
)  # fmt: skip


# ── registered ──


def test_a_person_is_registered_with_what_the_form_says():
    event = Person.register(ACT, WEI, WANG)

    person = Person.told(event)

    assert (person.id, person.name, person.number, person.sex) == (WEI, "王强", NUMBER, "女")


@pytest.mark.parametrize("name", ["古丽米热·艾比布力", "丽", "𠮷野", "李𬭎"])
def test_names_with_a_dot_of_one_character_and_rare_ones_are_taken_as_they_are(name: str):
    event = Person.register(ACT, WEI, Particulars(name, CITIZEN, NUMBER))

    assert Person.told(event).name == name


def test_the_number_is_kept_as_the_document_has_it_and_claimed():
    event = Person.register(ACT, WEI, Particulars("王强", CITIZEN, "４５２７２８ 19880801558x"))

    assert event.number == "45272819880801558X"
    assert list(event.takes()) == [Claim(NumberTaken, "45272819880801558X", secret=True)]


def test_nobody_is_registered_without_a_name():
    with pytest.raises(NameMissing):
        Person.register(ACT, WEI, Particulars("  ", CITIZEN, NUMBER))


@pytest.mark.parametrize("document", [DocumentKind.NONE_YET, CITIZEN])
def test_who_has_no_number_yet_needs_a_reason_and_a_day(document: DocumentKind):
    bare = Particulars("王强", document)

    with pytest.raises(NumberOwedNeedsReason):
        Person.register(ACT, WEI, bare, number_owed=NumberOwed.LOST)


def test_a_number_can_be_owed_and_takes_no_claim():
    event = Person.register(
        ACT, WEI, Particulars("王强", DocumentKind.NONE_YET),
        number_owed=NumberOwed.LOST, number_due=date(2026, 4, 1),
    )  # fmt: skip

    person = Person.told(event)

    assert list(event.takes()) == []
    assert person.number_due == date(2026, 4, 1)


# ── what a list refuses, the form accepts ──

PROBLEMS = (Code("CheckDigitWrong"),)


def test_a_number_that_breaks_the_rules_stands_with_card_scan_and_second_person():
    event = Person.register(SCANNED, WEI, WANG, PROBLEMS, card_seen=True, second=CHECKER)

    assert event.problems == PROBLEMS
    assert (event.card_seen, event.second) == (True, CHECKER)


@pytest.mark.parametrize(
    ("act", "card_seen", "second"),
    [(ACT, True, CHECKER), (SCANNED, False, CHECKER), (SCANNED, True, None)],
)
def test_a_number_that_breaks_the_rules_takes_all_three(
    act: Act, card_seen: bool, second: PersonId | None
):
    with pytest.raises(NumberNeedsCardSeen):
        Person.register(act, WEI, WANG, PROBLEMS, card_seen=card_seen, second=second)


def test_the_second_person_is_neither_who_decides_nor_who_enters_nor_who_is_concerned():
    decided = Act(
        CLERK, HECHI, Office.CLERK, TODAY, TODAY, Decision(CHECKER, Office.CLERK), ("ab",)
    )

    for second in (CLERK, CHECKER, WEI):
        with pytest.raises(SecondPersonNeeded):
            Person.register(decided, WEI, WANG, PROBLEMS, card_seen=True, second=second)


# ── identified, corrected, renamed ──


def test_the_number_that_was_owed_is_given_later():
    person = Person.told(NUMBERLESS)

    event = person.identify(ACT, WEI, CITIZEN, NUMBER)

    assert list(event.takes()) == [Claim(NumberTaken, NUMBER, secret=True)]
    person.after(Fact(event, TODAY))
    assert (person.number, person.number_owed, person.number_due) == (NUMBER, None, None)


def test_a_number_is_given_once():
    with pytest.raises(AlreadyIdentified):
        Person.told(REGISTERED).identify(ACT, WEI, CITIZEN, NUMBER)


def test_identifying_takes_a_number():
    with pytest.raises(NumberOwedNeedsReason):
        Person.told(NUMBERLESS).identify(ACT, WEI, CITIZEN, " ")


def test_a_number_is_corrected_by_two_people_and_the_old_one_is_free_again():
    person = Person.told(REGISTERED)

    event = person.correct_number(
        ACT, WEI, CITIZEN, "452731198305154073", NumberChange.MISTYPED, second=CHECKER
    )

    assert list(event.frees()) == [Release(NumberTaken)]
    assert list(event.takes()) == [Claim(NumberTaken, "452731198305154073", secret=True)]


def test_a_number_is_not_corrected_by_one_person():
    with pytest.raises(SecondPersonNeeded):
        Person.told(REGISTERED).correct_number(ACT, WEI, CITIZEN, NUMBER, NumberChange.MISTYPED)


def test_only_a_number_on_record_is_corrected():
    with pytest.raises(NotYetIdentified):
        Person.told(NUMBERLESS).correct_number(
            ACT, WEI, CITIZEN, NUMBER, NumberChange.MISTYPED, second=CHECKER
        )


def test_who_is_renamed_is_still_found_by_the_old_name():
    person = Person.told(REGISTERED, PersonRenamed(WEI, "王兰"))

    assert person.name == "王兰"
    assert person.names == ["王强", "王兰"]
    with pytest.raises(NameMissing):
        person.rename(ACT, WEI, " ")


def test_contact_and_residence_are_as_they_were_told_last():
    person = Person.told(REGISTERED)

    person.after(Fact(person.change_contact(ACT, WEI, "15934809906", "顺德区"), TODAY))
    person.after(Fact(person.move(ACT, WEI, "440606", "佛山市顺德区"), TODAY))

    assert (person.phone, person.address) == ("15934809906", "顺德区")
    assert (person.division, person.residence) == ("440606", "佛山市顺德区")


def test_a_death_is_recorded_once():
    person = Person.told(REGISTERED)

    person.after(Fact(person.die(ACT, WEI, DeathProof.REGISTER), TODAY))

    assert person.died_on == TODAY
    with pytest.raises(DeathOnRecord):
        person.die(ACT, WEI, DeathProof.REGISTER)


# ── one person, two records ──


def test_two_records_are_linked_by_two_people_and_claim_their_pair():
    one = PersonLink.join(ACT, LINK, WEI, LAN, LinkGround.SAME_NUMBER, CHECKER)
    other = PersonLink.join(ACT, LINK, LAN, WEI, LinkGround.SAME_NUMBER, CHECKER)

    assert PersonLink.told(one).linked
    assert list(one.takes()) == list(other.takes()) == [Claim(AlreadyOnePerson, f"{LAN} {WEI}")]


def test_a_link_needs_two_records_and_two_people():
    with pytest.raises(OnePersonNotTwo):
        PersonLink.join(ACT, LINK, WEI, WEI, LinkGround.SAME_NUMBER, CHECKER)
    with pytest.raises(OnePersonNotTwo):
        PersonLink.tell_apart(ACT, LINK, WEI, WEI, LinkGround.SAME_NUMBER, CHECKER)
    with pytest.raises(SecondPersonNeeded):
        PersonLink.join(ACT, LINK, WEI, LAN, LinkGround.SAME_NUMBER, CLERK)


def test_a_wrong_link_is_undone_and_does_not_come_back():
    link = PersonLink.told(PersonsLinked(LINK, WEI, LAN, LinkGround.PAPERS, CHECKER))

    event = link.part(ACT, LINK, WEI, LAN, LinkGround.CARDS_SEEN, CHECKER)

    assert list(event.frees()) == [Release(AlreadyOnePerson)]
    link.after(Fact(event, TODAY))
    assert (link.linked, link.told_apart) == (False, True)


def test_only_what_is_linked_is_unlinked():
    with pytest.raises(NotLinked):
        PersonLink().part(ACT, LINK, WEI, LAN, LinkGround.CARDS_SEEN, CHECKER)


def test_not_a_duplicate_holds_until_the_data_change():
    apart = PersonLink.tell_apart(ACT, LINK, WEI, LAN, LinkGround.CARDS_SEEN, CHECKER)
    link = PersonLink.told(REGISTERED, apart)

    link.after(Fact(ContactChanged(CHILD, "1"), TODAY))
    assert link.told_apart
    link.after(Fact(ContactChanged(LAN, "1"), TODAY))
    assert not link.told_apart


def test_links_reach_as_far_as_they_go():
    pairs = [(WEI, LAN), (LAN, CHILD), (GRANNY, CLERK)]

    assert one_person(pairs, CHILD) == {WEI, LAN, CHILD}
    assert one_person(pairs, CHECKER) == {CHECKER}


# ── households ──


def family() -> Household:
    household = Household.told(*Household.open(ACT, HOME, WEI), on=TODAY)
    for who, relation, guardian in [
        (LAN, Relation.SPOUSE, None),
        (CHILD, Relation.CHILD, GRANNY),
    ]:
        household.after(Fact(household.join(ACT, HOME, who, relation, guardian=guardian), TODAY))
    return household


def test_a_household_answers_who_must_step_back():
    household = family()

    assert household.worker == WEI
    assert household.members(TODAY) == {WEI, LAN, CHILD}
    assert household.kin(WEI, TODAY) == {LAN, CHILD, GRANNY}
    assert household.kin(CLERK, TODAY) == frozenset()
    assert household.relation(LAN, TODAY) is Relation.SPOUSE


def test_who_left_is_kin_no_longer_from_that_day():
    household = family()

    later = ACT.effective(date(2026, 3, 20))
    event = household.leave(later, HOME, LAN, Parting.DIVORCED)
    household.after(Fact(event, date(2026, 3, 20)))

    assert LAN in household.kin(WEI, date(2026, 3, 19))
    assert LAN not in household.kin(WEI, date(2026, 3, 20))
    assert list(event.frees()) == [Release(AlreadyInHousehold, LAN)]


def test_a_guardian_may_live_elsewhere_and_may_change():
    household = family()

    event = household.name_guardian(ACT.effective(date(2026, 3, 20)), HOME, CHILD, LAN)
    household.after(Fact(event, date(2026, 3, 20)))

    assert household.guardian(CHILD, date(2026, 3, 19)) == GRANNY
    assert household.guardian(CHILD, date(2026, 3, 20)) == LAN
    assert household.guardian(WEI, TODAY) is None


def test_a_household_refuses_what_cannot_be():
    household = family()

    with pytest.raises(AlreadyInHousehold):
        household.join(ACT, HOME, LAN, Relation.SPOUSE)
    with pytest.raises(OwnGuardian):
        household.join(ACT, HOME, GRANNY, Relation.PARENT, guardian=GRANNY)
    with pytest.raises(OwnGuardian):
        household.name_guardian(ACT, HOME, CHILD, CHILD)
    with pytest.raises(NotInHousehold):
        household.name_guardian(ACT, HOME, GRANNY, LAN)
    with pytest.raises(NotInHousehold):
        household.leave(ACT, HOME, GRANNY, Parting.DIED)


# ── what always holds ──

people = st.sampled_from([WEI, LAN, CHILD])
days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
texts = st.sampled_from(["", "甲", NUMBER])
facts: list[st.SearchStrategy[Any]] = [
    st.builds(PersonRegistered, people, st.sampled_from(DocumentKind), texts, texts),
    st.builds(PersonIdentified, people, st.sampled_from(DocumentKind), texts),
    st.builds(NumberCorrected, people, st.just(CITIZEN), st.sampled_from(NumberChange), people),
    st.builds(PersonRenamed, people, texts),
    st.builds(ContactChanged, people, texts, texts),
    st.builds(ResidenceMoved, people, texts, texts),
    st.builds(PersonDied, people, st.sampled_from(DeathProof)),
    *(
        st.builds(kind, st.just(LINK), people, people, st.sampled_from(LinkGround), people)
        for kind in (PersonsLinked, PersonsUnlinked, PersonsToldApart)
    ),
    st.builds(HouseholdOpened, st.just(HOME), people),
    st.builds(
        HouseholdMemberJoined, st.just(HOME), people, st.sampled_from(Relation), days,
        st.none() | people,
    ),
    st.builds(HouseholdMemberLeft, st.just(HOME), people, st.sampled_from(Parting)),
    st.builds(GuardianNamed, st.just(HOME), people, people),
]  # fmt: skip


@given(st.lists(st.builds(Fact, st.one_of(facts), days)), days)
def test_after_any_sequence_of_facts_after_never_raises(history: list[Fact], day: date):
    person, link, household = Person.of(history), PersonLink.of(history), Household.of(history)

    assert isinstance(person.name, str)
    assert not (link.linked and link.told_apart)
    assert household.kin(WEI, day) <= {WEI, LAN, CHILD} - {WEI}
