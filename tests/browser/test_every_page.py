"""Every page of the menu, as people of both provinces see it: whole, without barriers, kept."""

import re

import pytest

from api.console.frame import MENU
from tests.browser.conftest import PHONE, Sits

# The rules are the same for everybody, and many: they are looked at once, by who is not signed in.
PAGES = [link.href for _, links in MENU for link in links if link.href != "/rules"]
PEOPLE = [("gx-jingban", "45"), ("gx-jingshen", "45"), ("gd-jingban", "44")]


@pytest.mark.parametrize(("account", "province"), PEOPLE)
def test_every_page_of_the_menu_is_whole_and_without_barriers(
    sits: Sits, account: str, province: str
) -> None:
    person = sits(account, province)
    barriers: dict[str, list[str]] = {}
    for path in PAGES:
        page = person.goes(path)
        person.keeps(f"{account}-{path.strip('/').replace('/', '-')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
        # The same templates for all: who has most to do is looked at for barriers.
        if account == "gx-jingban" and (found := person.barriers()):
            barriers[path] = found

    assert barriers == {}
    assert person.complaints == []


def test_what_every_list_leads_to_is_whole_and_without_barriers(sits: Sits) -> None:
    person = sits("gx-jingban", "45")
    barriers: dict[str, list[str]] = {}
    for path in PAGES:
        links = person.goes(path).eval_on_selector_all(
            "main table a, main .lanes a", "found => found.map(each => each.getAttribute('href'))"
        )
        inner = [href for href in links if href.startswith(f"{path}/")]
        if inner:
            person.goes(inner[0])
            person.keeps(f"one-of-{path.strip('/')}")
            if found := person.barriers():
                barriers[inner[0]] = found

    assert barriers == {}
    assert person.complaints == []


def test_dossiers_and_vouchers_are_whole_and_without_barriers(sits: Sits) -> None:
    person = sits("donglan-jingban", "45")
    waiting = person.goes("/transfers").locator("main table a[href^='/transfers/trf_']")
    addresses = {each.get_attribute("href") or "" for each in waiting.all()}
    barriers: dict[str, list[str]] = {}
    carried = 0
    for address in sorted(addresses):
        page = person.goes(address)
        if page.locator(f"main a[href='{address}/voucher']").count():
            carried += 1
            person.goes(f"{address}/voucher")
            person.keeps("voucher")
            barriers["voucher"] = person.barriers()
    one = max(addresses).rpartition("/")[2]
    for name, path in (("vouchers", "/vouchers"), ("dossier", f"/dossiers/transfer/{one}")):
        person.goes(path)
        person.keeps(name)
        barriers[name] = person.barriers()

    assert carried
    assert {name: found for name, found in barriers.items() if found} == {}
    assert person.complaints == []


def test_the_rooms_of_personal_data_are_whole_and_without_barriers(sits: Sits) -> None:
    lead, clerk = sits("gx-yinsi", "45"), sits("bama-jingban", "45")
    barriers: dict[str, list[str]] = {}
    addresses: list[str] = []
    for room in ("/forgetting", "/glasses"):
        first = lead.goes(room).locator(f"main table a[href^='{room}/']").first
        addresses += [room, first.get_attribute("href") or ""]
    for person, path in (
        *((lead, each) for each in (*addresses, "/retention-terms")),
        (clerk, "/glasses/new?q=%E9%9F%A6%E7%A7%80%E8%8B%B1"),
    ):  # fmt: skip
        page = person.goes(path)
        name = re.sub(r"_[a-z2-7]{26}|\?.*", "", path).strip("/").replace("/", "-")
        person.keeps(f"privacy-{name}")
        barriers[path] = person.barriers()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path

    assert {path: found for path, found in barriers.items() if found} == {}
    assert lead.complaints == clerk.complaints == []


def test_the_first_page_and_the_rules_need_nobody_signed_in(sits: Sits) -> None:
    visitor = sits()
    for path in ("/", "/rules", "/sign-in"):
        visitor.goes(path)
        visitor.keeps(f"open-{path.strip('/') or 'first'}")
        assert visitor.barriers() == []

    assert visitor.complaints == []


def test_a_page_fits_twice_as_large_and_on_a_phone(sits: Sits) -> None:
    large = sits("gx-jingban", "45", viewport={"width": 683, "height": 384})
    phone = sits("gx-jingban", "45", viewport=PHONE)

    for path in ("/workers", "/transfers", "/grants"):
        for person, width in ((large, 683), (phone, 360)):
            page = person.goes(path)
            person.keeps(f"{width}-{path.strip('/')}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
