"""紧急查阅 at a browser: found by what is known of her, opened with a reason, reviewed by another."""

from datetime import timedelta

import pytest

from ledger.domain.ids import PersonId, spoken
from ledger.domain.kernel import Office
from ledger.domain.unions import UnionKind
from tests.console.conftest import Clerk, Seats, told
from tests.world import World

WHY = "工地坍塌，医院要求立即联系家属"


@pytest.fixture
def person(home: World) -> PersonId:
    village = home.union("纳合村工会")
    person = home.worker("韦秀英", union=village)
    home.enrol(person, village)
    return person


@pytest.fixture
def clerk(home: World, seats: Seats) -> Clerk:
    """Of a county that has nothing to do with her."""
    return seats(home.union("东兰县总工会", UnionKind.FEDERATION), Office.CLERK)


def test_somebody_who_is_not_hers_is_found_masked_opened_and_reviewed(
    home: World, person: PersonId, clerk: Clerk, seats: Seats
) -> None:
    lead = seats(home.root, Office.PRIVACY)

    refused = clerk.see(f"/workers/{person}", 403)
    assert f"/glasses/new?person={person}" in refused
    assert "/glasses/new" in clerk.see("/workers?q=韦秀英")
    found = clerk.see("/glasses/new?q=韦秀英")
    assert "韦*英 451***********" in told(found)
    assert "韦秀英" not in told(found).replace("没有找到", "")
    where = clerk.act("glasses/smash", {"person": person}, situation="life", reason=WHY)

    glass = where.partition("?")[0]
    assert glass.startswith("/glasses/brk_")
    assert "韦秀英" in clerk.see(f"/workers/{person}")
    mine = told(clerk.see(glass))
    assert WHY in mine
    assert "开放中" in mine
    assert "职工档案" in mine  # what it opened
    assert "glasses/review" not in clerk.see(glass)

    assert f"紧急查阅待复核：危及生命健康 人员 {spoken(person)}" in told(lead.see("/workbench"))
    assert glass in lead.see("/glasses")
    assert glass in lead.see(f"/workers/{person}")
    lead.act(
        "glasses/review", {"glass": glass[9:], "next": glass}, found="justified", opinion="必要"
    )

    assert "必要、适当 。必要" in told(lead.see(glass))
    assert glass not in lead.see("/glasses")
    assert glass in lead.see("/glasses?tab=reviewed")
    home.time.at += timedelta(hours=2, seconds=1)
    clerk.see(f"/workers/{person}", 403)
    after = told(clerk.see(glass))
    assert f"人员 {spoken(person)}" in after
    assert "已关闭" in after


def test_a_short_reason_is_refused_and_nothing_is_opened(person: PersonId, clerk: Clerk) -> None:
    form = clerk.open("glasses/smash", person=person)

    answered = clerk.send("glasses/smash", form, situation="life", reason="急")

    assert answered.status_code == 409
    assert "不少于10个字" in answered.text
    clerk.see(f"/workers/{person}", 403)


def test_who_looked_does_not_review_and_others_do_not_see_it(
    home: World, person: PersonId, seats: Seats
) -> None:
    there = home.union("东兰县总工会", UnionKind.FEDERATION)
    clerk, other = seats(there, Office.CLERK), seats(there, Office.LEGAL)
    with home.procedure(home.root) as entry:
        officer = home.officer(there, Office.CLERK)
        entry.write(
            entry.offices_of(officer).appoint(
                entry.act, officer, home.root, Office.PRIVACY, line=[]
            )
        )
    glass = clerk.act("glasses/smash", {"person": person}, situation="life", reason=WHY)
    glass = glass.partition("?")[0]

    own = clerk.see(glass)

    assert "复核人不得是查阅人" in own
    assert "glasses/review" not in own
    assert "待复核 0" in told(other.see("/glasses"))
    other.see(glass, 403)
    seats(there, Office.CASHIER).see("/glasses", 403)
    clerk.see("/glasses/brk_nothing", 404)
    clerk.see("/glasses?after=x", 400)


def test_whom_one_may_see_is_opened_without_breaking_anything(home: World, seats: Seats) -> None:
    village = home.union("纳合村工会")
    person = home.worker("韦秀英", union=village)
    clerk = seats(village, Office.CLERK)

    page = clerk.see("/glasses/new?q=韦秀英")

    assert "归您管" in page
    assert "glasses/smash" not in page
    assert "没有找到" in clerk.see("/glasses/new?q=黄大年")
    assert f"/workers/{person}" in page


def test_who_answers_for_privacy_sees_the_emergencies_of_her_own_union_and_those_below(
    home: World, person: PersonId, seats: Seats
) -> None:
    county, other = home.union("东兰县总工会", UnionKind.FEDERATION), home.union("别村工会")
    clerk = seats(county, Office.CLERK)
    where = clerk.act("glasses/smash", {"person": person}, situation="life", reason=WHY)
    glass = where.partition("?")[0]

    for union, status in ((county, 200), (home.root, 200), (other, 403)):
        for office in (Office.PRIVACY, Office.AUDITOR):
            reader = seats(union, office)
            assert (glass in reader.see("/glasses")) is (status == 200)
            reader.see(glass, status)
            assert (WHY in reader.see(glass, status)) is (status == 200)
    assert "紧急查阅待复核" in told(seats(county, Office.PRIVACY).see("/workbench"))
    assert "紧急查阅待复核" not in told(seats(other, Office.PRIVACY).see("/workbench"))
