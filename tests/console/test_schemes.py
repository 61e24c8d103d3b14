"""The pages of schemes, and a household's hardship file on the worker's page."""

from collections.abc import Iterator
from datetime import date

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.aiding import AidKind, Cap, CapPer, KindRules, Level, PayMode, Step
from ledger.domain.hardship import Category, FileBasis, HardshipCause
from ledger.domain.ids import PersonId, SchemeId, new_household, new_scheme
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.persons import Household
from ledger.domain.schemes import Scheme, Transition
from tests.console.conftest import Seats, told
from tests.world import World


@pytest.fixture
def browser(home: World) -> Iterator[TestClient]:
    desk = Desk({"45": home.ledger}, demo=True)
    desk.open_account(home.ledger, "jingban", home.officer(home.root, Office.CLERK), "", "经办")
    token = desk.make_token(home.ledger, "jingban", "tests")
    headers = {"accept": "text/html", "authorization": f"Bearer {token}"}
    with TestClient(create_app(desk), headers=headers) as client:
        yield client


def adopted(home: World, since: date = date(2026, 3, 1)) -> SchemeId:
    scheme = new_scheme()
    rules = KindRules(
        kind=AidKind.STUDY, steps=(Step.FILE, Step.NOTICE), notice_days=5,
        caps=(Cap(per=CapPer.CHILD_YEAR, most=Fen(7_100_00), category=Code("severe")),),
        levels=(Level(above=Fen(5_000_00), approver=home.root),), minutes_above=Fen(6_000_00),
        modes=(PayMode.BANK,), categories=(Code("severe"),), emergency=True, review_days=10,
    )  # fmt: skip
    with home.entry(home.root, Office.CHAIR) as entry:
        entry.write(
            Scheme().adopt(
                entry.act, scheme, "困难职工帮扶办法", 1, since, [rules], Code("450000"),
                Transition.NEW_RULES, Code("桂工办〔2026〕20号"),
            )
        )  # fmt: skip
    return scheme


def test_schemes_are_listed_with_their_place_and_kinds(home: World, browser: TestClient) -> None:
    assert "还没有施行中的办法" in browser.get("/schemes").text
    scheme = adopted(home, date(2027, 1, 1))

    page = browser.get("/schemes?tab=coming").text

    assert f'href="/schemes/{scheme}?version=1"' in page
    assert scheme not in browser.get("/schemes").text
    assert scheme not in browser.get("/schemes?tab=coming&kind=job").text
    assert browser.get("/schemes?kind=x").status_code == 400
    assert browser.get("/schemes?tab=x").status_code == 400
    assert "将施行" in page
    assert "广西壮族自治区" in page
    assert "助学" in page


def test_a_schemes_page_shows_each_versions_terms(home: World, browser: TestClient) -> None:
    scheme = adopted(home)
    with home.entry(home.root, Office.CHAIR) as entry:
        entry.write(entry.read(Scheme, scheme).repeal(entry.act, date(2026, 12, 1)))

    page = browser.get(f"/schemes/{scheme}").text

    for words in ("施行中", "7,100.00", "每名子女每年", "公示 5 个工作日", "超过", "深度困难",
                  "自施行之日起按新规定", "可由一人审批，10 日内补审", "起废止"):  # fmt: skip
        assert words in page
    assert browser.get("/schemes/sch_" + "a" * 26).status_code == 404


def test_a_scheme_is_adopted_and_amended_by_its_form_and_the_versions_are_compared(
    home: World, seats: Seats
) -> None:
    chair = seats(home.root, Office.CHAIR)
    adopt = chair.open("schemes/adopt")
    more = chair.send("schemes/adopt", adopt, more="rules").text
    place = chair.act(
        "schemes/adopt", title="困难职工帮扶办法", since="2026-03-01", place="450000",
        rules__0__kind="study", rules__0__steps="notice", rules__0__notice_days="5",
        rules__0__caps__0__per="child_year", rules__0__caps__0__most="6,000",
        rules__0__modes="bank", rules__1__kind="temporary", rules__1__modes="cash",
        rules__1__emergency="1", rules__1__review_days="7",
    )  # fmt: skip
    scheme = place.partition("?")[0].rpartition("/")[2]
    form = chair.open("schemes/amend", scheme=scheme)

    assert more.count("<legend>第 ") == 2
    assert dict(form)["version"] == "2"
    assert dict(form)["rules.0.caps.0.most"] == "6,000.00"
    answered = chair.send(
        "schemes/amend", form, since="2026-06-01", rules__0__caps__0__most="7100",
        rules__1__kind="", rules__1__modes="", rules__1__emergency="", rules__1__review_days="0",
        rules__1__once_per_need="",
    )  # fmt: skip
    assert answered.status_code == 303, told(answered.text)

    page = told(chair.see(f"/schemes/{scheme}?version=2"))

    assert "助学 限额 每名子女每年 6,000.00 元 每名子女每年 7,100.00 元" in page
    assert "临时救助 整类 有规定 不再规定" in page
    chair.see(f"/schemes/{scheme}?version=9", 404)
    assert "/do/schemes/amend" not in seats(home.root, Office.CLERK).see(f"/schemes/{scheme}")


def test_a_workers_page_shows_the_open_file_and_a_page_of_the_past_does_not(
    home: World, browser: TestClient
) -> None:
    worker, household = home.worker("韦秀英"), new_household()
    with home.entry(home.root) as entry:
        entry.write(*Household.open(entry.act, household, worker))
    with home.ledger.entry(home.act(home.root), lock=True) as entry:
        procedures.open_file(
            entry, household, PersonId(worker), Category.SEVERE, HardshipCause.ACCIDENT,
            (HardshipCause.SCHOOLING,), FileBasis.PAPERS, date(2027, 3, 1), Code("桂困7"),
        )  # fmt: skip

    now = "".join(browser.get(f"/workers/{worker}{tab}").text for tab in ("", "?tab=home"))
    then = browser.get(f"/workers/{worker}?tab=home&as_of=2026-03-01").text

    assert "困难档案 <span" in now
    assert "桂困7" in now
    assert "建立困难档案（深度困难，主因意外事故，另有子女上学" in now
    assert "困难档案 <span" not in then
