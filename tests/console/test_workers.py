"""The roster and a worker's file (会员名册、会员详情) as a clerk at a browser without script has them."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from api.app import create_app
from ledger.desk import Desk
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Office
from ledger.domain.persons import Person
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.pair import close, open_pair
from tests.world import World


@pytest.fixture
def village(home: World) -> str:
    return home.union("纳合村工会")


@pytest.fixture
def members(home: World, village: str) -> list[PersonId]:
    people = [home.worker(name) for name in ("韦秀英", "覃海燕", "蓝美莲")]
    for each in people:
        home.enrol(each, UnionId(village), date(2024, 3, 1))
    return people


# ── the roster ───────────────────────────────────────────────────────────────────────────────


def test_the_roster_lists_the_members_with_the_columns_of_the_address(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)

    page = told(clerk.see("/workers?cols=sex,since"))

    assert all(name in page for name in ("韦秀英", "覃海燕", "蓝美莲"))
    assert "2024-03-01" in page
    assert "姓名 性别 自何时 " in page


def test_filters_narrow_the_list_and_those_that_do_not_exist_are_refused(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)

    none = clerk.see("/workers?state=applied")
    some = clerk.see("/workers?state=member&q=weixiuying")

    assert "按此筛选，名册上没有人" in none
    assert "韦秀英" in told(some)
    assert "覃海燕" not in told(some)
    for wrong in ("state=nothing", "cols=secret", "size=7", "union=x", "as_of=gestern"):
        clerk.see(f"/workers?{wrong}", 400)


def test_the_roster_of_a_home_county_and_of_an_employer_is_listed_saved_and_exported(
    home: World, village: str, members: list[PersonId], seats: Seats
) -> None:
    away, clerk = home.worker("莫建国"), seats(village, Office.CLERK)
    home.enrol(away, UnionId(village))
    with home.entry(village) as entry:
        entry.write(entry.read(Person, away).move(entry.act, away, "450422", ""))
    asked = "home=%E8%97%A4%E5%8E%BF&employer=%E4%B8%9C%E6%B1%9F%E7%94%B5%E5%AD%90%E5%8E%82"

    page = clerk.see(f"/workers?{asked}&cols=home,employer")
    found = clerk.see(f"/workers?{asked}&q=weixiuying")
    file = clerk.http.get(f"/workers/export.xlsx?{asked}&cols=home,employer")
    kept = clerk.http.post(
        "/workers/filters",
        data=dict(fields_in(page, "/workers/filters")) | {"name": "藤县籍"},
        follow_redirects=False,
    )

    assert "莫建国 广西壮族自治区梧州市藤县 东江电子厂" in told(page)
    assert "韦秀英" not in told(page)
    assert "按此筛选" in found or "没有找到" in found
    rows = list(load_workbook(BytesIO(file.content)).active.iter_rows(values_only=True))  # pyright: ignore[reportOptionalMemberAccess]
    assert rows[1:] == [("莫建国", "广西壮族自治区梧州市藤县", "东江电子厂")]
    assert asked.partition("&")[0] in kept.headers["location"]
    assert "没有“中土”这一户籍地" in clerk.see("/workers?home=中土", 400)


def test_who_is_held_by_the_partner_is_listed_to_the_province(tmp_path: Path) -> None:
    pair = open_pair(tmp_path).agree()
    try:
        desk = Desk({"45": pair.home.ledger}, demo=True)
        chair = pair.home.officer(pair.home.root, Office.CHAIR)
        desk.open_account(pair.home.ledger, "chair", chair, "", "")
        seat = Clerk(create_app(desk), "chair", "45")
        _, membership = pair.member("韦秀英")
        pair.member("覃海燕")
        before = told(seat.see("/workers?own=false"))
        offer = pair.offer(membership)
        pair.sync()
        pair.accept(membership, offer)
        pair.sync()
        after = told(seat.see("/workers?own=false"))
    finally:
        close(pair)

    assert "按此筛选，名册上没有人" in before
    assert "莞城街道工会" in after
    assert "覃海燕" not in after


def test_boxes_of_a_plain_form_become_one_word_of_the_address(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)

    answered = clerk.http.get("/workers?col=sex&col=since&q=", follow_redirects=False)

    assert answered.status_code == 303
    assert answered.headers["location"] == "/workers?cols=sex%2Csince"


def test_a_page_goes_on_where_the_last_one_ended(home: World, village: str, seats: Seats) -> None:
    for at in range(25):
        home.enrol(home.worker(f"韦{'甲乙丙丁戊'[at % 5]}{at}"), UnionId(village))
    clerk = seats(village, Office.CLERK)

    first = clerk.see("/workers")
    href = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = clerk.see("/workers" + href.replace("&amp;", "&"))

    assert first.count('<td><a href="/workers/per_') == 20
    assert second.count('<td><a href="/workers/per_') == 5


def test_what_is_listed_is_exported_and_no_cell_is_a_formula(
    home: World, village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)

    answered = clerk.http.get("/workers/export.xlsx?cols=number,union")

    rows = list(load_workbook(BytesIO(answered.content)).active.iter_rows(values_only=True))  # pyright: ignore[reportOptionalMemberAccess]
    assert rows[0] == ("姓名", "证件号码", "工会")
    assert {str(row[0]) for row in rows[1:]} == {"韦秀英", "覃海燕", "蓝美莲"}
    assert all(row[2] == "纳合村工会" for row in rows[1:])
    with home.ledger.database.reading() as conn:
        sql = "SELECT count(*) FROM reading WHERE view = 'workers' AND purpose = '名册导出'"
        assert conn.exec_driver_sql(sql).scalar_one() == 3


def test_a_filter_is_kept_for_its_account_and_dropped(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk, other = seats(village, Office.CLERK), seats(village, Office.REVIEWER)
    form = fields_in(clerk.see("/workers?state=member&q=wxy"), "/workers/filters")
    csrf = dict(form)["csrf"]
    words = [value for name, value in form if name == "words"][-1]

    clerk.http.post("/workers/filters", data={"csrf": csrf, "name": "在册的", "words": words})

    assert "q=" not in words  # nobody's name is kept
    assert "在册的" in clerk.see("/workers")
    assert "在册的" not in other.see("/workers")
    clerk.http.post("/workers/filters", data={"csrf": csrf, "drop": "在册的"})
    assert "在册的" not in clerk.see("/workers")


def test_members_that_are_picked_are_handed_over_together(
    home: World, village: str, members: list[PersonId], seats: Seats
) -> None:
    street, sender = home.union("街道工会"), seats(village, Office.LIAISON)
    page = sender.see("/workers")
    boxes = [part.partition('"')[0] for part in page.split('name="memberships" value="')[1:]]

    form = sender.http.get("/do/transfers/hand_over", params={"memberships": boxes[:2]})
    answered = sender.send(
        "transfers/hand_over", fields_in(form.text, "/do/transfers/hand_over"), to_union=street
    )

    assert "纳合村工会" in told(form.text)
    assert answered.status_code == 303, told(answered.text)
    assert told(sender.see("/transfers?tab=out")).count("待接收") == 2


# ── a worker's file ──────────────────────────────────────────────────────────────────────────


TABS = (
    "", "basic", "membership", "home", "aid", "cases", "services", "consents", "reads", "compare",
)  # fmt: skip


@pytest.mark.parametrize("tab", TABS)
def test_every_part_of_a_file_opens_in_either_order(
    village: str, members: list[PersonId], seats: Seats, tab: str
) -> None:
    clerk = seats(village, Office.CLERK)

    page = told(clerk.see(f"/workers/{members[0]}?tab={tab}"))

    assert "韦秀英" in page
    assert "纳合村工会" in page


def test_one_timeline_says_both_times_and_can_be_narrowed(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk, path = seats(village, Office.CLERK), f"/workers/{members[0]}"

    line = told(clerk.see(f"{path}?view=line"))
    narrowed = told(clerk.see(f"{path}?view=line&about=membership"))

    assert "登记（北京时间）" in line
    assert "已入账" in line
    assert "登记人员信息" in line
    assert "登记人员信息" not in narrowed
    clerk.see(f"{path}?view=sideways", 400)
    clerk.see(f"{path}?about=everything", 400)
    clerk.see(f"{path}?tab=nothing", 400)


def test_only_acts_that_make_sense_now_are_offered(
    home: World, village: str, members: list[PersonId], seats: Seats
) -> None:
    stranger = home.worker("韦彩莲", union=UnionId(village))
    clerk, chair = seats(village, Office.CLERK), seats(village, Office.CHAIR)
    auditor = seats(village, Office.AUDITOR)

    new, member = clerk.see(f"/workers/{stranger}"), clerk.see(f"/workers/{members[0]}")
    led, looked = chair.see(f"/workers/{members[0]}"), auditor.see(f"/workers/{members[0]}")

    assert "/do/membership/apply?" in new
    assert "/do/membership/apply?" not in member
    assert "/do/membership/leave?" not in member  # a clerk decides no exit
    assert "/do/membership/leave?" in led
    assert "/do/membership/resume?" not in led  # nothing is retained
    assert "/do/persons/" not in looked
    assert "/do/membership/" not in looked


def test_a_page_of_the_past_offers_no_act_and_leads_back(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)

    page = clerk.see(f"/workers/{members[0]}?as_of=2024-06-01&known=then")

    assert "这是历史页，不能办理业务" in page
    assert "/do/" not in page
    assert "回到现在" in page


def test_two_moments_beside_each_other_say_what_became_known(
    home: World, village: str, seats: Seats
) -> None:
    person = home.worker("韦秀英", union=UnionId(village))
    home.time.to(date(2026, 4, 2))
    home.enrol(person, UnionId(village))
    clerk = seats(village, Office.CLERK)

    page = told(clerk.see(f"/workers/{person}?tab=compare&a_of=2026-03-10&a_known=2026-03-10"))

    assert "会籍所在工会 （空） 纳合村工会" in page
    assert "后来登记" in page or "后来发生" in page


def test_a_form_of_change_begins_with_what_stands(
    village: str, members: list[PersonId], seats: Seats
) -> None:
    clerk, upon = seats(village, Office.CLERK), {"person": str(members[0])}
    clerk.act("persons/change_contact", upon, phone="13900001111", address="纳合村一组")

    again = dict(clerk.open("persons/change_contact", **upon))
    named = dict(clerk.open("persons/rename", **upon))
    liaison = dict(seats(village, Office.LIAISON).open("persons/change_contact", **upon))

    assert again["phone"] == "13900001111"
    assert again["address"] == "纳合村一组"
    assert named["name"] == "韦秀英"
    assert liaison["phone"] == ""  # never a masked number that would be recorded as it looks


def test_who_looked_stands_in_the_file(village: str, members: list[PersonId], seats: Seats) -> None:
    clerk: Clerk = seats(village, Office.CLERK)
    clerk.see(f"/workers/{members[0]}")

    page = told(clerk.see(f"/workers/{members[0]}?tab=reads"))

    assert "本工会职责" in page
    assert "纳合村工会" in page


def test_another_unions_clerk_is_told_how_to_ask(
    home: World, members: list[PersonId], seats: Seats
) -> None:
    other = seats(home.union("邻村工会"), Office.CLERK)

    page = other.see(f"/workers/{members[0]}", 403)

    assert "韦秀英" not in page
    assert "商请接转" in page
