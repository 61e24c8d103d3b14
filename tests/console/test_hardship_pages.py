"""Hardship files in a browser: opened from the household, reviewed by another, closed, printed."""

import pytest

from ledger.domain.ids import UnionId
from ledger.domain.kernel import Office
from tests.console.conftest import Seats, told
from tests.world import World


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


def test_a_file_is_opened_reviewed_printed_and_closed(
    home: World, village: UnionId, seats: Seats
) -> None:
    clerk, reviewer = seats(village, Office.CLERK), seats(village, Office.REVIEWER)
    person = home.worker("韦秀英")
    home.enrol(person, village)
    assert "没有在档的困难档案" in clerk.see("/hardship-files")
    assert "先立户" in clerk.see("/hardship-files/new?q=韦秀英")

    back = clerk.act(
        "households/open", {"person": person, "next": f"/hardship-files/new?person={person}"}
    )
    new = clerk.see(f"/hardship-files/new?person={person}")
    household = new.split("household=")[1].split("&amp;")[0]
    place = clerk.act(
        "hardship/open", {"household": household, "person": person}, category="severe",
        main="grave_illness", others="schooling", basis="means_check",
        valid_until="2026-03-20", number="东困〔2026〕1号",
    )  # fmt: skip
    file = place.partition("?")[0].rpartition("/")[2]
    form = dict(reviewer.open("hardship/review", file=file))
    listed = reviewer.see("/hardship-files?tab=soon&category=severe")
    page = told(clerk.see(f"/hardship-files/{file}"))
    printed = clerk.see(f"/hardship-files/{file}/sheet")
    assert 'alt="核验二维码"' in printed
    sheet = told(printed)

    assert back
    assert "东困〔2026〕1号" in listed
    assert "韦秀英" in listed
    assert "东困〔2026〕1号" not in reviewer.see("/hardship-files?tab=due")
    assert "主因：重特大疾病；次因：子女上学" in page
    assert form["category"] == "severe"
    assert form["others"] == "schooling"
    assert "困难职工（农民工）登记表" in sheet
    assert "本人声明" in sheet
    assert "/do/hardship/review" not in clerk.see(f"/hardship-files/{file}")
    reviewer.act("hardship/review", {"file": file}, category="relative", valid_until="2027-03-20")
    assert "历次认定" in clerk.see(f"/hardship-files/{file}")
    compared = told(clerk.see(f"/hardship-files/{file}?then_as_of=2026-03-01"))
    assert "两个时点之间的变化" in compared
    assert "主要致困原因 — 重特大疾病" in compared
    assert "后来发生" in compared
    assert "两个时点之间的变化" not in clerk.see(f"/hardship-files/{file}")
    reviewer.act("hardship/close", {"file": file}, outcome="recovered")
    assert "脱困" in clerk.see(f"/hardship-files/{file}")
    assert "东困〔2026〕1号" not in clerk.see("/hardship-files")


def test_another_unions_clerk_sees_no_file_and_unknown_filters_are_refused(
    home: World, village: UnionId, seats: Seats
) -> None:
    stranger = seats(home.union("别县总工会"), Office.CLERK)

    stranger.see(f"/hardship-files?union={village}", 403)
    stranger.see("/hardship-files?tab=x", 400)
    stranger.see("/hardship-files?category=x", 400)
    stranger.see("/hardship-files?as_of=x", 400)
    stranger.see("/hardship-files/hrd_x", 404)
