"""Hardship files: one open a household, assessed again by another, closed with an outcome."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.corrections import OthersRelyOnIt, Why, annul
from ledger.domain.hardship import (
    Category,
    CausesOutOfForm,
    DuplicateOfNothing,
    FileBasis,
    FileNotOpen,
    FileOfAnother,
    FileOfOnesOwn,
    FileOutcome,
    HardshipCause,
    HardshipFile,
    HardshipFileOpened,
    HouseholdHasFile,
    OpenerReviews,
    ValidityOver,
)
from ledger.domain.ids import new_file, new_household, new_person, new_union
from ledger.domain.kernel import Act, Code, Decision, Event, Fact, Office

CLERK, REVIEWER, WORKER, SPOUSE = (new_person() for _ in range(4))
UNION, COUNTY, OTHER = new_union(), new_union(), new_union()
LINE = [UNION, COUNTY]
FILE, HOUSEHOLD = new_file(), new_household()
DAY, YEAR = date(2026, 3, 2), date(2027, 3, 2)


def act(who: Any = CLERK, on: date = DAY, union: Any = UNION, paper: Any = None) -> Act:
    office = Office.CLERK if who == CLERK else Office.REVIEWER
    return Act(who, union, office, on, max(on, DAY), paper)


def opened(who: Any = CLERK, **changes: Any) -> HardshipFileOpened:
    said: dict[str, Any] = {
        "category": Category.RELATIVE, "main": HardshipCause.GRAVE_ILLNESS,
        "others": (HardshipCause.SCHOOLING,), "basis": FileBasis.MEANS_CHECK,
        "valid_until": YEAR, "number": Code("莞困〔2026〕3号"), **changes,
    }  # fmt: skip
    return HardshipFile.open_for(act(who), FILE, HOUSEHOLD, WORKER, **said)


def told(*events: Event) -> HardshipFile:
    """The file after these events, opened by the clerk and reviewed a month apart."""
    days = [DAY + timedelta(30 * at) for at in range(len(events))]
    return HardshipFile.of(
        Fact(event, on, "home", at, officer=CLERK if at == 1 else REVIEWER)
        for at, (event, on) in enumerate(zip(events, days, strict=True), 1)
    )


def test_a_file_is_open_valid_and_of_a_category_from_its_day_on() -> None:
    file = told(opened())

    assert file.open
    assert (file.category_on(DAY - timedelta(1)), file.category_on(DAY)) == (
        None,
        Category.RELATIVE,
    )
    assert file.valid_on(YEAR - timedelta(1))
    assert not file.valid_on(YEAR)
    assert file.category_on(YEAR) is Category.RELATIVE  # open, though its review is due


def test_a_household_and_a_person_have_one_file_wherever_it_is_known() -> None:
    with pytest.raises(HouseholdHasFile):
        opened(known_open=(new_file(),))

    claims = {claim.key for claim in opened().takes()}
    assert claims == {HOUSEHOLD, WORKER}


@pytest.mark.parametrize(
    "others",
    [
        (HardshipCause.GRAVE_ILLNESS,),
        (HardshipCause.SCHOOLING, HardshipCause.SCHOOLING),
        tuple(HardshipCause)[:4],
    ],
)
def test_a_file_has_one_main_cause_and_at_most_three_others(
    others: tuple[HardshipCause, ...],
) -> None:
    with pytest.raises(CausesOutOfForm):
        opened(others=others)


def test_a_file_is_valid_beyond_its_day() -> None:
    with pytest.raises(ValidityOver):
        opened(valid_until=DAY)
    with pytest.raises(ValidityOver):
        told(opened()).review(act(REVIEWER), Category.SEVERE, DAY, line=LINE)


def test_a_review_changes_what_it_says_and_keeps_the_rest() -> None:
    file = told(opened())

    reviewed = file.review(act(REVIEWER), Category.SEVERE, date(2028, 3, 2), line=LINE)

    after = told(opened(), reviewed)
    assert (reviewed.main, reviewed.others) == (
        HardshipCause.GRAVE_ILLNESS,
        (HardshipCause.SCHOOLING,),
    )
    assert reviewed.basis is FileBasis.MEANS_CHECK
    assert after.category_on(DAY + timedelta(29)) is Category.RELATIVE
    assert after.category_on(DAY + timedelta(30)) is Category.SEVERE
    assert after.valid_on(date(2028, 3, 1))


def test_who_opened_a_file_does_not_review_it() -> None:
    file = told(opened())

    with pytest.raises(OpenerReviews):
        file.review(act(CLERK), Category.SEVERE, YEAR, line=LINE)


def test_who_acts_for_the_opener_or_for_whom_the_opener_acted_does_not_review() -> None:
    file = told(opened())

    with pytest.raises(OpenerReviews):
        file.review(act(REVIEWER), Category.SEVERE, YEAR, line=LINE, acting_for={CLERK})
    with pytest.raises(OpenerReviews):
        file.review(act(REVIEWER), Category.SEVERE, YEAR, line=LINE, opened_for={REVIEWER})


def test_a_review_decided_on_paper_by_the_opener_is_recorded_as_a_finding() -> None:
    file = told(opened())
    paper = Decision(CLERK, Office.REVIEWER, Code("莞困〔2026〕9号"))

    reviewed = file.review(act(REVIEWER, paper=paper), Category.SEVERE, YEAR, line=LINE)

    assert reviewed.findings == ("OpenerReviews",)


@pytest.mark.parametrize(("who", "kin"), [(WORKER, ()), (SPOUSE, (SPOUSE,))], ids=["own", "kin"])
def test_nobody_handles_a_file_of_the_own_household(who: Any, kin: tuple[Any, ...]) -> None:
    file = told(opened())

    with pytest.raises(FileOfOnesOwn):
        opened(who, kin=kin)
    with pytest.raises(FileOfOnesOwn):
        file.review(act(who), Category.SEVERE, YEAR, line=LINE, kin=kin)
    with pytest.raises(FileOfOnesOwn):
        file.close(act(who), FileOutcome.RECOVERED, line=LINE, kin=kin)


def test_a_file_is_kept_by_its_union_or_one_above() -> None:
    file = told(opened())

    assert file.review(act(REVIEWER, union=COUNTY), Category.SEVERE, YEAR, line=LINE)
    with pytest.raises(FileOfAnother):
        file.review(act(REVIEWER, union=OTHER), Category.SEVERE, YEAR, line=LINE)
    with pytest.raises(FileOfAnother):
        file.close(act(REVIEWER, union=OTHER), FileOutcome.RECOVERED, line=LINE)


def test_a_closed_file_is_neither_reviewed_nor_closed_again() -> None:
    closed = told(opened()).close(act(REVIEWER), FileOutcome.RECOVERED, line=LINE)

    file = told(opened(), closed)

    assert not file.open
    assert file.open_on(DAY + timedelta(29))
    assert not file.open_on(DAY + timedelta(30))
    assert [release.key for release in closed.frees()] == [None]
    with pytest.raises(FileNotOpen):
        file.review(act(REVIEWER), Category.SEVERE, YEAR, line=LINE)
    with pytest.raises(FileNotOpen):
        file.close(act(REVIEWER), FileOutcome.RECOVERED, line=LINE)


@pytest.mark.parametrize(
    ("outcome", "other", "other_open"),
    [
        (FileOutcome.DUPLICATE, None, False),
        (FileOutcome.DUPLICATE, FILE, True),
        (FileOutcome.DUPLICATE, new_file(), False),
        (FileOutcome.RECOVERED, new_file(), True),
    ],
    ids=["none named", "itself", "not open", "no duplicate"],
)
def test_a_duplicate_names_the_file_that_stays(
    outcome: FileOutcome, other: Any, other_open: bool
) -> None:
    with pytest.raises(DuplicateOfNothing):
        told(opened()).close(
            act(REVIEWER), outcome, line=LINE, duplicate_of=other, other_open=other_open
        )


def test_a_closure_is_not_annulled_for_the_household_may_have_another_file_since() -> None:
    closed = told(opened()).close(act(REVIEWER), FileOutcome.REMOVED, line=LINE)
    fact = Fact(closed, DAY, "home", 2, officer=REVIEWER)

    with pytest.raises(OthersRelyOnIt):
        annul(act(), fact, [fact], origin="home", line=LINE, why=Why.NOT_SO, reason="结案有误")


# ── what always holds ────────────────────────────────────────────────────────────────────────

steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "review", "close"]),
        st.integers(0, 900),
        st.sampled_from(Category),
        st.integers(1, 400),
    ),
    max_size=8,
)


@given(steps, st.integers(-10, 1500))
def test_any_sequence_folds_and_a_valid_file_is_open_and_has_a_category(
    steps: list[tuple[str, int, Category, int]], asked: int
) -> None:
    facts: list[Fact] = []
    base = told(opened())
    for what, at, category, days in steps:
        on = DAY + timedelta(at)
        until = on + timedelta(days)
        event: Event
        match what:
            case "open":
                event = replace(opened(), category=category, valid_until=until)
            case "review":
                event = base.review(act(REVIEWER, on), category, until, line=LINE)
            case _:
                event = base.close(act(REVIEWER, on), FileOutcome.RECOVERED, line=LINE)
        facts.append(Fact(event, on, officer=CLERK))
    file, day = HardshipFile.of(facts), DAY + timedelta(asked)

    assert not file.valid_on(day) or (file.open_on(day) and file.category_on(day))
    assert file.open_on(day) or file.category_on(day) is None
    assert file.open is (file.opened is not None and file.closed is None)
