"""Pages of services and questions: counts with their units, trips, and both sides of a question."""

import re
from datetime import date
from html import unescape

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.ids import QuestionId, UnionId
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.questions import Cited, QuestionKind, Reply
from ledger.domain.services import Bound, Eligibility, ServiceKind, Unit
from tests.console.conftest import Seats, told
from tests.world import World


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


def browser(home: World, union: str, office: Office) -> TestClient:
    """Somebody of this union at a browser."""
    desk = Desk({"45": home.ledger}, demo=True)
    desk.open_account(home.ledger, "pages", home.officer(union, office), "", "测试")
    client = TestClient(create_app(desk), headers={"accept": "text/html"})
    client.post("/sign-in", data={"demo": "1", "name": "pages", "province": "45"})
    return client


def questioned(home: World, village: UnionId) -> QuestionId:
    worker = home.worker("韦秀英", union=village)
    with home.entry(village) as entry:
        procedures.give(entry, [worker], ServiceKind.HEALTH)
    assert entry.receipt is not None
    cited = Cited(Code(home.origin), entry.receipt.positions[0])
    with home.entry(home.root, Office.AUDITOR) as entry:
        return procedures.raise_question(
            entry, QuestionKind.AUDIT_QUERY, [cited], "没有签字", answer_days=3, ruling_days=5,
            rule=Code("QuotaFull"),
        )  # fmt: skip


def test_a_question_begins_with_a_record_and_is_of_the_askers_kind(
    home: World, village: UnionId, seats: Seats
) -> None:
    home.worker("韦秀英", union=village)
    clerk, cashier = seats(village, Office.CLERK), seats(village, Office.CASHIER)

    page = clerk.see("/questions/new?q=韦秀英")
    ref = unescape(page).partition("cites=")[2].partition("&")[0]
    form = clerk.see(f"/do/questions/raise_question?cites={ref}")
    nobody = clerk.see("/questions/new?q=查无此人")

    assert "对这一笔提出" in page
    assert 'value="objection"' in form
    assert 'value="audit_query"' not in form
    assert "没有找到" in nobody
    assert "/questions/new" not in cashier.see("/questions").partition("<main")[2]
    assert "请相应岗位的人员办理" in cashier.see("/questions/new")


def test_counts_trips_and_costs_stand_on_one_page(home: World) -> None:
    with home.entry(home.root) as entry:
        tally = procedures.count(
            entry, ServiceKind.ROADSIDE, 2000, Unit.PERSON_TIMES, Bound.MORE_THAN
        )
        procedures.add_cost(entry, tally, Fen(12_618_000), bearer=home.root)
        grounds = [Eligibility.OUTSTANDING, Eligibility.HARDSHIP]
        procedures.announce_trip(
            entry, "温暖回家路", ServiceKind.TRAVEL, 600, grounds, date(2026, 7, 1)
        )
    client = browser(home, home.root, Office.CLERK)

    page = client.get("/services").text
    split = client.get("/services?by=union&since=2026-03-01").text

    assert "2000余人次" in page
    assert "126,180.00" in page
    assert "温暖回家路" in client.get("/services?tab=trips").text
    assert "2000余人次" in client.get("/services?tab=lines").text
    assert 'aria-current="page">普惠服务' in page
    assert "广西壮族自治区总工会" in split
    assert "这段时间没有计数" in client.get("/services?since=2026-03-03").text


def test_questions_are_listed_and_one_shows_both_what_and_why(
    home: World, village: UnionId
) -> None:
    question = questioned(home, village)
    with home.entry(village, Office.CHAIR) as entry:
        procedures.answer_question(entry, question, Reply.EXPLAINS, "签在另一页")
    client = browser(home, home.root, Office.CHAIR)

    listed = client.get("/questions").text
    page = client.get(f"/questions/{question}").text
    then = client.get(f"/questions/{question}?as_of=2026-03-01").text

    assert "待裁定 1" in told(listed)
    assert f'href="/questions/{question}"' in listed
    assert "韦秀英" in page
    assert "没有签字" in page
    assert "签在另一页" in page
    assert "名额已满" in page
    assert "这是历史页" in then
    assert "没有签字" not in then
    assert client.get("/questions?tab=colour").status_code == 400


def test_filters_that_do_not_exist_are_errors(home: World) -> None:
    client = browser(home, home.root, Office.AUDITOR)

    for path in (
        "/services?kind=x", "/services?by=x", "/services?tab=x", "/services?since=x",
        "/services?tab=lines&after=x", "/services?station=x", "/questions?kind=x",
        "/questions?rule=x", "/questions?size=3", "/stations?kind=x", "/stations?location=x",
        "/stations?owner=x",
    ):  # fmt: skip
        assert client.get(path).status_code == 400, path


def test_a_service_is_given_counted_and_paid_for_by_pages_alone(
    home: World, village: UnionId, seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)
    worker = home.worker("韦秀英", union=village)

    clerk.act("services/give", {"persons": worker}, kind="legal_advice")
    clerk.act("services/tally", kind="roadside", count="300", unit="person_times")
    lines = clerk.see("/services?tab=lines")
    activity = re.findall(r"activity=(tal_[a-z2-7]+)", lines)[0]
    clerk.act("services/cost", {"activity": activity}, amount="12,600", name="南宁铁路局")

    assert "韦秀英" in lines
    assert "300人次" in lines
    page = told(clerk.see("/services"))
    assert "12,600.00" in page
    assert "南宁铁路局" in page
    assert "各种服务，每人一次 1 1" in page


def test_a_trip_is_announced_seated_and_left_by_pages_alone(
    home: World, village: UnionId, seats: Seats
) -> None:
    clerk, other = seats(village, Office.CLERK), seats(home.union("巴学村工会"), Office.CLERK)
    people = [home.worker(name, union=village) for name in ("韦秀英", "蓝志强")]

    trip = clerk.act(
        "services/announce", name="温暖回家路", quota="2", grounds="hardship", leaves="2026-03-05"
    ).partition("?")[0]
    upon = {"trip": trip.rpartition("/")[2], "next": trip}
    for person in people:
        seat = {"passengers.0.person": person, "passengers.0.ground": "hardship"}
        clerk.act("services/take_seats", {**upon, **seat})
    full = told(clerk.see(trip))
    clerk.act("services/depart", {**upon, "act.on": "2026-03-02"})

    assert "剩余 0" in full
    assert "安排座位" not in full.partition("乘客")[0].replace("已安排", "")
    assert "已出发 2" in told(clerk.see(trip))
    assert "韦秀英" not in other.see(trip)
    assert "名单由组织行程的工会及其上级查阅" in other.see(trip)


def test_a_station_is_opened_staffed_and_changed_by_pages_alone(home: World, seats: Seats) -> None:
    chair = seats(home.root, Office.CHAIR)
    worker = home.worker("韦秀英")

    station = chair.act(
        "stations/establish", name="驻粤农民工服务总站", kind="main_station", location="441900",
        telephone="0771-12351",
    ).partition("?")[0]  # fmt: skip
    upon = {"station": station.rpartition("/")[2], "next": station}
    chair.act("stations/post", {**upon, "person": worker}, duty="head")
    chair.act("stations/list_services", upon, services="legal_advice")
    form = dict(chair.open("stations/move", **upon))

    page = told(chair.see(station))
    for word in ("驻粤农民工服务总站", "东莞市", "0771-12351", "法律咨询", "韦秀英", "负责人"):
        assert word in page, word
    assert form["telephone"] == "0771-12351"  # what stands now is not typed again
    assert "驻粤农民工服务总站" in chair.see("/stations?location=44")
    assert "没有站点" in chair.see("/stations?location=11")
    assert "/do/stations/close" not in seats(home.union("巴学村工会"), Office.CHAIR).see(station)


def test_a_question_lives_from_a_record_to_its_end_by_pages_alone(
    home: World, village: UnionId, seats: Seats
) -> None:
    worker = home.worker("韦秀英", union=village)
    with home.entry(village) as entry:
        procedures.give(entry, [worker], ServiceKind.HEALTH)
    assert entry.receipt is not None
    ref = f"{home.origin}#{entry.receipt.positions[0]}"
    auditor, chair = seats(home.root, Office.AUDITOR), seats(village, Office.CHAIR)

    form = auditor.open("questions/raise_question", cites=ref)
    answered = auditor.send(
        "questions/raise_question", form, kind="audit_query", text="没有签字", answer_days="3",
        ruling_days="5",
    )  # fmt: skip
    page = answered.headers["location"].partition("?")[0]
    upon = {"question": page.rpartition("/")[2], "next": page}

    asked = chair.see(page)
    assert f'href="/workers/{worker}"' in asked
    assert "按当日所知" in asked
    assert "/do/questions/rule" not in asked
    assert "/do/questions/answer_question" not in auditor.see(page)
    chair.act("questions/answer_question", upon, reply="explains", text="签在另一页")
    second = seats(home.root, Office.APPROVER)
    second.act("questions/rule", upon, verdict="dismissed", text="已核对，无误")
    assert "已了结" in told(auditor.see(page))


def test_a_question_is_no_page_for_a_union_without_a_part(home: World, village: UnionId) -> None:
    question = questioned(home, village)
    client = browser(home, home.union("巴学村工会"), Office.CHAIR)

    assert client.get(f"/questions/{question}").status_code == 403
    assert client.get("/questions/que_nothing").status_code == 404
    assert question not in client.get("/questions").text


def test_what_is_late_says_so(home: World, village: UnionId) -> None:
    questioned(home, village)
    home.time.to(date(2026, 3, 9))
    client = browser(home, home.root, Office.AUDITOR)

    page = client.get("/questions?tab=late").text

    assert "逾期 1" in told(page)
    assert 'state-back">待答复' in page
