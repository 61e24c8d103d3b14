"""What people do at their browsers: by mouse, by keyboard, without script, on a slow line."""

import re
from pathlib import Path

from playwright.sync_api import Route, expect

from ledger.exchange.nodes import Directory, OwnNode, spoken
from tests.browser.conftest import Sits
from tests.world import open_province


def test_amounts_are_told_in_capitals_while_they_are_typed(sits: Sits) -> None:
    clerk = sits("gx-kuaiji", "45")
    page = clerk.goes("/do/funds/open_fund")
    page.goto(f"{clerk.site}/funds")
    fund = page.locator("main table a[href^='/funds/']").first.get_attribute("href") or ""

    page.goto(f"{clerk.site}/do/funds/credit?fund={fund.rpartition('/')[2]}")
    page.get_by_label(re.compile("^金额")).fill("10030.05")

    expect(page.locator("output.capitals").first).to_have_text("壹万零叁拾元零伍分")
    assert clerk.complaints == []


def test_a_worker_is_found_by_keyboard_alone(sits: Sits) -> None:
    clerk = sits("donglan-jingban", "45")
    page = clerk.goes("/transfers")

    page.keyboard.press("/")
    page.keyboard.type("韦")
    page.keyboard.press("Enter")

    page.wait_for_url("**/workers?q=*")
    assert clerk.complaints == []


def test_a_form_shows_its_errors_beside_the_fields_without_script(sits: Sits) -> None:
    clerk = sits("donglan-jingban", "45", java_script_enabled=False)
    page = clerk.goes("/do/persons/register")

    page.get_by_label("出生日期").fill("1990-01-01")
    page.get_by_role("button", name="人员登记").click()

    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("出生日期")).to_have_value("1990-01-01")


def test_on_a_slow_line_a_button_pressed_five_times_records_once(sits: Sits) -> None:
    clerk = sits("donglan-jingban", "45")
    page = clerk.goes("/do/services/tally")
    sent: list[str] = []

    def slowly(route: Route) -> None:
        sent.append(route.request.url)
        page.wait_for_timeout(300)  # the line, not a wait for our own work
        route.continue_()

    page.route("**/do/**", slowly)
    page.get_by_label(re.compile("^服务")).first.select_option(index=1)
    for label in ("数量", "人数", "数"):
        if page.get_by_label(re.compile(f"^{label}")).count():
            page.get_by_label(re.compile(f"^{label}")).first.fill("7")
            break
    page.get_by_label(re.compile("^单位|^计量")).first.select_option(index=1)
    button = page.get_by_role("button", name=re.compile("服务计数"))
    button.evaluate("button => { for (let i = 0; i < 5; i++) { button.click(); } }")

    page.wait_for_url("**done=*")
    assert len(sent) == 1


def test_a_partners_card_is_looked_at_before_it_is_admitted(sits: Sits, tmp_path: Path) -> None:
    world = open_province(tmp_path, "43")
    OwnNode(world.ledger).make("https://hn.example:8443", world.ledger.clock.now())
    card = Directory(world.ledger).card()
    world.ledger.close()
    file = tmp_path / "hn.card"
    file.write_bytes(card.to_bytes())
    chair = sits("gx-zhuxi", "45")
    page = chair.goes("/partnerships")

    page.get_by_role("link", name="节点名片").click()
    page.get_by_label(re.compile("^名片文件")).set_input_files(file)
    page.get_by_role("button", name="看名片").click()

    theirs = page.locator("#theirs")
    expect(theirs).to_contain_text(spoken(card.fingerprint))
    expect(theirs).to_contain_text("本省还不知道这个节点")
    assert chair.barriers() == []
    chair.keeps("node-card")
    theirs.get_by_role("checkbox").check()
    theirs.get_by_role("button", name="收下名片").click()
    page.wait_for_url("**/partnerships/card?done=*")
    page.get_by_label(re.compile("^名片全文（粘贴")).fill(card.to_bytes().decode())
    page.get_by_role("button", name="看名片").click()
    expect(page.locator("#theirs")).to_contain_text("与现在所知完全相同")
    assert chair.complaints == []
