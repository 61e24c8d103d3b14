"""Organisation pages (工会组织与人员): the tree, one union with its history, who holds which office."""

import re

import pytest

from api.console import unions
from ledger.domain.ids import new_station
from ledger.domain.kernel import Code, Office
from ledger.domain.stations import Station, StationKind
from tests.console.conftest import Clerk, Seats, told
from tests.world import World


def test_a_union_is_found_by_a_part_of_its_name_and_shows_its_history(
    home: World, seats: Seats
) -> None:
    county = home.union("东兰县总工会")
    village = home.union("纳合村工会", superior=county)
    clerk = seats(home.root, Office.CHAIR)

    assert "纳合村工会" in told(clerk.see("/unions"))
    assert f"/unions/{village}" in clerk.see("/unions?q=纳合")
    clerk.act(
        "unions/rename", {"union": village, "next": f"/unions/{village}"}, name="纳合新村工会"
    )
    page = told(clerk.see(f"/unions/{village}"))

    assert "东兰县总工会" in page
    assert "纳合新村工会" in page
    assert page.count("纳合村工会") == 1  # in the history


def test_many_members_are_counted_only_when_somebody_asks(
    home: World, seats: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = home.union("纳合村工会")
    for _ in range(3):
        home.enrol(home.worker(), village)
    clerk = seats(home.root, Office.CLERK)
    few = told(clerk.see(f"/unions/{village}"))
    monkeypatch.setattr(unions, "MOST", 2)

    many, asked = clerk.see(f"/unions/{village}"), told(clerk.see(f"/unions/{village}?count=1"))

    assert "会员 3" in few
    assert "未统计" not in few
    assert f"/unions/{village}?count=1" in many
    assert "会员 3" in asked
    assert "统计各工会人数" in clerk.see("/unions")


def test_an_officer_is_appointed_and_relieved_and_clashes_are_told(
    home: World, seats: Seats
) -> None:
    village = home.union("纳合村工会")
    chair, clerk = seats(home.root, Office.CHAIR), home.officer(village, Office.CLERK)

    chair.act(
        "offices/appoint", {"union": village, "person": clerk, "next": "/officers"},
        office="approver",
    )  # fmt: skip
    page = told(chair.see(f"/officers?union={village}"))
    assert "不相容的岗位" in page
    assert "经办、审批" in page or "审批、经办" in page

    chair.act(
        "offices/relieve",
        {"person": clerk, "union": village, "office": "approver", "next": "/officers"},
    )
    assert "不相容的岗位" not in told(chair.see(f"/officers?union={village}"))


def test_there_is_no_such_union_and_no_such_office(home: World, seats: Seats) -> None:
    clerk = seats(home.root, Office.CLERK)

    clerk.see("/unions/uni_nothing", 404)
    clerk.see("/officers?office=king", 400)
    assert "没有找到" in clerk.see("/unions?q=不存在")


# ── a page at a time ─────────────────────────────────────────────────────────────────────────


def turned(clerk: Clerk, path: str) -> list[str]:
    """Every page of a list, by its link to the next one."""
    pages = [clerk.see(path)]
    while following := re.search(r'href="([^"]+)" rel="next"', pages[-1]):
        pages.append(clerk.see(path.partition("?")[0] + following[1].replace("&amp;", "&")))
    return pages


def test_the_officers_of_many_unions_are_turned_page_by_page(home: World, seats: Seats) -> None:
    villages = [f"第{number}村工会" for number in range(25)]
    for name in villages:
        home.officer(home.union(name), Office.CLERK)
    chair = seats(home.root, Office.CHAIR)

    pages = turned(chair, "/officers?size=20&office=clerk")

    assert len(pages) == 2
    assert all(sum(page.count(f"<td>{name}</td>") for page in pages) == 1 for name in villages)


def test_stations_are_turned_page_by_page_whatever_their_names_are(
    home: World, seats: Seats
) -> None:
    names = [f"{'驻粤~' if number % 2 else ''}第{number}服务站" for number in range(25)]
    with home.entry(home.root, Office.CHAIR) as entry:
        for name in names:
            entry.write(
                Station.establish(
                    entry.act, new_station(), name, StationKind.WORK_STATION, home.root, Code("441900"),
                    line=[home.root],
                )
            )  # fmt: skip
    clerk = seats(home.root, Office.CLERK)

    pages = turned(clerk, "/stations?size=20&location=44")

    assert len(pages) == 2
    assert all(sum(page.count(f">{name}</a>") for page in pages) == 1 for name in names)


def test_a_place_in_no_list_is_no_page_of_it(home: World, seats: Seats) -> None:
    clerk = seats(home.root, Office.CLERK)

    for place in ("x", "a~b~c~d", f"a~b~x~{home.root}", f"~~~{home.root}"):
        clerk.see(f"/officers?after={place}", 400)
    for place in ("x", "a~b~c", f"~~{home.root}"):
        clerk.see(f"/stations?after={place}", 400)
