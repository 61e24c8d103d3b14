"""Breaking the glass: a reason, a few hours, and a review by somebody else."""

from datetime import UTC, date, datetime

import pytest

from ledger.domain.glass import (
    Emergency,
    Glass,
    GlassFinding,
    GlassReviewed,
    GlassReviewedAlready,
    GlassTooLong,
    OwnGlass,
    ReasonTooShort,
)
from ledger.domain.ids import PersonId, new_glass, new_person, new_union
from ledger.domain.kernel import Act, Fact, Office

GLASS, UNION = new_glass(), new_union()
WORKER, CLERK, LEAD = new_person(), new_person(), new_person()
DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
WHY = "工地坍塌，医院要求联系家属"


def act(who: PersonId = CLERK, office: Office = Office.CLERK) -> Act:
    return Act(who, UNION, office, DAY, DAY)


def broken() -> Glass:
    event = Glass.smash(
        act(), GLASS, WORKER, Emergency.LIFE, f"  {WHY} ", review_by=date(2026, 3, 5)
    )
    return Glass.of([Fact(event, DAY, at=AT, officer=CLERK)])


def test_a_file_is_open_for_two_hours_from_the_record() -> None:
    told = broken()

    assert told.broken is not None
    assert (told.broken.hours, told.broken.reason) == (2, WHY)
    assert told.until == datetime(2026, 3, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("reason", ["", "急", "医院急需联系家", "  a   b   c   "])
def test_a_reason_has_ten_characters(reason: str) -> None:
    with pytest.raises(ReasonTooShort):
        Glass.smash(act(), GLASS, WORKER, Emergency.LIFE, reason, review_by=DAY)


@pytest.mark.parametrize("hours", [0, 25])
def test_it_is_open_for_a_day_at_most(hours: int) -> None:
    with pytest.raises(GlassTooLong):
        Glass.smash(act(), GLASS, WORKER, Emergency.LIFE, WHY, review_by=DAY, hours=hours)


def test_somebody_else_reviews_it_once() -> None:
    review = broken().review(act(LEAD, Office.PRIVACY), GlassFinding.TOO_WIDE, "看了不必要的")

    assert review == GlassReviewed(GLASS, WORKER, GlassFinding.TOO_WIDE, "看了不必要的")
    told = broken()
    told.after(Fact(review, DAY, officer=LEAD))
    with pytest.raises(GlassReviewedAlready):
        told.review(act(LEAD, Office.PRIVACY), GlassFinding.JUSTIFIED)


@pytest.mark.parametrize("who", ["officer", "worker"])
def test_neither_who_looked_nor_who_was_looked_at_reviews(who: str) -> None:
    reviewer = CLERK if who == "officer" else WORKER

    with pytest.raises(OwnGlass):
        broken().review(act(reviewer, Office.PRIVACY), GlassFinding.JUSTIFIED)
