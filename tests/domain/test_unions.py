"""The tree of unions: founding, changing, moving, ending, and what each looked like on a day."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain import unions
from ledger.domain.identity import CreditCodeCheckWrong, credit_code_check
from ledger.domain.ids import PersonId, UnionId, new_union
from ledger.domain.kernel import Act, Claim, Code, Decision, Event, Fact, Office, Release
from ledger.domain.unions import (
    BelowItself,
    CreditCodeRecorded,
    CreditCodeTaken,
    DissolutionReason,
    DivisionMissing,
    DivisionReorganised,
    Employer,
    EmployersListed,
    EndsOtherwise,
    FoundingNotApproved,
    HostPlaceMissing,
    JournalIsOpen,
    JournalOpened,
    MembersWithoutOutcome,
    NoSuchDivision,
    OriginUnfit,
    OutsideItsLine,
    SuperiorDecides,
    Union,
    UnionDissolved,
    UnionFounded,
    UnionKind,
    UnionMerged,
    UnionMoved,
    UnionNameMissing,
    UnionNotOpen,
    UnionRenamed,
    UnionsBelow,
    UnionUnchanged,
    line_of,
)

CHAIR_OF = PersonId("per_aaaaaaaaaaaaaaaaaaaaaaaaaa")
PROVINCE, CITY, COUNTY, TOWNSHIP, VILLAGE, PROJECT, ELSEWHERE = (new_union() for _ in range(7))
HECHI, DONGLAN, DONGGUAN = Code("451200"), Code("451224"), Code("441900")
BODY = "81450000MC1234567"
CREDIT_CODE = Code(BODY + credit_code_check(BODY))
ABOVE = {CITY: PROVINCE, COUNTY: CITY, TOWNSHIP: COUNTY, VILLAGE: TOWNSHIP, PROJECT: CITY}
TODAY = date(2026, 6, 1)


def line(union: UnionId) -> tuple[UnionId, ...]:
    return line_of(union, ABOVE.get)


def act(
    union: UnionId, office: Office = Office.CHAIR, on: date = TODAY, decided: Decision | None = None
) -> Act:
    return Act(CHAIR_OF, union, office, on, TODAY, decided)


def founded(union: UnionId, kind: UnionKind, **fields: Any) -> UnionFounded:
    return UnionFounded(union, f"{kind}工会", kind, ABOVE.get(union), **fields)


def told(union: UnionId, kind: UnionKind, **fields: Any) -> Union:
    return Union.told(founded(union, kind, **fields), on=date(2020, 1, 1))


CITY_UNION = told(CITY, UnionKind.FEDERATION, division=HECHI)
COUNTY_UNION = told(COUNTY, UnionKind.FEDERATION, division=DONGLAN)
VILLAGE_UNION = told(VILLAGE, UnionKind.VILLAGE, division=DONGLAN)
PROJECT_UNION = told(PROJECT, UnionKind.PROJECT)


# ── founding ─────────────────────────────────────────────────────────────────────────────────


def test_a_journal_opens_with_its_root_and_its_origin() -> None:
    procedure = act(PROVINCE, Office.PROCEDURE)

    opened = Union.open_journal(procedure, PROVINCE, Code("45"), Code("liangdi.guangxi"))

    assert opened == JournalOpened(PROVINCE, Code("45"), Code("liangdi.guangxi"))
    assert list(opened.takes()) == [Claim(JournalIsOpen, "liangdi.guangxi")]
    assert Union.told(opened).id == PROVINCE


@pytest.mark.parametrize("origin", ["", "两广", "guang xi", "guangxi+45"])
def test_an_origin_that_no_key_could_be_named_after_is_refused(origin: str) -> None:
    procedure = act(PROVINCE, Office.PROCEDURE)

    with pytest.raises(OriginUnfit):
        Union.open_journal(procedure, PROVINCE, Code("45"), Code(origin))


def test_the_superior_founds_a_union() -> None:
    by_the_city = act(CITY)

    event = Union.found(
        by_the_city, COUNTY, " 东兰县总工会 ", UnionKind.FEDERATION, CITY_UNION,
        line=line(CITY), short_name="东兰", division=DONGLAN, credit_code=CREDIT_CODE,
        paper=Code("河工发〔2026〕3号"),
    )  # fmt: skip

    county = Union.told(event, on=TODAY)
    assert (county.name(), county.short_name(), county.kind) == (
        "东兰县总工会", "东兰", UnionKind.FEDERATION,
    )  # fmt: skip
    assert county.superior() == CITY
    assert county.division() == DONGLAN
    assert list(event.takes()) == [Claim(CreditCodeTaken, CREDIT_CODE)]


def test_a_union_above_the_superior_may_approve_too() -> None:
    by_the_province = act(PROVINCE)

    event = Union.found(
        by_the_province, PROJECT, "项目工会", UnionKind.PROJECT, CITY_UNION, line=line(CITY)
    )

    assert event.superior == CITY


def test_nobody_but_the_superior_founds_a_union() -> None:
    by_the_county = act(COUNTY)

    with pytest.raises(FoundingNotApproved):
        Union.found(
            by_the_county, VILLAGE, "村工会", UnionKind.PROJECT, CITY_UNION, line=line(CITY)
        )


def test_only_the_opening_of_a_journal_founds_a_union_without_a_superior() -> None:
    name, kind, division = "自治区总工会", UnionKind.FEDERATION, Code("450000")

    with pytest.raises(FoundingNotApproved):
        Union.found(act(PROVINCE), PROVINCE, name, kind, None, division=division)

    procedure = act(PROVINCE, Office.PROCEDURE)
    event = Union.found(procedure, PROVINCE, name, kind, None, division=division)
    assert event.superior is None


def test_a_closed_superior_founds_nothing() -> None:
    closed = Union.told(
        founded(CITY, UnionKind.FEDERATION),
        UnionDissolved(CITY, DissolutionReason.REORGANISED, PROVINCE),
    )

    with pytest.raises(UnionNotOpen):
        Union.found(act(CITY), COUNTY, "县总工会", UnionKind.PROJECT, closed, line=line(CITY))


def test_a_union_has_a_name() -> None:
    with pytest.raises(UnionNameMissing):
        Union.found(act(CITY), PROJECT, "  ", UnionKind.PROJECT, CITY_UNION, line=line(CITY))


def test_the_union_of_a_place_names_its_division_and_an_industry_union_hangs_on_none() -> None:
    by_the_city = act(CITY)

    with pytest.raises(DivisionMissing):
        Union.found(
            by_the_city, COUNTY, "县总工会", UnionKind.FEDERATION, CITY_UNION, line=line(CITY)
        )

    event = Union.found(
        by_the_city, COUNTY, "教育工会", UnionKind.INDUSTRY, CITY_UNION, line=line(CITY)
    )
    assert event.division is None


def test_an_away_committee_has_its_superior_at_home_and_its_place_at_the_host() -> None:
    name, kind = "东兰县驻东莞外出劳务人员工会委员会", UnionKind.AWAY_COMMITTEE

    with pytest.raises(HostPlaceMissing):
        Union.found(act(COUNTY), PROJECT, name, kind, COUNTY_UNION, line=line(COUNTY))

    event = Union.found(
        act(COUNTY), PROJECT, name, kind, COUNTY_UNION, line=line(COUNTY), location=DONGGUAN
    )
    assert (event.superior, event.location) == (COUNTY, DONGGUAN)
    assert Union.told(event).location == DONGGUAN


def test_a_division_that_never_was_is_refused_and_a_village_code_is_taken_by_its_county() -> None:
    kind = UnionKind.VILLAGE

    with pytest.raises(NoSuchDivision):
        Union.found(
            act(COUNTY), VILLAGE, "村工会", kind, COUNTY_UNION,
            line=line(COUNTY), division=Code("459999"),
        )  # fmt: skip

    event = Union.found(
        act(COUNTY), VILLAGE, "村工会", kind, COUNTY_UNION,
        line=line(COUNTY), division=Code("451224100201"),
    )  # fmt: skip
    assert event.division == "451224100201"


def test_a_mistyped_credit_code_is_refused_and_spaces_in_one_are_not() -> None:
    wrong = Code(CREDIT_CODE[:-1] + ("0" if CREDIT_CODE[-1] != "0" else "1"))
    spaced = Code(f" {CREDIT_CODE[:9]} {CREDIT_CODE[9:].lower()}")

    with pytest.raises(CreditCodeCheckWrong):
        VILLAGE_UNION.record_credit_code(act(VILLAGE), wrong, line=line(VILLAGE))

    event = VILLAGE_UNION.record_credit_code(act(VILLAGE), spaced, line=line(VILLAGE))
    assert event.credit_code == CREDIT_CODE


# ── changing ─────────────────────────────────────────────────────────────────────────────────


def test_each_name_holds_from_its_day() -> None:
    on = date(2026, 3, 1)
    renamed = VILLAGE_UNION.rename(
        act(TOWNSHIP, Office.CLERK, on), "新村工会", "新村", line=line(VILLAGE)
    )

    union = Union.of(
        [Fact(founded(VILLAGE, UnionKind.VILLAGE), date(2020, 1, 1)), Fact(renamed, on)]
    )

    assert union.name(date(2019, 12, 31)) == ""
    assert union.name(date(2026, 2, 28)) == "village工会"
    assert union.short_name(date(2026, 2, 28)) == "village工会"
    assert union.name(on) == union.name() == "新村工会"
    assert union.short_name() == "新村"


def test_a_name_entered_late_does_not_hide_a_newer_one() -> None:
    facts = [
        Fact(founded(VILLAGE, UnionKind.VILLAGE), date(2020, 1, 1)),
        Fact(UnionRenamed(VILLAGE, "今名"), date(2025, 1, 1)),
        Fact(UnionRenamed(VILLAGE, "旧名"), date(2022, 1, 1)),
    ]

    union = Union.of(facts)

    assert union.name() == "今名"
    assert union.name(date(2023, 1, 1)) == "旧名"


def test_a_stranger_changes_nothing_of_a_union() -> None:
    stranger = act(ELSEWHERE)

    with pytest.raises(OutsideItsLine):
        VILLAGE_UNION.rename(stranger, "新名", line=line(VILLAGE))


def test_a_new_name_is_not_empty() -> None:
    with pytest.raises(UnionNameMissing):
        VILLAGE_UNION.rename(act(VILLAGE), " ", line=line(VILLAGE))


def test_a_change_that_changes_nothing_is_refused() -> None:
    union = told(VILLAGE, UnionKind.VILLAGE, division=DONGLAN, credit_code=CREDIT_CODE)
    village = act(VILLAGE)

    with pytest.raises(UnionUnchanged):
        union.rename(village, "village工会", line=line(VILLAGE))
    with pytest.raises(UnionUnchanged):
        union.reorganise_division(village, DONGLAN, line=line(VILLAGE))
    with pytest.raises(UnionUnchanged):
        union.list_employers(village, [], line=line(VILLAGE))
    with pytest.raises(UnionUnchanged):
        union.record_credit_code(village, CREDIT_CODE, line=line(VILLAGE))
    with pytest.raises(UnionUnchanged):
        union.move(
            act(COUNTY), told(TOWNSHIP, UnionKind.TOWNSHIP),
            line=line(VILLAGE), superior_line=line(TOWNSHIP),
        )  # fmt: skip


def test_a_reorganised_division_keeps_its_history() -> None:
    was, on = Code("452728"), date(2002, 6, 18)
    union = Union.told(founded(COUNTY, UnionKind.FEDERATION, division=was), on=date(1986, 1, 1))

    event = union.reorganise_division(
        act(CITY, Office.CLERK, on), DONGLAN, line=line(COUNTY), paper=Code("国函〔2002〕47号")
    )
    union.after(Fact(event, on))

    assert event == DivisionReorganised(COUNTY, was, DONGLAN, Code("国函〔2002〕47号"))
    assert union.division(date(2001, 1, 1)) == was
    assert union.division() == DONGLAN


def test_a_joint_union_lists_the_employers_it_organises() -> None:
    union = told(PROJECT, UnionKind.JOINT)
    employers = [Employer("甲厂", CREDIT_CODE), Employer(" 乙店 ")]

    event = union.list_employers(act(PROJECT, Office.CLERK), employers, line=line(PROJECT))
    union.after(Fact(event, TODAY))

    assert event.employers == (Employer("甲厂", CREDIT_CODE), Employer("乙店"))
    assert union.employers() == event.employers
    assert union.employers(date(2021, 1, 1)) == ()


def test_a_credit_code_belongs_to_one_union_and_the_old_one_is_given_back() -> None:
    union = told(PROJECT, UnionKind.GRASSROOTS)

    event = union.record_credit_code(
        act(PROJECT, Office.CLERK), CREDIT_CODE, Code("法证字1号"), line=line(PROJECT)
    )
    union.after(Fact(event, TODAY))

    assert event == CreditCodeRecorded(PROJECT, CREDIT_CODE, Code("法证字1号"))
    assert list(event.takes()) == [Claim(CreditCodeTaken, CREDIT_CODE)]
    assert list(event.frees()) == [Release(CreditCodeTaken)]
    assert union.credit_code() == CREDIT_CODE


# ── moving ───────────────────────────────────────────────────────────────────────────────────


def test_a_union_above_both_places_moves_a_union() -> None:
    by_the_city = act(CITY)

    event = VILLAGE_UNION.move(
        by_the_city, COUNTY_UNION, line=line(VILLAGE), superior_line=line(COUNTY)
    )

    assert event == UnionMoved(VILLAGE, TOWNSHIP, COUNTY)
    moved = Union.of(
        [Fact(founded(VILLAGE, UnionKind.VILLAGE), date(2020, 1, 1)), Fact(event, TODAY)]
    )
    assert moved.superior(date(2025, 1, 1)) == TOWNSHIP
    assert moved.superior() == COUNTY


def test_a_union_that_is_not_above_both_places_moves_nothing() -> None:
    by_the_township = act(TOWNSHIP)

    with pytest.raises(SuperiorDecides):
        VILLAGE_UNION.move(
            by_the_township, COUNTY_UNION, line=line(VILLAGE), superior_line=line(COUNTY)
        )


def test_a_union_is_not_put_below_itself() -> None:
    with pytest.raises(BelowItself):
        COUNTY_UNION.move(
            act(PROVINCE), VILLAGE_UNION, line=line(COUNTY), superior_line=line(VILLAGE)
        )


# ── ending ───────────────────────────────────────────────────────────────────────────────────


def test_a_project_union_ends_with_its_project_and_this_is_reported() -> None:
    its_clerk = act(PROJECT, Office.CLERK)

    event = PROJECT_UNION.dissolve(
        its_clerk, DissolutionReason.PROJECT_ENDED, line=line(PROJECT), members_left=0, members=84
    )

    assert event == UnionDissolved(PROJECT, DissolutionReason.PROJECT_ENDED, CITY, 84)
    closed = Union.of(
        [Fact(founded(PROJECT, UnionKind.PROJECT), date(2020, 1, 1)), Fact(event, TODAY)]
    )
    assert closed.open(date(2026, 5, 31))
    assert not closed.open(TODAY)
    assert not closed.open(date(2019, 12, 31))


def test_no_member_is_left_without_an_outcome() -> None:
    its_clerk = act(PROJECT, Office.CLERK)

    with pytest.raises(MembersWithoutOutcome) as refusal:
        PROJECT_UNION.dissolve(
            its_clerk, DissolutionReason.PROJECT_ENDED, line=line(PROJECT), members_left=3
        )

    assert refusal.value.facts == {"members": 3}


def test_no_union_is_left_without_its_superior() -> None:
    with pytest.raises(UnionsBelow):
        COUNTY_UNION.dissolve(
            act(CITY), DissolutionReason.REORGANISED,
            line=line(COUNTY), members_left=0, unions_below=2,
        )  # fmt: skip


def test_only_a_project_ends_a_project_union_and_only_an_employer_its_own() -> None:
    grassroots = told(PROJECT, UnionKind.GRASSROOTS)

    with pytest.raises(EndsOtherwise):
        VILLAGE_UNION.dissolve(
            act(VILLAGE), DissolutionReason.EMPLOYER_ENDED, line=line(VILLAGE), members_left=0
        )
    with pytest.raises(EndsOtherwise):
        grassroots.dissolve(
            act(PROJECT), DissolutionReason.PROJECT_ENDED, line=line(PROJECT), members_left=0
        )

    event = grassroots.dissolve(
        act(PROJECT), DissolutionReason.EMPLOYER_ENDED, line=line(PROJECT), members_left=0
    )
    assert event.reported_to == CITY


def test_without_such_a_fact_only_the_chair_of_a_superior_dissolves() -> None:
    own_chair, clerk_above = act(VILLAGE), act(COUNTY, Office.CLERK)
    on_paper = act(COUNTY, Office.CLERK, decided=Decision(CHAIR_OF, Office.CHAIR, Code("东工1号")))

    for refused in (own_chair, clerk_above):
        with pytest.raises(SuperiorDecides):
            VILLAGE_UNION.dissolve(
                refused, DissolutionReason.EMPTY, line=line(VILLAGE), members_left=0
            )

    event = VILLAGE_UNION.dissolve(
        on_paper, DissolutionReason.EMPTY, line=line(VILLAGE), members_left=0
    )
    assert event.reason is DissolutionReason.EMPTY


def test_the_superior_merges_a_union_into_another() -> None:
    by_the_city = act(CITY)

    event = VILLAGE_UNION.merge(
        by_the_city, PROJECT_UNION,
        line=line(VILLAGE), into_line=line(PROJECT), members_left=0, members=5,
    )  # fmt: skip

    assert event == UnionMerged(VILLAGE, PROJECT, 5)
    merged = Union.told(founded(VILLAGE, UnionKind.VILLAGE), event)
    assert merged.successor == PROJECT
    assert not merged.open()


def test_no_union_is_merged_by_itself_or_into_one_below_it() -> None:
    with pytest.raises(SuperiorDecides):
        VILLAGE_UNION.merge(
            act(VILLAGE), PROJECT_UNION,
            line=line(VILLAGE), into_line=line(PROJECT), members_left=0,
        )  # fmt: skip
    with pytest.raises(BelowItself):
        COUNTY_UNION.merge(
            act(CITY), VILLAGE_UNION,
            line=line(COUNTY), into_line=line(VILLAGE), members_left=0,
        )  # fmt: skip


def test_a_union_ends_once_even_where_the_second_end_is_dated_earlier() -> None:
    closed = Union.of(
        [
            Fact(founded(PROJECT, UnionKind.PROJECT), date(2020, 1, 1)),
            Fact(UnionDissolved(PROJECT, DissolutionReason.PROJECT_ENDED, CITY), TODAY),
        ]
    )

    with pytest.raises(UnionNotOpen):
        closed.dissolve(
            act(PROJECT, on=date(2026, 1, 1)), DissolutionReason.PROJECT_ENDED,
            line=line(PROJECT), members_left=0,
        )  # fmt: skip


def test_a_union_that_was_never_founded_does_nothing() -> None:
    nothing = Union()

    with pytest.raises(UnionNotOpen):
        nothing.rename(act(VILLAGE), "新名", line=line(VILLAGE))

    assert nothing.id is None
    assert nothing.kind is nothing.location is nothing.superior() is nothing.successor is None
    assert nothing.name() == nothing.short_name() == ""
    assert nothing.employers() == ()


def test_the_line_goes_up_to_the_top_and_a_ring_ends_it() -> None:
    ring = {COUNTY: CITY, CITY: COUNTY}

    assert line(VILLAGE) == (VILLAGE, TOWNSHIP, COUNTY, CITY, PROVINCE)
    assert line_of(COUNTY, ring.get) == (COUNTY, CITY)


# ── always ───────────────────────────────────────────────────────────────────────────────────

KINDS = [kind for kind in Event.kinds.values() if kind.__module__ == unions.__name__]
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


def test_the_events_of_the_room_are_these() -> None:
    assert {kind.__name__ for kind in KINDS} == {
        JournalOpened.__name__,
        UnionFounded.__name__,
        UnionRenamed.__name__,
        UnionMoved.__name__,
        DivisionReorganised.__name__,
        EmployersListed.__name__,
        CreditCodeRecorded.__name__,
        UnionDissolved.__name__,
        UnionMerged.__name__,
    }


@given(FACTS, st.dates())
def test_after_any_sequence_of_facts_folding_never_refuses(facts: list[Fact], on: date) -> None:
    union = Union.of(facts)

    assert isinstance(union.open(on), bool)
    assert isinstance(union.name(on), str)
