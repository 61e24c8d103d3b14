"""The pages (页面): what a visitor sees in a browser, after the story of two provinces."""

import re
from collections.abc import Generator
from html import unescape
from pathlib import Path
from shutil import copytree

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.app import create_app
from ledger.book import Ledger, open_ledger
from ledger.demo import story
from ledger.demo.people import CAST, HEROINE, PRIVATE, six_hundred
from ledger.desk import Desk
from ledger.journal.tables import record
from ledger.replay.examples import EXAMPLES
from ledger.settings import Settings

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def told(
    demo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[dict[str, Ledger], Path]]:
    data = tmp_path_factory.mktemp("pages") / "data"
    copytree(demo, data)
    settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
    ledgers = {each.code: open_ledger(each) for each in settings.provinces()}
    yield ledgers, data
    for ledger in ledgers.values():
        ledger.close()


@pytest.fixture
def browser(told: tuple[dict[str, Ledger], Path]) -> Generator[TestClient]:
    ledgers, data = told
    app = create_app(Desk(ledgers, demo=True), story=story.links(data))
    with TestClient(app, headers=HTML) as client:
        yield client


def sign_in(browser: TestClient, name: str, province: str, onward: str = "/workers") -> str:
    fields = {"demo": "1", "name": name, "province": province, "next": onward}
    answer = browser.post("/sign-in", data=fields)
    assert answer.status_code == 200, answer.text
    return answer.text


def person(told: tuple[dict[str, Ledger], Path], someone: object) -> str:
    ledger = told[0]["45"]
    number = six_hundred()[[id(each) for each in CAST].index(id(someone))].number
    with ledger.reading() as reader:
        return ledger.vault.holders(reader.conn, [number])[number][0]


def test_the_first_page_shows_the_people_and_the_story(browser: TestClient) -> None:
    page = browser.get("/")

    assert page.status_code == 200
    assert "一键登录" in page.text
    assert "争议：受伤那天归谁负责" in page.text
    assert page.text.count("<li>") >= 9


def test_every_link_of_the_story_opens_its_page(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    for link in story.links(told[1]):
        page = sign_in(browser, link["name"], link["province"], link["path"])

        assert "系统出错" not in page
        assert "没有这一项" not in page


def test_a_workers_life_stands_in_two_lanes(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    page = sign_in(browser, "hengda-jingban", "44", f"/workers/{person(told, HEROINE)}")

    assert page.index("户籍省") < page.index("务工省")
    assert 'class="note home' in page
    assert 'class="note host' in page
    assert "韦秀英" in page


def test_the_switch_tells_then_from_now(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    sign_in(browser, "hengda-jingban", "44")
    path = f"/workers/{person(told, HEROINE)}"

    then = browser.get(f"{path}?as_of=2026-05-09&known=then&known_on=2026-05-15").text
    now = browser.get(f"{path}?as_of=2026-05-09&known=now").text

    assert answering(then) == "东兰县总工会"
    assert answering(now) == "东莞市恒达电子有限公司工会"
    assert "这是历史页" in then
    assert "进出登记表" not in then
    assert "进出登记表" in now


def answering(page: str) -> str:
    found = re.search(r"归谁负责</dt><dd><strong>([^<]+)</strong>", page)
    assert found is not None
    return found[1]


def test_what_is_withheld_is_a_line_and_not_a_name(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    page = sign_in(
        browser, "gd-lianluo", "44", f"/workers/{person(told, PRIVATE)}?purpose=transfer"
    )

    assert "蓝美莲" not in page
    assert "未提供" in page


def test_an_office_without_need_sees_masked_numbers(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    number = six_hundred()[0].number

    clerk = sign_in(browser, "hengda-jingban", "44", f"/workers/{person(told, HEROINE)}")
    auditor = sign_in(browser, "gd-jingshen", "44", f"/workers/{person(told, HEROINE)}")

    assert number in clerk
    assert number not in auditor


def test_another_countys_clerk_is_told_how_to_ask(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    sign_in(browser, "bama-jingban", "45")

    page = browser.get(f"/workers/{person(told, HEROINE)}")

    assert page.status_code == 403
    assert "韦秀英" not in page.text


def test_nobody_sees_a_worker_without_signing_in(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    page = browser.get(f"/workers/{person(told, HEROINE)}")

    assert page.status_code == 401
    assert "请先登录" in page.text


def test_every_look_at_a_file_is_on_the_read_log(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    ledger, who = told[0]["44"], person(told, HEROINE)
    sign_in(browser, "hengda-jingban", "44")
    before = readings(ledger, who)

    browser.get(f"/workers/{who}")

    assert readings(ledger, who) == before + 1


def readings(ledger: Ledger, who: str) -> int:
    with ledger.database.reading() as conn:
        sql = "SELECT count(*) FROM reading WHERE person = ?"
        return conn.exec_driver_sql(sql, (who,)).scalar_one()


def test_one_record_of_every_kind_opens_to_be_corrected(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    ledger = told[0]["45"]
    with ledger.reading() as reader:
        newest = (
            select(record.c.kind, func.max(record.c.position))
            .where(record.c.origin == ledger.origin)
            .group_by(record.c.kind)
        )
        places = {str(row[0]): int(row[1]) for row in reader.conn.execute(newest)}
    sign_in(browser, "gx-jingban", "45")

    answers = {
        kind: browser.get("/corrections", params={"record": position}).status_code
        for kind, position in places.items()
    }

    assert len(answers) > 60
    assert {kind for kind, status in answers.items() if status != 200} == set()


def test_a_date_that_is_none_is_named(
    browser: TestClient, told: tuple[dict[str, Ledger], Path]
) -> None:
    sign_in(browser, "hengda-jingban", "44")

    page = browser.get(f"/workers/{person(told, HEROINE)}?as_of=9.5.2026")

    assert page.status_code == 400
    assert "9.5.2026" in page.text


def test_html_in_a_search_is_text(browser: TestClient) -> None:
    sign_in(browser, "hengda-jingban", "44")

    page = browser.get("/workers", params={"q": "<script>alert(1)</script>"})

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_pages_run_no_script_of_their_own_and_are_kept_by_nobody(browser: TestClient) -> None:
    page = browser.get("/")

    assert "<script>" not in page.text
    assert "style=" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_who_signs_in_comes_to_the_page_that_was_asked_for(browser: TestClient) -> None:
    asked = browser.get("/workers?state=member&cols=sex").text
    link = re.search(r'href="(/sign-in\?next=[^"]+)"', asked)
    assert link is not None

    page = browser.get(link[1]).text
    onward = re.search(r'name="next" value="([^"]+)"', page)
    assert onward is not None
    told = browser.post("/sign-in", data={
        "demo": "1", "name": "gx-jingban", "province": "45", "next": unescape(onward[1]),
    })  # fmt: skip

    assert str(told.url).endswith("/workers?state=member&cols=sex")


def test_a_sign_in_never_leads_to_another_place(browser: TestClient) -> None:
    fields = {"demo": "1", "name": "gx-zhuxi", "province": "45", "next": "//elsewhere.example"}

    answer = browser.post("/sign-in", data=fields, follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/workbench"


def test_a_form_without_its_token_signs_nobody_out(browser: TestClient) -> None:
    sign_in(browser, "hengda-jingban", "44")

    refused = browser.post("/sign-out", data={"csrf": "guess"})

    assert refused.status_code == 403
    assert browser.get("/workers").status_code == 200


def test_one_click_is_for_a_demo_only(told: tuple[dict[str, Ledger], Path]) -> None:
    app = create_app(Desk(told[0]), story=())
    with TestClient(app, headers=HTML) as browser:
        answer = browser.post("/sign-in", data={"demo": "1", "name": "gx-zhuxi", "province": "45"})

    assert answer.status_code == 401
    assert "账号或密码不对" in answer.text


def test_a_rule_has_a_page_with_what_to_do(browser: TestClient) -> None:
    page = browser.get("/rules/AlreadyAMember")

    assert page.status_code == 200
    assert "一次入会" in page.text
    assert "怎么办" in page.text
    assert "《中国工会会员会籍管理办法》第3条" in page.text
    assert EXAMPLES["AlreadyAMember"] in page.text


def test_the_rules_are_found_by_what_is_said_of_them(browser: TestClient) -> None:
    page = browser.get("/rules", params={"q": "第33条"})

    assert "《劳动争议调解仲裁法》第33条" in page.text
    assert "AlreadyAMember" not in page.text
    assert "没有符合条件的规则" in browser.get("/rules", params={"q": "没有这样的话"}).text


def test_the_sheet_knows_nothing_that_an_old_browser_lacks() -> None:
    sheet = (Path("api/console/static") / "liangdi.css").read_text("utf-8")
    body = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)

    for newer in ("color-mix(", "oklch", "light-dark(", ":has(", "@container", "@layer", "&"):
        assert newer not in body, newer
