"""Retention terms: by kind of fact, versioned, never shorter than the law's."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.domain.ids import PersonId, UnionId, new_person, new_union, retention_of
from ledger.domain.kernel import Act, Code, Event, Office
from ledger.domain.retention import (
    KEPT_AS,
    USUAL,
    Counted,
    EditionTaken,
    EveryKindOnce,
    Kept,
    NoTermsInForce,
    Retention,
    RetentionAdopted,
    ShorterThanTheLaw,
    Term,
    holdings,
    kept_as,
)
from tools.docs import know_everything

ROOT: UnionId = new_union()
STREAM = retention_of(ROOT)
OFFICER: PersonId = new_person()
DAY = date(2026, 3, 2)


def act(on: date = DAY) -> Act:
    return Act(OFFICER, ROOT, Office.CHAIR, on, on)


def with_term(kept: Kept, years: int, counted: Counted) -> list[Term]:
    return [
        replace(term, years=years, counted=counted) if term.kept is kept else term for term in USUAL
    ]


def test_the_usual_terms_can_be_adopted_and_are_in_force_from_their_day() -> None:
    adopted = Retention().adopt(act(), STREAM, Code("2026-1"), USUAL, date(2026, 4, 1))

    told = Retention.told(adopted)

    assert told.in_force(date(2026, 4, 1)) == adopted
    with pytest.raises(NoTermsInForce):
        told.in_force(date(2026, 3, 31))


def test_of_two_editions_the_one_that_began_last_is_in_force() -> None:
    first = RetentionAdopted(STREAM, Code("1"), date(2026, 1, 1), USUAL)
    second = RetentionAdopted(STREAM, Code("2"), date(2027, 1, 1), USUAL)
    amended = RetentionAdopted(STREAM, Code("3"), date(2027, 1, 1), USUAL)

    told = Retention.told(first, second, amended)

    assert told.in_force(date(2026, 12, 31)) == first
    assert told.in_force(date(2027, 1, 1)) == amended


@pytest.mark.parametrize("terms", [USUAL[1:], (*USUAL, USUAL[0])], ids=["missing", "twice"])
def test_every_kind_has_one_term(terms: tuple[Term, ...]) -> None:
    with pytest.raises(EveryKindOnce):
        Retention().adopt(act(), STREAM, Code("1"), terms)


@pytest.mark.parametrize(
    ("kept", "years", "counted"),
    [
        (Kept.ACCOUNTING, 29, Counted.YEAR_END),
        (Kept.ACCOUNTING, 30, Counted.LAST_FACT),
        (Kept.RIGHTS, 2, Counted.LAST_FACT),
        (Kept.SHARING, 2, Counted.YEAR_END),
    ],
)
def test_no_term_is_shorter_than_the_law(kept: Kept, years: int, counted: Counted) -> None:
    with pytest.raises(ShorterThanTheLaw):
        Retention().adopt(act(), STREAM, Code("1"), with_term(kept, years, counted))


def test_a_federation_may_keep_longer_and_what_is_its_own_shorter() -> None:
    longer = with_term(Kept.ACCOUNTING, 40, Counted.YEAR_END)
    shorter = with_term(Kept.MEMBERSHIP, 1, Counted.LAST_FACT)

    for terms in (longer, shorter):
        assert Retention().adopt(act(), STREAM, Code("1"), terms).terms == tuple(terms)


def test_an_edition_has_a_name_of_its_own() -> None:
    told = Retention.told(RetentionAdopted(STREAM, Code("1"), DAY, USUAL))

    with pytest.raises(EditionTaken):
        told.adopt(act(), STREAM, Code("1"), USUAL)


def test_vouchers_are_counted_from_the_end_of_their_year() -> None:
    voucher = next(term for term in USUAL if term.kept is Kept.ACCOUNTING)
    case = next(term for term in USUAL if term.kept is Kept.RIGHTS)

    assert voucher.until(date(2026, 3, 2)) == date(2057, 1, 1)
    assert case.until(date(2026, 3, 2)) == date(2036, 3, 2)
    assert case.until(date(2024, 2, 29)) == date(2034, 3, 1)


def test_what_keeps_a_person_is_told_the_longest_first() -> None:
    held = holdings(USUAL, {Kept.SERVICES: DAY, Kept.ACCOUNTING: DAY, Kept.IDENTITY: DAY})

    assert [one.kept for one in held] == [Kept.ACCOUNTING, Kept.SERVICES, Kept.IDENTITY]
    assert held[0].until == date(2057, 1, 1)


def test_every_kind_of_fact_about_a_person_is_kept_as_something() -> None:
    know_everything()

    kinds = {kind: kept_as(Code(kind)) for kind in Event.kinds}

    assert kinds["PaymentMade"] is Kept.ACCOUNTING
    assert kinds["MemberEnrolled"] is Kept.MEMBERSHIP
    assert kinds["ConsentGiven"] is Kept.SHARING
    assert kinds["LinkOpened"] is None
    assert kinds["PersonShredded"] is None
    assert kept_as(Code("OfTomorrow")) is None
    assert set(KEPT_AS) <= set(kinds)
