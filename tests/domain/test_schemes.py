"""Schemes: rules as data, in versions, of which one judges any application."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.aiding import AidKind, Cap, CapPer, Days, KindRules, Level, PayMode, Step
from ledger.domain.ids import PersonId, new_scheme, new_union
from ledger.domain.kernel import Act, Code, Fen, Office, Refused
from ledger.domain.schemes import (
    CapTwice,
    CapUnderOneFen,
    CategoryWithoutFile,
    EmergencyWithoutReview,
    KindTwice,
    LevelsNotRising,
    MinutesAboveNothing,
    NoKindOfAid,
    NoModeOfPayment,
    NoRuleForThis,
    NoticeWithoutDays,
    ReceiptWithoutDays,
    Scheme,
    SchemeAdopted,
    SchemeOfAnother,
    SchemePlaceUnknown,
    SchemeRepealedAlready,
    SchemeUntitled,
    StepTwice,
    Transition,
    VersionBeginsEarlier,
    VersionOutOfTurn,
)
from ledger.journal import codec

CHAIR = PersonId("per_aaaaaaaaaaaaaaaaaaaaaaaaaa")
CITY, PROVINCE = new_union(), new_union()
SCHEME, PLACE = new_scheme(), Code("440700")
TODAY, SINCE, LATER = date(2026, 6, 1), date(2026, 7, 1), date(2027, 1, 1)
STUDY = KindRules(
    kind=AidKind.STUDY,
    steps=(Step.FILE, Step.REVIEW, Step.NOTICE),
    later=(Step.VISIT,),
    caps=(
        Cap(per=CapPer.CHILD_YEAR, most=Fen(7_100_00)),
        Cap(per=CapPer.CHILD_YEAR, most=Fen(4_260_00), category=Code("relative")),
    ),
    levels=(
        Level(above=Fen(2_000_00), approver=CITY),
        Level(above=Fen(5_000_00), approver=PROVINCE),
    ),
    minutes_above=Fen(5_000_00),
    notice_days=5,
    notice_in=Days.WORKING,
    modes=(PayMode.BANK, PayMode.INSTITUTION),
    categories=(Code("severe"), Code("relative")),
    members_only=True,
)
WARMTH = KindRules(
    kind=AidKind.SENDING_WARMTH,
    steps=(Step.REVIEW,),
    modes=(PayMode.CASH, PayMode.GOODS),
    emergency=True,
    review_days=10,
)


def act(on: date = TODAY, union: Any = CITY) -> Act:
    return Act(CHAIR, union, Office.CHAIR, on, TODAY)


def adopted(
    held: Scheme | None = None,
    version: int = 1,
    since: date = SINCE,
    kinds: tuple[KindRules, ...] = (STUDY, WARMTH),
    transition: Transition = Transition.APPLICATION_DATE,
    title: str = "江门市困难职工帮扶办法",
    place: Code = PLACE,
    union: Any = CITY,
) -> SchemeAdopted:
    return (held or Scheme()).adopt(
        act(union=union), SCHEME, title, version, since, kinds, place, transition
    )


def test_a_scheme_is_adopted_whole_and_may_begin_ahead() -> None:
    event = adopted()

    scheme = Scheme.told(event)

    assert event.union == CITY
    assert scheme.rules(AidKind.STUDY, SINCE, SINCE) == (1, STUDY)
    encoded = codec.encode(event)
    assert codec.decode("SchemeAdopted", encoded.body) == event
    codec.check("SchemeAdopted", encoded.body)


def test_before_its_first_day_a_scheme_rules_nothing() -> None:
    scheme = Scheme.told(adopted())

    with pytest.raises(NoRuleForThis):
        scheme.rules(AidKind.STUDY, SINCE - timedelta(1), LATER)


def test_a_kind_that_a_scheme_does_not_name_has_no_rule() -> None:
    scheme = Scheme.told(adopted())

    with pytest.raises(NoRuleForThis):
        scheme.rules(AidKind.MEDICAL, SINCE, SINCE)


def test_an_open_application_keeps_the_rules_of_its_date() -> None:
    first = adopted()
    scheme = Scheme.told(first, adopted(Scheme.told(first), 2, LATER))

    assert scheme.rules(AidKind.STUDY, SINCE, LATER)[0] == 1
    assert scheme.rules(AidKind.STUDY, LATER, LATER)[0] == 2


def test_an_open_application_follows_a_version_that_says_so_from_its_first_day() -> None:
    first = adopted()
    second = adopted(Scheme.told(first), 2, LATER, transition=Transition.NEW_RULES)
    scheme = Scheme.told(first, second)

    assert scheme.rules(AidKind.STUDY, SINCE, LATER - timedelta(1))[0] == 1
    assert scheme.rules(AidKind.STUDY, SINCE, LATER)[0] == 2


def test_a_version_may_be_replaced_before_it_begins() -> None:
    first = adopted()
    scheme = Scheme.told(first, adopted(Scheme.told(first), 2, SINCE, (WARMTH,)))

    assert scheme.rules(AidKind.SENDING_WARMTH, SINCE, SINCE) == (2, WARMTH)
    with pytest.raises(NoRuleForThis):
        scheme.rules(AidKind.STUDY, SINCE, SINCE)


def test_after_its_repeal_nothing_is_applied_for_but_what_was_goes_on() -> None:
    first = adopted()
    scheme = Scheme.told(first, Scheme.told(first).repeal(act(), LATER))

    assert scheme.rules(AidKind.STUDY, LATER - timedelta(1), LATER + timedelta(9))[0] == 1
    with pytest.raises(NoRuleForThis):
        scheme.rules(AidKind.STUDY, LATER, LATER)


def test_a_scheme_is_repealed_once_and_then_not_amended() -> None:
    first = adopted()
    scheme = Scheme.told(first, Scheme.told(first).repeal(act()))

    with pytest.raises(SchemeRepealedAlready):
        scheme.repeal(act())
    with pytest.raises(SchemeRepealedAlready):
        adopted(scheme, 2, LATER)


def test_only_the_union_that_adopted_a_scheme_changes_it() -> None:
    scheme = Scheme.told(adopted())

    with pytest.raises(SchemeOfAnother):
        adopted(scheme, 2, LATER, union=PROVINCE)
    with pytest.raises(SchemeOfAnother):
        scheme.repeal(act(union=PROVINCE))


@pytest.mark.parametrize(("version", "held"), [(2, None), (0, None), (1, 1), (3, 1)])
def test_versions_count_up(version: int, held: int | None) -> None:
    scheme = Scheme.told(adopted()) if held else None

    with pytest.raises(VersionOutOfTurn):
        adopted(scheme, version, LATER)


def test_a_version_does_not_begin_before_the_one_before_it() -> None:
    with pytest.raises(VersionBeginsEarlier):
        adopted(Scheme.told(adopted()), 2, SINCE - timedelta(1))


def test_a_scheme_has_a_title_a_place_and_a_kind() -> None:
    with pytest.raises(SchemeUntitled):
        adopted(title=" ")
    with pytest.raises(SchemePlaceUnknown):
        adopted(place=Code("999999"))
    with pytest.raises(NoKindOfAid):
        adopted(kinds=())
    with pytest.raises(KindTwice):
        adopted(kinds=(STUDY, WARMTH, STUDY))


CONTRADICTIONS: list[tuple[type[Refused], dict[str, Any]]] = [
    (CapUnderOneFen, {"caps": (Cap(per=CapPer.CHILD_YEAR, most=Fen(0)),)}),
    (CapTwice, {"caps": (STUDY.caps[0], replace(STUDY.caps[0], most=Fen(1)))}),
    (LevelsNotRising, {"levels": STUDY.levels[::-1]}),
    (LevelsNotRising, {"levels": (STUDY.levels[0], STUDY.levels[0])}),
    (LevelsNotRising, {"levels": (Level(above=Fen(-1), approver=CITY),)}),
    (StepTwice, {"later": (Step.REVIEW,)}),
    (StepTwice, {"steps": (Step.FILE, Step.FILE, Step.NOTICE)}),
    (NoticeWithoutDays, {"notice_days": 0}),
    (NoticeWithoutDays, {"notice_days": -5}),
    (NoticeWithoutDays, {"steps": (Step.FILE, Step.REVIEW)}),
    (MinutesAboveNothing, {"minutes_above": Fen(-1)}),
    (MinutesAboveNothing, {"steps": (*STUDY.steps, Step.MINUTES)}),
    (NoModeOfPayment, {"modes": ()}),
    (NoModeOfPayment, {"modes": (PayMode.BANK, PayMode.BANK)}),
    (CategoryWithoutFile, {"steps": (Step.NOTICE,)}),
    (CategoryWithoutFile, {"steps": (Step.NOTICE,), "categories": ()}),
    (CategoryWithoutFile, {"categories": (Code("severe"),)}),
    (EmergencyWithoutReview, {"emergency": True}),
    (EmergencyWithoutReview, {"review_days": 3}),
    (ReceiptWithoutDays, {"receipt_days": 0}),
]


@pytest.mark.parametrize(("rule", "changes"), CONTRADICTIONS)
def test_rules_that_contradict_themselves_are_not_adopted(
    rule: type[Refused], changes: dict[str, Any]
) -> None:
    with pytest.raises(rule):
        adopted(kinds=(replace(STUDY, **changes),))


# ── what always holds ────────────────────────────────────────────────────────────────────────

days = st.integers(0, 40).map(lambda n: SINCE + timedelta(n))
terms = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(Transition)), max_size=6)


def history(steps: list[tuple[int, Transition]], repealed: int | None) -> Scheme:
    scheme, since = Scheme.told(adopted()), SINCE
    events: list[Any] = [adopted()]
    for version, (gap, transition) in enumerate(steps, 2):
        since += timedelta(gap)
        events.append(adopted(scheme, version, since, transition=transition))
        scheme = Scheme.told(*events)
    if repealed is not None:
        events.append(scheme.repeal(act(), SINCE + timedelta(repealed)))
    return Scheme.told(*events)


@given(terms, days, st.integers(0, 40))
def test_one_version_judges_any_application(
    steps: list[tuple[int, Transition]], applied_on: date, waited: int
) -> None:
    scheme = history(steps, None)
    today = applied_on + timedelta(waited)

    number, rules = scheme.rules(AidKind.STUDY, applied_on, today)

    begun = [one for one in scheme.versions if one.since <= today]
    own = max(one.version for one in begun if one.since <= applied_on)
    taken = [o.version for o in begun if o.version > own and o.transition is Transition.NEW_RULES]
    assert (number, rules) == (max([own, *taken]), STUDY)


@given(terms, days, st.integers(0, 40), st.integers(0, 40))
def test_the_version_that_judges_never_goes_back(
    steps: list[tuple[int, Transition]], applied_on: date, waited: int, more: int
) -> None:
    scheme = history(steps, None)
    today = applied_on + timedelta(waited)

    earlier = scheme.rules(AidKind.STUDY, applied_on, today)
    later = scheme.rules(AidKind.STUDY, applied_on, today + timedelta(more))

    assert earlier[0] <= later[0]


@given(terms, st.integers(0, 40), days)
def test_a_repeal_ends_new_applications_and_no_others(
    steps: list[tuple[int, Transition]], repealed: int, applied_on: date
) -> None:
    standing, ended = history(steps, None), history(steps, repealed)

    if applied_on < SINCE + timedelta(repealed):
        assert ended.judging(applied_on, LATER) == standing.judging(applied_on, LATER)
    else:
        assert ended.judging(applied_on, LATER) is None
