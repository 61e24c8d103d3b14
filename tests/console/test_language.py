"""One click and the pages are English; one more and they are Chinese again."""

import pytest

from ledger.domain.kernel import Office
from tests.console.conftest import Seats
from tests.world import World


@pytest.fixture
def village(home: World) -> str:
    return home.union("纳合村工会")


def test_one_click_and_every_page_is_english_until_another(village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)
    chinese = clerk.see("/workers")
    assert 'href="/language?to=en&amp;next=%2Fworkers"' in chinese

    english = clerk.see("/language?to=en&next=/workers")
    phone = clerk.see("/m")
    again = clerk.see("/language?to=zh&next=/workers")

    assert '<html lang="en">' in english
    assert "<h1>Roster" in english
    assert '<html lang="en"' in phone
    assert '<html lang="zh-CN">' in again
    assert "<h1>会员名册" in again


def test_a_block_and_a_problem_are_english_too(village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)
    clerk.http.cookies.set("liangdi-language", "en")

    block = clerk.http.get("/workers", headers={"hx-request": "true", "hx-target": "list"}).text
    missing = clerk.see("/grants/grt_none", 404)

    assert "会员" not in block
    assert "没有" not in missing


def test_a_link_to_another_language_leads_nowhere_else(village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)
    for elsewhere in ("https://example.org/", "//example.org", "/\\example.org"):
        led = clerk.http.get(
            "/language", params={"to": "en", "next": elsewhere}, follow_redirects=False
        )
        assert led.headers["location"] == "/"
    assert clerk.http.get("/language", params={"to": "fr"}).status_code == 400
