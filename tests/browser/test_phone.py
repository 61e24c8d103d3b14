"""The workers' pages at a phone of 360 by 740: whole, without barriers, to be pressed with a thumb."""

from datetime import date

from tests.browser.conftest import PHONE, Person, Sits
from tests.world import citizen_number

OPEN = ("/m", "/m/who", "/m/help", "/m/rights", "/m/sign-in", "/m/code", "/check")
HERS = ("/m/membership", "/m/progress", "/m/consents", "/m/moved")
SMALL = """() => [...document.querySelectorAll('a, button, textarea, input:not([type=hidden])')]
    .filter(one => !one.closest('label') && !one.matches('.skip, .enter'))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height < 60).map(([one]) => one.outerHTML)"""
FINE = """() => [...document.querySelectorAll('main *')]
    .filter(one => one.innerText && parseFloat(getComputedStyle(one).fontSize) < 18)
    .map(one => one.outerHTML)"""


def looks_at(person: Person, name: str) -> None:
    """What every page of the phone keeps."""
    page = person.page
    # 读给我听 shows where a phone has a voice: the top line is looked at with all that it may hold.
    page.evaluate("document.getElementById('aloud').hidden = false")
    person.keeps(f"phone-{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
    assert page.evaluate(SMALL) == []
    assert page.evaluate(FINE) == []
    assert person.barriers() == []


def comes_in(person: Person) -> None:
    """The heroine signs in with the code that the demo shows."""
    page = person.goes("/m/sign-in")
    page.click("text=13900000001")
    page.fill("#code", page.inner_text(".note .digits"))
    page.click("button.main")


def test_pages_that_need_nobody_are_whole_and_without_barriers(sits: Sits) -> None:
    person = sits(viewport=PHONE)

    for path in OPEN:
        person.goes(path)
        looks_at(person, path.strip("/").replace("/", "-"))

    assert person.complaints == []


def test_a_workers_own_pages_are_whole_and_without_barriers_in_large_print_too(sits: Sits) -> None:
    person = sits(viewport=PHONE)
    comes_in(person)

    for large, tongue in (("0", "zh"), ("1", "zh"), ("1", "en")):
        person.goes(f"/m/size?big={large}&next=/m")
        person.goes(f"/language?to={tongue}&next=/m")
        for path in HERS:
            person.goes(path)
            looks_at(person, f"{path.strip('/').replace('/', '-')}-{large}-{tongue}")

    assert person.complaints == []


def test_an_application_is_kept_on_the_phone_until_it_is_sent(sits: Sits, site: str) -> None:
    clerk = sits("hengda-jingban", "44")
    poster = clerk.goes("/posters").get_attribute("main td a", "href") or ""
    code = poster.rpartition("/")[2]
    person = sits(viewport=PHONE)
    page = person.goes(f"/j/{code}")
    page.fill(".in", "阿依古丽·买买提")
    page.click("button.main")
    page.fill(".in", citizen_number("451224", date(1991, 2, 3), 77))
    page.click("button.main")
    looks_at(person, "join")

    page = person.goes(f"/j/{code}")  # the line was lost, and she scans anew
    page.click("text=接着上次填的继续")

    page.fill(".in", "13800000077")
    page.click("button.main")
    page.click("button.main")
    page.check("input[name=agree]")
    looks_at(person, "join-consent")
    page.click("button.main")
    assert "您的受理号" in page.inner_text("main")
    looks_at(person, "join-number")
    assert page.evaluate("localStorage.length") == 0
    assert person.complaints == []


def test_everything_is_done_without_script_too(sits: Sits) -> None:
    person = sits(viewport=PHONE, java_script_enabled=False)
    page = person.goes("/m/rights")
    page.click("text=工伤")
    page.click("text=记不清")
    page.fill(".in", "龙华工地")
    page.keyboard.press("Enter")
    page.click("text=不写了")
    page.fill(".in", "李")
    page.keyboard.press("Enter")
    page.fill(".in", "13800000078")
    page.keyboard.press("Enter")
    page.click("text=晚上")
    page.click("text=广东省")

    assert "您的受理号" in page.inner_text("main")
